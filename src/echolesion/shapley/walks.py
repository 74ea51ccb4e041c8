r"""Shapley values by walks: which coalitions are sampled and how their differences are weighted.

A walk is an ordered sample of nodes; its prefixes are nested coalitions. The Shapley value of node i in a game v of n
players averages the marginal contribution v(S + i) - v(S) over coalitions S, every size 0 .. n - 1 counting the same.

Walks come in levels. Plain walks are one level of length n with all prefixes. Nested dyadic walks have levels of
length L = n, about n/2, n/4, ... down to at least `SHORTEST` nodes; each level uses only its prefixes longer than the
next level's walks, and the last one all of them. A walk of a level weighs (walks of full length asked for) / (walks in
the level): all levels then count the same, and the sums of several estimates of one game add up to those of one with
all their walks. Walks are drawn in pairs, each with its reverse: the two add different nodes at every size, which evens
out how often each node is added.

A level is drawn as orders of all n nodes, each cut into as many walks of length L as fit, so that every node is in
about as many walks as any other. Over the orders a node's places are spread evenly too, see `_spread_orders`. Every
single walk is still a uniformly random ordered sample, whatever the others are: sums over walks are unbiased, with less
noise.

How many orders a level has decides about noise and time alone: least of both together are numbers that go with the root
of (variance / cost) of an order (Neyman 1934). They follow from n and the walks asked for only, see `SHORTER`, as
numbers chosen by what the walks show would bias the estimate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

ESTIMATORS = ("nested", "plain")

#: Length below which no shorter level is opened: sampling is then cheap enough.
SHORTEST = 8

#: Orders of all nodes in a shorter level for one in the first: shorter levels have little of the variance, and short
#: walks cost more for every state. `benchmarks/walks.py` measures how far that is from the best numbers.
SHORTER = 0.7


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
    plan, pairs = [], in_pairs(walks) // 2
    for length, smallest in pairwise([*lengths, 0]):
        # At least all of one order, so that every node is in a walk, but for those that are left over.
        shorter = max(size // length, ceil(SHORTER * pairs * size / length))
        drawn = 2 * (pairs if length == size else shorter)
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
    order = _orders(level, size, rng)
    for start in range(0, level.walks, chunk):
        yield prefixes(level, order[start : start + chunk])


def prefixes(level: Level, order: np.ndarray) -> Walks:
    """Return walks of given orders.

    Parameters
    ----------
    level : Level
        The level they are of.
    order : numpy.ndarray of int, shape (walks, length)
        Nodes of each walk, as they are added.

    Returns
    -------
    Walks
        In the order given.
    """
    place = np.argsort(order, axis=1)
    sizes = np.arange(level.smallest, level.length + 1)
    return Walks(
        order=order,
        nodes=np.take_along_axis(order, place, axis=1),
        intact=place[:, None, :] < sizes[:, None],
        added=order[:, level.smallest :],
        sizes=sizes[:-1],
    )


def _orders(level: Level, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return the nodes of each walk as they are added, shape (walks, length): pairs of a walk and its reverse."""
    pieces = size // level.length
    nodes = _spread_orders(ceil(level.walks / (2 * pieces)), size, rng)[:, : pieces * level.length]
    # From the ends of all pieces to their middles, as a walk and its reverse share the distance from the nearer end.
    place = np.arange(level.length)
    inwards = np.argsort(np.minimum(place, place[::-1]), kind="stable")
    forward = np.empty((len(nodes), pieces, level.length), dtype=int)
    forward[:, :, inwards] = nodes.reshape(len(nodes), level.length, pieces).swapaxes(1, 2)
    forward = forward.reshape(-1, level.length)[: level.walks // 2]
    return np.stack([forward, forward[:, ::-1]], axis=1).reshape(level.walks, level.length)


def _spread_orders(count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return orders of all nodes, shape (count, size), in which a node stands in each of `count` stretches about once.

    Nodes are sorted by keys. A node's keys in all orders are a stratified sample of an interval, one in each stretch of
    it, in random order (a Latin hypercube: McKay, Beckman and Conover 1979). In every single order the keys of
    different nodes are independent and uniform, and so the order is uniformly random.
    """
    stretch = rng.permuted(np.tile(np.arange(count), (size, 1)), axis=1).T
    return np.argsort(stretch + rng.random((count, size)), axis=1)
