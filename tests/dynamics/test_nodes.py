"""Nodes of other kinds than the leaky unit, from the sweep to the decomposition, against enumeration."""

import kinds
import numpy as np
import pytest
import torch
import xarray as xr
from conftest import make_network

from echolesion import connectome, sweep
from echolesion.analysis import contribution, decomposition, influence
from echolesion.dynamics import coupling, nodes, reservoir
from echolesion.dynamics.leaky_unit import LeakyUnit
from echolesion.shapley import statistics
from echolesion.sweep import edge_cut
from echolesion.training import task

CASES = [
    ("linear", {}),
    ("linear", {"longest": 4, "itself": True}),
    ("linear", {"lesion": "mean"}),
    ("oscillator", {}),
    ("oscillator", {"longest": 4}),
    ("oscillator", {"longest": 3, "itself": True, "lesion": "mean"}),
]
SEEDS = 15


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_intervals_cover_what_enumeration_gives(kind, case):
    """Pooled over 15 seeds; entries of a seed go together. 1,000 seeds: ./run.sh bench split."""
    network, trained, piece, truth = kinds.enumerated(kind, **case)
    pairs, covered = connectome.off_diagonal(len(network["weights"])), {part: [] for part in truth}
    unconnected = pairs & (network["weights"].values == 0)
    for seed in range(SEEDS):
        sums = sweep.run(
            network, trained, piece, seed=seed, walks=10, node=kinds.KINDS[kind], dtype=torch.float64,
            lesion=case.get("lesion", "silence"),
        )  # fmt: skip
        estimate = influence.estimate(sums)
        assert (estimate["direct"].values[unconnected] == 0).all()
        for part, exact in truth.items():
            error = np.abs(estimate[part].values[pairs] - exact[pairs])
            deviation = estimate[f"{part}_se"].values[pairs]
            known = deviation > 1e-9
            assert (error[~known] < 1e-7).all()
            covered[part].append((error <= statistics.t_quantile(8) * deviation)[known])
    for part, found in covered.items():
        assert 0.92 <= np.concatenate(found).mean() <= 0.98, part


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_all_walks_of_a_small_network_give_what_enumeration_gives(kind):
    """Three nodes have six orders: many walks have all of them about equally often."""
    network, trained, piece, truth = kinds.enumerated(kind, size=3)
    node, off = kinds.KINDS[kind], connectome.off_diagonal(3)
    estimate = influence.estimate(
        sweep.run(network, trained, piece, seed=1, walks=4000, node=node, dtype=torch.float64)
    )
    for part, exact in truth.items():
        np.testing.assert_allclose(estimate[part].values[off], exact[off], atol=0.01 * np.abs(exact[off]).max())


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("lesion", ["silence", "mean", "outgoing", "incoming"])
def test_float32_and_chunks_change_rounding_only(kind, lesion, monkeypatch):
    network, trained, piece = kinds.network_of(kind, 17, longest=3)
    node = kinds.KINDS[kind]
    options = {"seed": 2, "batches": [0], "walks": 3, "lesion": lesion, "node": node, "time_bins": 6}
    fine = sweep.run(network, trained, piece, dtype=torch.float64, **options)
    single = sweep.run(network, trained, piece, **options)
    monkeypatch.setitem(sweep.simulation.STATES_AT_ONCE, "cpu", 200)
    chunked = sweep.run(network, trained, piece, dtype=torch.float64, **options)
    for name in ("influence_sum", "direct_sum", "sampled_sum", "contribution_sum"):
        largest = float(np.abs(fine[name]).max())
        np.testing.assert_allclose(single[name], fine[name], atol=2e-5 * largest, rtol=0)
        np.testing.assert_allclose(chunked[name], fine[name], atol=1e-12 * largest, rtol=0)


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_efficiency(kind):
    """Influences on a target add up to what it does in the intact network less what it does alone."""
    network, trained, piece = kinds.network_of(kind, 12, longest=2)
    node = kinds.KINDS[kind]
    sums = sweep.run(network, trained, piece, seed=1, walks=60, node=node, dtype=torch.float64)
    drives = reservoir.drive(network, piece["input"])
    intact = nodes.run_intact(node, network["weights"].values, coupling.delays(network), drives)[1]
    alone = nodes.run_intact(node, network["weights"].values * 0, None, drives)[1]
    expected = (intact - alone)[piece["scored"].values].T
    estimate = influence.estimate(sums)
    found, error = (estimate[name].fillna(0) for name in ("influence", "influence_se"))
    spread = np.sqrt((error**2).sum("source")).values
    assert (np.abs(found.sum("source").values - expected) < 5 * spread + 1e-9).mean() > 0.99
    total = contribution.estimate(sums)["contribution"].sum("node")
    np.testing.assert_allclose(total, sums["readout_total"], atol=1e-9)


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_decomposition_and_edge_cut_take_any_kind(kind):
    """In a chain nothing comes back: the cut takes away what is direct and what goes on through others is not j's."""
    network, trained, piece = kinds.network_of(kind, 8)
    chain = np.diag(np.full(7, 0.7), 1)
    network = network.assign(weights=(("source", "target"), chain))
    node = kinds.KINDS[kind]
    sums = sweep.run(network, trained, piece, seed=1, walks=30, node=node, dtype=torch.float64)
    estimate = influence.estimate(sums)
    cut = edge_cut.estimate(network, piece, seed=1, walks=30, node=node, dtype=torch.float64)
    connected = chain != 0
    difference = np.abs(cut["edge_cut"].values - estimate["direct"].values)[connected]
    errors = np.hypot(cut["edge_cut_se"].values, estimate["direct_se"].values)[connected]
    assert (difference < 5 * errors + 1e-9).mean() > 0.98
    upstream = np.tril(np.ones((8, 8), dtype=bool), -1)
    assert np.abs(estimate["influence"].values[upstream]).max() < 1e-12
    weights = {"all": network["weights"]}
    measures = decomposition.decompose(weights, {"all": estimate})
    assert measures["known"].any()


def test_a_leaky_unit_that_is_given_is_that_of_the_network():
    network, trained, series = make_network(11)
    piece = task.split(series, "test")
    options = {"seed": 1, "walks": 3, "batches": [0], "dtype": torch.float64}
    given = sweep.run(network, trained, piece, node=LeakyUnit(0.6, "tanh"), **options)
    xr.testing.assert_identical(given, sweep.run(network, trained, piece, **options))


def test_drives_are_those_of_the_kind():
    network, trained, series = make_network(5)
    with pytest.raises(ValueError, match="nodes receive 3 sums, and there are drives of 1"):
        sweep.run(network, trained, task.split(series, "test"), seed=1, walks=2, node=kinds.StuartLandau())


def test_closed_loops_are_simulated_in_float64():
    settings = {"name": "mackey_glass", "horizon": 1, "lags": 1, "loop": "closed", "washout": 5, "train": 60,
                "validation": 10, "test": 10}  # fmt: skip
    network, trained, series = make_network(5, settings=settings)
    with pytest.raises(ValueError, match="closed loops are simulated in float64"):
        sweep.run(network, trained, task.split(series, "test"), seed=1, walks=2, dtype=torch.float32)
