"""What a study is said to cost: counted with a machine on which every step of a network takes a second."""

import copy

import pytest

from echolesion.study import cost


@pytest.fixture
def config(default_config, monkeypatch):
    monkeypatch.setattr(cost, "simulation_seconds", lambda _size, rows, _dtype: rows)
    monkeypatch.setattr(cost, "fit_seconds", lambda _size, _steps: 1000.0)
    monkeypatch.setattr(cost, "JOB_OVERHEAD", 0.0)
    config = copy.deepcopy(default_config)
    config["tuning"]["spectral_radius"] = []  # no time for tuning
    return config | {"connectomes": ["a"]}


def test_a_batch_is_its_networks_times_its_steps(config):
    """36 nodes, 2 walks: 2 of prefixes 16 to 36, 6 of 8 to 16 nodes and 10 of all prefixes of 8."""
    networks = 2 * 21 + 6 * 9 + 10 * 9
    config["task"] |= {"washout": 10, "test": 30}
    seconds = cost.batch_seconds(config, 36, 2)
    assert seconds == pytest.approx(networks * 40 * cost.REDUCTION)
    config["task"] |= {"loop": "closed", "train": 100, "validation": 60}
    config["sweep"]["refit_readout"] = True
    assert cost.batch_seconds(config, 36, 2) == pytest.approx(networks * (200 * cost.REDUCTION + 1000))


def test_a_study_is_all_its_sweeps(config):
    batch = cost.batch_seconds(config, 36, 60)
    assert cost.study_seconds(config, {"a": 36}, cores=2) == pytest.approx(2 * 8 * batch / 2)
    config["noise_curve"] = {"walks_per_batch": [2, 6], "replicates": 3}
    curve = 2 * 3 * 8 * (cost.batch_seconds(config, 36, 2) + cost.batch_seconds(config, 36, 6))
    assert cost.study_seconds(config, {"a": 36}, cores=2) == pytest.approx((2 * 8 * batch + curve) / 2)
    config["map"] = {
        "connectomes": ["b"], "spectral_radius": [1, 2], "leak": [1], "loops": ["open"], "walks_per_batch": 4,
    }  # fmt: skip
    cells = 2 * 8 * cost.batch_seconds(config, 50, 4)
    assert cost.study_seconds(config, {"a": 36, "b": 50}, cores=2) == pytest.approx((2 * 8 * batch + curve + cells) / 2)


def test_no_number_of_cores_shortens_the_longest_way(config):
    assert cost.study_seconds(config, {"a": 36}, cores=1000) == pytest.approx(4 * cost.batch_seconds(config, 36, 60))
