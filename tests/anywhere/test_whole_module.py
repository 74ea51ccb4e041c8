"""The workflow that the page on modules shows, to its end."""

import json

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from conftest import ROOT
from test_module import planned, snakemake, write_example


def test_the_page_runs_to_its_report_and_then_there_is_nothing_to_do(tmp_path):
    """With a connectome that another rule makes, renamed rules, a prefix, and rounds of sweeps after a checkpoint."""
    write_example(tmp_path)
    answer = snakemake(tmp_path)
    assert answer.returncode == 0, answer.output
    assert "echolesion: study 'mine': mine (12 nodes); regimes tuned." in answer.output
    results = tmp_path / "analysis/results/mine"
    assert {path.name for path in tmp_path.iterdir()} == {
        "Snakefile", "config.yaml", "network.py", "echolesion", "networks", "analysis", ".snakemake",
    }  # fmt: skip
    sweeps = pd.read_csv(results / "tables/sweeps.csv").iloc[0]
    assert (sweeps["ended_by"], sweeps["walks_per_batch"]) == ("budget", 6)
    assert (results / "mine/tuned/sweep/1-0.nc").exists()  # a second round
    with xr.open_dataset(results / "mine/connectome.nc") as made:
        recorded = json.loads(made.attrs["study_configuration"])
        measured = np.loadtxt(tmp_path / "networks/mine.csv", delimiter=",")
        np.fill_diagonal(measured, 0)
        assert made.sizes["source"] == 12 and int((made["weight"] != 0).sum()) == np.count_nonzero(measured)
    defaults = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    assert recorded.keys() == defaults.keys() and recorded["reservoir"] == defaults["reservoir"]
    assert " jobs took " in (results / "report.html").read_text()  # from the benchmarks, below the prefix
    answer = snakemake(tmp_path)
    assert answer.returncode == 0 and "Nothing to be done" in answer.output, answer.output
    # Another network: all that is made of it, and nothing else.
    (tmp_path / "networks/mine.csv").write_text((tmp_path / "networks/mine.csv").read_text() + "\n")
    answer = snakemake(tmp_path, "--dry-run")
    assert "echolesion_connectome" in planned(answer) and "echolesion_task" not in planned(answer)
