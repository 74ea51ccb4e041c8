from collections import Counter
from itertools import permutations, product
from math import ceil

import numpy as np
import pytest
from scipy import stats

from echolesion import shapley
from echolesion.shapley import walks


@pytest.mark.parametrize(
    ("size", "lengths"), [(5, [5]), (16, [16, 8]), (36, [36, 16, 8]), (279, [279, 136, 64, 32, 16, 8])]
)
def test_levels_halve(size, lengths):
    plan = shapley.levels(size, 10, "nested")
    assert [level.length for level in plan] == lengths
    assert [level.smallest for level in plan] == [*lengths[1:], 0]
    # Pairs of walks, and in shorter levels as many as hold every node seven times for ten in the first.
    assert [level.walks for level in plan] == [10, *(2 * ceil(0.7 * 5 * size / length) for length in lengths[1:])]
    assert all(level.walks * level.weight == pytest.approx(10) for level in plan)
    assert [level.length for level in shapley.levels(size, 10, "plain")] == [size]


def test_walks_are_nested_and_come_in_reversed_pairs():
    level = shapley.levels(20, 6, "nested")[1]
    (walks,) = shapley.sample(level, 20, np.random.default_rng(0), 1000)
    assert (np.diff(walks.nodes, axis=1) > 0).all()
    sizes = walks.intact.sum(axis=2)
    assert (sizes == np.arange(level.smallest, level.length + 1)).all()
    joined = walks.intact[:, 1:] & ~walks.intact[:, :-1]
    assert (joined.sum(axis=2) == 1).all()
    at = joined.argmax(axis=2)
    np.testing.assert_array_equal(np.take_along_axis(walks.nodes, at, axis=1), walks.added)
    np.testing.assert_array_equal(walks.nodes[::2], walks.nodes[1::2])
    # The reverse adds, from size 0, the nodes in opposite order: here both start with half of them in place.
    assert all(len({*forward, *back}) == level.length for forward, back in walks.added.reshape(-1, 2, level.length))


