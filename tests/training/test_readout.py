import numpy as np
import pytest
import reservoirpy.nodes
import torch
import xarray as xr
from conftest import TASK, make_network

from echolesion import connectome, training
from echolesion.connectome import catalogue, preparation
from echolesion.dynamics import echo_state, reservoir
from echolesion.records import seeds
from echolesion.training import scores, task, tuning


def test_ridge_has_its_closed_form_and_equals_reservoirpy():
    rng = np.random.default_rng(0)
    states, truth = rng.normal(size=(60, 5)) + 2, rng.normal(size=(60, 2))
    weights, constants = training.fit_readouts(torch.from_numpy(states), torch.from_numpy(truth), [0.0, 0.3])
    centred = states - states.mean(0)
    expected = np.linalg.solve(centred.T @ centred + 0.3 * np.eye(5), centred.T @ (truth - truth.mean(0)))
    np.testing.assert_allclose(weights[1], expected, atol=1e-12)
    peer = reservoirpy.nodes.Ridge(ridge=0.3).fit(states, truth)
    prediction = states @ weights[1].numpy() + constants[1].numpy()
    np.testing.assert_allclose(prediction, peer.run(states), atol=1e-10)
    np.testing.assert_allclose(weights[0], np.linalg.pinv(centred) @ (truth - truth.mean(0)), atol=1e-12)


def test_pseudo_inverse_copes_with_dead_nodes():
    states = torch.zeros((30, 4), dtype=torch.float64)
    states[:, 0] = torch.linspace(0, 1, 30)
    weights, constants = training.fit_readouts(states, 3 * states[:, :1] + 1, [0.0])
    np.testing.assert_allclose(weights[0, :, 0], [3, 0, 0, 0], atol=1e-12)
    assert float(constants[0, 0]) == pytest.approx(1)


def test_scores_have_their_closed_forms():
    truth = torch.tensor([[1.0], [2], [3], [4]], dtype=torch.float64)
    assert float(scores.nrmse(truth, truth)) == 0
    assert float(scores.nrmse(truth.mean(0).expand_as(truth), truth)) == pytest.approx(1)
    assert float(scores.r2(truth, truth)) == 1
    assert float(scores.nrmse(truth + 1, truth)) == pytest.approx(1 / np.sqrt(1.25))
    assert float(scores.memory_capacity(-5 * truth + 2, truth)) == pytest.approx(1)
    assert float(scores.memory_capacity(torch.full_like(truth, 0.1), truth)) == 0
    stacked = torch.stack([truth, truth + 1])
    np.testing.assert_allclose(scores.nrmse(stacked, truth), [0, 1 / np.sqrt(1.25)])


def test_delay_line_of_n_nodes_has_memory_capacity_n():
    size = 6
    line = np.zeros((size, size))
    line[np.arange(size - 1), np.arange(1, size)] = 1
    series = task.make(TASK | {"name": "memory", "lags": 9, "train": 3000, "test": 3000}, seeds.generator(1, "task"))
    # A line has no cycle and so no spectral radius to set: the reservoir is put together by hand.
    nodes = [str(i) for i in range(size)]
    network = xr.Dataset(
        {
            "weights": (("source", "target"), line),
            "input_weights": (("channel", "node"), np.eye(1, size)),
        },
        coords={"source": nodes, "target": nodes, "node": nodes, "channel": ["u"]},
        attrs={"leak": 1.0, "bias": 0.0, "activation": "identity"},
    )
    trained = training.train(network, series, [0.0])
    # The first node holds u(t), which is no lag: lags 1 to 5 are recalled, the others not.
    np.testing.assert_allclose(trained["memory_per_lag"][: size - 1], 1, atol=1e-9)
    assert trained["memory_per_lag"][size - 1 :].max() < 0.02
    capacity = trained["score"].sel(split="test", measure="memory_capacity")
    assert float(capacity) == pytest.approx(size - 1, abs=0.05)


