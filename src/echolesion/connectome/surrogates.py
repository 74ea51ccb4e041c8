"""Surrogates: networks wired at random that keep something of a network, and nothing else.

Connections from a node to itself are no connections between nodes: they stay where they are, with their weights.
"""

import numpy as np

#: Tries to swap two connections, per connection of a surrogate.
SWAPS = 20


def rewired(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a surrogate of equal in- and out-degrees, its weights in random order, shape (N, N).

    Two connections a -> b and c -> d at a time become a -> d and c -> b, unless these are there or lead from a node to
    itself (Maslov and Sneppen 2002). networkx's `directed_edge_swap` does make such loops of mutual connections.
    """
    connected, result = _between(weights)
    sources, targets = (ends.tolist() for ends in np.nonzero(connected))
    there = set(zip(sources, targets, strict=True))
    for first, second in rng.integers(max(len(sources), 1), size=(SWAPS * len(sources), 2)).tolist():
        a, b, c, d = sources[first], targets[first], sources[second], targets[second]
        if a == d or b == c or (a, d) in there or (c, b) in there:
            continue
        there -= {(a, b), (c, d)}
        there |= {(a, d), (c, b)}
        targets[first], targets[second] = d, b
    result[sources, targets] = rng.permutation(weights[connected])
    return result


def rewired_mutually(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a surrogate of equal degrees of a network whose connections are all mutual, which its are too.

    As `rewired`, with both directions of a connection at a time: their two weights stay together.
    """
    connected, result = _between(weights)
    first, second = np.nonzero(np.triu(connected))
    pairs = np.stack([weights[first, second], weights[second, first]], axis=1)
    ends = np.stack([first, second], axis=1).tolist()
    there = {frozenset(pair) for pair in ends}
    choices = rng.integers(max(len(ends), 1), size=(SWAPS * len(ends), 2)).tolist()
    for (one, other), turned in zip(choices, rng.integers(2, size=len(choices)).tolist(), strict=True):
        (a, b), (c, d) = ends[one], ends[other][::-1] if turned else ends[other]
        new = frozenset((a, d)), frozenset((c, b))
        if a == d or b == c or new[0] == new[1] or not there.isdisjoint(new):
            continue
        there -= {frozenset((a, b)), frozenset((c, d))}
        there |= {*new}
        ends[one], ends[other] = [a, d], [c, b]
    sources, targets = rng.permuted(np.array(ends, dtype=int).reshape(-1, 2), axis=1).T
    result[sources, targets], result[targets, sources] = rng.permutation(pairs).T
    return result


def shuffled(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a surrogate of equal connections, their weights in random order, shape (N, N)."""
    connected, result = _between(weights)
    result[connected] = rng.permutation(weights[connected])
    return result


def _between(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which connections are between two nodes, and the weights of the others."""
    itself = np.eye(len(weights), dtype=bool)
    return (weights != 0) & ~itself, np.where(itself, weights, 0.0)
