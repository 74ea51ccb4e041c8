"""Surrogates keep what they should and forget the rest."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echolesion.connectome import surrogates


def random_weights(density, seed, size=20):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(size, size)) * (rng.random((size, size)) < density)
    np.fill_diagonal(weights, 0)
    weights[0, 1] = 1
    return weights


def degrees(weights):
    return [(weights != 0).sum(axis=axis).tolist() for axis in (0, 1)]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), density=st.floats(0.02, 0.9))
@pytest.mark.parametrize("draw", [surrogates.rewired, surrogates.shuffled])
def test_surrogates_keep_degrees_and_weights(draw, seed, density):
    weights = random_weights(density, seed)
    surrogate = draw(weights, np.random.default_rng(seed))
    assert not surrogate.diagonal().any()
    assert sorted(surrogate[surrogate != 0]) == sorted(weights[weights != 0])
    assert degrees(surrogate) == degrees(weights)
    if draw is surrogates.shuffled:
        assert ((surrogate != 0) == (weights != 0)).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), density=st.floats(0.02, 0.9))
def test_mutual_connections_stay_mutual_with_their_two_weights(seed, density):
    weights = random_weights(density, seed)
    weights = np.where((weights != 0) | (weights.T != 0), np.random.default_rng(seed).normal(size=weights.shape), 0)
    surrogate = surrogates.rewired_mutually(weights, np.random.default_rng(seed))
    assert not surrogate.diagonal().any()
    assert ((surrogate != 0) == (surrogate.T != 0)).all()
    assert degrees(surrogate) == degrees(weights)

    def pairs(matrix):
        return sorted(tuple(sorted((matrix[i, j], matrix[j, i]))) for i, j in np.argwhere(np.triu(matrix)))

    assert pairs(surrogate) == pairs(weights)


@pytest.mark.parametrize("draw", [surrogates.rewired, surrogates.rewired_mutually])
def test_rewiring_forgets_the_connections(draw):
    """Of a mutual ring with random weights hardly more connections stay than chance, 0.14, would have it."""
    weights = nx.to_numpy_array(nx.watts_strogatz_graph(60, 8, 0))
    rng = np.random.default_rng(0)
    kept = [np.mean(draw(weights, rng)[weights != 0] != 0) for _ in range(10)]
    assert np.mean(kept) == pytest.approx(8 / 59, abs=0.02)
