from functools import partial

import numpy as np
import pytest
import reservoirpy.nodes
import torch
import xarray as xr
from conftest import make_network
from oracles import lesioned_states

from echolesion import connectome
from echolesion.dynamics import coupling, nodes, reservoir
from echolesion.records import seeds


@pytest.mark.parametrize("leak", [0.1, 0.6, 1.0])
def test_states_equal_reservoirpy(leak):
    network, _, series = make_network(20, leak=leak)
    # reservoirpy ignores `sr` when W is given, so it gets the scaled one; its rows are targets.
    peer = reservoirpy.nodes.Reservoir(
        W=network["weights"].values.T,
        Win=network["input_weights"].values.T,
        bias=np.full(20, 0.1),
        lr=leak,
        input_dim=1,
    )
    ours = reservoir.simulate(network, series["input"])
    theirs = peer.run(series["input"].values)
    assert ours.dims == ("time", "node")
    assert np.abs(ours.values - theirs).max() < 1e-12
    assert np.abs(ours.values).max() > 0.1


def test_lesioned_nodes_are_silent_and_the_rest_a_smaller_network():
    network, _, series = make_network(7)
    intact = np.array([1, 0, 1, 1, 0, 1, 1.0])
    steps = nodes.trajectory(
        reservoir.unit(network),
        torch.from_numpy(network["weights"].values),
        reservoir.drive(network, series["input"]),
        torch.zeros((1, 1, 7)).double(),
        lesion=lambda sent, _: sent * torch.from_numpy(intact),
    )
    states = torch.cat([moment.sent[0].clone() for moment in steps]).numpy()
    np.testing.assert_allclose(states, lesioned_states(network, series["input"].values, intact), atol=1e-14)
    kept = np.flatnonzero(intact)
    alone = reservoir.simulate(network.isel(source=kept, target=kept, node=kept), series["input"])
    np.testing.assert_allclose(states[:, kept], alone, atol=1e-14)
    assert (states[:, intact == 0] == 0).all()


def test_activity_travels_from_source_to_target():
    chain = np.zeros((4, 4))
    chain[[0, 1, 2, 3], [1, 2, 3, 2]] = 1  # 0 -> 1 -> 2 <-> 3
    weights = connectome.from_matrix(chain)
    pulse = xr.DataArray([[1.0], [0], [0]], dims=("time", "channel"), coords={"channel": ["u"], "time": [0, 1, 2]})
    feed = xr.DataArray(
        [[1.0, 0, 0, 0]], dims=("channel", "node"), coords={"channel": ["u"], "node": weights["target"].values}
    )
    network = reservoir.build(weights, feed, spectral_radius=1, leak=1, input_scaling=1, activation="identity")
    np.testing.assert_allclose(reservoir.simulate(network, pulse).values, np.eye(4)[:3], atol=1e-12)


