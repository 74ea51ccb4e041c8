"""Which lesioned networks in closed loop lie in which of eight lanes, and all that is known of them before they run.

Walks come in pairs, each with its reverse: a pair is a unit. Its coalitions of one direction that are alike in size
share a vector, in which only the nodes of the largest of them are simulated; what is left over of both directions
shares further ones. The whole walk is one network of both directions, or the intact network, which is run once for all
walks. Of nothing there is nothing to run.
"""

from typing import NamedTuple

import numpy as np
import torch

from echolesion.dynamics import closed_loop
from echolesion.dynamics.octets import LANES, aligned
from echolesion.sweep.closed_steps import Loop, Units

_NONE = np.empty(0, dtype=int)


class Network(NamedTuple):
    """A network in closed loop and what is done about its lesions.

    Parameters
    ----------
    weights : numpy.ndarray, shape (N, N)
        Source x target.
    connection, sampled : numpy.ndarray of int, shape (N, N)
        Numbers of connections and of sampled pairs, -1 where there is none.
    loop : Loop
        What it hears.
    readout : numpy.ndarray, shape (N, O)
        Of the intact network; of all networks if it is not fitted again.
    refit_readout, rescale : bool
        Whether it is, and whether weights are brought back to the radius.
    radius, ridge : float
        Spectral radius of the intact network, and ridge parameter.
    columns : int
        Of the sums of the influence.
    bins : numpy.ndarray of int, shape (steps,)
        Bin of every generated step.
    """

    weights: np.ndarray
    connection: np.ndarray
    sampled: np.ndarray
    loop: Loop
    readout: np.ndarray
    refit_readout: bool
    rescale: bool
    radius: float
    ridge: float
    columns: int
    bins: np.ndarray


class Vectors(NamedTuple):
    """Which coalition is where; the same in all units of a level.

    Of every vector, whether its nodes are those of the walk or of its reverse, and how many. Of every coalition, by
    direction and size, its vector and lane; -1 of that of all nodes, if it is the intact network.
    """

    backward: np.ndarray
    nodes: np.ndarray
    vector: np.ndarray
    lane: np.ndarray

    @property
    def first_node(self) -> np.ndarray:
        """Where the nodes of each vector begin among those of a unit, and how many there are."""
        return np.concatenate([[0], np.cumsum(self.nodes)])

    def places(self, direction: int, size: int, along: np.ndarray) -> np.ndarray:
        """Return where, among the numbers of a unit, nodes of a coalition are, by their place along its walk."""
        length, vector = self.vector.shape[1] - 1, self.vector[direction, size]
        if vector < 0:  # the intact network, in the order of the walk
            return self.first_node[-1] * LANES + (along if direction == 0 else length - 1 - along)
        local = along if self.backward[vector] == direction else length - 1 - along
        return (self.first_node[vector] + local) * LANES + self.lane[direction, size]


def lay_out(length: int, smallest: int, whole: bool) -> Vectors:
    """Lay the coalitions of a walk and of its reverse into vectors.

    Parameters
    ----------
    length : int
        Nodes in the walk.
    smallest : int
        Size of the smallest prefix.
    whole : bool
        Whether the walk has all nodes of the network: its last prefix is the intact network then.

    Returns
    -------
    Vectors
        Places of all coalitions but those of no node or all.
    """
    sizes = np.arange(max(smallest, 1), length)
    full = len(sizes) // LANES * LANES
    backward: list[int] = []
    nodes: list[int] = []
    vector, lane = np.full((2, length + 1), -1), np.zeros((2, length + 1), dtype=int)
    for direction in range(2):
        for begin in range(0, full, LANES):
            alike = sizes[begin : begin + LANES]
            vector[direction, alike], lane[direction, alike] = len(nodes), np.arange(LANES)
            backward.append(direction)
            nodes.append(alike[-1])
    left: list[tuple[int | slice, int]] = [(direction, size) for size in sizes[full:] for direction in range(2)]
    left += [] if whole else [(slice(None), length)]
    for place, coalition in enumerate(left):
        if place % LANES == 0:
            backward.append(0)
            nodes.append(length)
        vector[coalition], lane[coalition] = len(nodes) - 1, place % LANES
    return Vectors(np.array(backward, dtype=int), np.array(nodes, dtype=int), vector, lane)


def _intact(vectors: Vectors) -> np.ndarray:
    """Return which nodes of a unit's vectors are intact in which lane, bool, shape (E, 8)."""
    intact = np.zeros((vectors.first_node[-1], LANES), dtype=bool)
    for direction, size in np.argwhere(vectors.vector >= 0):
        intact.reshape(-1)[vectors.places(direction, size, np.arange(size))] = True
    return intact


