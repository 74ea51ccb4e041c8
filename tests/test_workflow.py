"""The workflow as a user runs it: the smoke study in a folder of its own, then changes to it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from conftest import ROOT
from snakemake.utils import update_config

from echolesion.study import resources

SMOKE = "config/studies/smoke.yaml"
NETWORK = "results/smoke/smallworld36"
#: Where every job leaves the names of the modules that it has loaded when it ends.
LOADED = Path(tempfile.mkdtemp(prefix="echolesion-loaded-"))
(LOADED / "sitecustomize.py").write_text(
    """
import atexit, os, pathlib, sys

def leave():
    script = pathlib.Path(sys.argv[0])
    if script.parent.name == "scripts" and script.parent.parent.name == ".snakemake":
        name = script.name.partition(".")[2]
        loaded = sorted(module for module in sys.modules if module.partition(".")[0] == "echolesion")
        pathlib.Path(__file__).with_name(f"{name}.{os.getpid()}.txt").write_text(" ".join(loaded))

atexit.register(leave)
"""
)
#: Modules of engines that are imported when they are chosen.
COMPILED = {
    f"echolesion.{name}"
    for name in (
        "records.compilation", "dynamics.octets", "dynamics.triangles", "dynamics.vectors", "dynamics.leaky_vectors",
        "sweep.lanes", "sweep.plans", "sweep.strips", "sweep.rows", "sweep.kernels", "sweep.closed_lanes",
        "sweep.closed_plan", "sweep.closed_steps",
    )
}  # fmt: skip
CHAIN = ["connectome.nc", "tuning.nc", "optimal/reservoir.nc", "optimal/training.nc", "optimal/sweep/0-0.nc"]
CLOSED = {
    "connectomes": ["published36"], "weighting": "own",
    "task": {
        "name": "file", "series": "data/mackey_glass/series.txt", "horizon": 1, "loop": "closed", "standardise": False,
        "washout": 0, "train": 300, "validation": 50, "test": 50,
    },
    "tuning": {"spectral_radius": [0.66], "leak": [0.1], "input_scaling": [1.0], "ridge": [0]},
    "regimes": [
        {"name": "optimal", "tuned": True},
        {"name": "non-optimal", "spectral_radius": 1.5, "leak": 0.1, "input_scaling": 1.0},
    ],
    "sweep": {
        "refit_readout": True, "rescale": True, "walks_per_batch": 2,
        "until": {"reliability": 0.1, "walks_per_batch": 4},
    },
    "topology": {"surrogates": 5},
    "map": {
        "connectomes": ["published36", "published36c"], "spectral_radius": [0.66, 1.5], "leak": [0.1],
        "input_scaling": 1.0, "loops": ["closed", "forced"], "walks_per_batch": 2,
    },
    "noise_curve": {"walks_per_batch": [2], "replicates": 2},
}  # fmt: skip


def snakemake(folder: Path, *arguments: str, root: Path = ROOT, change: dict | None = None):
    """Run snakemake in a folder on the smoke study, with something changed in its configuration."""
    configs = [str(root / SMOKE)]
    if change is not None:
        configs.append(str(folder / "change.yaml"))
        (folder / "change.yaml").write_text(yaml.safe_dump(change, sort_keys=False))
    command = ["snakemake", "-s", str(root / "Snakefile"), "--directory", str(folder), "--configfile", *configs]
    # As in a user's shell, where nothing says how many threads to take.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    environment["PYTHONPATH"] = os.pathsep.join([str(LOADED), *filter(None, [environment.get("PYTHONPATH")])])
    answer = subprocess.run(
        [*command, "--cores", "2", *arguments], capture_output=True, text=True, check=False, env=environment
    )
    answer.output = answer.stdout + answer.stderr
    return answer


def planned(folder: Path, targets: tuple[str, ...] = (), **options) -> dict[str, int]:
    """Return how many jobs of each rule a dry run would start."""
    answer = snakemake(folder, *targets, "--dry-run", **options)
    assert answer.returncode == 0, answer.output
    table = answer.output.partition("Job stats:")[2].partition("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("smoke")
    answer = snakemake(path)
    assert answer.returncode == 0, answer.output
    assert "echolesion: study 'smoke': smallworld36 (36 nodes)" in answer.output
    assert re.search(r"takes about\s+\d+\.\d min here on 2 cores", answer.output)
    assert "the answer is in results/smoke/report.html" in answer.output
    return path


def test_every_result_is_there_and_says_where_it_is_from(folder):
    results = folder / "results/smoke"
    for regime in ("optimal", "non-optimal"):
        for name in ("reservoir", "training", "influence", "contribution", "sweep/0-0", "sweep/0-1"):
            with xr.open_dataset(results / f"smallworld36/{regime}/{name}.nc") as dataset:
                assert dataset.attrs["study_seed"] == 2022
                assert "walks_per_batch" in dataset.attrs["study_configuration"]
                for variable in dataset.data_vars.values():
                    assert variable.attrs["long_name"] and variable.attrs["units"], (name, variable.name)
    figures = {file.name for file in (results / "figures").iterdir()}
    names = [
        "connectome", "tuning", "prediction", "contribution", "influence", "influence_against_weight", "topology",
        "shares",
    ]  # fmt: skip
    names = [*(f"smallworld36_{name}" for name in names), "summary", "layouts"]
    assert figures == {f"{name}.{suffix}" for name in names for suffix in ("pdf", "png", "txt")} | {"source_data"}
    panels = {
        folder.name: {file.stem for file in folder.glob("*.csv")}
        for folder in (results / "figures/source_data").iterdir()
    }
    assert set(panels) == set(names) and panels["smallworld36_connectome"] == set("abc")
    assert (results / "report.html").exists() and (results / "smallworld36/explorer.html").exists()
    assert {file.name for file in (results / "tables").iterdir()} == {
        "connectomes.csv", "decomposition.csv", "topology.csv", "scores.csv", "sweeps.csv",
    }  # fmt: skip
    assert all((results / "logs" / f"{name}.log").exists() for name in ("task", "sweep_smallworld36_optimal_0-0"))


def test_figures_are_drawn_again_without_computing_again(folder, tmp_path):
    change = {"figures": {"formats": ["svg"], "in_one_column": ["shares"]}}
    jobs = planned(folder, change=change)
    assert set(jobs) == {"network_figures", "study_figures", "report", "all"}
    shares = "results/smoke/figures/smallworld36_shares.svg"
    shutil.copytree(folder, tmp_path / "copy")
    answer = snakemake(tmp_path / "copy", shares, change=change)
    assert answer.returncode == 0, answer.output
    assert 'width="238' in (tmp_path / "copy" / shares).read_text()  # 84 mm in points


def test_jobs_ask_for_what_they_use_and_not_for_much_more(folder):
    """At this size. docs/scaling.md has larger ones."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    update_config(config, yaml.safe_load((ROOT / SMOKE).read_text()))
    table = resources.compare(folder / "results/smoke/benchmarks", config, {"smallworld36": 36})
    assert len(table) >= 22 and table["used_mb"].notna().sum() >= 18
    measured = table.dropna()
    assert (measured["declared_mb"] >= measured["used_mb"]).all(), measured
    assert (measured["declared_mb"] <= 3 * measured["used_mb"]).all(), measured
    assert (measured["declared_minutes"] >= measured["used_minutes"]).all(), measured


