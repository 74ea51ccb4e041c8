"""Other studies than the smoke study, each in a folder of its own: rounds of a sweep, files, delays, closed loop."""

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from test_workflow import NETWORK, planned, snakemake

CLOSED = {
    "connectomes": ["published36"], "weighting": "own",
    "task": {
        "name": "file", "series": "data/mackey_glass/series.txt", "horizon": 1, "loop": "closed", "standardise": False,
        "washout": 0, "train": 300, "validation": 50, "test": 50,
    },
    "tuning": {"spectral_radius": [0.66], "leak": [0.1], "input_scaling": [1.0], "ridge": [0]},
    "sweep": {"refit_readout": True, "rescale": True, "walks_per_batch": 2},
    "topology": {"surrogates": 5},
    "map": {
        "connectomes": ["published36", "published36c"], "spectral_radius": [0.66, 1.5], "leak": [0.1],
        "input_scaling": 1.0, "loops": ["closed", "forced"], "walks_per_batch": 2,
    },
    "noise_curve": {"walks_per_batch": [2], "replicates": 2},
}  # fmt: skip


def test_a_target_adds_rounds_until_it_or_the_budget_is_reached(tmp_path):
    until = {"walks_per_batch": 2, "until": {"reliability": 0.98, "walks_per_batch": 7}}  # walks come in pairs
    answer = snakemake(tmp_path, "results/smoke/tables/sweeps.csv", change={"sweep": until})
    assert answer.returncode == 0, answer.output
    table = pd.read_csv(tmp_path / "results/smoke/tables/sweeps.csv").set_index("regime")
    reached, missed = table.loc["optimal"], table.loc["non-optimal"]
    assert (reached["ended_by"], missed["ended_by"]) == ("target", "budget")
    assert reached["power_reliability"] >= 0.98 > missed["power_reliability"]
    assert reached["walks_per_batch"] <= 6 and missed["walks_per_batch"] == 6
    assert missed["walks_needed"] > 6
    assert "take more walks" in (tmp_path / "results/smoke/logs/influence_smallworld36_non-optimal.log").read_text()
    rounds = sorted(path.name for path in (tmp_path / NETWORK / "non-optimal/sweep").glob("*-0.nc"))
    assert len(rounds) > 1
    sizes = [
        xr.open_dataset(tmp_path / NETWORK / "non-optimal/sweep" / name).attrs["walks_per_batch"] for name in rounds
    ]
    assert sum(sizes) == 6 and sizes[0] == 2


def test_a_file_of_ones_own(tmp_path):
    matrix = np.array([[0, 2.0, 0], [0, 0, 3.0], [4.0, 0, 0]])
    np.savetxt(tmp_path / "mine.csv", matrix, delimiter=",")
    change = {"connectomes": ["mine.csv"], "orientation": "target_source", "weighting": "own"}
    answer = snakemake(tmp_path, "results/smoke/mine/connectome.nc", change=change)
    assert answer.returncode == 0, answer.output
    with xr.open_dataset(tmp_path / "results/smoke/mine/connectome.nc") as made:
        np.testing.assert_array_equal(made["weight"].transpose("source", "target"), matrix.T)
    (tmp_path / "mine.csv").write_text("0,5,2,3\n1,x,2,3\n2,2,0,3\n3,3,3,0\n")
    answer = snakemake(tmp_path, "results/smoke/mine/connectome.nc", change=change)
    assert answer.returncode != 0 and "Traceback" not in answer.output
    assert re.search(r"error: \S*mine.csv: line 2, number 2: 'x' is not a number", answer.output)


def test_delays_from_the_tract_lengths_of_an_entry_of_ones_own(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "weights.npy", rng.random((9, 9)) * (rng.random((9, 9)) < 0.6))
    np.save(tmp_path / "lengths.npy", rng.uniform(5, 60, (9, 9)))
    (tmp_path / "nodes.csv").write_text("label,side\n" + "".join(f"n{k},{'LR'[k % 2]}\n" for k in range(9)))
    entry = {"file": "weights.npy", "lengths": "lengths.npy", "nodes": "nodes.csv", "orientation": "source_target"}
    change = {
        "connectomes": ["mine"], "catalogue": {"mine": entry}, "reservoir": {"velocity": 10},
        "preparation": ["drop_self_connections", {"subset": ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"]}],
    }  # fmt: skip
    target = "results/smoke/mine/optimal/influence.nc"
    answer = snakemake(tmp_path, target, change=change)
    assert answer.returncode == 0, answer.output
    assert "(not counting delays)" in " ".join(answer.output.split())
    with xr.open_dataset(tmp_path / "results/smoke/mine/optimal/reservoir.nc") as network:
        delays, weights = network["delays"].values, network["weights"].values
        expected = np.rint(np.load(tmp_path / "lengths.npy")[1:, 1:] / 10)
        np.testing.assert_array_equal(delays[weights != 0], expected[weights != 0])
        assert list(network["side"].values) == list("RLRLRLRL")
    with xr.open_dataset(tmp_path / target) as result:
        assert float(result["power_reliability"]) > 0.5


def test_a_study_in_closed_loop_with_map_and_noise_curve(tmp_path):
    tables = {name: f"results/smoke/tables/{name}.csv" for name in ("sweeps", "map_networks", "noise_curves")}
    answer = snakemake(tmp_path, *tables.values(), "results/smoke/figures/published_tuning.png", change=CLOSED)
    assert answer.returncode == 0, answer.output
    sweeps, networks, curves = (pd.read_csv(tmp_path / file) for file in tables.values())
    assert (sweeps[["loop", "refit_readout", "rescale"]] == ["closed", 1, 1]).all(axis=None)
    assert sweeps["bounded_lesioned_share"].between(0, 0.5).all()
    points = networks.query("measure == 'test_score'")
    assert len(points) == 2 * 2 * 2 and points["estimate"].notna().all()
    assert set(curves["walks"]) == {16} and set(curves["kind"]) == {"short", "long"}
    with xr.open_dataset(tmp_path / "results/smoke/published_tuning.nc") as tuned:
        assert tuned.attrs["validation_error"] == pytest.approx(0.00486, abs=5e-6)
    wider = CLOSED | {"map": CLOSED["map"] | {"leak": [0.1, 0.5]}}
    assert planned(tmp_path, change=wider)["map_part"] == 4  # two radii of two networks
