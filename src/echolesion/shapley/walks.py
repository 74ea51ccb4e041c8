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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

ESTIMATORS = ("nested", "plain")

#: Length below which no shorter level is opened: sampling is then cheap enough.
SHORTEST = 8


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
    order : numpy.ndarray of int, shape (walks, length)
        Nodes of each walk, as they are added.
    nodes : numpy.ndarray of int, shape (walks, length)
        The same, ascending.
    intact : numpy.ndarray of bool, shape (walks, prefixes, length)
        Whether the node is in the prefix. One prefix after the other has one node more.
    added : numpy.ndarray of int, shape (walks, prefixes - 1)
        The node by which a prefix differs from the one before.
    sizes : numpy.ndarray of int, shape (prefixes - 1,)
        Size of the coalition to which that node is added.
    """

    order: np.ndarray
    nodes: np.ndarray
    intact: np.ndarray
    added: np.ndarray
    sizes: np.ndarray

    def coalitions(self, size: int) -> np.ndarray:
        """Return which of all `size` nodes are in each prefix, bool, shape (walks, prefixes, size)."""
        result = np.zeros((*self.intact.shape[:2], size), dtype=bool)
        np.put_along_axis(result, np.broadcast_to(self.nodes[:, None], self.intact.shape), self.intact, axis=2)
        return result


def in_pairs(walks: int) -> int:
    """Return how many walks are drawn if so many are asked for: they come in pairs, each with its reverse."""
    return 2 * ceil(walks / 2)


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
            order=order,
            nodes=np.take_along_axis(order, ascending, axis=1),
            intact=ascending[:, None, :] < prefix_sizes[:, None],
            added=order[:, level.smallest :],
            sizes=sizes,
        )
