"""What `./run.sh doctor` and `./run.sh clean` say and do."""

import copy
import os
import shutil
import subprocess

import pytest
import torch
from conftest import ROOT

from echolesion.study import machine, memory, resources


@pytest.fixture
def here(monkeypatch):
    """A machine of two cores and 16 GB, with a disk of 50 GB."""
    monkeypatch.setattr(machine, "cores", lambda: 2)
    monkeypatch.setattr(machine, "machine_mb", lambda: 16e3)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 50e9))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.usefixtures("here")
def test_a_study_that_fits_has_no_trouble(default_config, tmp_path):
    assert machine.troubles(default_config, {"a": 279}, tmp_path) == []


@pytest.mark.usefixtures("here")
def test_every_trouble_is_said_with_its_remedy(default_config, tmp_path):
    (text,) = machine.troubles(default_config, {"a": 1000}, tmp_path)
    assert "2 of the largest jobs side by side" in text and "run with --cores 1" in text
    config = copy.deepcopy(default_config)
    config["sweep"] |= {"device": "cuda", "time_bins": 200}
    too_large, disk, gpu = machine.troubles(config, {"a": 4000}, tmp_path)
    assert too_large.startswith("explorer of a (4000 nodes) takes ")
    assert "more than the 16.0 GB of this machine: keep fewer nodes (preparation: subset), set sweep" in too_large
    assert machine.troubles(config, {"a": 4000}, tmp_path, here=False) == [disk, gpu]
    assert "50.0 GB are free" in disk and "torch sees no such GPU" in gpu


@pytest.mark.usefixtures("here")
def test_a_job_is_refused_by_what_it_takes_without_the_margin(default_config):
    least = memory.BASE + memory.MARGIN * (16e3 - memory.BASE + memory.STARTERS)
    assert least > 20e3  # asked of a cluster
    assert machine.refusal("sweep", least, default_config) is None
    assert machine.refusal("sweep", least + 100, default_config).startswith("sweep takes 16.1 GB of memory, more than")
    assert machine.refusal_of(resources.plan(default_config, {"later": 0}), default_config) is None


def test_this_machine_is_described(tmp_path):
    about = machine.describe(tmp_path)
    assert int(about["cores"]) == len(os.sched_getaffinity(0)) and f"torch {torch.__version__}" in about["packages"]
    assert about["memory"].endswith(" GB") and float(about["memory"].split()[0]) > 0.5


def test_a_cluster_that_does_not_answer_is_said_in_a_line(monkeypatch, tmp_path):
    sinfo = tmp_path / "sinfo"
    sinfo.write_text("#!/bin/sh\necho 'sinfo: error: no controller' >&2\necho more >&2\nexit 1\n")
    sinfo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert machine.describe(tmp_path)["SLURM"] == "does not answer (sinfo: error: no controller)"
    sinfo.write_text("#!/bin/sh\necho 'cpu*: 2 nodes, 4 cores, 8000 MB, gpu:2'\n")
    assert machine.describe(tmp_path)["SLURM"] == "cpu*: 2 nodes, 4 cores, 8000 MB, gpu:2"


@pytest.fixture
def checkout(tmp_path):
    shutil.copy(ROOT / "run.sh", tmp_path)
    for folder in (
        "src/a/__pycache__",
        "scripts",
        "tests",
        "docs/_build",
        "benchmarks",
        "results/mine",
        "data/fetched/x",
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file").touch()
    return tmp_path


def clean(checkout, *folders, answer=""):
    command = [checkout / "run.sh", "clean", *folders]
    return subprocess.run(command, cwd=checkout, input=answer, capture_output=True, text=True, check=False)


def test_clean_removes_caches_and_asks_before_results(checkout):
    assert clean(checkout).returncode == 0
    assert not (checkout / "docs/_build").exists() and not (checkout / "src/a/__pycache__").exists()
    assert (checkout / "results/mine/file").exists()
    for answer in ("", "n\n", "\n"):
        asked = clean(checkout, "results/mine", answer=answer)
        assert "Remove results/mine" in asked.stderr and "kept" in asked.stderr
        assert (checkout / "results/mine/file").exists()
    assert clean(checkout, "results/mine", "data/fetched", answer="y\ny\n").returncode == 0
    assert not (checkout / "results/mine").exists() and not (checkout / "data/fetched").exists()


@pytest.mark.parametrize(
    "folder", ["/", "src", "results", "results/..", "results/../src", "../x", "data", "results/none"]
)
def test_clean_touches_nothing_else(checkout, folder):
    answer = clean(checkout, folder, answer="y\n")
    assert answer.returncode == 2 and "folders below results" in answer.stderr
    assert (checkout / "src").exists() and (checkout / "results/mine/file").exists()
