"""The compiled part of `lanes`: prefixes of a walk side by side in the lanes of vectors.

A *strip* is a run of neighbouring prefixes of one walk, at most `WIDEST` lanes. Its nodes stand in the order of the
walk, each a row of lanes: of prefix sizes f, f + 1, ... the node at place a is intact from lane a + 1 - f on. So what
is intact, and what can be left out, is one comparison. Activity is counted from where lesioned nodes are held: it is 0
in the lanes in which a node is lesioned. The strips of a walk share a lane: the last prefix of one is the first of the
next.

Short walks do not fill vectors. Of those, 16 stand *together*: their lanes lie side by side, prefix by prefix, in one
strip, whose connections are those of any of them and have 16 weights, one for each.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from echolesion.records.compilation import INNER, compiled
from echolesion.sweep.vectors import (
    before_lane,
    clamp,
    differences,
    fma,
    from_lane,
    gather,
    load,
    quotient,
    splat,
    spread,
    spread_between,
    spread_differences,
    store,
    tiled,
    transpose,
)  # fmt: skip

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

    drives: Floats  # (step, node), with what all nodes send at which they are held
    leak: np.float32
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
    held: Floats  # (walk, place)
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
    copy_held: Floats
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

    states: Floats
    ring: int  # first state of the block
    received: Floats
    binned: Floats
    copies: Floats  # (copy): states
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


@njit(**INNER)
def tanh(z: Any) -> Any:
    """Return the hyperbolic tangent, a rational function fitted on [-8, 8]; its error is below 3e-7."""
    z = clamp(z, -8.0, 8.0)
    s = z * z
    p = fma(s, 2.30265571e-11, -1.45172214e-08)
    p = fma(s, p, 9.81558682e-06)
    p = fma(s, p, 2.97881665e-03)
    p = fma(s, p, 1.29725846e-01)
    p = fma(s, p, 9.99999913e-01)
    q = fma(s, 2.36238790e-04, 2.39988515e-02)
    q = fma(s, q, 4.63058822e-01)
    q = fma(s, q, 1.0)
    return quotient(z * p, q)


@njit(**INNER)
def _sigmoid(z: Any) -> Any:
    return fma(tanh(z * 0.5), 0.5, 0.5)


@njit(**INNER)
def _relu(z: Any) -> Any:
    return clamp(z, 0.0, np.inf)


@njit(**INNER)
def _identity(z: Any) -> Any:
    return z


ACTIVATIONS = {"tanh": tanh, "sigmoid": _sigmoid, "relu": _relu, "identity": _identity}


def leaky(activation: str) -> Callable[..., Any]:
    """Return the step of a leaky unit: of its activity and what it receives, activity counted from the held one."""
    function = ACTIVATIONS[activation]

    @njit(**INNER)
    def step(state: Any, received: Any, held: Any, leak: Any) -> Any:
        return fma(leak, function(received) - held - state, state)

    return step


def _row(step: Callable[..., Any], lanes: int, together: int) -> Callable[..., Any]:
    """Return a function that takes so many lanes of a node one step further."""

    @njit(**INNER)
    def row(network, plan, states, old, new, row, at, drive, begin, stop, width, lane, first, room, readings):
        total = splat(drive, lanes)
        for c in range(begin, stop):
            total = fma(plan.weight[c], load(states, old + plan.sender[c] * width + lane, lanes), total)
        store(room.received, at + lane, total)
        state = step(load(states, old + at + lane, lanes), total, plan.held[row], network.leak)
        state = from_lane(state, first - lane)
        store(states, new + at + lane, state)
        for o in range(network.outputs if readings >= 0 else 0):
            place, weight = readings + o * width + lane, plan.readout[row * network.outputs + o]
            store(room.readings, place, fma(weight, state, load(room.readings, place, lanes)))

    @njit(**INNER)
    def row_together(network, plan, states, old, new, row, at, drive, begin, stop, width, lane, _, room, readings):
        total = tiled(drive, lanes)
        for c in range(begin, stop):
            weight = tiled(load(plan.weight, c * 16, 16), lanes)
            total = fma(weight, load(states, old + plan.sender[c] * width + lane, lanes), total)
        store(room.received, at + lane, total)
        held = tiled(load(plan.held, row * 16, 16), lanes)
        state = step(load(states, old + at + lane, lanes), total, held, network.leak)
        store(states, new + at + lane, state)
        for o in range(network.outputs if readings >= 0 else 0):
            place = readings + o * width + lane
            weight = tiled(load(plan.readout, (row * network.outputs + o) * 16, 16), lanes)
            store(room.readings, place, fma(weight, state, load(room.readings, place, lanes)))

    return row if together == 1 else row_together


def _drive(together: int) -> Callable[..., Any]:
    """Return a function that looks up the drive of the nodes of a row."""

    @njit(**INNER)
    def drive(network, plan, t, row):
        return network.drives[t * network.size + plan.nodes[row]]

    @njit(**INNER)
    def drive_together(network, plan, t, row):
        return gather(network.drives, t * network.size, plan.nodes, row * 16)

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


def kernel(name: str, step: Callable[..., Any], together: int) -> Callable[..., Any]:
    """Return the compiled sweep over some groups of steps, for nodes with a step of their own.

    Parameters
    ----------
    name : str
        Of the step, and of all constants in it.
    step : callable
        Compiled; of a node's state, what it receives, where it is held and its leak rate.
    together : {1, 16}
        Walks in a strip.

    Returns
    -------
    callable
        Of `Network`, `Plan`, `Schedule`, `Room`, `Totals`, first group and end of the last.
    """
    row16, row32, row64 = (_row(step, lanes, together) for lanes in (16, 32, 64))
    drive_of, add_influence = _drive(together), _influence(together)

    @njit(**INNER)
    def one_step(network, plan, room, strip, t, old, new, readings):
        """Take all nodes of a strip one step further."""
        walk, width, smallest = plan.walk[strip], plan.lanes[strip], plan.smallest[strip]
        states = room.states
        base, stops = walk * plan.length, plan.end[strip]
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
                store(states, new + at + other, zero16)
            while width - lane >= 64:
                row64(network, plan, states, old, new, row, at, drive, begin, stop, width, lane, first, room, readings)
                lane += 64
            if (width - lane) & 32:
                row32(network, plan, states, old, new, row, at, drive, begin, stop, width, lane, first, room, readings)
                lane += 32
            if (width - lane) & 16:
                row16(network, plan, states, old, new, row, at, drive, begin, stop, width, lane, first, room, readings)

    @njit(**INNER)
    def step_copies(network, plan, room, strip, old, new, slot):
        """Take the copies of a strip one step further, and keep what they differ by."""
        begin, count = plan.copy[strip], plan.copy[strip + 1] - plan.copy[strip]
        states = room.states
        for q in range(begin, begin + count, 16):
            received = gather(room.received, 0, plan.copy_target, q)
            received = fma(load(plan.copy_carried, q, 16), gather(states, old, plan.copy_sender, q), received)
            state = load(room.copies, q, 16)
            if plan.own:
                apart = state - gather(states, old, plan.copy_target, q)
                received = fma(load(plan.copy_own, q, 16), apart, received)
            state = step(state, received, load(plan.copy_held, q, 16), network.leak)
            store(room.copies, q, state)
            store(room.apart, slot * count + q - begin, state - gather(states, new, plan.copy_target, q))

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

    @compiled(f"{name}-{together}")
    def advance(network, plan, schedule, room, totals, first_group, end_group):
        for group in range(first_group, end_group):
            for strip in range(len(plan.walk)):
                width = plan.lanes[strip]
                size, saved = plan.rows[strip] * width, plan.state[strip]
                copies = plan.copy[strip + 1] - plan.copy[strip]
                for block in range(schedule.group[group], schedule.group[group + 1]):
                    steps, t = schedule.steps[block], schedule.begin[block]
                    u = t - schedule.washout
                    old = saved
                    for s in range(steps):
                        new = room.ring + s * size
                        readings = s * network.outputs * width if u >= 0 else -1
                        one_step(network, plan, room, strip, t + s, old, new, readings)
                        step_copies(network, plan, room, strip, old, new, s)
                        old = new
                    for i in range(0, size, 16):
                        store(room.states, saved + i, load(room.states, old + i, 16))
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
def start(plan, states):
    """Let all nodes that are intact start at activity 0, in place; the others are where they are held, at 0 here."""
    together = plan.together
    for strip in range(len(plan.walk)):
        width = plan.lanes[strip]
        for a in range(plan.rows[strip]):
            row, place = plan.walk[strip] * plan.length + a, plan.state[strip] + a * width
            for lane in range(max(0, a + 1 - plan.smallest[strip]) * together, width):
                states[place + lane] = -plan.held[row * together + lane % together]


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
