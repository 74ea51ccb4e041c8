"""Plans of walks (see `plans`): which nodes, connections, copies and lanes there are, sorted as they are needed.

Compiled, as a walk of a few nodes is simulated in less time than an array operation takes.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from echolesion.dynamics.octets import aligned
from echolesion.records.compilation import INNER, compiled
from echolesion.sweep.plans import Floats, Ints, Longs, Plan


class Wiring(NamedTuple):
    """Connections of a network by their source, in the order of (source, target), and the sampled pairs."""

    begin: Longs  # (source): first of its connections, and the end of the last
    target: Ints
    weight: Floats
    number: Longs  # among connections between different nodes, -1 for a node's to itself
    own: Floats  # (node): weight of its connection to itself
    held: Floats  # (node, row that is held)
    readout: Floats  # (node, output)
    pair: Ints  # (source, target): number of the sampled pair, -1 if it is none; empty if there are none


@compiled("connections_within")
def connections_within(nodes, wiring):
    """Return how many connections there are between the nodes of each walk, nodes of shape (walk, place)."""
    counts = np.zeros(len(nodes), np.int64)
    member = np.full(len(wiring.own), -1)
    for walk in range(len(nodes)):
        for node in nodes[walk]:
            member[node] = walk
        for node in nodes[walk]:
            for c in range(wiring.begin[node], wiring.begin[node + 1]):
                counts[walk] += member[wiring.target[c]] == walk
    return counts


@njit(**INNER)
def _copy(plan, wiring, copies, connection, bins, weight):
    """Say of the next copy, whose places are there, what its connection carries; return how many copies there are."""
    target = wiring.target[connection]
    plan.copy_carried[copies], plan.copy_own[copies] = wiring.weight[connection], wiring.own[target]
    rows = len(wiring.held) // len(wiring.own)
    for k in range(rows):
        plan.copy_held[k * len(plan.copy_target) + copies] = wiring.held[target * rows + k]
    plan.copy_place[copies], plan.copy_weight[copies] = wiring.number[connection] * bins, weight
    return copies + 1


@njit(**INNER)
def _fill_up(plan, copies):
    """Fill the last vector of copies with such as add nothing; return how many copies there are."""
    while copies % 16:
        plan.copy_target[copies], plan.copy_sender[copies] = 0, 0
        plan.copy_carried[copies], plan.copy_own[copies] = 0, 0
        plan.copy_place[copies], plan.copy_weight[copies] = 0, 0
        copies += 1
    return copies


@njit(**INNER)
def _fill_matrix(plan, wiring, nodes, place, walk):
    """Fill in the weights of a walk's connections, by four targets."""
    fours = walk * ((len(nodes) + 3) // 4)
    for a in range(len(nodes)):
        for c in range(wiring.begin[nodes[a]], wiring.begin[nodes[a] + 1]):
            b = place[wiring.target[c]]
            if b >= 0:
                plan.matrix[((fours + b // 4) * len(nodes) + a) * 4 + b % 4] = wiring.weight[c]


@njit(**INNER)
def _fill_lists(plan, wiring, nodes, place, begin):
    """Fill in a walk's connections by their target, from the first of the walk on."""
    filled = np.zeros(len(nodes), np.int64)
    for node in nodes:
        for c in range(wiring.begin[node], wiring.begin[node + 1]):
            if place[wiring.target[c]] >= 0:
                filled[place[wiring.target[c]]] += 1
    for a in range(len(nodes)):
        begin[a + 1] = begin[a] + filled[a]
        filled[a] = begin[a]
    for a in range(len(nodes)):
        for c in range(wiring.begin[nodes[a]], wiring.begin[nodes[a] + 1]):
            b = place[wiring.target[c]]
            if b >= 0:
                plan.sender[filled[b]], plan.weight[filled[b]] = a, wiring.weight[c]
                filled[b] += 1


@compiled("fill")
def fill(plan, wiring, bins, steps, level_weight, influence_weight):
    """Fill a plan whose strips are laid out, and add the weights of its differences to their sums.

    Parameters
    ----------
    plan : Plan
        Filled in place. Its copies and sampled pairs have room for as many as there may be.
    wiring : Wiring
        The network.
    bins, steps : int
        Bins of time and steps in the sums, with padding.
    level_weight : float
        Weight of a walk.
    influence_weight : numpy.ndarray of float64, shape (node, node)
        Added to.
    """
    size, length = len(wiring.own), plan.length
    held_rows = len(wiring.held) // size
    place = np.full(size, -1)
    strips = len(plan.walk) // (len(plan.nodes) // length)
    outputs = len(plan.readout) // len(plan.nodes)
    copies, samples = 0, 0
    for walk in range(len(plan.nodes) // length):
        nodes = plan.nodes[walk * length : (walk + 1) * length]
        begin = plan.begin[walk * length : (walk + 1) * length + 1]
        place[:] = -1
        for a in range(length):
            place[nodes[a]] = a
            row = walk * length + a
            plan.target[row] = nodes[a] * bins
            for k in range(held_rows):
                plan.held[row * held_rows + k] = wiring.held[nodes[a] * held_rows + k]
            for o in range(outputs):
                plan.readout[row * outputs + o] = wiring.readout[nodes[a] * outputs + o]
        if len(plan.matrix):
            _fill_matrix(plan, wiring, nodes, place, walk)
        else:
            _fill_lists(plan, wiring, nodes, place, begin)
        for strip in range(walk * strips, (walk + 1) * strips):
            smallest, lanes, rows = plan.smallest[strip], plan.lanes[strip], plan.rows[strip]
            for b in range(rows):
                stop = begin[b + 1]
                while stop > begin[b] and plan.sender[stop - 1] >= rows:
                    stop -= 1
                plan.stop[plan.end[strip] + b] = stop
            plan.copy[strip], plan.sample[strip] = copies, samples
            for lane in range(lanes):
                here = plan.lane[strip] + lane
                a = smallest + lane - 1
                if lane == 0 or a >= length:
                    # There is no difference: nothing is added, somewhere.
                    plan.lane_place[here], plan.lane_weight[here] = nodes[0] * size * bins, 0
                    continue
                node, weight = nodes[a], level_weight / max(a, 1)
                plan.lane_place[here], plan.lane_weight[here] = node * size * bins, weight
                for b in range(a):
                    influence_weight[node, nodes[b]] += weight
                for c in range(wiring.begin[node], wiring.begin[node + 1]):
                    b = place[wiring.target[c]]
                    if 0 <= b < a:
                        plan.copy_target[copies], plan.copy_sender[copies] = b * lanes + lane - 1, a * lanes + lane
                        copies = _copy(plan, wiring, copies, c, bins, weight)
            copies = _fill_up(plan, copies)
            if len(wiring.pair):
                for b in range(rows):
                    for lane in range(max(1, b + 2 - smallest), min(lanes, length + 1 - smallest)):
                        pair = wiring.pair[nodes[smallest + lane - 1] * size + nodes[b]]
                        if pair >= 0:
                            plan.sample_row[samples], plan.sample_lane[samples] = b, lane
                            plan.sample_place[samples] = pair * steps
                            samples += 1
            plan.copy[strip + 1], plan.sample[strip + 1] = copies, samples


@compiled("fill_together")
def fill_together(plan, wiring, bins, steps, level_weight, influence_weight, walks):
    """Fill a plan of walks of which 16 stand together, each group one strip; the last may not be full.

    Parameters
    ----------
    plan, wiring, bins, steps, level_weight, influence_weight
        As for `fill`.
    walks : int
        Number of walks.
    """
    size, length, smallest = len(wiring.own), plan.length, plan.smallest[0]
    held_rows = len(wiring.held) // size
    outputs = len(plan.readout) // len(plan.nodes)
    place = np.full((16, size), -1)
    dense = np.zeros((length, length, 16), np.float32)  # target, sender, walk
    prefixes = plan.lanes[0] // 16
    connections, copies, samples = 0, 0, 0
    for strip in range(len(plan.walk)):
        members = min(16, walks - strip * 16)
        base = strip * length * 16
        place[:] = -1
        dense[:] = 0
        for a in range(length):
            for m in range(16):
                here = base + a * 16 + m
                node = plan.nodes[here]
                plan.target[here] = node * bins
                for k in range(held_rows):
                    plan.held[((strip * length + a) * held_rows + k) * 16 + m] = wiring.held[node * held_rows + k]
                for o in range(outputs):
                    plan.readout[((strip * length + a) * outputs + o) * 16 + m] = wiring.readout[node * outputs + o]
                place[m, node] = a
        for a in range(length):
            for m in range(members):
                node = plan.nodes[base + a * 16 + m]
                for c in range(wiring.begin[node], wiring.begin[node + 1]):
                    b = place[m, wiring.target[c]]
                    if b >= 0:
                        dense[b, a, m] = wiring.weight[c]
        for b in range(length):
            plan.begin[strip * length + b] = connections
            for a in range(length):
                any_ = False
                for m in range(16):
                    any_ |= dense[b, a, m] != 0
                if any_:
                    plan.sender[connections] = a
                    for m in range(16):
                        plan.weight[connections * 16 + m] = dense[b, a, m]
                    connections += 1
            plan.stop[strip * length + b] = connections
        plan.copy[strip], plan.sample[strip] = copies, samples
        width = prefixes * 16
        for lane in range(width):
            here, m = plan.lane[strip] + lane, lane % 16
            a = smallest + lane // 16 - 1
            node, weight = plan.nodes[base + max(a, 0) * 16 + m], level_weight / max(a, 1)
            plan.lane_place[here] = node * size * bins
            if lane < 16 or m >= members:
                plan.lane_weight[here] = 0
                continue
            plan.lane_weight[here] = weight
            for b in range(a):
                influence_weight[node, plan.nodes[base + b * 16 + m]] += weight
            for c in range(wiring.begin[node], wiring.begin[node + 1]):
                b = place[m, wiring.target[c]]
                if 0 <= b < a:
                    plan.copy_target[copies], plan.copy_sender[copies] = b * width + lane - 16, a * width + lane
                    copies = _copy(plan, wiring, copies, c, bins, weight)
        copies = _fill_up(plan, copies)
        if len(wiring.pair):
            for b in range(length):
                for lane in range(max(1, b + 2 - smallest) * 16, width):
                    m = lane % 16
                    source = plan.nodes[base + (smallest + lane // 16 - 1) * 16 + m]
                    pair = wiring.pair[source * size + plan.nodes[base + b * 16 + m]]
                    if pair >= 0 and m < members:
                        plan.sample_row[samples], plan.sample_lane[samples] = b, lane
                        plan.sample_place[samples] = pair * steps
                        samples += 1
        plan.copy[strip + 1], plan.sample[strip + 1] = copies, samples


def strips_of(smallest: int, length: int, widest: int) -> list[tuple[int, int, int]]:
    """Cut the prefixes of a walk into strips.

    Parameters
    ----------
    smallest, length : int
        Sizes of the smallest and of the largest prefix.
    widest : int
        The most lanes of a strip, a multiple of 16.

    Returns
    -------
    list of tuple of int
        Size of the first prefix, lanes, and rows, nodes in the largest prefix, of each.
    """
    strips, size = [], smallest
    while True:
        lanes = min(widest, -(-(length - size + 1) // 16) * 16)
        rows = min(length, size + lanes - 1)
        strips.append((size, lanes, rows))
        if rows == length:
            return strips
        size += lanes - 1


def make(
    order: Ints, smallest: int, widest: int, wiring: Wiring, *, together: int, dense: bool, bins: int, steps: int,
    weight: float, influence_weight: np.ndarray,
) -> Plan:  # fmt: skip
    """Plan the prefixes of some walks.

    Parameters
    ----------
    order : numpy.ndarray of int32, shape (walk, place)
        Nodes in the order of the walks.
    smallest : int
        Size of the smallest prefix.
    widest : int
        Most lanes of a strip.
    wiring : Wiring
        The network.
    together : {1, 16}
        Walks in a strip.
    dense : bool
        Whether connections are kept as matrices.
    bins, steps, weight, influence_weight
        As for `fill`.

    Returns
    -------
    Plan
        For the kernel.
    """
    walks, length = order.shape
    size = len(wiring.own)
    outputs, held_rows = len(wiring.readout) // size, len(wiring.held) // size
    connections = int(connections_within(order, wiring).sum())
    if together == 1:
        cut = np.array(strips_of(smallest, length, widest), dtype=np.int64).reshape(-1, 3)
        groups, kept, links = walks, order, connections
    else:
        cut = np.array([[smallest, 16 * (length - smallest + 1), length]])
        groups = -(-walks // 16)
        kept = np.concatenate([order, np.repeat(order[:1], groups * 16 - walks, axis=0)])
        kept = np.ascontiguousarray(kept.reshape(groups, 16, length).swapaxes(1, 2))
        links = min(connections, groups * length**2)
    links = 0 if dense else links
    first, lanes, rows = (np.tile(column, groups) for column in cut.T)

    def starts(lengths: np.ndarray) -> Longs:
        return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    copies = connections + 16 * len(first)
    pairs = int(min((wiring.pair >= 0).sum(), length**2)) * walks
    total, nodes = int(lanes.sum()), kept.size
    plan = Plan(
        nodes=kept.ravel(),
        length=length,
        together=together,
        begin=np.zeros(groups * length + 1, np.int64),
        sender=np.zeros(links, np.int32),
        weight=np.zeros(links * together, np.float32),
        matrix=aligned(walks * -(-length // 4) * 4 * length if dense else 0, np.float32),
        held=np.zeros(nodes * held_rows, np.float32),
        readout=np.zeros(nodes * outputs, np.float32),
        target=np.zeros(nodes, np.int64),
        walk=np.repeat(np.arange(groups), len(cut)),
        smallest=first,
        lanes=lanes,
        rows=rows,
        state=starts(lanes * rows)[:-1],
        lane=starts(lanes)[:-1],
        end=starts(rows)[:-1],
        copy=np.zeros(len(first) + 1, np.int64),
        sample=np.zeros(len(first) + 1, np.int64),
        stop=np.zeros(int(rows.sum()), np.int64),
        lane_place=np.zeros(total, np.int64),
        lane_weight=np.zeros(total, np.float32),
        copy_target=np.zeros(copies, np.int32),
        copy_sender=np.zeros(copies, np.int32),
        copy_carried=np.zeros(copies, np.float32),
        copy_own=np.zeros(copies, np.float32),
        copy_held=np.zeros(copies * held_rows, np.float32),
        copy_place=np.zeros(copies, np.int64),
        copy_weight=np.zeros(copies, np.float32),
        sample_row=np.zeros(pairs, np.int32),
        sample_lane=np.zeros(pairs, np.int32),
        sample_place=np.zeros(pairs, np.int64),
        own=bool(wiring.own.any()),
    )
    if together == 1:
        fill(plan, wiring, bins, steps, weight, influence_weight)
    else:
        fill_together(plan, wiring, bins, steps, weight, influence_weight, walks)
    return plan
