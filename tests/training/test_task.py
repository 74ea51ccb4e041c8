import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, TASK

from echolesion.records import seeds
from echolesion.training import task

SERIES = ROOT / "data/mackey_glass/series.txt"


def make(**settings):
    return task.make(TASK | {"series": SERIES, "periods": [8, 20]} | settings, seeds.generator(1, "task"))


@pytest.mark.parametrize("name", task.TASKS)
def test_splits_and_scaling(name):
    settings = TASK | {"train": 1000}
    series = make(**settings | {"name": name})
    for split in task.SPLITS:
        piece = task.split(series, split)
        assert piece.sizes["time"] == settings["washout"] + settings[split]
        assert piece["time"].values[0] == -settings["washout"]
        assert (piece["scored"].values == (piece["time"].values >= 0)).all()
    train = task.split(series, "train").isel(time=slice(settings["washout"], None))
    for variable in ("input", "truth"):
        np.testing.assert_allclose(train[variable].mean("time"), 0, atol=1e-12)
        np.testing.assert_allclose(train[variable].std("time"), 1)
    assert series.sizes["time"] == sum(settings[split] + settings["washout"] for split in task.SPLITS)


def test_an_input_that_does_not_vary_is_refused():
    with pytest.raises(ValueError, match="does not vary over the training split"):
        make(name="frequency", train=5)


def test_mackey_glass_truth_is_the_future_input():
    series = make(horizon=7)
    later, now = series["input"].values[7:, 0], series["truth"].values[:-7, 0]
    # Input and truth are scaled by their own mean and deviation, so they agree up to a line.
    slope, intercept = np.polyfit(later, now, 1)
    np.testing.assert_allclose(slope * later + intercept, now, atol=1e-10)


def test_narma10_follows_its_recursion():
    rng = np.random.default_rng(4)
    inputs, truth, _ = task._narma10(300, rng, {})
    u, y = inputs[:, 0], truth[:, 0]
    t = 200
    expected = 0.2 * y[t] + 0.04 * y[t] * y[t - 10 : t].sum() + 1.5 * u[t - 10] * u[t] + 0.001
    assert y[t + 1] == pytest.approx(expected)


def test_memory_truth_is_the_past_input():
    series = make(name="memory", lags=5)
    assert list(series["output"].values) == [f"u(t-{lag})" for lag in range(1, 6)]
    for lag in range(1, 6):
        past, now = series["input"].values[:-lag, 0], series["truth"].values[lag:, lag - 1]
        assert np.corrcoef(past, now)[0, 1] == pytest.approx(1)


def test_the_frequency_follows_the_input():
    inputs, truth, _ = task._frequency(3000, np.random.default_rng(0), {"periods": [10, 30]})
    control, wave = inputs[:, 0], truth[:, 0] / task.AMPLITUDE
    assert 15 < np.count_nonzero(np.diff(control)) < 50  # 30 are expected
    # A sine of period p has x(t + 1) + x(t - 1) = 2 cos(2 pi / p) x(t), while the period is the same.
    period = 30 - 20 * control
    same = (np.diff(control)[:-1] == 0) & (np.diff(control)[1:] == 0) & (np.abs(wave[1:-1]) > 0.1)
    cosine = (wave[2:] + wave[:-2])[same] / (2 * wave[1:-1][same])
    np.testing.assert_allclose(np.arccos(cosine), 2 * np.pi / period[1:-1][same], atol=1e-9)


def test_a_frequency_generator_in_closed_loop_hears_itself_and_the_control():
    series = make(name="frequency", loop="closed", output="tanh", standardise=False)
    assert list(series["channel"].values) == ["y", "u"] and list(series["feeds"].values) == [0, -1]
    np.testing.assert_array_equal(series["input"].values[1:, 0], series["truth"].values[:-1, 0])
    with pytest.raises(ValueError, match="must lie between -1 and 1"):
        make(name="frequency", loop="closed", output="tanh", train=1000)


def test_equal_seeds_equal_series():
    assert make().identical(make())


def test_closed_loop_hears_what_it_should_say():
    series = make(name="file", horizon=1, loop="closed", standardise=False)
    values = np.loadtxt(SERIES)
    length = TASK["washout"] + sum(TASK[split] for split in task.SPLITS)
    np.testing.assert_array_equal(series["input"].values[:, 0], values[:length])
    np.testing.assert_array_equal(series["truth"].values[:, 0], values[1 : length + 1])
    scaled = make(name="file", horizon=1, loop="closed")
    np.testing.assert_allclose(scaled["input"].values[1:], scaled["truth"].values[:-1])
    test = task.split(series, "test")
    assert test.sizes["time"] == length and test["time"].values[-1] == TASK["test"] - 1
    assert test["scored"].values.sum() == TASK["test"]
    assert test["fitted"].values.sum() == TASK["train"] + TASK["validation"]
    assert not test["fitted"].values[: TASK["washout"]].any()


def test_series_that_cannot_be_used(tmp_path):
    with pytest.raises(ValueError, match="has 10000 steps: the splits with their washout need"):
        make(name="file", train=9990)
    (tmp_path / "bad.txt").write_text("1\nnan\n" * 300)
    with pytest.raises(ValueError, match="not finite"):
        make(name="file", series=tmp_path / "bad.txt")


def test_no_folder_is_left_behind(tmp_path):
    """Neither by what only imports tasks, nor by what makes one."""
    make = (
        "from echolesion.records import seeds\n"
        "settings = {'name': 'narma10', 'washout': 10, 'train': 40, 'validation': 20, 'test': 20}\n"
        "task.make(settings, seeds.generator(0, 'task'))\n"
        "import os, tempfile; print(os.listdir(tempfile.gettempdir()))\n"
    )
    for code, there in (("", False), (make, True)):
        command = [sys.executable, "-c", f"from echolesion.training import task\n{code}"]
        environment = os.environ | {"TMPDIR": str(tmp_path)}
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        assert ("reservoirpy-temp-" in answer.stdout) == there
        assert list(tmp_path.iterdir()) == []
