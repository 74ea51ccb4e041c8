"""The archive of a study says what is in it, and runs again where it is unpacked."""

import json
import re
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from conftest import ROOT

from echolesion.study import archive

STUDY = {
    "study": "tiny", "connectomes": ["mine.csv"], "orientation": "source_target",
    "task": {"washout": 50, "train": 200, "validation": 100, "test": 40},
    "tuning": {"spectral_radius": [0.5], "leak": [0.5], "input_scaling": [0.3], "ridge": [0.01]},
    "regimes": [{"name": "optimal", "tuned": True}],
    "sweep": {"walks_per_batch": 8, "shards": 1, "time_bins": 10},
    "topology": {"surrogates": 3},
}  # fmt: skip
TARGET = "results/tiny/mine/optimal/influence.nc"


def run(folder, root, *arguments):
    command = ["snakemake", "-s", str(root / "Snakefile"), "--directory", str(folder), "--cores", "2", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stderr


def test_a_study_is_archived_and_runs_again_elsewhere(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    rng = np.random.default_rng(0)
    np.savetxt(here / "mine.csv", rng.random((9, 9)) * (rng.random((9, 9)) < 0.5), delimiter=",")
    (here / "study.json").write_text(json.dumps(STUDY))
    tables = [f"results/tiny/tables/{name}.csv" for name in ("decomposition", "scores")]
    run(here, ROOT, *tables, "--configfile", str(here / "study.json"))
    monkeypatch.chdir(here)
    count = archive.write(here / "results/tiny", ROOT, here / "tiny.zip")
    with zipfile.ZipFile(here / "tiny.zip") as crate:
        names = set(crate.namelist())
        graph = {entity["@id"]: entity for entity in json.loads(crate.read("ro-crate-metadata.json"))["@graph"]}
        crate.extractall(there)
    described = {name for name in names if name in graph}
    assert len(described) >= count > 100
    assert names - described <= {"ro-crate-metadata.json", "ro-crate-preview.html"}
    assert {"mine.csv", "study.yaml", "Snakefile", "requirements.lock", TARGET} <= described
    assert not [name for name in names if re.match("results/.*/sweep/|data/fetched", name)]
    assert graph["./"]["mainEntity"] == {"@id": "Snakefile"}
    assert graph["data/larva213/edges.csv"]["license"] == "data/larva213/LICENSE"
    (made,) = [entity for entity in graph.values() if entity["@type"] == "CreateAction"]
    assert made["object"] == [{"@id": "study.yaml"}] and made["seed"] == 2022
    # Elsewhere: the same numbers, by the archive's own code.
    before = xr.load_dataset(there / TARGET)
    for file in (there / "results").rglob("*"):
        if file.is_file():
            file.unlink()
    run(there, there, TARGET, "--configfile", str(there / "study.yaml"))
    after = xr.load_dataset(there / TARGET)
    assert before.drop_attrs(deep=False).identical(after.drop_attrs(deep=False))


def test_what_cannot_be_archived(tmp_path):
    with pytest.raises(ValueError, match="is not a finished study"):
        archive.write(tmp_path, ROOT, tmp_path / "x.zip")
    with pytest.raises(ValueError, match=r"[.]{2}/net.csv lies outside of this folder"):
        archive._inputs({"connectomes": ["../net.csv"], "catalogue": {}, "task": {"series": None}}, ROOT)


def test_a_series_of_ones_own_is_archived_and_one_of_the_clone_is_there_already(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    series = "data/mackey_glass/series.txt"
    config = {"connectomes": [], "catalogue": {}, "task": {"series": series}}
    assert archive._inputs(config, ROOT) == []
    (tmp_path / series).parent.mkdir(parents=True)
    (tmp_path / series).write_text("1\n")
    assert archive._inputs(config, ROOT) == [Path(series)]
