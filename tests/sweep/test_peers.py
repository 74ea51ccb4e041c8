"""msapy, which computes the same Shapley values one game at a time, on the same permutations."""

import numpy as np
import pytest
from conftest import make_network
from msapy import msa
from oracles import enumerate_states

from echolesion import shapley, sweep
from echolesion.training import task

SIZE, WALKS = 7, 12


def orders(size):
    """Return the walks that `shapley.estimate` draws with the seed below, as tuples."""
    (level,) = shapley.levels(size, WALKS, "plain")
    (walks,) = shapley.sample(level, size, np.random.default_rng(4), chunk=1000)
    return [tuple(int(node) for node in walk) for walk in walks.added]


def ours(game, size):
    sums, weights = shapley.estimate(game, size, WALKS, np.random.default_rng(4), "plain")
    return sums / weights.reshape(-1, *[1] * (sums.ndim - 1))


def theirs(game, size):
    """Return msapy's Shapley values; it plays one coalition at a time and names those that are lesioned."""

    def objective(complements):
        intact = ~np.isin(np.arange(size), list(complements))
        value = game(intact[None])[0]
        return float(value) if np.ndim(value) == 0 else value

    with pytest.warns(UserWarning, match="A Permutation space is given"):
        table = msa.interface(
            elements=list(range(size)), n_permutations=1, permutation_space=orders(size), objective_function=objective,
            n_parallel_games=1, lazy=True, dual_progress_bars=False,
        )  # fmt: skip
    if table.contribution_type == "scaler":
        return table.shapley_values.loc[range(size)].to_numpy()
    return np.stack([table[node].to_numpy() for node in range(size)])


@pytest.fixture(scope="module")
def networks():
    return make_network(SIZE, leak=0.6, spectral_radius=1.2)


def test_contributions_equal_msapy(networks):
    network, trained, series = networks
    game = sweep.game(network, trained, task.split(series, "test"))
    np.testing.assert_allclose(ours(game, SIZE), theirs(game, SIZE), atol=1e-6)


@pytest.mark.parametrize("target", range(3))
def test_influence_equals_msapy(networks, target):
    network, _, series = networks
    states = enumerate_states(network, series)[:, :, target]
    others = np.delete(np.arange(SIZE), target)

    def game(coalitions):
        return states[coalitions @ (1 << others) + (1 << target)]

    np.testing.assert_allclose(ours(game, SIZE - 1), theirs(game, SIZE - 1), atol=1e-12)
