import numpy as np
import pytest
import torch
import xarray as xr
from conftest import TASK, make_network
from oracles import enumerate_states, exact_influence

from echolesion import connectome, training
from echolesion.dynamics import nodes, reservoir
from echolesion.records import seeds
from echolesion.sweep import edge_cut
from echolesion.training import task


def run(networks, walks=20, seed=0, **options):
    network, _, series = networks
    options = {"time_bins": TASK["test"], "dtype": torch.float64, "batches": range(12)} | options
    return edge_cut.estimate(network, task.split(series, "test"), seed=seed, walks=walks, **options)


def exact_edge_cut(network, series):
    """Return influence with less influence without every connection, by enumeration, NaN on the diagonal."""
    whole = exact_influence(enumerate_states(network, series))
    result = np.where(np.isnan(whole), np.nan, 0)
    for i, j in np.argwhere(network["weights"].values):
        weights = network["weights"].copy(deep=True)
        weights[i, j] = 0
        cut = exact_influence(enumerate_states(network.assign(weights=weights), series))
        result[i, j] = whole[i, j] - cut[i, j]
    return result


@pytest.mark.parametrize(("leak", "longest"), [(0.4, None), (1.0, None), (0.6, 4)])
def test_edge_cut_equals_enumeration(leak, longest):
    networks = make_network(5, leak=leak, spectral_radius=1.2, longest=longest)
    truth = exact_edge_cut(networks[0], networks[2])
    estimates = np.stack([run(networks, seed=seed)["edge_cut"].values for seed in range(12)])
    off = ~np.isnan(truth)
    assert (np.isnan(estimates).any(axis=0) == ~off).all()
    error = estimates.std(axis=0, ddof=1) / np.sqrt(12)
    z = (estimates.mean(axis=0) - truth)[off] / np.maximum(error[off], 1e-12)
    # Student's t with 11 degrees of freedom: beyond 4 in about 2 of 1,000; steps are correlated.
    assert np.mean(np.abs(z) > 4) < 0.015
    assert np.sqrt(np.mean((estimates.mean(axis=0) - truth)[off] ** 2)) < 0.02 * np.sqrt(np.nanmean(truth**2))
    unconnected = off & (networks[0]["weights"].values == 0)[..., None]
    assert (estimates[:, unconnected] == 0).all() and unconnected.any()


def test_standard_errors_fit_the_scatter():
    networks = make_network(6)
    estimates = [run(networks, walks=5, seed=seed) for seed in range(40)]
    connected = networks[0]["weights"].values != 0
    scatter = np.std([e["edge_cut"].values[connected] for e in estimates], axis=0, ddof=1)
    claimed = np.sqrt(np.mean([e["edge_cut_se"].values[connected] ** 2 for e in estimates], axis=0))
    varies = scatter > 1e-9  # of a target that hears no other node, every walk loses the same
    assert varies.mean() > 0.5
    assert 0.8 < np.median(scatter[varies] / claimed[varies]) < 1.25


def test_a_connection_carries_all_of_a_feed_forward_influence():
    """In 0 -> 1 -> 2 <-> 3 cutting 0 -> 1 takes all of the influence of 0 on 1 and nothing of that of 0 on 2."""
    matrix = np.zeros((4, 4))
    matrix[[0, 1, 2, 3], [1, 2, 3, 2]] = [0.8, -0.7, 0.4, 0.5]
    weights = connectome.from_matrix(matrix)
    series = task.make(TASK, seeds.generator(1, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(1, "input"))
    network = reservoir.build(weights, unscaled, spectral_radius=0.9, leak=0.5, input_scaling=1)
    networks = network, training.train(network, series, [0.1]), series
    whole = exact_influence(enumerate_states(network, series))
    estimate = run(networks)["edge_cut"].values
    np.testing.assert_allclose(estimate[0, 1], whole[0, 1], atol=1e-12)
    assert np.abs(whole[0, 2]).max() > 0.001 and (estimate[0, 2] == 0).all()


def test_chunks_bins_and_types(monkeypatch):
    networks = make_network(7)
    fine, coarse, single = run(networks), run(networks, time_bins=6), run(networks, dtype=torch.float32)
    averaged = fine["edge_cut"].values.reshape(7, 7, 6, 4).mean(axis=-1)
    np.testing.assert_allclose(coarse["edge_cut"], averaged, atol=1e-12)
    np.testing.assert_allclose(single["edge_cut"], fine["edge_cut"], atol=1e-6)
    xr.testing.assert_identical(run(networks), fine)
    monkeypatch.setitem(edge_cut.STATES_AT_ONCE, "cpu", 500)
    np.testing.assert_allclose(run(networks)["edge_cut"], fine["edge_cut"], atol=1e-12)


def test_networks_simulated_are_those_of_the_formula(monkeypatch):
    simulated, networks = [], make_network(6)
    trajectory = nodes.trajectory

    def counted(node, weights, drives, start, **options):
        simulated.append(start.shape[1:])
        return trajectory(node, weights, drives, start, **options)

    monkeypatch.setattr(nodes, "trajectory", counted)
    run(networks, walks=3, batches=range(8))
    connections = int((networks[0]["weights"] != 0).sum())
    assert sum(rows for rows, _ in simulated) == 8 * 3 * connections * 2 * 5
    assert {size for _, size in simulated} == {6}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batches": range(7)}, "at least 8 batches"),
        ({"walks": 0}, "at least one walk"),
        ({"time_bins": 25}, "time_bins must be between 1 and the 24 scored steps"),
    ],
)
def test_bad_settings(options, message):
    with pytest.raises(ValueError, match=message):
        run(make_network(4), **options)
