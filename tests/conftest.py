"""Fixtures that several tests share."""

import hashlib
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
import yaml

from echolesion import connectome, sweep, training
from echolesion.analysis import contribution, decomposition, influence, noise_curve, nulls, parameter_map, topology
from echolesion.connectome import preparation
from echolesion.connectome.catalogue import generate
from echolesion.dynamics import reservoir
from echolesion.records import seeds
from echolesion.training import published_tuning, task, tuning

ROOT = Path(__file__).parents[1]

TASK = {"name": "mackey_glass", "horizon": 5, "lags": 8, "washout": 20, "train": 200, "validation": 80, "test": 24}


@pytest.fixture(scope="session")
def default_config() -> dict:
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture(scope="session")
def catalogue() -> dict:
    return yaml.safe_load((ROOT / "config/connectomes.yaml").read_text())


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of everything that a user clones."""
    for name in ("workflow", "scripts", "src", "config", "data", "profiles"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("Snakefile", "environment.yml"):
        shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


def make_network(
    size: int, seed: int = 3, settings: dict = TASK, longest: int | None = None, **parameters: float
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Return a random directed reservoir of some nodes, perhaps with delays, its training and its task."""
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(-1, 1, (size, size)) * (rng.random((size, size)) < 0.5)
    weights = preparation.prepare(connectome.from_matrix(matrix), ["drop_self_connections"], "own", rng)
    series = task.make(settings, seeds.generator(seed, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(seed, "input"))
    if longest is not None:
        lengths = rng.uniform(0, longest, (size, size))
        lengths[0, 1] = longest
        weights = weights.assign_coords(tract_length=(("source", "target"), lengths))
        parameters["velocity"] = 1
    chosen = {"spectral_radius": 0.9, "leak": 0.6, "input_scaling": 0.5, "bias": 0.1} | parameters
    network = reservoir.build(weights, unscaled, **chosen)
    return network, training.train(network, series, [0.01]), series


@pytest.fixture(scope="session")
def network8() -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    return make_network(8)


@pytest.fixture
def clone(tmp_path):
    """Return a copy of what a user clones, but of the data only some, in a path with signs that it may have."""
    path = tmp_path / "a b'c&[d](e)" / "clone"
    leave = shutil.ignore_patterns("__pycache__", "fetched")
    for name in ("workflow", "scripts", "src", "config", "profiles", "data/celegans279", "data/mackey_glass"):
        shutil.copytree(ROOT / name, path / name, ignore=leave)
    for name in ("Snakefile", "environment.yml"):
        shutil.copy2(ROOT / name, path / name)
    return path


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return the entry of a package that pip finds in a folder, with no network."""
    wheel = tmp_path / "brain-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("brain/data/m.csv", "0,1.5\n2,0")
        archive.writestr("brain/__init__.py", "raise SystemExit('the package was imported')")
        archive.writestr("brain-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: brain\nVersion: 1.0\n")
        archive.writestr("brain-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("brain-1.0.dist-info/RECORD", "")
        archive.writestr("brain-1.0.dist-info/licenses/LICENSE", "Do what you like.")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return {
        "package": {"name": "brain", "version": "1.0", "sha256": sha256},
        "file": "brain/data/*.csv", "orientation": "source_target", "size": 2, "paper": "Doe 2026", "licence": "none",
        "terms": "be kind",
    }  # fmt: skip


def study(settings, regimes, weights=None, told=lambda sums: sums):
    """Return the results of a small study, by kind and name, as the figures take them; of sums that are told so."""
    if weights is None:
        weights = generate("small_world", {"n": 12, "k": 4, "p": 0.4, "seed": 2022}, "x")
    weights = preparation.prepare(weights, [], "rank_signed", seeds.generator(1, "weights"))
    series = task.make(TASK | settings, seeds.generator(1, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(1, "input"))
    grid = {"spectral_radius": [0.5, 1.4], "leak": [0.3, 1.0], "input_scaling": [0.3, 1.0], "ridge": [0.01]}
    results = {"connectome": {"all": xr.Dataset({"weight": weights})}}
    results["tuning"] = {"all": tuning.tune(weights, unscaled, series, grid, bias=0, activation="tanh")}
    for kind in ("reservoir", "training", "influence", "contribution", "noise_curve"):
        results[kind] = {}
    for name, (radius, leak, scaling) in regimes.items():
        network = reservoir.build(weights, unscaled, spectral_radius=radius, leak=leak, input_scaling=scaling)
        trained = training.train(network, series, [0.01])
        sums = told(sweep.run(network, trained, task.split(series, "test"), seed=1, walks=40, time_bins=12))
        results["reservoir"][name], results["training"][name] = network, trained
        settings = {"seed": 1, "time_bins": 12, "batches": 8, "replicates": 2}
        short = [noise_curve.measured(network, trained, task.split(series, "test"), walks=2, **settings)]
        results["influence"][name], results["contribution"][name] = (
            influence.estimate(sums),
            contribution.estimate(sums),
        )
        curve = noise_curve.gather(short, network["weights"], results["influence"][name])
        results["noise_curve"][name] = curve
    split = decomposition.decompose(
        {name: network["weights"] for name, network in results["reservoir"].items()}, results["influence"]
    )
    results["decomposition"] = {"all": split}
    compared = topology.compare(weights, results["influence"], number=5, rng=seeds.generator(1, "surrogates"))
    results["topology"] = {"all": compared}
    return results


REGIMES = {"optimal": (0.5, 0.3, 1.0), "non-optimal": (1.4, 1.0, 0.3), "off": (2.0, 1.0, 0.5)}


@pytest.fixture(scope="session")
def results():
    torch.manual_seed(0)
    return study({"washout": 60}, REGIMES)


@pytest.fixture(scope="session")
def of_the_study():
    """Return the results of which study figures show one each: a map of two networks, and a tuning."""
    networks = [make_network(8, seed=seed) for seed in (1, 2)]
    grid = {"spectral_radius": [0.5, 0.9], "leak": [0.5, 1.0], "loops": ["open"], "ridge": [0.01]}
    parts = [
        parameter_map.explore(
            network["weights"], network["input_weights"], series, **grid, parameters={"input_scaling": 1.0},
            settings={"seed": 1, "walks": 20, "time_bins": 12},
        )
        for network, _, series in networks
    ]  # fmt: skip
    whole = parameter_map.summarise(parts, ["one", "two"])
    tuned = published_tuning.tune(np.loadtxt(ROOT / "data/mackey_glass/series.txt"))
    return {"parameter_map": whole, "map_against_score": whole, "published_tuning": tuned}


def shown_by(name: str, results: dict, of_the_study: dict) -> dict:
    """Return what a figure takes of the results of a study."""
    if name in of_the_study:
        kind = "published_tuning" if name == "published_tuning" else "map"
        return {kind: {"all": of_the_study[name]}}
    if name == "summary":
        trained = {f"net {regime}": result for regime, result in results["training"].items()}
        split = results["decomposition"]["all"]
        parts = [
            xr.Dataset(
                {"estimate": (("regime", "measure"), np.full((len(results["training"]), len(every)), value))},
                coords={"regime": list(results["training"]), "measure": every},
            )
            for every in [["test_score", *split["measure"].values]]
            for value in (0.2, 0.3, 0.5)
        ]
        return {
            "decomposition": {"net": split, "other": split},
            "training": trained | {name.replace("net", "other"): result for name, result in trained.items()},
            "connectome": dict.fromkeys(("net", "other"), results["connectome"]["all"]),
            "nulls": {"net": nulls.compare(results["training"], split, parts)},
        }
    if name == "layouts":
        there = results["connectome"]["all"]
        size = there.sizes["source"]
        placed = there.assign_coords({axis: ("source", np.arange(size) ** (k + 1.0)) for k, axis in enumerate("xyz")})
        first = next(iter(results["influence"].values()))
        return {"connectome": {"plain": there, "placed": placed}, "influence": {"plain": first, "placed": first}}
    return results