@pytest.mark.parametrize("asked", [1, 2, 7, 60])
@pytest.mark.parametrize("size", [1, 2, 16, 36, 100])
def test_every_node_is_in_about_as_many_walks_of_a_level(size, asked):
    """Of a level's orders each holds every node once, but for those left over when it is cut into walks."""
    for level in shapley.levels(size, asked):
        (drawn,) = shapley.sample(level, size, np.random.default_rng(4), 10**6)
        assert level.walks == len(drawn.nodes) >= 2
        whole, part = divmod(level.walks // 2, size // level.length)
        within = np.bincount(drawn.nodes.ravel(), minlength=size) // 2
        assert whole >= 1 and within.max() <= whole + (part > 0)
        if size % level.length == 0:
            assert within.min() >= whole


def test_places_of_nodes_are_spread_over_the_orders():
    """The mean place of a node over 20 orders scatters by sqrt(N^2 / 12 / 20) if they are independent."""
    size, count = 300, 20
    order = walks._spread_orders(count, size, np.random.default_rng(5))
    place = np.argsort(order, axis=1)
    assert np.std(place.mean(axis=0)) < 0.2 * size / np.sqrt(12 * count)
    # Independent ones would leave 0.36 of all stretches without a node.
    stretches = np.sort(place * count // size, axis=0)
    assert np.mean([len(set(column)) for column in stretches.T]) > 0.75 * count
    # What two nodes have to do with each other is left to chance: correlations scatter as those of independent places.
    between = np.corrcoef(place.T)[np.triu_indices(size, 1)]
    assert np.std(between) == pytest.approx(1 / np.sqrt(count - 1), rel=0.1)


class Drawn:
    """A generator that draws what it is told: how each row is permuted, and how numbers of a row compare."""

    def __init__(self, rows, ranks):
        self.rows, self.ranks = rows, ranks

    def permuted(self, _, axis):
        assert axis == 1
        return np.array(self.rows)

    def random(self, shape):
        return np.reshape(self.ranks, shape) / shape[1]


def every_draw(level, size):
    """Yield all walks of a level that can be drawn, of equal chance each."""
    count = -(-level.walks // (2 * (size // level.length)))
    ways = product(
        product(permutations(range(count)), repeat=size), product(permutations(range(size)), repeat=count)
    )  # fmt: skip
    for rows, ranks in ways:
        (drawn,) = shapley.sample(level, size, Drawn(rows, ranks), 10**6)
        yield drawn


@pytest.mark.parametrize(("size", "asked"), [(3, 2), (3, 4), (4, 2)])
def test_all_that_can_be_drawn_gives_the_shapley_values_exactly(size, asked, monkeypatch):
    """Sums over the expected weights, of a game of all nodes and of one per target, by enumeration of all draws."""
    monkeypatch.setattr(walks, "SHORTEST", 1)
    rng = np.random.default_rng(2)
    table, targets = rng.normal(size=2**size), rng.normal(size=(size, 2**size))
    whole, of_target = np.zeros(size), np.zeros((size, size))
    plan = shapley.levels(size, asked)
    assert len(plan) > 1
    for level in plan:
        number = 0
        sums, pairs = np.zeros_like(whole), np.zeros_like(of_target)
        for drawn in every_draw(level, size):
            number += 1
            coalitions = drawn.coalitions(size)
            codes = coalitions @ (1 << np.arange(size))
            np.add.at(sums, drawn.added, np.diff(table[codes], axis=1) * level.weight)
            differences = np.diff(targets[:, codes], axis=2) * level.weight / np.maximum(drawn.sizes, 1)
            for target in range(size):
                np.add.at(pairs[:, target], drawn.added, differences[target] * coalitions[:, :-1, target])
        whole += sums / number
        of_target += pairs / number
    np.testing.assert_allclose(whole / asked, shapley.exact(lambda c: table[c @ (1 << np.arange(size))], size))
    for target in range(size):
        others = 1 << np.delete(np.arange(size), target)

        def game(coalitions, target=target, others=others):
            return targets[target, coalitions @ others + (1 << target)]

        expected = shapley.exact(game, size - 1)
        np.testing.assert_allclose(np.delete(of_target[:, target], target) * size / asked, expected)


def test_every_single_walk_is_any_ordered_sample_alike():
    """Of every walk of two levels of 5 nodes, the 5! or 60 ordered samples in 6,000 draws: chi-square, p above 1e-4.

    One of these twelve tests fails by chance once in 800 times; this seed is fixed.
    """
    plan = [shapley.Level(5, 3, 6, 1), shapley.Level(3, 0, 6, 1)]
    rng = np.random.default_rng(11)
    for level in plan:
        drawn = np.stack([walks._orders(level, 5, rng) for _ in range(6000)])
        for walk in range(level.walks):
            counts = Counter(map(tuple, drawn[:, walk]))
            possible = len(list(permutations(range(5), level.length)))
            seen = [*counts.values()] + [0] * (possible - len(counts))
            assert stats.chisquare(seen).pvalue > 1e-4


def test_few_walks_are_unbiased_and_less_noisy_than_independent_ones(monkeypatch):
    """Of 12 nodes in 1,000 batches of 8 walks: z of the mean over batches, noise against that of independent walks.

    By chance one of 24 z is beyond 4 once in 650 times; this seed is fixed.
    """
    monkeypatch.setattr(walks, "SHORTEST", 3)
    size, weights = 12, np.random.default_rng(6).normal(size=12)

    def game(coalitions):
        return np.tanh(coalitions @ weights) * coalitions.sum(axis=1)

    def independent(level, size, rng):
        forward = rng.permuted(np.tile(np.arange(size), (level.walks // 2, 1)), axis=1)[:, : level.length]
        return np.stack([forward, forward[:, ::-1]], axis=1).reshape(level.walks, level.length)

    def batches():
        rng = np.random.default_rng(8)
        return np.stack([shapley.estimate(game, size, 8, rng)[0] for _ in range(1000)]) / 8

    spread = batches()
    monkeypatch.setattr(walks, "_orders", independent)
    other = batches()
    truth = shapley.exact(game, size)
    for found in (spread, other):
        z = (found.mean(axis=0) - truth) / (found.std(axis=0, ddof=1) / np.sqrt(len(found)))
        assert np.abs(z).max() < 4
    assert spread.var(axis=0).sum() < 0.85 * other.var(axis=0).sum()


def test_walks_do_not_depend_on_the_chunk():
    level = shapley.levels(20, 7, "nested")[0]
    whole = list(shapley.sample(level, 20, np.random.default_rng(0), 1000))
    parts = list(shapley.sample(level, 20, np.random.default_rng(0), 3))
    assert len(whole) == 1 and len(parts) == 3
    np.testing.assert_array_equal(whole[0].added, np.concatenate([part.added for part in parts]))


@pytest.mark.parametrize("arguments", [(0, 1, "nested"), (3, 0, "nested"), (3, 1, "nest")])
def test_bad_plans_are_refused(arguments):
    with pytest.raises(ValueError):
        shapley.levels(*arguments)