def test_plan_and_doctor_are_printed_and_nothing_is_made(tmp_path):
    answer = snakemake(tmp_path, "plan", "--quiet", "all")
    assert answer.returncode == 0, answer.output
    assert re.search(r"smallworld36 +36 +sweep +4 +\d+ +\d+ ", answer.output) and "hours of work" in answer.output
    answer = snakemake(tmp_path, "doctor", "--quiet", "all")
    assert answer.returncode == 0, answer.output
    assert "study     smoke: smallworld36 (36 nodes)" in answer.output and "jobs of up to" in answer.output
    made = {path.name for path in (tmp_path / "results").rglob("*") if path.is_file()}
    assert made == {"plan.log", "doctor.log"}


def test_a_second_run_does_nothing_and_says_so(folder):
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("results/**/*.*")}
    answer = snakemake(folder)
    assert answer.returncode == 0
    assert "Nothing to be done" in answer.output
    assert before == {file: file.stat().st_mtime_ns for file in folder.rglob("results/**/*.*")}


def test_equal_seeds_give_equal_bits_and_shards_do_not_matter(folder, tmp_path):
    target = f"{NETWORK}/optimal/influence.nc"
    assert snakemake(tmp_path, target).returncode == 0
    for name in (*CHAIN, "optimal/influence.nc"):
        assert (tmp_path / NETWORK / name).read_bytes() == (folder / NETWORK / name).read_bytes(), name
    four = {"sweep": {"shards": 4}}
    answer = snakemake(tmp_path, target, change=four)
    assert answer.returncode == 0, answer.output
    assert (tmp_path / NETWORK / "optimal/sweep/0-3.nc").exists()
    ours, theirs = (xr.load_dataset(path / target) for path in (tmp_path, folder))
    assert ours.drop_attrs(deep=False).identical(theirs.drop_attrs(deep=False))