def test_tuning_agrees_with_training_at_its_best_point():
    grid = {"spectral_radius": [0.4, 0.9], "leak": [0.2, 0.7, 1.0], "input_scaling": [0.2, 1.0], "ridge": [0.001, 0.1]}
    series = task.make(TASK | {"washout": 60}, seeds.generator(2, "task"))
    rng = np.random.default_rng(1)
    weights = connectome.from_matrix(rng.uniform(-1, 1, (10, 10)))
    unscaled = reservoir.input_weights(weights, series["input"], rng)
    tuned = tuning.tune(weights, unscaled, series, grid, bias=0.1, activation="tanh")
    assert tuned["score"].dims == ("spectral_radius", "leak", "input_scaling")
    for radius in grid["spectral_radius"]:
        for leak in grid["leak"]:
            for scaling in grid["input_scaling"]:
                point = {"spectral_radius": radius, "leak": leak, "input_scaling": scaling}
                network = reservoir.build(weights, unscaled, **point, bias=0.1)
                trained = training.train(network, series, grid["ridge"])
                validation = trained["score"].sel(split="validation", measure="nrmse")
                assert float(tuned["score"].sel(point)) == pytest.approx(float(validation), rel=1e-9)
                assert float(tuned["ridge"].sel(point)) == trained.attrs["ridge"]
    best = {name: tuned.attrs[f"best_{name}"] for name in ("spectral_radius", "leak", "input_scaling")}
    assert float(tuned["score"].sel(best)) == float(tuned["score"].min())


def test_tuning_for_memory_takes_the_largest():
    series = task.make(TASK | {"name": "memory", "washout": 100}, seeds.generator(2, "task"))
    rng = np.random.default_rng(1)
    weights = connectome.from_matrix(rng.uniform(-1, 1, (10, 10)))
    unscaled = reservoir.input_weights(weights, series["input"], rng)
    grid = {"spectral_radius": [0.1, 0.9], "leak": [1.0], "input_scaling": [0.1], "ridge": [0.0, 0.001]}
    tuned = tuning.tune(weights, unscaled, series, grid, bias=0, activation="tanh")
    best = float(tuned["score"].sel(spectral_radius=tuned.attrs["best_spectral_radius"]).squeeze())
    assert best == float(tuned["score"].max())


def test_training_scores_are_those_of_its_prediction():
    _, trained, series = make_network(12)
    truth = task.split(series, "test")["truth"].values[TASK["washout"] :]
    np.testing.assert_array_equal(trained["truth"], truth)
    error = np.sqrt(np.mean((trained["prediction"].values - truth) ** 2)) / truth.std()
    assert float(trained["score"].sel(split="test", measure="nrmse")) == pytest.approx(error)


def test_tuning_refuses_networks_that_remember_their_start():
    """At radius 1.5 and leak 0.1 the start of smallworld36 outlives a washout of 100 steps; at 0.5 it does not."""
    weights = catalogue.generate("small_world", {"n": 36, "k": 6, "p": 0.4, "seed": 2022}, "x")
    weights = preparation.prepare(weights, [], "random_signed", seeds.generator(2022, "weights"))
    series = task.make(TASK | {"washout": 100}, seeds.generator(2022, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(2022, "input"))
    grid = {"spectral_radius": [0.5, 1.5], "leak": [0.1], "input_scaling": [0.3], "ridge": [0.001]}
    tuned = tuning.tune(weights, unscaled, series, grid, bias=0.001, activation="tanh")
    start_left = tuned["start_left"].squeeze()
    assert start_left[0] < echo_state.FORGOTTEN < start_left[1]
    assert tuned.attrs["best_spectral_radius"] == 0.5
    with pytest.raises(ValueError, match="forgets its start"):
        tuning.tune(weights, unscaled, series, grid | {"spectral_radius": [1.5]}, bias=0.001, activation="tanh")


def test_overflow_is_no_score_and_no_training():
    series = task.make(TASK | {"washout": 60, "train": 3000}, seeds.generator(2, "task"))
    rng = np.random.default_rng(1)
    weights = connectome.from_matrix(rng.uniform(-1, 1, (10, 10)))
    unscaled = reservoir.input_weights(weights, series["input"], rng)
    grid = {"spectral_radius": [0.5, 3.0], "leak": [1.0], "input_scaling": [0.3], "ridge": [0.001]}
    tuned = tuning.tune(weights, unscaled, series, grid, bias=0.001, activation="identity")
    assert np.isfinite(tuned["score"][0]).all() and tuned["score"][1].isnull().all()
    assert tuned.attrs["best_spectral_radius"] == 0.5
    network = reservoir.build(
        weights, unscaled, spectral_radius=3, leak=1, input_scaling=1, bias=0, activation="identity"
    )
    with pytest.raises(ValueError, match="overflows"):
        training.train(network, series, [0.1])