@pytest.mark.parametrize("radius", [0.5, 0.9, 2.5])
def test_spectral_radius_of_directed_signed_weights(radius):
    network, _, _ = make_network(30, spectral_radius=radius)
    assert np.abs(np.linalg.eigvals(network["weights"].values)).max() == pytest.approx(radius, abs=1e-6)
    assert not np.allclose(network["weights"].values, network["weights"].values.T)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"leak": 0}, "leak must be"),
        ({"leak": 1.5}, "leak must be"),
        ({"leak": float("nan")}, "leak must be"),
        ({"spectral_radius": 0}, "spectral_radius must be"),
        ({"spectral_radius": float("nan")}, "spectral_radius must be"),
        ({"activation": "tahn"}, "unknown activation 'tahn'"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_network(5, **parameters)


def test_zero_radius_is_refused():
    weights = xr.DataArray(np.zeros((3, 3)), dims=("source", "target"))
    feed = xr.DataArray(np.zeros((1, 3)), dims=("channel", "node"))
    with pytest.raises(ValueError, match="spectral radius is 0"):
        reservoir.build(weights, feed, spectral_radius=1, leak=1, input_scaling=1)


def test_regimes_share_the_draw():
    first, _, _ = make_network(9, spectral_radius=0.5, input_scaling=1)
    second, _, _ = make_network(9, spectral_radius=1.5, input_scaling=0.1)
    np.testing.assert_allclose(3 * first["weights"], second["weights"])
    np.testing.assert_allclose(first["input_weights"], 10 * second["input_weights"])


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_streams_are_reproducible_and_differ(seed):
    draws = {stream: seeds.generator(seed, stream).random() for stream in seeds.STREAMS}
    assert draws == {stream: seeds.generator(seed, stream).random() for stream in seeds.STREAMS}
    assert len(set(draws.values())) == len(draws)
    assert seeds.generator(seed, "walks", 0).random() != seeds.generator(seed, "walks", 1).random()


def test_bad_seeds_are_refused():
    with pytest.raises(ValueError):
        seeds.generator(-1, "walks")
    with pytest.raises(ValueError):
        seeds.generator(0, "walk")


@pytest.mark.parametrize("longest", [1, 4, 30])
def test_delayed_states_equal_plain_numpy(longest):
    network, _, series = make_network(12, longest=longest)
    delays = network["delays"].values
    connected = network["weights"].values != 0
    assert (delays[connected] >= 1).all() and delays.max() == longest and (delays[~connected] == 0).all()
    states = reservoir.simulate(network, series["input"]).values
    np.testing.assert_allclose(states, lesioned_states(network, series["input"].values, np.ones(12)), atol=1e-14)
    undelayed = reservoir.simulate(network.drop_vars("delays"), series["input"]).values
    assert (states == undelayed).all() if longest == 1 else np.abs(states - undelayed).max() > 0.01


def test_a_pulse_arrives_after_the_delays_on_its_way():
    """Over 0 -> 1 -> 2 -> 0 of 7, 3 and 20 mm, at 2 mm a step: 4 (3.5 to even), 2 (1.5 to even) and 10 steps."""
    matrix, lengths = np.zeros((3, 3)), np.zeros((3, 3))
    matrix[[0, 1, 2], [1, 2, 0]] = 0.5
    lengths[[0, 1, 2], [1, 2, 0]] = [7, 3, 20]
    weights = connectome.from_matrix(matrix).assign_coords(tract_length=(("source", "target"), lengths))
    pulse = xr.DataArray(np.eye(20)[:, :1], dims=("time", "channel"), coords={"channel": ["u"]})
    unscaled = xr.DataArray([[1.0, 0, 0]], dims=("channel", "node"), coords={"channel": ["u"], "node": ["0", "1", "2"]})
    network = reservoir.build(
        weights, unscaled, spectral_radius=0.5, leak=1, input_scaling=1, activation="identity", velocity=2
    )
    states = reservoir.simulate(network, pulse).values
    assert [(int(t), int(node)) for t, node in np.argwhere(states)] == [(0, 0), (4, 1), (6, 2), (16, 0)]


def test_a_past_that_is_given_goes_on_arriving():
    """A run in two halves, the second from the states of the first, is the run."""
    network, _, series = make_network(9, longest=5)
    whole = torch.from_numpy(reservoir.simulate(network, series["input"]).values)
    parts = coupling.by_delay(torch.from_numpy(network["weights"].values), coupling.delays(network))
    drives = reservoir.drive(network, series["input"])[40:]
    run = partial(nodes.trajectory, reservoir.unit(network), parts, drives, whole[None, 39:40])
    steps = run(past=whole[30:39, None, None])
    np.testing.assert_allclose(torch.cat([m.state[0].clone() for m in steps]), whole[40:], atol=1e-14)
    with pytest.raises(ValueError, match="the longest delay, 5 steps, is longer than what is run before"):
        next(run(past=whole[37:39, None, None]))


@pytest.mark.parametrize(
    ("lengths", "velocity", "message"),
    [
        (None, 1, "has no tract lengths"),
        ([[0, np.nan], [1, 0]], 1, "1 connections have no tract length of 0 or more"),
        ([[0, -1], [1, 0]], 1, "1 connections have no tract length of 0 or more"),
        ([[0, 1], [1, 0]], 0, "velocity must be larger than 0 mm per step, not 0"),
    ],
)
def test_delays_that_cannot_be_made(lengths, velocity, message):
    weights = connectome.from_matrix([[0, 1.0], [1, 0]])
    if lengths is not None:
        weights = weights.assign_coords(tract_length=(("source", "target"), lengths))
    unscaled = xr.DataArray([[1.0, 0]], dims=("channel", "node"), coords={"channel": ["u"], "node": ["0", "1"]})
    with pytest.raises(ValueError, match=message):
        reservoir.build(weights, unscaled, spectral_radius=0.9, leak=1, input_scaling=1, velocity=velocity)


def test_input_weights_are_taken_by_label():
    weights = connectome.from_matrix(np.random.default_rng(0).normal(size=(5, 5)), [*"abcde"])
    inputs = xr.DataArray(np.zeros((3, 1)), dims=("time", "channel"), coords={"channel": ["u"]})
    unscaled = reservoir.input_weights(weights, inputs, seeds.generator(0, "input"))
    parameters = {"spectral_radius": 0.9, "leak": 1, "input_scaling": 0.5}
    ours = reservoir.build(weights, unscaled, **parameters)
    assert ours.identical(reservoir.build(weights, unscaled.isel(node=[3, 0, 4, 1, 2]), **parameters))
    with pytest.raises(ValueError, match="no input weights of node 'e'"):
        reservoir.build(weights, unscaled.isel(node=slice(4)), **parameters)