def test_a_damaged_shard_is_made_again(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    shard, target = copy / NETWORK / "optimal/sweep/0-1.nc", f"{NETWORK}/optimal/influence.nc"
    good = shard.read_bytes()
    shard.write_bytes(good[:-1000])
    (copy / target).unlink()
    answer = snakemake(copy, target)
    assert answer.returncode != 0
    assert "0-1.nc; run again, and they are made again" in answer.output
    assert "Traceback" not in answer.output
    assert not shard.exists() and not (copy / target).exists()
    assert snakemake(copy, target).returncode == 0
    assert shard.read_bytes() == good
    assert (copy / target).read_bytes() == (folder / target).read_bytes()


def test_edge_cuts_and_interactions_are_made_on_demand(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    answer = snakemake(copy, "edge_cuts", "interactions")
    assert answer.returncode == 0, answer.output
    table = pd.read_csv(copy / "results/smoke/tables/edge_cuts.csv").set_index(["regime", "measure"])
    share = table.loc[("optimal", "power_edge_cut_direct_share")]
    assert 0.5 < share["low"] < share["estimate"] < share["high"] < 1.1
    with xr.open_dataset(copy / NETWORK / "non-optimal/interactions.nc") as result:
        assert np.isfinite(result["interaction_se"].values).sum() == 36 * 35
    assert {path.name for path in copy.rglob("*.nc")} - {path.name for path in folder.rglob("*.nc")} == {
        "edge_cut.nc", "interactions.nc",
    }  # fmt: skip


def test_files_of_a_package_are_fetched_once_and_on_their_terms(checkout, package, monkeypatch):
    target, change = "results/smoke/brain/connectome.nc", {"catalogue": {"brain": package}, "connectomes": ["brain"]}
    answer = snakemake(checkout, target, root=checkout, change=change)
    assert answer.returncode == 0, answer.output
    assert "brain: fetched from brain 1.0. Cite Doe 2026. Licence: none" in answer.output
    assert "brain: terms of use: be kind" in answer.output
    with xr.open_dataset(checkout / target) as made:
        assert made["weight"].attrs["terms"] == "be kind" and "weighting rank_signed" in made["weight"].attrs["history"]
    (checkout / target).unlink()
    monkeypatch.delenv("PIP_FIND_LINKS")  # from now on there is no such package
    assert snakemake(checkout, target, root=checkout, change=change).returncode == 0
    shutil.rmtree(checkout / "data/fetched")
    (checkout / target).unlink()
    answer = snakemake(checkout, target, root=checkout, change=change)
    assert answer.returncode != 0 and "Traceback" not in answer.output
    assert "error: brain: the package brain==1.0 could not be fetched" in answer.output
    assert not (checkout / "data/fetched/brain").exists()


def test_a_study_in_closed_loop_with_map_and_noise_curve(tmp_path):
    names = ("sweeps", "map_networks", "noise_curves", "map_regimes", "published_draws")
    tables = {name: f"results/smoke/tables/{name}.csv" for name in names}
    answer = snakemake(tmp_path, *tables.values(), "results/smoke/figures/published_tuning.png", change=CLOSED)
    assert answer.returncode == 0, answer.output
    sweeps, networks, curves, compared, draws = (pd.read_csv(tmp_path / file) for file in tables.values())
    assert (sweeps[["loop", "refit_readout", "rescale"]] == ["closed", 1, 1]).all(axis=None)
    assert sweeps["bounded_lesioned_share"].between(0, 0.5).all()
    points = networks.query("measure == 'test_score'")
    assert len(points) == 2 * 2 * 2 and points["estimate"].notna().all()
    assert set(curves["walks"]) == {16, 32} and set(curves["kind"]) == {"short", "long"}
    # One of the two regimes is a point of the map.
    assert set(compared["regime"]) == {"non-optimal"} and set(compared["loop"]) == {
        "closed",
        "forced",
        "closed - forced",
    }
    scores = compared.query("measure == 'test_score'").set_index("loop")
    assert scores.loc["closed", "graphs"] == 2 and scores.loc["closed", "low"] < scores.loc["closed", "high"]
    assert draws.set_index("connectome")["draw"].to_dict() == {"published36": 2, "published36c": 0}
    assert draws["best_draw"].tolist() == [2, 35] and draws["seed"].tolist() == [2022, 2023]
    with xr.open_dataset(tmp_path / "results/smoke/published_tuning.nc") as tuned:
        assert tuned.attrs["validation_error"] == pytest.approx(0.00486, abs=5e-6)
    wider = CLOSED | {"map": CLOSED["map"] | {"leak": [0.1, 0.5]}}
    assert planned(tmp_path, change=wider)["map_part"] == 4  # two radii of two networks


def test_nulls_are_part_of_a_study_that_configures_them(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    target = "results/smoke/tables/nulls.csv"
    answer = snakemake(copy, target, change={"nulls": 3})
    assert answer.returncode == 0, answer.output
    table = pd.read_csv(copy / target).set_index(["regime", "measure"])
    shares = table.loc[("optimal", "power_structural_indirect_share")]
    assert shares["nulls"] == 3 and 0 < shares["null_mean"] < 0.5 and shares["null_low"] < shares["null_high"]
    own = pd.read_csv(copy / "results/smoke/tables/decomposition.csv").set_index(["regime", "measure"])
    assert (
        own["estimate"].loc[("optimal", "raw_magnitude_pearson_all")]
        == table["estimate"].loc[("optimal", "raw_magnitude_pearson_all")]
    )
    described = pd.read_csv(copy / "results/smoke/tables/connectomes.csv").iloc[0]
    assert (described["nodes"], described["connections"], described["reciprocity"]) == (36, 216, 1)


SWEEP_ON = {
    "sweep", "influence", "contribution", "decomposition", "topology", "tables", "network_figures", "study_figures",
    "explorer", "report", "all",
}  # fmt: skip
TRAINING_ON = SWEEP_ON | {"training"}
RESERVOIR_ON = TRAINING_ON | {"reservoir"}
TUNING_ON = RESERVOIR_ON | {"tuning"}
EVERYTHING = TUNING_ON | {"connectome", "task"}
OTHER = {"name": "other", "spectral_radius": 0.4, "leak": 0.5, "input_scaling": 1.0}


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({}, set()),
        ({"sweep": {"walks_per_batch": 14}}, SWEEP_ON),
        ({"tuning": {"leak": [0.2, 1.0]}}, TUNING_ON),
        ({"tuning": {"ridge": [0.5]}}, TUNING_ON),
        ({"reservoir": {"bias": 0.2}}, TUNING_ON),
        ({"task": {"horizon": 3}}, EVERYTHING - {"connectome"}),
        ({"weighting": "own"}, EVERYTHING - {"task"}),
        ({"seed": 1}, EVERYTHING),
    ],
)
def test_a_changed_parameter_reruns_what_depends_on_it(folder, change, rules):
    assert set(planned(folder, change=change)) == rules


def test_a_changed_regime_leaves_the_other_alone(folder):
    tuned = {"name": "optimal", "tuned": True}
    changed = {"name": "non-optimal", "spectral_radius": 1.4, "leak": 1.0, "input_scaling": 1.0}
    jobs = planned(folder, change={"regimes": [tuned, changed]})
    assert set(jobs) == RESERVOIR_ON
    assert jobs["reservoir"] == jobs["training"] == jobs["influence"] == 1 and jobs["sweep"] == 2
    jobs = planned(folder, change={"regimes": [tuned, changed | {"spectral_radius": 1.5}, OTHER]})
    assert jobs["reservoir"] == jobs["influence"] == 1 and jobs["sweep"] == 2


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        (
            "analysis/decomposition.py",
            {"decomposition", "topology", "tables", "network_figures", "study_figures", "report", "all"},
        ),
        ("sweep/edge_cut.py", set()),  # the study has none
        ("sweep/simulation.py", SWEEP_ON),
        ("figures/style.py", {"network_figures", "study_figures", "report", "all"}),
        ("report/explorer.py", {"explorer", "report", "all"}),
        ("sweep/__init__.pyi", set()),  # another name leads nowhere
    ],
)
def test_changed_code_reruns_the_rules_that_use_it(folder, checkout, module, rules):
    assert planned(folder, root=checkout) == {}
    module = checkout / "src/echolesion" / module
    module.write_text(module.read_text() + "\nCHANGED = True\n")
    assert set(planned(folder, root=checkout)) == rules


