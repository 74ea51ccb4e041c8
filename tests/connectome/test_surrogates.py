"""Surrogates keep what they should and forget the rest."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echolesion.connectome import surrogates


def random_weights(density, seed, itself, size=20):
    """Return random weights, of nodes connected with themselves too if there should be such."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(size, size)) * (rng.random((size, size)) < density)
    np.fill_diagonal(weights, rng.normal(size=size) * (rng.random(size) < 0.5) * itself)
    weights[0, 1] = 1
    return weights


def degrees(weights):
    return [(weights != 0).sum(axis=axis).tolist() for axis in (0, 1)]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), density=st.floats(0, 0.9), itself=st.booleans())
@pytest.mark.parametrize("draw", [surrogates.rewired, surrogates.shuffled])
def test_surrogates_keep_degrees_weights_and_self_connections(draw, seed, density, itself):
    weights = random_weights(density, seed, itself)
    surrogate = draw(weights, np.random.default_rng(seed))
    np.testing.assert_array_equal(surrogate.diagonal(), weights.diagonal())
    assert sorted(surrogate[surrogate != 0]) == sorted(weights[weights != 0])
    assert degrees(surrogate) == degrees(weights)
    if draw is surrogates.shuffled:
        assert ((surrogate != 0) == (weights != 0)).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), density=st.floats(0, 0.9), itself=st.booleans())
def test_mutual_connections_stay_mutual_with_their_two_weights(seed, density, itself):
    weights = random_weights(density, seed, itself)
    weights = np.where((weights != 0) | (weights.T != 0), np.random.default_rng(seed).normal(size=weights.shape), 0)
    surrogate = surrogates.rewired_mutually(weights, np.random.default_rng(seed))
    np.testing.assert_array_equal(surrogate.diagonal(), weights.diagonal())
    assert ((surrogate != 0) == (surrogate.T != 0)).all()
    assert degrees(surrogate) == degrees(weights)

    def pairs(matrix):
        return sorted(tuple(sorted((matrix[i, j], matrix[j, i]))) for i, j in np.argwhere(np.triu(matrix, 1)))

    assert pairs(surrogate) == pairs(weights)


@pytest.mark.parametrize("draw", [surrogates.rewired, surrogates.rewired_mutually])
def test_rewiring_forgets_the_connections(draw):
    """Of a mutual ring with random weights hardly more connections stay than chance, 0.14, would have it."""
    weights = nx.to_numpy_array(nx.watts_strogatz_graph(60, 8, 0))
    rng = np.random.default_rng(0)
    kept = [np.mean(draw(weights, rng)[weights != 0] != 0) for _ in range(10)]
    assert np.mean(kept) == pytest.approx(8 / 59, abs=0.02)


@pytest.mark.parametrize("draw", [surrogates.rewired, surrogates.rewired_mutually, surrogates.shuffled])
def test_of_a_network_of_self_connections_alone_nothing_is_drawn(draw):
    weights = np.diag([1.0, 0, -2])
    np.testing.assert_array_equal(draw(weights, np.random.default_rng(0)), weights)
