"""What a study is said to cost: counted with a model in which every walk of a node takes a second."""

import copy

import pytest

from echolesion.study import cost


def batch(size, walks):
    return size * walks


@pytest.fixture
def config(default_config, monkeypatch):
    monkeypatch.setattr(cost, "sweep_seconds", lambda _config, size, walks: batch(size, walks))
    monkeypatch.setattr(cost, "tuning_seconds", lambda _config, _size: 0.0)
    monkeypatch.setattr(cost, "JOB_OVERHEAD", 0.0)
    return copy.deepcopy(default_config) | {"connectomes": ["a"]}


def test_a_study_is_all_its_sweeps(config):
    whole = 2 * 8 * batch(36, 60)
    assert cost.study_seconds(config, {"a": 36}, cores=2) == pytest.approx(whole / 2)
    config["noise_curve"] = {"walks_per_batch": [2, 6], "replicates": 3}
    curve = 2 * 3 * 8 * (batch(36, 2) + batch(36, 6))
    assert cost.study_seconds(config, {"a": 36}, cores=2) == pytest.approx((whole + curve) / 2)
    config["map"] = {
        "connectomes": ["b"], "spectral_radius": [1, 2], "leak": [1], "loops": ["open"], "walks_per_batch": 4,
    }  # fmt: skip
    cells = 2 * 8 * batch(50, 4)
    assert cost.study_seconds(config, {"a": 36, "b": 50}, cores=2) == pytest.approx((whole + curve + cells) / 2)
    # What is not known is not counted.
    assert cost.study_seconds(config, {"a": 36, "b": 0}, cores=2) == pytest.approx((whole + curve) / 2)


def test_no_number_of_cores_shortens_the_longest_way(config):
    assert cost.study_seconds(config, {"a": 36}, cores=1000) == pytest.approx(4 * batch(36, 60))
