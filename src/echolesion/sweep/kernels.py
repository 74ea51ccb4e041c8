"""The compiled part of `lanes`: prefixes of a walk side by side in the lanes of vectors.

A *strip* is a run of neighbouring prefixes of one walk, at most `WIDEST` lanes. Its nodes stand in the order of the
walk, each a row of lanes: of prefix sizes f, f + 1, ... the node at place a is intact from lane a + 1 - f on. So what
is intact, and what can be left out, is one comparison. Activity and signals are counted from where lesioned nodes are
held: they are 0 in the lanes in which a node is lesioned. The strips of a walk share a lane: the last prefix of one is
the first of the next.

Nodes are of any kind that is compiled (`nodes.Compiled`). Activity is kept for some steps, as it is added to the sums
then; other rows of a kind, if it has such, for this step and the last.

Short walks do not fill vectors. Of those, 16 stand *together*: their lanes lie side by side, prefix by prefix, in one
strip, whose connections are those of any of them and have 16 weights, one for each.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from echolesion.dynamics.nodes import Compiled
from echolesion.dynamics.vectors import (
    before_lane,
    differences,
    fma,
    fma_rows,
    gather,
    gather_rows,
    less_rows,
    load,
    load_rows,
    numbers,
    rows_from_lane,
    splat,
    spread,
    spread_between,
    spread_differences,
    store,
    store_rows,
    tiled,
    transpose,
    wide,
)  # fmt: skip
from echolesion.records.compilation import INNER, compiled

#: Steps, and bins of time, that are kept before they are turned and added to the sums.
BLOCK = 16
#: Most lanes of a strip.
WIDEST = 64
Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int32]
Longs: TypeAlias = NDArray[np.int64]


class Network(NamedTuple):
    """A network and what it hears, in natural units; arrays are flat."""

    drives: Floats  # (step, channel, node), with what all nodes send at which they are held
    parameters: tuple[np.float32, ...]  # of the kind of node
    size: int
    outputs: int


class Plan(NamedTuple):
    """Walks of one length and the strips of their prefixes; `strips.make` makes it."""

    nodes: Ints  # (walk, place), or, of walks that stand together, (group, place, 16), and so on
    length: int
    together: int  # walks in a strip, 1 or 16
    begin: Longs  # (walk, place): first of the connections to the node, which are sorted by the place of the sender
    sender: Ints  # (connection): its place
    weight: Floats  # (connection)
    held: Floats  # (walk, place, row that is held)
    readout: Floats  # (walk, place, output)
    target: Longs  # (walk, place): place in the sums
    # Of every strip:
    walk: Longs  # or group
    smallest: Longs  # size of the first prefix
    lanes: Longs
    rows: Longs  # nodes in the largest prefix
    state: Longs  # first of its states
    lane: Longs  # first of its lanes
    end: Longs  # first of its rows in `stop`
    copy: Longs  # first of its copies, a multiple of 16, and the end of the last
    sample: Longs  # first of its sampled pairs, and the end of the last
    stop: Longs  # (strip, row): end of the connections whose sender is in the largest prefix
    lane_place: Longs  # (lane): place in the sums of the node that is added with the lane
    lane_weight: Floats  # (lane): of the difference from the lane before
    copy_target: Ints  # place of the target in the smaller coalition, among the states of the strip
    copy_sender: Ints  # that of the added node in the larger one
    copy_carried: Floats  # weight of the connection
    copy_own: Floats  # weight of the target's connection to itself
    copy_held: Floats  # (row that is held, copy)
    copy_place: Longs  # of the connection in the sums
    copy_weight: Floats
    sample_row: Ints
    sample_lane: Ints  # of the larger coalition
    sample_place: Longs
    own: bool  # whether there are connections of nodes to themselves


class Schedule(NamedTuple):
    """Steps in blocks, and blocks in groups whose bins of time are added to the sums together."""

    begin: Longs  # (block): first step
    steps: Longs  # (block)
    group: Longs  # (group): first block, and the end of the last
    first_bin: Longs  # (group)
    washout: int
    bins: Longs  # (scored step)
    share: Floats  # (scored step): 1 / steps in its bin
    binned: bool  # whether a bin is longer than a step


class Room(NamedTuple):
    """What is kept between steps: states of all strips and those of a block of one strip behind them, and so on."""

    states: Floats  # the first rows
    ring: int  # first state of the block
    others: Floats  # (strip, even or odd step, row): all rows but the first
    received: Floats  # (channel)
    binned: Floats
    copies: Floats  # (row, copy)
    apart: Floats  # (step, copy): what copies differ by
    binned_apart: Floats
    readings: Floats  # (step, output, lane)
    turned: Floats  # (17, 16)


class Totals(NamedTuple):
    """What is added to; time, padded, is contiguous."""

    influence: Floats  # (source, target, bin)
    direct: Floats  # (connection, bin)
    sampled: Floats  # (pair, step)
    outputs: Floats  # (lane, output, step): not a sum
    bins: int  # padded
    steps: int  # padded


def _rows(kind: Compiled, lanes: int) -> tuple[Callable[..., Any], ...]:
    """Return functions that load so many lanes of the signals and of all rows of a node, and that store the rows."""
    after, more = kind.held - 1, len(kind.start) - 1

    @njit(**INNER)
    def load_first(room, at, apart, place):
        return (load(room.states, at[0] + place, lanes),)

    @njit(**INNER)
    def load_after(room, at, apart, place):
        return load_rows(room.others, at[1] + place, apart, after, lanes)

    @njit(**INNER)
    def load_sent(room, at, apart, place):
        return load_first(room, at, apart, place) + load_after(room, at, apart, place)

    @njit(**INNER)
    def load_all(room, at, apart, place):
        return load_first(room, at, apart, place) + load_rows(room.others, at[1] + place, apart, more, lanes)

    @njit(**INNER)
    def keep(room, at, apart, place, rows):
        store(room.states, at[0] + place, rows[0])
        store_rows(room.others, at[1] + place, apart, rows[1:])

    signals = load_after if kind.first else load_sent if after else load_first
    return signals, load_all if more else load_first, keep


def _gathered(kind: Compiled) -> Callable[..., Any]:
    """Return a function that gathers the signals of 16 nodes."""
    after = kind.held - 1

    @njit(**INNER)
    def gather_first(room, at, apart, indices, q):
        return (gather(room.states, at[0], indices, q),)

    @njit(**INNER)
    def gather_after(room, at, apart, indices, q):
        return gather_rows(room.others, at[1], apart, indices, q, after)

    @njit(**INNER)
    def gather_sent(room, at, apart, indices, q):
        return gather_first(room, at, apart, indices, q) + gather_after(room, at, apart, indices, q)

    return gather_after if kind.first else gather_sent if after else gather_first


def _row(kind: Compiled, lanes: int, together: int) -> Callable[..., Any]:
    """Return a function that takes so many lanes of a node one step further."""
    step, held_rows = kind.step, kind.held
    load_sent, load_all, keep = _rows(kind, lanes)

    @njit(**INNER)
    def weight_of(plan, c):
        return plan.weight[c]

    @njit(**INNER)
    def weight_together(plan, c):
        return tiled(load(plan.weight, c * 16, 16), lanes)

    @njit(**INNER)
    def held_of(plan, row):
        return wide(numbers(plan.held, row * held_rows, 1, held_rows), lanes)

    @njit(**INNER)
    def held_together(plan, row):
        return wide(load_rows(plan.held, row * held_rows * 16, 16, held_rows, 16), lanes)

    @njit(**INNER)
    def readout_of(plan, place):
        return plan.readout[place]

    @njit(**INNER)
    def readout_together(plan, place):
        return tiled(load(plan.readout, place * 16, 16), lanes)

    if together > 1:
        weight_of, held_of, readout_of = weight_together, held_together, readout_together

    @njit(**INNER)
    def row(network, plan, room, old, new, row, at, drive, begin, stop, width, apart, lane, first, readings):
        totals = wide(drive, lanes)
        for c in range(begin, stop):
            sent = load_sent(room, old, apart, plan.sender[c] * width + lane)
            totals = fma_rows(weight_of(plan, c), sent, totals)
        store_rows(room.received, at + lane, apart, totals)
        state = load_all(room, old, apart, at + lane)
        state = step(state, totals, held_of(plan, row), network.parameters)
        state = rows_from_lane(state, held_rows, first - lane)
        keep(room, new, apart, at + lane, state)
        for o in range(network.outputs if readings >= 0 else 0):
            place, weight = readings + o * width + lane, readout_of(plan, row * network.outputs + o)
            store(room.readings, place, fma(weight, state[0], load(room.readings, place, lanes)))

    return row


def _drive(channels: int, together: int) -> Callable[..., Any]:
    """Return a function that looks up the drives of the nodes of a row."""

    @njit(**INNER)
    def drive(network, plan, t, row):
        return numbers(network.drives, t * channels * network.size + plan.nodes[row], network.size, channels)

    @njit(**INNER)
    def drive_together(network, plan, t, row):
        size = network.size
        return gather_rows(network.drives, t * channels * size, size, plan.nodes, row * 16, channels)

    return drive if together == 1 else drive_together


def _influence(together: int) -> Callable[..., Any]:
    """Return a function that adds the differences of neighbouring prefixes in 16 bins."""

    @njit(**INNER)
    def add(plan, totals, strip, source, start, bin_):
        width, rows, smallest = plan.lanes[strip], plan.rows[strip], plan.smallest[strip]
        base, lanes, size = plan.walk[strip] * plan.length, plan.lane[strip], rows * width
        for a in range(rows):
            before = splat(0.0, 16)
            place, ahead = plan.target[base + a] + bin_, plan.target[base + min(a + 1, rows - 1)] + bin_
            for lane in range(max(0, a + 1 - smallest) & -16, width, 16):
                before = spread_differences(
                    before, source, start + a * width + lane, size, totals.influence, place, plan.lane_place,
                    plan.lane_weight, lanes + lane, ahead,
                )  # fmt: skip

    @njit(**INNER)
    def add_together(plan, totals, strip, source, start, bin_):
        width, rows, smallest = plan.lanes[strip], plan.rows[strip], plan.smallest[strip]
        base, lanes, size = plan.walk[strip] * plan.length, plan.lane[strip], rows * width
        for a in range(rows):
            for lane in range(max(1, a + 2 - smallest) * 16, width, 16):
                spread_between(
                    source, start + a * width + lane, 16, size, totals.influence, bin_, plan.lane_place,
                    plan.lane_weight, lanes + lane, plan.target, (base + a) * 16,
                )  # fmt: skip

    return add if together == 1 else add_together


@cache
def kernel(kind: Compiled, together: int) -> Callable[..., Any]:
    """Return the compiled sweep over some groups of steps.

    Parameters
    ----------
    kind : nodes.Compiled
        Of all nodes; its parameters are not used.
    together : {1, 16}
        Walks in a strip.

    Returns
    -------
    callable
        Of `Network`, `Plan`, `Schedule`, `Room`, `Totals`, first group and end of the last.
    """
    row16, row32, row64 = (_row(kind, lanes, together) for lanes in (16, 32, 64))
    drive_of, add_influence = _drive(kind.channels, together), _influence(together)
    step, rows, held_rows, channels = kind.step, len(kind.start), kind.held, kind.channels
    first_sent, end_sent, more = kind.first, kind.held, len(kind.start) - 1
    gather_sent = _gathered(kind)

    @njit(**INNER)
    def one_step(network, plan, room, strip, t, old, new, readings):
        """Take all nodes of a strip one step further."""
        walk, width, smallest = plan.walk[strip], plan.lanes[strip], plan.smallest[strip]
        base, stops, apart = walk * plan.length, plan.end[strip], plan.rows[strip] * width
        zero16 = splat(0.0, 16)
        if readings >= 0:
            for o in range(0, network.outputs * width, 16):
                store(room.readings, readings + o, zero16)
        for a in range(plan.rows[strip]):
            row = base + a
            drive = drive_of(network, plan, t, row)
            begin, stop = plan.begin[row], plan.stop[stops + a]
            first = max(0, a + 1 - smallest) * together
            at = a * width
            lane = first & -16
            for other in range(0, lane, 16):
                store(room.states, new[0] + at + other, zero16)
            while width - lane >= 64:
                row64(
                    network, plan, room, old, new, row, at, drive, begin, stop, width, apart, lane, first, readings
                )  # fmt: skip
                lane += 64
            if (width - lane) & 32:
                row32(
                    network, plan, room, old, new, row, at, drive, begin, stop, width, apart, lane, first, readings
                )  # fmt: skip
                lane += 32
            if (width - lane) & 16:
                row16(
                    network, plan, room, old, new, row, at, drive, begin, stop, width, apart, lane, first, readings
                )  # fmt: skip

    @njit(**INNER)
    def step_copies(network, plan, room, strip, old, new, slot):
        """Take the copies of a strip one step further, and keep what they differ by."""
        begin, count = plan.copy[strip], plan.copy[strip + 1] - plan.copy[strip]
        apart, total = plan.rows[strip] * plan.lanes[strip], len(plan.copy_target)
        for q in range(begin, begin + count, 16):
            received = gather_rows(room.received, 0, apart, plan.copy_target, q, channels)
            sent = gather_sent(room, old, apart, plan.copy_sender, q)
            received = fma_rows(load(plan.copy_carried, q, 16), sent, received)
            state = load_rows(room.copies, q, total, rows, 16)
            if plan.own:
                sent = gather_sent(room, old, apart, plan.copy_target, q)
                own = less_rows(state[first_sent:end_sent], sent)
                received = fma_rows(load(plan.copy_own, q, 16), own, received)
            state = step(state, received, load_rows(plan.copy_held, q, total, held_rows, 16), network.parameters)
            store_rows(room.copies, q, total, state)
            store(room.apart, slot * count + q - begin, state[0] - gather(room.states, new[0], plan.copy_target, q))

    @njit(**INNER)
    def bin_block(schedule, source, start, into, size, u, steps):
        """Add the mean of the steps in every bin to what is kept of the bins."""
        s = 0
        while s < steps:
            bin_ = schedule.bins[u + s]
            end = s + 1
            while end < steps and schedule.bins[u + end] == bin_:
                end += 1
            begins = u + s == 0 or schedule.bins[u + s - 1] != bin_
            share, place = schedule.share[u + s], (bin_ % 16) * size
            for i in range(0, size, 16):
                total = load(source, start + s * size + i, 16)
                for other in range(s + 1, end):
                    total = total + load(source, start + other * size + i, 16)
                if begins:
                    store(into, place + i, total * share)
                else:
                    store(into, place + i, fma(total, share, load(into, place + i, 16)))
            s = end

    @njit(**INNER)
    def add_sampled(plan, room, totals, strip, u, steps):
        """Add the differences of the sampled pairs at the steps of a block."""
        width, size = plan.lanes[strip], plan.rows[strip] * plan.lanes[strip]
        row, tile = -1, -1
        for e in range(plan.sample[strip], plan.sample[strip + 1]):
            lane = plan.sample_lane[e]
            if plan.sample_row[e] != row or lane // 16 != tile:
                row, tile = plan.sample_row[e], lane // 16
                at = room.ring + row * width + tile * 16
                # The lanes, each along the steps, behind the one before the first.
                if together == 1:
                    transpose(room.states, at, size, room.turned, 16, 16)
                    for s in range(16):
                        room.turned[s] = room.states[at + s * size - 1] if tile else np.float32(0)
                else:
                    differences(room.states, at, 16, size, room.turned, 16)
            inner = (lane % 16) * 16
            difference = load(room.turned, inner + 16, 16)
            if together == 1:
                difference = difference - load(room.turned, inner, 16)
            place = plan.sample_place[e] + u
            weight = plan.lane_weight[plan.lane[strip] + lane]
            store(totals.sampled, place, fma(weight, before_lane(difference, steps), load(totals.sampled, place, 16)))

    @njit(**INNER)
    def add_direct(plan, totals, strip, source, bin_):
        """Add the direct parts in 16 bins."""
        begin, count = plan.copy[strip], plan.copy[strip + 1] - plan.copy[strip]
        for q in range(0, count, 16):
            spread(source, q, count, totals.direct, bin_, plan.copy_place, plan.copy_weight, begin + q)

    @compiled(f"{kind.name}-{together}")
    def advance(network, plan, schedule, room, totals, first_group, end_group):
        for group in range(first_group, end_group):
            for strip in range(len(plan.walk)):
                width = plan.lanes[strip]
                size, saved = plan.rows[strip] * width, plan.state[strip]
                others = 2 * more * saved
                copies = plan.copy[strip + 1] - plan.copy[strip]
                for block in range(schedule.group[group], schedule.group[group + 1]):
                    steps, t = schedule.steps[block], schedule.begin[block]
                    u = t - schedule.washout
                    old = (saved, others + t % 2 * more * size)
                    for s in range(steps):
                        new = (room.ring + s * size, others + (t + s + 1) % 2 * more * size)
                        readings = s * network.outputs * width if u >= 0 else -1
                        one_step(network, plan, room, strip, t + s, old, new, readings)
                        step_copies(network, plan, room, strip, old, new, s)
                        old = new
                    for i in range(0, size, 16):
                        store(room.states, saved + i, load(room.states, old[0] + i, 16))
                    if u >= 0:
                        for o in range(network.outputs):
                            for lane in range(0, width, 16):
                                place = ((plan.lane[strip] + lane) * network.outputs + o) * totals.steps + u
                                transpose(
                                    room.readings, o * width + lane, network.outputs * width, totals.outputs, place,
                                    network.outputs * totals.steps,
                                )  # fmt: skip
                        add_sampled(plan, room, totals, strip, u, steps)
                        if schedule.binned:
                            bin_block(schedule, room.states, room.ring, room.binned, size, u, steps)
                            bin_block(schedule, room.apart, 0, room.binned_apart, copies, u, steps)
                if schedule.begin[schedule.group[group]] >= schedule.washout:
                    bin_ = schedule.first_bin[group]
                    if schedule.binned:
                        add_influence(plan, totals, strip, room.binned, 0, bin_)
                        add_direct(plan, totals, strip, room.binned_apart, bin_)
                    else:
                        add_influence(plan, totals, strip, room.states, room.ring, bin_)
                        add_direct(plan, totals, strip, room.apart, bin_)

    return advance


@compiled("start")
def start(plan, starts, rows_held, states, others, copies):
    """Let all nodes that are intact, and copies, start, in place; lesioned ones are where they are held, at 0 here.

    Parameters
    ----------
    plan : Plan
        Of the walks.
    starts : numpy.ndarray, (row)
        Where they start, not counted from anything.
    rows_held : int
        Rows that are counted from where they are held.
    states, others, copies : numpy.ndarray
        As in `Room`.
    """
    together, more, total = plan.together, len(starts) - 1, len(plan.copy_target)
    for strip in range(len(plan.walk)):
        width = plan.lanes[strip]
        size = plan.rows[strip] * width
        for a in range(plan.rows[strip]):
            row = plan.walk[strip] * plan.length + a
            for lane in range(max(0, a + 1 - plan.smallest[strip]) * together, width):
                for k in range(len(starts)):
                    value = starts[k]
                    if k < rows_held:
                        value -= plan.held[(row * rows_held + k) * together + lane % together]
                    place = a * width + lane
                    if k == 0:
                        states[plan.state[strip] + place] = value
                    else:
                        others[2 * more * plan.state[strip] + (k - 1) * size + place] = value
    for k in range(len(starts)):
        for q in range(total):
            copies[k * total + q] = starts[k] - (plan.copy_held[k * total + q] if k < rows_held else np.float32(0))


@compiled("read")
def read(plan, outputs, padded, constants, begin, end, result):
    """Copy the read-out of the prefixes of some walks out of their lanes.

    Parameters
    ----------
    plan : Plan
        Of the walks.
    outputs : numpy.ndarray, (lane, output, step), flat
        Less what is read out of nodes where they are held.
    padded : int
        Steps with padding.
    constants : numpy.ndarray of float64, shape (step, output)
        That.
    begin, end : int
        First walk and the end of the last.
    result : numpy.ndarray of float64, shape (walk, prefix, step, output)
        Overwritten.
    """
    steps, channels = constants.shape
    together = plan.together
    groups = len(plan.nodes) // (plan.length * together)
    strips = len(plan.walk) // groups
    for walk in range(begin, end):
        group, member = walk // together, walk % together
        for strip in range(group * strips, (group + 1) * strips):
            for lane in range(member, plan.lanes[strip], together):
                size = plan.smallest[strip] + lane // together
                if size > plan.length:
                    break
                into, place = result[walk - begin, size - plan.smallest[group * strips]], plan.lane[strip] + lane
                for o in range(channels):
                    at = (place * channels + o) * padded
                    for step in range(steps):
                        into[step, o] = constants[step, o] + outputs[at + step]


@compiled("contributions")
def add_contributions(plan, outputs, padded, weight, steps, channels, contribution):
    """Add the differences of the read-out to the contributions of the nodes that are added.

    Parameters
    ----------
    plan : Plan
        Of the walks.
    outputs : numpy.ndarray, (lane, output, step), flat
        The read-out.
    padded, steps, channels : int
        Steps with padding, and without; outputs.
    weight : float
        Of a walk.
    contribution : numpy.ndarray of float64, shape (node, output, step), flat
        Added to in place.
    """
    together = plan.together
    for strip in range(len(plan.walk)):
        for lane in range(together, plan.lanes[strip]):
            size = plan.smallest[strip] + lane // together
            if size > plan.rows[strip]:
                break
            here = plan.lane[strip] + lane
            if plan.lane_weight[here] == 0:
                continue
            node = plan.nodes[(plan.walk[strip] * plan.length + size - 1) * together + lane % together]
            for o in range(channels):
                at, into = (here * channels + o) * padded, (node * channels + o) * steps
                before = at - together * channels * padded
                for step in range(steps):
                    contribution[into + step] += weight * np.float64(outputs[at + step] - outputs[before + step])
