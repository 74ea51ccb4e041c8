"""What jobs ask for: enough, and not far too much, against what they really used."""

import copy

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from snakemake.utils import update_config

from echolesion.study import resources
from echolesion.sweep import batches


@pytest.fixture
def config(default_config):
    config = copy.deepcopy(default_config)
    update_config(config, yaml.safe_load((ROOT / "config/studies/smoke.yaml").read_text()))
    return config


def test_every_rule_of_the_workflow_is_known():
    rules = "".join(file.read_text() for file in (ROOT / "workflow/rules").glob("*.smk"))
    asked = {part.partition('"')[0] for part in rules.split('needs("')[1:]}
    assert asked == {*resources.NAMES}


def test_more_is_asked_for_larger_networks_and_longer_series(default_config):
    for rule in ("sweep", "influence", "tuning", "null", "network_figures"):
        memory = [resources.memory_mb(rule, default_config, size) for size in (36, 279, 1400)]
        assert memory == sorted(memory) and memory[-1] > memory[0]
        minutes = [resources.minutes(rule, default_config, size) for size in (36, 279, 1400)]
        assert minutes == sorted(minutes)
    longer = copy.deepcopy(default_config)
    longer["task"]["test"] *= 2
    assert resources.memory_mb("sweep", longer, 279) > resources.memory_mb("sweep", default_config, 279)


def test_bins_are_the_steps_unless_set_and_fewer_keep_some_pairs_at_every_step(default_config):
    steps = default_config["task"]["test"]
    null, whole, one_less = (default_config | {"sweep": default_config["sweep"] | {"time_bins": bins}}
                             for bins in (None, steps, steps - 1))  # fmt: skip
    assert resources.time_bins(null) == resources.time_bins(whole) == steps == resources.time_bins(one_less) + 1
    for size, pairs in ((9, 72), (100, batches.SAMPLED)):
        sums = 4 * 1e-6 * (pairs * steps - size**2)  # of the pairs, less a bin of all
        count = null["sweep"]["batches"] / null["sweep"]["shards"]
        disk = [resources.disk_mb("sweep", config, size) for config in (null, whole, one_less)]
        assert disk[0] == disk[1] and disk[2] - disk[1] == pytest.approx(count * sums)
    for rule in ("sweep", "influence", "null"):
        memory = [resources.memory_mb(rule, config, 9) for config in (null, whole, one_less)]
        assert memory[0] == memory[1] < memory[2]


def test_the_rule_that_reads_asks_by_what_it_reads_and_the_others_by_what_is_left(default_config):
    """A list of a hundred thousand nodes of which two hundred are kept."""
    read = (139_255, 200_000)
    assert resources.memory_mb("connectome", default_config, 200, read) < 1200
    assert resources.memory_mb("connectome", default_config, 200, (3591, 3591**2)) > 3e3  # a matrix of text
    assert resources.memory_mb("influence", default_config, 200, read) == resources.memory_mb(
        "influence", default_config, 200
    )
    assert resources.minutes("connectome", default_config, 200, read) < 10
    work = resources.MEMORY["sweep"](default_config, 279) / 1e6
    here = resources.here_mb(resources.memory_mb("sweep", default_config, 279))
    assert here == pytest.approx(resources.BASE - resources.STARTERS + work, abs=1)


def test_fits_of_the_readout_count(default_config):
    config = copy.deepcopy(default_config)
    config["task"]["loop"] = "closed"
    without = resources.sweep_seconds(config, 36, 10)
    config["sweep"]["refit_readout"] = True
    assert resources.sweep_seconds(config, 36, 10) > without


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
    assert rows.loc["sweep_smallworld36_optimal_0-1", "used_mb"] == 400 + resources.STARTERS
    assert rows.loc["sweep_smallworld36_optimal_0-1", "declared_mb"] == resources.memory_mb("sweep", config, 36)
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
    assert "null" not in set(resources.plan(config, {"a": 36})["rule"])
