"""Fixtures that several tests share."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

from echolesion import connectome, preparation, reservoir, seeds, task, training

ROOT = Path(__file__).parents[1]

TASK = {"name": "mackey_glass", "horizon": 5, "lags": 8, "washout": 20, "train": 200, "validation": 80, "test": 24}


@pytest.fixture(scope="session")
def default_config() -> dict:
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture(scope="session")
def catalogue() -> dict:
    return yaml.safe_load((ROOT / "config/connectomes.yaml").read_text())


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
def package(tmp_path, monkeypatch):
    """Return the entry of a package that pip finds in a folder, with no network."""
    wheel = tmp_path / "brain-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("brain/data/m.csv", "0,1\n2,0")
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
