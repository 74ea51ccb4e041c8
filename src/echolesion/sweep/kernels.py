"""The compiled part of `lanes`: plans (see `plans`) are advanced, and what neighbouring prefixes differ by is added."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

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
    splat,
    spread,
    spread_between,
    spread_differences,
    store,
    store_rows,
    transpose,
)  # fmt: skip
from echolesion.records.compilation import INNER, compiled
from echolesion.sweep import rows


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
def kernel(kind: Compiled, together: int, dense: bool) -> Callable[..., Any]:
    """Return the compiled sweep over some groups of steps.

    Parameters
    ----------
    kind : nodes.Compiled
        Of all nodes; its parameters are not used.
    together : {1, 16}
        Walks in a strip.
    dense : bool
        Whether plans have matrices; walks do not stand together then.

    Returns
    -------
    callable
        Of `Network`, `Plan`, `Schedule`, `Room`, `Totals`, first group and end of the last.
    """
    row16, row32, row64 = (rows.row_of(kind, lanes, together, dense) for lanes in (16, 32, 64))
    drive_of, add_influence = rows.drive_of(kind.channels, together), _influence(together)
    step, count_rows, held_rows, channels = kind.step, len(kind.start), kind.held, kind.channels
    first_sent, end_sent, more = kind.first, kind.held, len(kind.start) - 1
    gather_sent = rows.gathered(kind)

    @njit(**INNER)
    def receive_all(network, plan, room, strip, t, old):
        pass

    if dense:
        receive_all = rows.receiver(kind)

    @njit(**INNER)
    def one_step(network, plan, room, strip, t, old, new, readings):
        """Take all nodes of a strip one step further."""
        walk, width, smallest = plan.walk[strip], plan.lanes[strip], plan.smallest[strip]
        base, stops, apart = walk * plan.length, plan.end[strip], plan.rows[strip] * width
        zero16 = splat(0.0, 16)
        receive_all(network, plan, room, strip, t, old)
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
            state = load_rows(room.copies, q, total, count_rows, 16)
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

    @compiled(f"{kind.name}-{together}{'-dense' * dense}")
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
