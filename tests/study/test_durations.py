"""How long a job and a study are said to take: counted by hand, with a model in which every job takes a round time."""

import copy
import subprocess
import sys

import pytest

from echolesion.shapley.walks import levels
from echolesion.study import durations

#: Seconds of jobs, by rule; of all others 1.
SECONDS = {"sweep": 100.0, "null": 40.0, "noise_curve_part": 30.0, "map_part": 20.0, "influence": 7.0}


@pytest.fixture
def config(default_config):
    return copy.deepcopy(default_config) | {"connectomes": ["a"]}


@pytest.fixture
def round_times(monkeypatch):
    monkeypatch.setattr(durations, "job_seconds", lambda rule, _config, size: SECONDS.get(rule, 1.0) * size / 36)


@pytest.mark.usefixtures("round_times")
def test_a_study_is_all_its_jobs(config):
    """Two regimes in two shards: 4 sweeps, 2 influences, 2 of three other rules, 6 single jobs, 4 of the study."""
    whole = 4 * 100 + 2 * 7 + 2 * 3 + 6 + 4
    assert durations.study_seconds(config, {"a": 36}, cores=2) == pytest.approx(whole / 2)
    config["noise_curve"] = {"walks_per_batch": [2, 6], "replicates": 3}
    config["nulls"] = 3
    more = 2 * 2 * 30 + 2 * 1 + 3 * 40 + 1
    assert durations.study_seconds(config, {"a": 36}, cores=2) == pytest.approx((whole + more) / 2)
    config["map"] = {
        "connectomes": ["b"], "spectral_radius": [1, 2], "leak": [1], "loops": ["open"], "walks_per_batch": 4,
    }  # fmt: skip
    cells = 2 * 20 * 2
    assert durations.study_seconds(config, {"a": 36, "b": 72}, cores=2) == pytest.approx((whole + more + cells) / 2)
    # What is not known is not counted.
    assert durations.study_seconds(config, {"a": 36, "b": 0}, cores=2) == pytest.approx((whole + more) / 2)
    assert durations.study_seconds(config, {"a": 0, "b": 0}, cores=2) < 1


@pytest.mark.usefixtures("round_times")
def test_no_number_of_cores_shortens_the_longest_way(config):
    """From the connectome over a sweep and an influence to the report: 6 single jobs before the figures, and they."""
    longest = 100 + 7 + 6 + 1 + 4
    assert durations.study_seconds(config, {"a": 36}, cores=1000) == pytest.approx(longest)


def test_more_of_anything_takes_longer(config):
    before = durations.study_seconds(config, {"a": 100}, cores=1)
    assert durations.study_seconds(config, {"a": 101}, cores=1) > before
    for change in (
        {"nulls": 3},
        {"noise_curve": {"walks_per_batch": [2], "replicates": 2}},
        {"sweep": config["sweep"] | {"until": {"reliability": 0.9, "walks_per_batch": 200}}},
        {"regimes": [*config["regimes"], {"name": "third", "tuned": True}]},
    ):
        assert durations.study_seconds(config | change, {"a": 100}, cores=1) > before


def test_a_sweep_is_its_states_and_their_products(config):
    config["sweep"]["engine"] = "torch"
    engine, steps = durations.ENGINES["torch"], config["task"]["washout"] + config["task"]["test"]
    expected = 0.0
    for level in levels(279, 60):
        states = level.walks * (level.length - level.smallest + 1) * level.length * steps
        expected += states * engine.per_state + states * level.length / engine.rate + steps * engine.per_step
    assert durations.sweep_seconds(config, 279, 60) == pytest.approx(expected)
    closed = copy.deepcopy(config)
    closed["task"]["loop"] = "closed"  # in double precision, over the splits before the test too
    longer = steps + config["task"]["train"] + config["task"]["validation"]
    assert durations.sweep_seconds(closed, 279, 60) == pytest.approx(2 * expected * longer / steps)
    closed["sweep"]["refit_readout"] = True
    assert durations.sweep_seconds(closed, 279, 60) > 2 * expected * longer / steps


def test_an_engine_is_a_line_of_the_table(config, monkeypatch):
    slow = durations.Engine(per_state=7.2e-9, rate=5e10, per_step=1e-4, fits=1.0)
    fast = durations.Engine(per_state=7.2e-10, rate=5e11, per_step=1e-5, fits=0.1)
    monkeypatch.setattr(durations, "ENGINES", {"torch": slow, "lanes": fast})
    seconds = durations.sweep_seconds(config, 100, 8)
    config["sweep"]["engine"] = "torch"
    assert durations.sweep_seconds(config, 100, 8) == pytest.approx(10 * seconds)


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("sweep", "engine", "auto", "lanes"),
        ("sweep", "engine", "lanes", "lanes"),
        ("sweep", "engine", "torch", "torch"),
        ("sweep", "lesion", "mean", "lanes"),
        ("sweep", "lesion", "outgoing", "torch"),
        ("sweep", "device", "cuda", "torch"),
        ("reservoir", "velocity", 5.0, "torch"),
        ("task", "loop", "closed", "lanes"),
    ],
)
def test_the_engine_is_known_before_a_study(config, section, key, value, expected):
    config[section][key] = value
    assert durations.engine_of(config) == expected


def test_a_shard_takes_its_share_and_more_is_asked_for_than_is_needed(config):
    start = durations.start_seconds("sweep")
    whole = durations.job_seconds("sweep", config | {"sweep": config["sweep"] | {"shards": 1}}, 279) - start
    assert durations.job_seconds("sweep", config, 279) - start == pytest.approx(whole / 2)
    for rule in ("sweep", "influence", "tuning", "null", "topology"):
        minutes = [durations.minutes(rule, config, size) for size in (36, 279, 1400)]
        assert minutes == sorted(minutes)
        assert minutes[2] >= durations.PATIENCE * durations.job_seconds(rule, config, 1400) / 60
    assert durations.minutes("connectome", config, 200, (139_255, 200_000)) < 10


def test_planning_imports_neither_torch_nor_xarray():
    code = "import sys, echolesion.study.durations as d; print({'torch', 'xarray'} & {*sys.modules}, d.START > 0)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "set() True\n"
