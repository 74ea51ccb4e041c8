"""A list of connections of a whole brain: read, and a part of it studied to its report, in memory by connections."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT

NODES, PAIRS, KEPT = 139_255, 200_000, 200
STUDY = {
    "study": "part", "connectomes": ["brain"], "catalogue": {"brain": {"file": "brain.csv", "variable": "syn_count"}},
    "task": {"washout": 50, "train": 200, "validation": 100, "test": 40},
    "tuning": {"spectral_radius": [0.5], "leak": [0.5], "input_scaling": [0.3], "ridge": [0.01]},
    "regimes": [{"name": "optimal", "tuned": True}],
    "sweep": {"walks_per_batch": 2, "shards": 1, "time_bins": 10},
    "topology": {"surrogates": 3}, "figures": {"formats": ["png"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a list of connections between neurons with long ids, the first of which are well connected."""
    path = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(0)
    ids = 720575940600000000 + 13 * np.arange(NODES)
    ends = np.stack([np.arange(NODES), (np.arange(NODES) + rng.integers(1, NODES, NODES)) % NODES])
    ends = np.hstack([ends, rng.integers(0, KEPT, (2, 10 * KEPT)), rng.integers(0, NODES, (2, PAIRS))])
    pairs = list(dict.fromkeys(zip(*ends.tolist(), strict=True)))[:PAIRS]
    with (path / "brain.csv").open("w") as file:
        file.write("pre_root_id,post_root_id,syn_count\n")
        file.writelines(f"{ids[a]},{ids[b]},{1 + k % 50}\n" for k, (a, b) in enumerate(pairs))
    steps = [{"subset": [str(one) for one in ids[:KEPT]]}, "drop_self_connections", "drop_isolated"]
    (path / "study.yaml").write_text(yaml.safe_dump(STUDY | {"preparation": steps}))
    return path


def run(folder: Path, *command: str) -> tuple[int, str, float]:
    """Run a command, and return its status, what it says and the most memory that a process of it took, in MB."""
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, env=dict(os.environ))
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, (folder / "said.txt").read_text(), used.ru_maxrss / 1e3


def test_it_is_read_below_a_gigabyte(folder):
    read = str(ROOT / "scripts/connectome/read.py")
    status, said, used = run(folder, sys.executable, read, "brain.csv", "variable=syn_count")
    assert status == 0 and f"nodes: {NODES}\n" in said and "connections: 199" in said, said
    assert used < 1000


def test_as_a_whole_it_is_refused_and_a_part_runs_to_its_report(folder):
    snakemake = ("snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", "--configfile", "study.yaml")
    whole = folder / "whole.yaml"
    whole.write_text(yaml.safe_dump({"preparation": ["drop_isolated"]}))
    status, said, used = run(folder, *snakemake, "whole.yaml")
    assert status != 0 and used < 1000
    assert re.search(r"^error: \w+ of brain takes [\d,.]+ GB of memory, more than the ", said, re.MULTILINE), said
    assert not list(folder.glob("results/part/**/*.nc"))
    status, said, used = run(folder, *snakemake)
    assert status == 0, said
    assert (folder / "results/part/report.html").exists() and used < 2000
