"""The mediated split against enumeration of its definition, and where the whole of it is known."""

import numpy as np
import pytest
import torch
from conftest import ROOT, make_network

from echolesion import connectome, sweep, training
from echolesion.analysis import influence
from echolesion.dynamics import reservoir
from echolesion.records import seeds
from echolesion.shapley import walks
from echolesion.sweep import batches
from echolesion.training import task


@pytest.fixture(scope="module")
def split():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        import split

        yield split


SEEDS = 30
NAMES = [
    "neither refit nor rescaled", "rescaled", "refit", "both", "both, leak 0.1", "both, pseudo-inverse", "both, delays",
    "both, tanh output, second channel", "forced, rescaled, leak 0.1", "both, self-connections",
    "neither, self-connections, delays", "open", "open, self-connections", "open, self-connections, delays",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_parts_equal_enumeration_and_their_intervals_cover_it(split, name):
    """Full size: ./run.sh bench split. Of 30 seeds with about 4 entries that are not alike each.

    Coverage of 0.95 has so a standard error of 0.02, the mean of z one of 0.1: both bounds are 3.5 or more away.
    """
    others = {name for name, case in split.CASES.items() if "kind" in case}  # tests/dynamics/test_nodes.py
    assert set(split.CASES) - others == set(NAMES)
    for part, (count, covered, z) in split.compared(name, range(SEEDS)).items():
        assert 0.88 < covered / count < 0.995, (part, covered / count)
        assert abs(z / count) < 0.35, (part, z / count)


def two_nodes(own, loop="open", leak=0.1):
    """Return the influence of the first node on the second, to which its connection is the only route."""
    matrix = np.zeros((2, 2))
    matrix[0, 1] = 0.8
    matrix[own, own] = 0.9
    weights = connectome.from_matrix(matrix)
    closed = loop != "open"
    settings = {
        "name": "mackey_glass", "horizon": 1, "loop": "closed" if closed else "open", "washout": 5, "train": 40,
        "validation": 10, "test": 30,
    }  # fmt: skip
    series = task.make(settings, seeds.generator(1, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(1, "input"))
    network = reservoir.build(weights, unscaled, spectral_radius=0.9, leak=leak, input_scaling=1)
    trained = training.train(network, series, [0.01])
    piece = task.split(series, "test").assign_attrs(loop=loop)
    sums = sweep.run(network, trained, piece, seed=0, walks=4, time_bins=30, dtype=torch.float64)
    return influence.estimate(sums).isel(source=0, target=1)


@pytest.mark.parametrize("loop", ["open", "forced"])
@pytest.mark.parametrize("own", [0, 1])
@pytest.mark.parametrize("leak", [0.1, 1.0])
def test_all_is_direct_where_there_is_no_other_route(loop, own, leak):
    """A self-connection of the source is part of what it sends, one of the target is the target itself."""
    estimate = two_nodes(own, loop, leak)
    assert np.abs(estimate["influence"].values).max() > 0.01
    np.testing.assert_allclose(estimate["direct"], estimate["influence"], atol=1e-12)
    np.testing.assert_allclose(estimate["indirect"], 0, atol=1e-12)


def test_in_closed_loop_the_output_is_the_only_other_route():
    """What the fed-back output does of the source's influence is indirect, and it is not all."""
    estimate = two_nodes(0, "closed")
    assert np.abs(estimate["indirect"].values).max() > 0.01
    np.testing.assert_allclose(estimate["direct"] + estimate["indirect"], estimate["influence"], atol=1e-12)
    assert np.abs(estimate["direct"].values).max() > 0.005


@pytest.mark.parametrize("estimator", walks.ESTIMATORS)
@pytest.mark.parametrize("loop", ["closed", "forced"])
@pytest.mark.parametrize("mend", [False, True])
def test_sampled_sums_average_to_those_in_bins_in_closed_loop(monkeypatch, estimator, loop, mend):
    """With delays, and bins of 2 and of 3 steps; open loops: test_batches."""
    monkeypatch.setattr(walks, "SHORTEST", 2)  # levels of 6 and 3 nodes
    monkeypatch.setattr(batches, "SAMPLED", 10)
    settings = {
        "name": "mackey_glass", "horizon": 1, "loop": "closed", "washout": 10, "train": 150, "validation": 30,
        "test": 12,
    }  # fmt: skip
    network, trained, series = make_network(6, settings=settings, longest=4, leak=0.5)
    piece = task.split(series, "test").assign_attrs(loop=loop)
    options = {"seed": 0, "batches": [0], "walks": 4, "estimator": estimator}
    options |= {"refit_readout": mend, "rescale": mend}
    fine, coarse = (sweep.run(network, trained, piece, time_bins=bins, **options) for bins in (None, 5))
    pairs = coarse["sampled_source"].values, coarse["sampled_target"].values
    tolerance = {"rtol": 1e-12, "atol": 1e-13}
    sampled = coarse["sampled_sum"].values
    assert sampled.shape == (1, 10, 12) and np.abs(sampled).max() > 0.1
    np.testing.assert_allclose(sampled, fine["influence_sum"].values[:, *pairs], **tolerance)
    bins = np.arange(12) * 5 // 12
    averaged = np.stack([sampled[..., bins == k].mean(axis=-1) for k in range(5)], axis=-1)
    np.testing.assert_allclose(averaged, coarse["influence_sum"].values[:, *pairs], **tolerance)
