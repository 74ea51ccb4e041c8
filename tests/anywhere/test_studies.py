"""Other studies than the smoke study, each in a folder of its own: rounds of a sweep, files, delays, refusals."""

import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from test_workflow import NETWORK, planned, snakemake

from echolesion.records import digests


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


def test_a_file_that_changed_is_read_again_and_one_that_was_touched_is_not(tmp_path):
    """However old it says it is, and above the size up to which Snakemake compares contents."""
    rng = np.random.default_rng(0)
    matrix = rng.random((200, 200))
    files = {"mine.csv": matrix, "series.txt": np.sin(np.arange(1500.0))}
    for name, values in files.items():
        np.savetxt(tmp_path / name, values, delimiter=",")
    assert (tmp_path / "mine.csv").stat().st_size > 1e6 * 0.9
    task = {"name": "file", "series": str(tmp_path / "series.txt"), "horizon": 1}
    change = {"connectomes": ["mine.csv"], "orientation": "target_source", "task": task}
    targets = ("results/smoke/mine/connectome.nc", "results/smoke/task.nc")
    assert snakemake(tmp_path, *targets, change=change).returncode == 0
    with xr.open_dataset(tmp_path / targets[0]) as made:
        assert made.attrs["files_sha256"] == digests.sha256_of([tmp_path / "mine.csv"])
    for name in files:
        (tmp_path / name).touch()
    answer = snakemake(tmp_path, *targets, change=change)
    assert "Nothing to be done" in answer.output and "of other contents" not in answer.output
    for name, values in files.items():
        np.savetxt(tmp_path / "new", values + 0.5, delimiter=",")
        os.utime(tmp_path / "new", (1e9, 1e9))
        shutil.copy2(tmp_path / "new", tmp_path / name)
    hidden = snakemake(tmp_path, *targets, "--rerun-triggers", "mtime", change=change)
    assert "Nothing to be done" in hidden.output
    for target, name in zip(targets, files, strict=True):
        assert re.search(f"{target} is of other contents of \\S*{name}: it is made again, unless", hidden.output)
    assert set(planned(tmp_path, targets=targets, change=change)) == {"connectome", "task"}
    again = snakemake(tmp_path, *targets, change=change)
    assert again.returncode == 0 and "2 of 2 steps" in again.output
    assert "Nothing to be done" in snakemake(tmp_path, *targets, change=change).output


def test_networks_are_measured_once_and_in_no_job(tmp_path):
    measured = tmp_path / ".snakemake/echolesion/networks"
    job = ("--mode", "subprocess", "results/smoke/task.nc")
    assert snakemake(tmp_path, *job).returncode == 0
    assert (tmp_path / "results/smoke/task.nc").exists() and not measured.exists()
    np.savetxt(tmp_path / "mine.csv", np.triu(np.ones((9, 9))) - np.eye(9)[:, ::-1], delimiter=",")
    change = {
        "connectomes": ["mine.csv"], "orientation": "source_target",
        "preparation": [{"subset": ["0", "1", "6", "7", "8"]}],
    }  # fmt: skip
    answer = snakemake(tmp_path, "plan", change=change)
    assert "mine (mine.csv, 5 nodes)" in " ".join(answer.output.split()), answer.output
    assert re.search(r"mine +5 +connectome +1 ", answer.output)
    (file,) = measured.iterdir()
    before = file.stat().st_mtime_ns
    assert planned(tmp_path, change=change)["connectome"] == 1 and file.stat().st_mtime_ns == before
    np.savetxt(tmp_path / "mine.csv", np.ones((9, 9)), delimiter=",")
    assert planned(tmp_path, change=change)["connectome"] == 1 and file.stat().st_mtime_ns > before


def test_a_file_that_cannot_be_read_gives_the_same_line_in_a_dry_run(tmp_path):
    (tmp_path / "mine.csv").write_text("0,5,2,3\n1,x,2,3\n2,2,0,3\n3,3,3,0\n")
    change = {"connectomes": ["mine.csv"], "orientation": "target_source"}
    for arguments in ((), ("--dry-run",), ("plan",), ("doctor",)):
        answer = snakemake(tmp_path, *arguments, change=change)
        assert answer.returncode != 0 and "Traceback" not in answer.output
        assert re.search(r"^error: \S*mine.csv: line 2, number 2: 'x' is not a number$", answer.output, re.MULTILINE)
    assert not (tmp_path / "results").exists()


def test_a_study_that_does_not_fit_is_refused_where_jobs_run_here(tmp_path):
    """A ring of so many nodes that no machine holds what is kept of all pairs."""
    ring = "".join(f"n{k},n{(k + 1) % 60_000}\n" for k in range(60_000))
    (tmp_path / "ring.csv").write_text("source,target\n" + ring)
    change = {"connectomes": ["ring.csv"]}
    refused = r"of ring.* takes [\d,.]+ GB of memory, more than the [\d,.]+ GB of this machine: keep fewer nodes"
    for arguments, line in (((), rf"^error: \w+ {refused}"), (("doctor",), rf"^error: \w+ {refused}")):
        answer = snakemake(tmp_path, *arguments, change=change)
        assert answer.returncode != 0 and re.search(line, answer.output, re.MULTILINE), answer.output
        assert "Traceback" not in answer.output
    answer = snakemake(tmp_path, "plan", change=change)
    assert answer.returncode == 0
    assert re.search(rf"ring +60000 +sweep .*^! \w+ {refused}", answer.output, re.MULTILINE | re.DOTALL), answer.output
    assert planned(tmp_path, change=change)["sweep"] == 4
    assert not list(tmp_path.glob("results/**/*.nc"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"regimes": [{"name": "bare"}]}, "regimes[0]: 'bare' needs either"),
        ({"tuning": {"leak": [0]}}, "tuning.leak[0]: 0 is not allowed (number larger than 0 and at most 1)"),
        ({"connectomes": ["nowhere"]}, "connectomes[0]: 'nowhere' is not in the catalogue"),
    ],
)
def test_a_bad_configuration_stops_before_anything_is_written(tmp_path, change, message):
    answer = snakemake(tmp_path, change=change)
    assert answer.returncode != 0
    (line,) = [line for line in answer.output.splitlines() if message in line]
    assert line.startswith("error in the configuration: ")
    assert "Traceback" not in answer.output
    assert not (tmp_path / "results").exists()


def test_bad_data_give_one_line_and_no_file(checkout):
    edges = checkout / "data/larva213/edges.csv"
    edges.write_text(edges.read_text().replace("K001,K002,1\n", "K001,K002,nan\n"))
    change = {"connectomes": ["larva213"]}
    answer = snakemake(checkout, "reservoirs", root=checkout, change=change)
    assert answer.returncode != 0
    assert "error: larva213: 1 weights are not finite, first nan from 'K001' to 'K002'" in answer.output
    assert "Traceback" not in answer.output
    assert not list(checkout.glob("results/**/*.nc"))