def _connections(network: Network, vectors: Vectors, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where connections to every node of every unit begin, where their sources are, and their weights."""
    first, count = vectors.first_node, nodes.shape[1]
    targets, sources, weights = [], [], []
    for vector, size in enumerate(vectors.nodes):
        here = nodes[:, first[vector] : first[vector] + size]
        of_vector = network.weights[here[:, None, :], here[:, :, None]]  # unit, target, source
        unit, target, source = np.nonzero(of_vector)
        targets.append(unit * count + first[vector] + target)
        sources.append((first[vector] + source) * LANES)
        weights.append(of_vector[unit, target, source])
    target, source, weight = (np.concatenate([*parts, []]) for parts in (targets, sources, weights))
    order = np.argsort(target, kind="stable")
    begins = np.concatenate([[0], np.cumsum(np.bincount(target.astype(int), minlength=nodes.size))])
    return begins, source[order].astype(int), weight[order]


def _by_unit(unit: np.ndarray, units: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return where the entries of each unit begin if they are filled up to vectors, where each entry is, and how many.

    Entries come in any order, and keep it within their unit.
    """
    counts = np.bincount(unit, minlength=units)
    begins = np.concatenate([[0], np.cumsum(-(-counts // LANES) * LANES)])
    order = np.argsort(unit, kind="stable")
    place = np.empty(len(unit), dtype=int)
    place[order] = begins[unit[order]] + np.arange(len(unit)) - (np.cumsum(counts) - counts)[unit[order]]
    return begins, place, begins[-1]


def _scales(network: Network, vectors: Vectors, both: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the factors of the weights of every network, shape (U, V, 8), of walks and their reverses."""
    scale = np.ones((len(both[0]), len(vectors.nodes), LANES))
    if network.rescale:
        for direction, size in np.argwhere(vectors.vector >= 0):
            here = both[direction][:, :size]
            weights = torch.from_numpy(network.weights[here[:, :, None], here[:, None, :]])
            found = closed_loop.rescaling(weights, torch.ones(here.shape, dtype=torch.bool), network.radius)
            scale[:, vectors.vector[direction, size], vectors.lane[direction, size]] = found.numpy()
    return scale


def plan(
    network: Network, vectors: Vectors, orders: np.ndarray, smallest: int, weight: float, intact_scale: float
) -> Units:
    """Plan the run of some walks and of their reverses.

    Parameters
    ----------
    network : Network
        What runs.
    vectors : Vectors
        From `lay_out`.
    orders : numpy.ndarray of int, shape (U, L)
        The walks.
    smallest : int
        Size of the smallest prefix.
    weight : float
        Weight of a walk.
    intact_scale : float
        Factor of the weights of the intact network.

    Returns
    -------
    Units
        For `closed_steps`.
    """
    size, (count, length) = len(network.weights), orders.shape
    both = (orders, orders[:, ::-1])
    nodes = np.concatenate(
        [orders[:, :0], *(both[back][:, :many] for back, many in zip(vectors.backward, vectors.nodes, strict=True))],
        axis=1,
    )
    intact = _intact(vectors)
    scale = _scales(network, vectors, both)

    def factors(direction: int, of_size: int) -> np.ndarray:
        vector = vectors.vector[direction, of_size]
        return np.full(count, intact_scale) if vector < 0 else scale[:, vector, vectors.lane[direction, of_size]]

    copies: list[tuple[np.ndarray, ...]] = [(*(_NONE,) * 3, *(_NONE.astype(float),) * 3, _NONE)]
    pairs: list[tuple[np.ndarray, ...]] = [(_NONE, _NONE, _NONE.astype(float), orders[:, :0], orders[:, :0])]
    for direction, order in enumerate(both):
        for smaller in range(max(smallest, 1), length):
            added, targets = order[:, smaller, None], order[:, :smaller]
            without, share = vectors.places(direction, smaller, np.arange(smaller)), weight / smaller
            number = network.connection[added, targets]
            unit, place = np.nonzero(number >= 0)
            sender, target = added[unit, 0], targets[unit, place]
            copies.append(
                (unit, without[place], np.full(len(unit), vectors.places(direction, smaller + 1, np.array(smaller))),
                 network.weights[sender, target] * factors(direction, smaller + 1)[unit],
                 network.weights[target, target] * factors(direction, smaller)[unit],
                 np.full(len(unit), share), number[unit, place])
            )  # fmt: skip
            pairs.append(
                (vectors.places(direction, smaller + 1, np.arange(smaller)), without, np.full(smaller, share),
                 added * network.columns + targets, network.sampled[added, targets])
            )  # fmt: skip
    unit, *of_copies = (np.concatenate(parts) for parts in zip(*copies, strict=True))
    copy_of, place, total = _by_unit(unit, count)
    filled_up = []
    for values in of_copies:
        room = aligned(total) if values.dtype == float else np.zeros(total, dtype=int)
        room[place] = values
        filled_up.append(room)
    with_, without, pair_weight, pair_place, pair_number = (
        np.concatenate(parts, axis=-1) for parts in zip(*pairs, strict=True)
    )
    edge_of, edge_from, edge_weight = _connections(network, vectors, nodes)
    target, sender, carried, own, copy_weight, copy_number = filled_up
    return Units(
        first_node=vectors.first_node, node=nodes.reshape(-1), active=_flat(network.loop.leak * intact),
        edge_of=edge_of, edge_from=edge_from, edge_weight=edge_weight, scale=_flat(scale), copy_of=copy_of,
        copy_target=target, copy_sender=sender, copy_carried=carried, copy_own=own, copy_weight=copy_weight,
        copy_number=copy_number, pair_with=with_, pair_without=without, pair_weight=pair_weight,
        pair_place=pair_place, pair_number=pair_number, shown=orders if length == size else orders[:, :0],
    )  # fmt: skip


def _flat(values: np.ndarray) -> np.ndarray:
    room = aligned(values.size)
    room[:] = values.reshape(-1)
    return room
