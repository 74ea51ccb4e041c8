r"""Shapley values by walks: which coalitions are sampled and how their differences are weighted.

A walk is an ordered sample of nodes; its prefixes are nested coalitions. The Shapley value of node i in a game v of n
players averages the marginal contribution v(S + i) - v(S) over coalitions S, every size 0 .. n - 1 counting the same.

Walks come in levels. Plain walks are one level of length n with all prefixes. Nested dyadic walks have levels of
length L = n, about n/2, n/4, ... down to at least `SHORTEST` nodes; each level uses only its prefixes longer than the
next level's walks, and the last one all of them. A level has n / L times as many walks as the first: small coalitions,
which say nothing about a target that is not in them, are so covered as well as large ones, at little cost. A walk of a
level weighs (walks of full length asked for) / (walks in the level): all levels then count the same, and the sums of
several estimates of one game add up to those of one with all their walks. Walks are drawn in pairs, each with its
reverse: the two add different nodes at every size, which evens out how often each node is added.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import ceil, comb

import numpy as np

ESTIMATORS = ("nested", "plain")

#: Length below which no shorter level is opened: sampling is then cheap enough.
SHORTEST = 8

#: A game: boolean coalitions, shape (C, n), True for players that take part; returns values of shape (C, ...).
Game = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Level:
    """Walks of one length.

    Attributes
    ----------
    length : int
        Nodes in a walk.
    smallest : int
        Size of the smallest prefix that is evaluated; the largest is `length`.
    walks : int
        Number of walks, even.
    weight : float
        Weight of each of them.
    """

    length: int
    smallest: int
    walks: int
    weight: float

    @property
    def prefixes(self) -> int:
        """Number of coalitions evaluated per walk."""
        return self.length - self.smallest + 1


@dataclass(frozen=True)
class Walks:
    """Walks of one level, with the nodes of each in ascending order.

    Attributes
    ----------
    nodes : numpy.ndarray of int, shape (walks, length)
        Nodes of each walk, ascending.
    intact : numpy.ndarray of bool, shape (walks, prefixes, length)
        Whether the node is in the prefix. One prefix after the other has one node more.
    added : numpy.ndarray of int, shape (walks, prefixes - 1)
        The node by which a prefix differs from the one before.
    sizes : numpy.ndarray of int, shape (prefixes - 1,)
        Size of the coalition to which that node is added.
    """

    nodes: np.ndarray
    intact: np.ndarray
    added: np.ndarray
    sizes: np.ndarray

    def coalitions(self, size: int) -> np.ndarray:
        """Return which of all `size` nodes are in each prefix, bool, shape (walks, prefixes, size)."""
        result = np.zeros((*self.intact.shape[:2], size), dtype=bool)
        np.put_along_axis(result, np.broadcast_to(self.nodes[:, None], self.intact.shape), self.intact, axis=2)
        return result


def levels(size: int, walks: int, estimator: str = "nested") -> list[Level]:
    """Plan the levels of walks.

    Parameters
    ----------
    size : int
        Number of players n, at least 1.
    walks : int
        Walks of full length; rounded up to pairs.
    estimator : {"nested", "plain"}
        Nested dyadic walks or full walks only.

    Returns
    -------
    list of Level
        Longest first.

    Raises
    ------
    ValueError
        If the estimator is unknown or there are no players or walks.
    """
    if estimator not in ESTIMATORS:
        raise ValueError(f"unknown estimator '{estimator}' (allowed: {', '.join(ESTIMATORS)})")
    if size < 1 or walks < 1:
        raise ValueError(f"need at least one player and one walk, not {size} and {walks}")
    lengths = [size]
    while estimator == "nested" and lengths[-1] // 2 >= SHORTEST:
        half = lengths[-1] // 2
        lengths.append(half if half < 8 else half - half % 8)  # products of such matrices are faster by up to a third
    plan = []
    for length, smallest in pairwise([*lengths, 0]):
        drawn = 2 * ceil(walks * size / (2 * length))
        plan.append(Level(length, smallest, drawn, walks / drawn))
    return plan


def sample(level: Level, size: int, rng: np.random.Generator, chunk: int) -> Iterator[Walks]:
    """Draw the walks of a level, in chunks.

    Parameters
    ----------
    level : Level
        From `levels`.
    size : int
        Number of players n.
    rng : numpy.random.Generator
        Source of the orders. What is drawn does not depend on `chunk`.
    chunk : int
        Largest number of walks per chunk.

    Yields
    ------
    Walks
        At most `chunk` walks.
    """
    forward = rng.permuted(np.tile(np.arange(size), (level.walks // 2, 1)), axis=1)[:, : level.length]
    orders = np.stack([forward, forward[:, ::-1]], axis=1).reshape(level.walks, level.length)
    sizes = np.arange(level.smallest, level.length)
    for start in range(0, level.walks, chunk):
        order = orders[start : start + chunk]
        ascending = np.argsort(order, axis=1)
        prefix_sizes = np.arange(level.smallest, level.length + 1)
        yield Walks(
            nodes=np.take_along_axis(order, ascending, axis=1),
            intact=ascending[:, None, :] < prefix_sizes[:, None],
            added=order[:, level.smallest :],
            sizes=sizes,
        )


def estimate(
    game: Game, size: int, walks: int, rng: np.random.Generator, estimator: str = "nested"
) -> tuple[np.ndarray, np.ndarray]:
    """Sum the weighted marginal contributions of every player of a game over one batch of walks.

    Parameters
    ----------
    game : callable
        See `Game`.
    size : int
        Number of players n.
    walks : int
        Walks of full length.
    rng : numpy.random.Generator
        Source of the walks.
    estimator : {"nested", "plain"}
        See `levels`.

    Returns
    -------
    sums : numpy.ndarray, shape (n, ...)
        Weighted sums of marginal contributions.
    weights : numpy.ndarray, shape (n,)
        Sums of their weights; the ratio estimates the Shapley value. Several batches go to
        `statistics.pseudo_values`.
    """
    sums: np.ndarray | None = None
    weights = np.zeros(size)
    for level in levels(size, walks, estimator):
        for batch in sample(level, size, rng, chunk=max(1, 100_000 // level.prefixes)):
            coalitions = batch.coalitions(size)
            values = np.asarray(game(coalitions.reshape(-1, size)), dtype=float)
            values = values.reshape(*coalitions.shape[:2], *values.shape[1:])
            if sums is None:
                sums = np.zeros((size, *values.shape[2:]))
            np.add.at(sums, batch.added, np.diff(values, axis=1) * level.weight)
            np.add.at(weights, batch.added, level.weight)
    assert sums is not None
    return sums, weights


def interactions(game: Game, size: int, walks: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sum the second differences of every two players of a game over one batch of walks.

    The Shapley interaction index (Grabisch and Roubens 1999) averages v(S + i + j) - v(S + i) - v(S + j) + v(S), every
    size of S = 0 .. n - 2 counting the same. Of a walk of all players, every two neighbours i, j give one sample, S
    being those before them (Tsai, Yeh and Ravikumar 2023).

    Parameters
    ----------
    game : callable
        See `Game`; it is asked for 2 n coalitions a walk.
    size : int
        Number of players n, at least 2.
    walks : int
        Number of walks. A pair gets 2 / n samples from each.
    rng : numpy.random.Generator
        Source of the walks.

    Returns
    -------
    sums : numpy.ndarray, shape (n, n, ...)
        Sums of second differences, symmetric.
    weights : numpy.ndarray, shape (n, n)
        Their number; the ratio estimates the index. Several batches go to `statistics.pseudo_values`.

    Raises
    ------
    ValueError
        If there are fewer than two players or no walks.
    """
    if size < 2 or walks < 1:
        raise ValueError(f"need at least two players and one walk, not {size} and {walks}")
    level = Level(length=size, smallest=0, walks=2 * ceil(walks / 2), weight=1)
    sums: np.ndarray | None = None
    weights = np.zeros((size, size))
    for batch in sample(level, size, rng, chunk=max(1, 50_000 // size)):
        first, second = batch.added[:, :-1], batch.added[:, 1:]
        prefixes = batch.coalitions(size)
        skipping = prefixes[:, 1:-1].copy()  # S + j in place of S + i
        np.put_along_axis(skipping, first[..., None], False, axis=2)
        np.put_along_axis(skipping, second[..., None], True, axis=2)
        coalitions = np.concatenate([prefixes, skipping], axis=1)
        values = np.asarray(game(coalitions.reshape(-1, size)), dtype=float)
        values = values.reshape(*coalitions.shape[:2], *values.shape[1:])
        walk, skipped = values[:, : size + 1], values[:, size + 1 :]
        differences = walk[:, 2:] - walk[:, 1:-1] - skipped + walk[:, :-2]
        if sums is None:
            sums = np.zeros((size, size, *values.shape[2:]))
        np.add.at(sums, (first, second), differences)
        np.add.at(weights, (first, second), 1)
    assert sums is not None
    return sums + sums.swapaxes(0, 1), weights + weights.T


def exact(game: Game, size: int) -> np.ndarray:
    """Return Shapley values by enumeration of all coalitions (Shapley 1953).

    Parameters
    ----------
    game : callable
        See `Game`.
    size : int
        Number of players n; the game is asked for 2^n coalitions.

    Returns
    -------
    numpy.ndarray, shape (n, ...)
        The Shapley values.
    """
    codes = np.arange(2**size)
    coalitions = (codes[:, None] >> np.arange(size) & 1).astype(bool)
    values = np.asarray(game(coalitions), dtype=float)
    count = coalitions.sum(axis=1)
    players = []
    for player in range(size):
        without = codes[~coalitions[:, player]]
        weight = np.array([1 / (size * comb(size - 1, count[code])) for code in without])
        players.append(np.tensordot(weight, values[without | 1 << player] - values[without], axes=1))
    return np.stack(players)


def exact_interactions(game: Game, size: int) -> np.ndarray:
    """Return Shapley interaction indices by enumeration of all coalitions (Grabisch and Roubens 1999).

    Parameters
    ----------
    game : callable
        See `Game`; it is asked for 2^n coalitions, all at once.
    size : int
        Number of players n.

    Returns
    -------
    numpy.ndarray, shape (n, n, ...)
        Symmetric; NaN on the diagonal.
    """
    codes = np.arange(2**size)
    coalitions = (codes[:, None] >> np.arange(size) & 1).astype(bool)
    values = np.asarray(game(coalitions), dtype=float)
    count = coalitions.sum(axis=1)
    result = np.full((size, size, *values.shape[1:]), np.nan)
    for i, j in combinations(range(size), 2):
        without = codes[~coalitions[:, i] & ~coalitions[:, j]]
        weight = np.array([1 / ((size - 1) * comb(size - 2, count[code])) for code in without])
        both, only_i, only_j = (values[without | extra] for extra in (1 << i | 1 << j, 1 << i, 1 << j))
        result[i, j] = result[j, i] = np.tensordot(weight, both - only_i - only_j + values[without], axes=1)
    return result
