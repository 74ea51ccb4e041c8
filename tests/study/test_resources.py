"""What the jobs of a study ask for, in a table, and beside what they used."""

import copy

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from snakemake.utils import update_config

from echolesion.study import durations, memory, resources


@pytest.fixture
def config(default_config):
    config = copy.deepcopy(default_config)
    update_config(config, yaml.safe_load((ROOT / "config/studies/smoke.yaml").read_text()))
    return config


def test_compare_reads_what_snakemake_measured(config, tmp_path):
    for job, used in (
        ("sweep_smallworld36_optimal_0-1", 400.0),
        ("network_figures_smallworld36", 300.0),
        ("tables", "-"),
        ("figure_summary", 300.0),
    ):
        table = pd.DataFrame({"s": [6.0], "h:m:s": ["0:00:06"], "max_rss": [used]})
        table.to_csv(tmp_path / f"{job}.tsv", sep="\t", index=False)
    rows = resources.compare(tmp_path, config, {"smallworld36": 36}).set_index("job")
    assert rows.loc["sweep_smallworld36_optimal_0-1", "used_mb"] == 400 + memory.STARTERS
    assert rows.loc["sweep_smallworld36_optimal_0-1", "declared_mb"] == memory.memory_mb("sweep", config, 36)
    assert rows.loc["network_figures_smallworld36", "rule"] == "network_figures" and pd.isna(
        rows.loc["tables", "used_mb"]
    )
    assert "figure_summary" not in rows.index  # there is no such rule any more
    assert rows.loc["network_figures_smallworld36", "used_minutes"] == pytest.approx(0.1)


def test_a_plan_counts_the_jobs_of_every_network(config):
    table = resources.plan(config | {"nulls": 4}, {"a": 36, "b": 279}).set_index(["connectome", "rule"])
    assert table.loc[("a", "sweep"), "jobs"] == 2 * config["sweep"]["shards"]
    assert table.loc[("b", "null"), "jobs"] == 4
    assert table.loc[("b", "sweep"), "disk_mb"] > table.loc[("a", "sweep"), "disk_mb"] > 0
    assert (table["minutes"] >= table["work_minutes"]).all()
    assert table.loc[("b", "sweep"), "work_minutes"] == pytest.approx(
        durations.job_seconds("sweep", config, 279) / 60, abs=1e-3
    )
    assert "null" not in set(resources.plan(config, {"a": 36})["rule"])
