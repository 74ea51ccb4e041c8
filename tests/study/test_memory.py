"""How much memory and disk jobs are said to take."""

import copy

import pytest
from conftest import ROOT

from echolesion.study import memory
from echolesion.sweep import batches


def test_every_rule_of_the_workflow_is_known():
    rules = "".join(file.read_text() for file in (ROOT / "workflow/rules").glob("*.smk"))
    asked = {part.partition('"')[0] for part in rules.split('needs("')[1:]}
    assert asked == {*memory.NAMES}


def test_more_is_asked_for_larger_networks_and_longer_series(default_config):
    for rule in ("sweep", "influence", "tuning", "null", "network_figures"):
        asked = [memory.memory_mb(rule, default_config, size) for size in (36, 279, 1400)]
        assert asked == sorted(asked) and asked[-1] > asked[0]
    longer = copy.deepcopy(default_config)
    longer["task"]["test"] *= 2
    assert memory.memory_mb("sweep", longer, 279) > memory.memory_mb("sweep", default_config, 279)


def test_bins_are_the_steps_unless_set_and_fewer_keep_some_pairs_at_every_step(default_config):
    steps = default_config["task"]["test"]
    null, whole, one_less = (default_config | {"sweep": default_config["sweep"] | {"time_bins": bins}}
                             for bins in (None, steps, steps - 1))  # fmt: skip
    assert memory.time_bins(null) == memory.time_bins(whole) == steps == memory.time_bins(one_less) + 1
    for size, pairs in ((9, 72), (100, batches.SAMPLED)):
        sums = 4 * 1e-6 * (pairs * steps - size**2)  # of the pairs, less a bin of all
        count = null["sweep"]["batches"] / null["sweep"]["shards"]
        disk = [memory.disk_mb("sweep", config, size) for config in (null, whole, one_less)]
        assert disk[0] == disk[1] and disk[2] - disk[1] == pytest.approx(count * sums)
    for rule in ("sweep", "influence", "null"):
        asked = [memory.memory_mb(rule, config, 9) for config in (null, whole, one_less)]
        assert asked[0] == asked[1] < asked[2]


def test_the_rule_that_reads_asks_by_what_it_reads_and_the_others_by_what_is_left(default_config):
    """A list of a hundred thousand nodes of which two hundred are kept."""
    read = (139_255, 200_000)
    assert memory.memory_mb("connectome", default_config, 200, read) < 1200
    assert memory.memory_mb("connectome", default_config, 200, (3591, 3591**2)) > 3e3  # a matrix of text
    assert memory.memory_mb("influence", default_config, 200, read) == memory.memory_mb(
        "influence", default_config, 200
    )
    work = memory.MEMORY["sweep"](default_config, 279) / 1e6
    here = memory.here_mb(memory.memory_mb("sweep", default_config, 279))
    assert here == pytest.approx(memory.BASE - memory.STARTERS + work, abs=1)
