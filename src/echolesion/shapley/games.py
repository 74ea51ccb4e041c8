"""Games: Shapley values and interactions of any game, by walks and by enumeration."""

from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np

from echolesion.shapley.walks import Level, in_pairs, levels, sample

#: A game: boolean coalitions, shape (C, n), True for players that take part; returns values of shape (C, ...).
Game = Callable[[np.ndarray], np.ndarray]


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
        Number of walks, rounded up to pairs. A pair of players gets 2 / n samples from each.
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
    level = Level(length=size, smallest=0, walks=in_pairs(walks), weight=1)
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
