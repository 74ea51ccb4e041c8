"""What nodes receive and become, so many lanes at a time: functions that `kernels` is compiled of."""

from collections.abc import Callable
from typing import Any

from numba import njit

from echolesion.dynamics.nodes import Compiled
from echolesion.dynamics.vectors import (
    fma,
    fma_rows,
    gather,
    gather_rows,
    load,
    load_rows,
    numbers,
    rows_from_lane,
    store,
    store_rows,
    tiled,
    wide,
)  # fmt: skip
from echolesion.records.compilation import INNER


def rows_of(kind: Compiled, lanes: int) -> tuple[Callable[..., Any], ...]:
    """Return functions that load so many lanes of the signals, and of all rows, of a node, and that store its rows."""
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


def gathered(kind: Compiled) -> Callable[..., Any]:
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


def row_of(kind: Compiled, lanes: int, together: int, dense: bool) -> Callable[..., Any]:
    """Return a function that takes lanes of a node one step further.

    Parameters
    ----------
    kind : nodes.Compiled
        Of the node.
    lanes : {16, 32, 64}
        So many at a time.
    together : {1, 16}
        Walks in a strip.
    dense : bool
        Whether what the node receives is made before, by a `receiver`.

    Returns
    -------
    callable
        Compiled.
    """
    step, held_rows, channels = kind.step, kind.held, kind.channels
    load_sent, load_all, keep = rows_of(kind, lanes)

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
    def receive(network, plan, room, old, at, drive, begin, stop, width, apart, lane):
        totals = wide(drive, lanes)
        for c in range(begin, stop):
            sent = load_sent(room, old, apart, plan.sender[c] * width + lane)
            totals = fma_rows(weight_of(plan, c), sent, totals)
        store_rows(room.received, at + lane, apart, totals)
        return totals

    @njit(**INNER)
    def received(network, plan, room, old, at, drive, begin, stop, width, apart, lane):
        return load_rows(room.received, at + lane, apart, channels, lanes)

    if dense:
        receive = received

    @njit(**INNER)
    def row(network, plan, room, old, new, row, at, drive, begin, stop, width, apart, lane, first, readings):
        totals = receive(network, plan, room, old, at, drive, begin, stop, width, apart, lane)
        state = load_all(room, old, apart, at + lane)
        state = step(state, totals, held_of(plan, row), network.parameters)
        state = rows_from_lane(state, held_rows, first - lane)
        keep(room, new, apart, at + lane, state)
        for o in range(network.outputs if readings >= 0 else 0):
            place, weight = readings + o * width + lane, readout_of(plan, row * network.outputs + o)
            store(room.readings, place, fma(weight, state[0], load(room.readings, place, lanes)))

    return row


def _product(kind: Compiled, lanes: int) -> Callable[..., Any]:
    """Return a function that makes what four nodes receive in so many lanes, by their matrix."""
    load_sent = rows_of(kind, lanes)[0]

    @njit(**INNER)
    def product(plan, room, old, at, drives, matrix, senders, width, apart, lane, targets):
        one, two, three, four = (
            wide(drives[0], lanes), wide(drives[1], lanes), wide(drives[2], lanes), wide(drives[3], lanes)
        )  # fmt: skip
        for a in range(senders):
            sent, weight = load_sent(room, old, apart, a * width + lane), matrix + 4 * a
            one = fma_rows(plan.matrix[weight], sent, one)
            two = fma_rows(plan.matrix[weight + 1], sent, two)
            three = fma_rows(plan.matrix[weight + 2], sent, three)
            four = fma_rows(plan.matrix[weight + 3], sent, four)
        store_rows(room.received, at + lane, apart, one)
        if targets > 1:
            store_rows(room.received, at + width + lane, apart, two)
        if targets > 2:
            store_rows(room.received, at + 2 * width + lane, apart, three)
        if targets > 3:
            store_rows(room.received, at + 3 * width + lane, apart, four)

    return product


def receiver(kind: Compiled) -> Callable[..., Any]:
    """Return a function that makes what all nodes of a strip receive, by the matrix of the walk."""
    product16, product32, product64 = (_product(kind, lanes) for lanes in (16, 32, 64))
    drive = drive_of(kind.channels, 1)

    @njit(**INNER)
    def receive_all(network, plan, room, strip, t, old):
        walk, width, rows, smallest = plan.walk[strip], plan.lanes[strip], plan.rows[strip], plan.smallest[strip]
        base, apart, fours = walk * plan.length, rows * width, (plan.length + 3) // 4
        for b in range(0, rows, 4):
            targets = min(4, rows - b)
            last = base + b + targets - 1
            drives = (
                drive(network, plan, t, base + b), drive(network, plan, t, min(base + b + 1, last)),
                drive(network, plan, t, min(base + b + 2, last)), drive(network, plan, t, last),
            )  # fmt: skip
            matrix, at = (walk * fours + b // 4) * plan.length * 4, b * width
            lane = max(0, b + 1 - smallest) & -16
            while width - lane >= 64:
                senders = min(rows, smallest + lane + 63)
                product64(plan, room, old, at, drives, matrix, senders, width, apart, lane, targets)
                lane += 64
            if (width - lane) & 32:
                senders = min(rows, smallest + lane + 31)
                product32(plan, room, old, at, drives, matrix, senders, width, apart, lane, targets)
                lane += 32
            if (width - lane) & 16:
                senders = min(rows, smallest + lane + 15)
                product16(plan, room, old, at, drives, matrix, senders, width, apart, lane, targets)

    return receive_all


def drive_of(channels: int, together: int) -> Callable[..., Any]:
    """Return a function that looks up the drives of the nodes of a row."""

    @njit(**INNER)
    def drive(network, plan, t, row):
        return numbers(network.drives, t * channels * network.size + plan.nodes[row], network.size, channels)

    @njit(**INNER)
    def drive_together(network, plan, t, row):
        size = network.size
        return gather_rows(network.drives, t * channels * size, size, plan.nodes, row * 16, channels)

    return drive if together == 1 else drive_together