def test_every_module_reruns_what_loads_it(checkout):
    """Each is changed in turn; the scripts whose hash changes are those whose jobs, in the tests above, loaded it."""
    loaded: dict[str, set[str]] = {}
    for file in LOADED.glob("*.txt"):
        loaded.setdefault(file.name.partition(".")[0], set()).update(file.read_text().split())
    scripts = {file.stem: file for file in (checkout / "scripts").rglob("*.py")}
    # Those that a user runs by hand, and what planning runs, take no part in what reruns.
    assert set(loaded) == set(scripts) - {"archive", "measure", "read"}
    ask = """
import json, pathlib, sys
from echolesion.records import sources

def hashes():
    for function in vars(sources).values():
        getattr(function, "cache_clear", int)()
    return {file.stem: sources.source_hash(file) for file in pathlib.Path("scripts").rglob("*.py")}

before, changed = hashes(), {}
sources_of = {file: file.read_text() for file in pathlib.Path("src/echolesion").rglob("*.py")}
for file, source in sources_of.items():
    file.write_text("# a comment\\n" + source.replace('\"\"\"', '\"\"\"Other words: ', 1))
assert hashes() == before
for file, source in sources_of.items():
    file.write_text(source)
for file, source in sources_of.items():
    file.write_text(source + "\\nCHANGED = True\\n")
    name = ".".join(file.relative_to("src").with_suffix("").parts).removesuffix(".__init__")
    changed[name] = [script for script, value in hashes().items() if value != before[script]]
    file.write_text(source)
print(json.dumps(changed))
"""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    answer = subprocess.run(
        [sys.executable, "-c", ask], cwd=checkout, capture_output=True, text=True, check=False, env=environment
    )
    assert answer.returncode == 0, answer.stderr
    changed = json.loads(answer.stdout)
    for module, reruns in changed.items():
        expected = {script for script, modules in loaded.items() if module in modules}
        if module in COMPILED:  # loaded where something is simulated, by what all import that know of sweeps
            assert "sweep" in expected <= set(reruns), module
        else:
            assert set(reruns) - {"archive", "measure", "read"} == expected, module
    assert {module for modules in loaded.values() for module in modules} <= set(changed)


def test_the_workflow_passes_its_linter():
    answer = subprocess.run(["snakemake", "--lint"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_job_computes_on_one_thread(folder):
    for log in (folder / "results/smoke/logs").glob("sweep_*.log"):
        assert "on cpu, 1 thread" in log.read_text()
