import numpy as np
import pytest
import reservoirpy.nodes
import torch
import xarray as xr
from conftest import make_network

from echolesion import connectome, reservoir, seeds


def lesioned_states(network, inputs, intact):
    """Simulate one coalition in plain numpy, after design of the equation in the module's head."""
    weights, feed = network["weights"].values, network["input_weights"].values
    leak, bias = network.attrs["leak"], network.attrs["bias"]
    h, states = np.zeros(len(weights)), []
    for u in inputs:
        h = intact * ((1 - leak) * h + leak * np.tanh(h @ weights + u @ feed + bias))
        states.append(h)
    return np.array(states)


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
    weights = torch.from_numpy(network["weights"].values)
    steps = reservoir.trajectory(
        weights,
        reservoir.drive(network, series["input"]),
        0.6 * torch.from_numpy(intact)[None],
        "tanh",
        torch.zeros((1, 7)).double(),
    )
    states = torch.cat([state.clone() for state, _ in steps]).numpy()
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
