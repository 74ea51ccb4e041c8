"""The steps of lesioned networks in closed loop, eight side by side: what numba compiles.

Walks come in units, here a walk and its reverse. The coalitions of a unit lie in vectors of eight (see `Units`), and of
a vector only those nodes are simulated that are intact in one of them; where they are not, their leak rate is 0. Units
run one after the other, `ROWS` steps at a time, so that all of it stays in the cache: the vectors first, whose states
go into the triangular factor of the fit while they are at hand (see `triangles`), then the copies of the targets of
added nodes (see `sums`), and, once the networks run free, the differences of coalitions that follow each other.

A number of a unit is named by its place among them: eight for every node of every vector, and then one for every node
of the intact network. That stands in half of all walks, so it is run once, alone, and its states are taken from there.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from echolesion.dynamics.octets import LANES, activated, at, bounded, gather, load, or_zero, spread, store, tanh
from echolesion.dynamics.triangles import ROWS, absorb, solve
from echolesion.records.compilation import INNER, compiled


class Units(NamedTuple):
    """Networks that are run together, unit by unit: U units of V vectors each, and of E nodes in these.

    Parameters
    ----------
    first_node : numpy.ndarray of int, shape (V + 1,)
        Where the nodes of each vector begin among those of a unit.
    node : numpy.ndarray of int, shape (U * E,)
        Places of the nodes in the network.
    active : numpy.ndarray, flat, of shape (E, 8)
        Leak rates, 0 of a lesioned node.
    edge_of : numpy.ndarray of int, shape (U * E + 1,)
        Where the connections to each node begin.
    edge_from : numpy.ndarray of int, shape (edges,)
        Where, among the numbers of the unit, their sources begin.
    edge_weight : numpy.ndarray, shape (edges,)
        Their weights.
    scale : numpy.ndarray, flat, of shape (U, V, 8)
        Factors of the weights.
    copy_of : numpy.ndarray of int, shape (U + 1,)
        Where the copies of each unit begin: multiples of eight, filled up with copies of weight 0.
    copy_target, copy_sender : numpy.ndarray of int, shape (copies,)
        Among the numbers of the unit: the target in S, the node that was added in S + i.
    copy_carried, copy_own, copy_weight : numpy.ndarray, shape (copies,)
        Scaled weights of the connection to the target and of that of the target to itself; weight in the sum.
    copy_number : numpy.ndarray of int, shape (copies,)
        Number of the connection.
    pair_with, pair_without : numpy.ndarray of int, shape (pairs,)
        Among the numbers of a unit, of every target in S: in S + i and in S.
    pair_weight : numpy.ndarray, shape (pairs,)
        Weights in the sum.
    pair_place, pair_number : numpy.ndarray of int, shape (U, pairs)
        Places in the sums of the influence and of the sampled pairs, the latter -1 of a pair that is not sampled.
    shown : numpy.ndarray of int, shape (U, N or 0)
        Nodes of the intact network, in the order in which their numbers follow those of the unit.
    """

    first_node: np.ndarray
    node: np.ndarray
    active: np.ndarray
    edge_of: np.ndarray
    edge_from: np.ndarray
    edge_weight: np.ndarray
    scale: np.ndarray
    copy_of: np.ndarray
    copy_target: np.ndarray
    copy_sender: np.ndarray
    copy_carried: np.ndarray
    copy_own: np.ndarray
    copy_weight: np.ndarray
    copy_number: np.ndarray
    pair_with: np.ndarray
    pair_without: np.ndarray
    pair_weight: np.ndarray
    pair_place: np.ndarray
    pair_number: np.ndarray
    shown: np.ndarray


class Loop(NamedTuple):
    """What networks hear and read out, see `closed_loop.Loop`; the leak rate, and places of functions by name.

    The true outputs have shape (fitted steps, O); a network that hears none of its own has feedback of shape (0, N).
    """

    history: np.ndarray
    fitted: np.ndarray
    truth: np.ndarray
    drives: np.ndarray
    feedback: np.ndarray
    last_output: np.ndarray
    bound: float
    output_is_tanh: bool
    leak: float
    activation: int


class Totals(NamedTuple):
    """Sums that differences are added to, see `sums.Sums`: by bin or step, and flat beyond; and each step's bin."""

    influence: np.ndarray
    direct: np.ndarray
    sampled: np.ndarray
    bins: np.ndarray


@njit(**INNER)
def _step(units, unit, vector, loop, drive, states, now, width, driven, row, heard):  # type: ignore[no-untyped-def]
    """Take the networks of a vector from the states at `now` to the next, `width` further; keep pre-activations."""
    first = units.first_node[vector]
    entries, vectors = units.first_node[-1], len(units.first_node) - 1
    scale = load(units.scale, (unit * vectors + vector) * LANES)
    outputs = len(loop.feedback)
    for place in range(first, units.first_node[vector + 1]):
        entry = unit * entries + place
        total = spread(0.0)
        for edge in range(at(units.edge_of, entry), at(units.edge_of, entry + 1)):
            total = total + at(units.edge_weight, edge) * load(states, now + at(units.edge_from, edge))
        node = at(units.node, entry)
        z = drive[node] + scale * total
        if len(heard):
            for output in range(outputs):
                z = z + loop.feedback[output, node] * load(heard, (vector * outputs + output) * LANES)
        store(driven, row + place * LANES, z)
        h = load(states, now + place * LANES)
        h = h + load(units.active, place * LANES) * (activated(z, loop.activation) - h)
        store(states, now + width + place * LANES, h)


@njit(**INNER)
def _step_copies(units, unit, loop, states, now, driven, row, itself, copies):  # type: ignore[no-untyped-def]
    """Take the copies of a unit to the next step: they hear what their targets do, and the node that was added."""
    for copy in range(units.copy_of[unit], units.copy_of[unit + 1], LANES):
        h = load(copies, copy)
        z = gather(driven, units.copy_target, copy, row)
        z = z + load(units.copy_carried, copy) * gather(states, units.copy_sender, copy, now)
        if itself:
            z = z + load(units.copy_own, copy) * (h - gather(states, units.copy_target, copy, now))
        store(copies, copy, h + loop.leak * (activated(z, loop.activation) - h))


@njit(**INNER)
def _absorb(units, vector, loop, begin, rows, place, states, width, block, factor, first):  # type: ignore[no-untyped-def]
    """Take the states of those steps that are fitted, and the true outputs, into the triangular factor of a vector."""
    beginning, size = units.first_node[vector], units.first_node[vector + 1] - units.first_node[vector]
    outputs = loop.truth.shape[1]
    taken = 0
    for row in range(rows):
        if loop.fitted[begin + row]:
            for k in range(size):
                state = load(states, (row + 1) * width + (beginning + k) * LANES)
                store(block, (k * ROWS + taken) * LANES, state)
            for output in range(outputs):
                store(block, ((size + output) * ROWS + taken) * LANES, loop.truth[place + taken, output])
            taken += 1
    if taken:
        for row in range(taken, ROWS):
            for k in range(size + outputs):
                store(block, (k * ROWS + row) * LANES, 0.0)
        absorb(factor, first, size, size + outputs, block)
    return taken


@compiled("closed-teach")
def teach(units, loop, shown, kept, state, copies, factor, factor_of, states, driven, block):  # type: ignore[no-untyped-def]
    """Run networks through the training series.

    Parameters
    ----------
    units : Units
        The networks.
    loop : Loop
        What they hear.
    shown : numpy.ndarray, shape (steps + 1, N)
        States of the intact network before every step; not looked at if the units do not refer to it.
    kept : numpy.ndarray, shape (steps + 1, nodes or 0)
        Takes the same of the first network, if it is to be kept.
    state : numpy.ndarray, flat, of shape (U, E, 8)
        States before the first step, then after the last.
    copies : numpy.ndarray, shape (copies,)
        The same of copies.
    factor : numpy.ndarray, flat
        Takes the triangular factors, 0 before; empty if nothing is fitted.
    factor_of : numpy.ndarray of int, shape (V + 1,)
        Where, in those of a unit, the factor of each vector begins.
    states, driven, block : numpy.ndarray, flat
        Room for the numbers of a unit at `ROWS` + 1 and at `ROWS` steps, and for `absorb`.
    """
    vectors, entries = len(units.first_node) - 1, units.first_node[-1]
    count, numbers = len(units.copy_of) - 1, entries * LANES
    width = len(states) // (ROWS + 1)
    nothing = np.zeros(0)
    itself = np.any(units.copy_own != 0)
    for unit in range(count):
        for number in range(numbers):
            states[number] = state[unit * numbers + number]
        place = 0
        for begin in range(0, len(loop.history), ROWS):
            rows = min(ROWS, len(loop.history) - begin)
            _show(units, unit, shown, begin, rows, states, width)
            taken = 0
            for vector in range(vectors):
                for row in range(rows):
                    _step(
                        units, unit, vector, loop, loop.history[begin + row], states, row * width, width, driven,
                        row * numbers, nothing,
                    )  # fmt: skip
                if len(factor):
                    start = unit * factor_of[vectors] + factor_of[vector]
                    taken = _absorb(units, vector, loop, begin, rows, place, states, width, block, factor, start)
            place += taken
            for row in range(rows):
                _step_copies(units, unit, loop, states, row * width, driven, row * numbers, itself, copies)
            _keep(kept, begin, rows, states, width)
            for number in range(numbers):
                states[number] = states[rows * width + number]
        for number in range(numbers):
            state[unit * numbers + number] = states[number]


@njit(**INNER)
def _show(units, unit, shown, begin, rows, states, width):  # type: ignore[no-untyped-def]
    """Put the states of the intact network behind those of a unit, before the first of some steps and after each."""
    first = units.first_node[-1] * LANES
    for row in range(rows + 1):
        for place in range(units.shown.shape[1]):
            states[row * width + first + place] = shown[begin + row, units.shown[unit, place]]


@njit(**INNER)
def _keep(kept, begin, rows, states, width):  # type: ignore[no-untyped-def]
    """Keep the states of the first network."""
    for row in range(rows):
        for node in range(kept.shape[1]):
            kept[begin + row + 1, node] = states[(row + 1) * width + node * LANES]


@compiled("closed-fit")
def fit(units, outputs, factor, factor_of, readout, condition, scratch):  # type: ignore[no-untyped-def]
    """Make read-outs of triangular factors.

    Parameters
    ----------
    units : Units
        The networks.
    outputs : int
        Number of outputs O.
    factor, factor_of : numpy.ndarray
        The factors, flat, and where that of each vector begins among those of a unit.
    readout : numpy.ndarray
        Filled, flat, of shape (U, E, O, 8).
    condition : numpy.ndarray
        Filled with the condition of each factor, flat, of shape (U, V, 8).
    scratch : numpy.ndarray
        Room for a row of the largest factor.
    """
    vectors, entries = len(units.first_node) - 1, units.first_node[-1]
    for unit in range(len(units.copy_of) - 1):
        for vector in range(vectors):
            first, size = units.first_node[vector], units.first_node[vector + 1] - units.first_node[vector]
            found = solve(
                factor, unit * factor_of[vectors] + factor_of[vector], size, size + outputs, readout,
                (unit * entries + first) * outputs * LANES, scratch,
            )  # fmt: skip
            store(condition, (unit * vectors + vector) * LANES, found)


@njit(**INNER)
def _read_out(units, unit, vector, loop, states, now, readout, outputs, heard, read, place):  # type: ignore[no-untyped-def]
    """Read the outputs of the networks of a vector, to be heard and to be kept."""
    entries = units.first_node[-1]
    for output in range(outputs):
        y = spread(0.0)
        for k in range(units.first_node[vector], units.first_node[vector + 1]):
            y = y + load(states, now + k * LANES) * load(readout, ((unit * entries + k) * outputs + output) * LANES)
        if loop.output_is_tanh:
            y = tanh(y)
        y = bounded(or_zero(y), -loop.bound, loop.bound)
        store(heard, (vector * outputs + output) * LANES, y)
        store(read, (place * outputs + output) * LANES, y)


@njit(**INNER)
def _add(units, unit, totals, summed, now, copies, bin_, share):  # type: ignore[no-untyped-def]
    """Add the differences of a unit, of states or of their sums over a bin, to the sums of that bin."""
    for pair in range(len(units.pair_with)):
        difference = at(summed, now + at(units.pair_with, pair)) - at(summed, now + at(units.pair_without, pair))
        totals.influence[bin_, units.pair_place[unit, pair]] += difference * (at(units.pair_weight, pair) * share)
    first = units.copy_of[unit]
    for copy in range(first, units.copy_of[unit + 1]):
        if units.copy_weight[copy] != 0:
            difference = copies[copy] - summed[now + units.copy_target[copy]]
            totals.direct[bin_, units.copy_number[copy]] += difference * (units.copy_weight[copy] * share)


@njit(**INNER)
def _add_sampled(units, unit, totals, step, states, now):  # type: ignore[no-untyped-def]
    for pair in range(len(units.pair_with)):
        number = units.pair_number[unit, pair]
        if number >= 0:
            difference = states[now + units.pair_with[pair]] - states[now + units.pair_without[pair]]
            totals.sampled[step, number] += difference * units.pair_weight[pair]


@compiled("closed-generate")
def generate(  # type: ignore[no-untyped-def]
    units, loop, shown, kept, state, copies, readout, outputs, totals, read, states, driven, summed, summed_copies
):
    """Let taught networks run free, and add their differences to the sums.

    Parameters
    ----------
    units, loop, shown, kept, state, copies, states, driven
        As for `teach`, of the steps that are generated.
    readout : numpy.ndarray, flat, of shape (U, E, O, 8)
        Of every network.
    outputs : int
        How many there are, O.
    totals : Totals
        Sums, added to in place.
    read : numpy.ndarray, flat, of shape (U, V, steps, O, 8)
        Takes the outputs.
    summed, summed_copies : numpy.ndarray, flat
        Room for the numbers of a unit and for all copies.
    """
    vectors, entries = len(units.first_node) - 1, units.first_node[-1]
    count, numbers = len(units.copy_of) - 1, entries * LANES
    width, steps = len(states) // (ROWS + 1), len(loop.drives)
    itself = np.any(units.copy_own != 0)
    heard = np.empty(vectors * outputs * LANES)
    for unit in range(count):
        for number in range(numbers):
            states[number] = state[unit * numbers + number]
        for vector in range(vectors):
            for output in range(outputs):
                store(heard, (vector * outputs + output) * LANES, loop.last_output[output])
        members = 0  # steps of the bin so far
        for begin in range(0, steps, ROWS):
            rows = min(ROWS, steps - begin)
            _show(units, unit, shown, begin, rows, states, width)
            for vector in range(vectors):
                for row in range(rows):
                    _step(
                        units, unit, vector, loop, loop.drives[begin + row], states, row * width, width, driven,
                        row * numbers, heard,
                    )  # fmt: skip
                    place = (unit * vectors + vector) * steps + begin + row
                    _read_out(
                        units, unit, vector, loop, states, (row + 1) * width, readout, outputs, heard, read, place
                    )
            for row in range(rows):
                step, after = begin + row, (row + 1) * width
                _step_copies(units, unit, loop, states, row * width, driven, row * numbers, itself, copies)
                if totals.sampled.shape[1]:
                    _add_sampled(units, unit, totals, step, states, after)
                bin_ = totals.bins[step]
                last = step + 1 == steps or totals.bins[step + 1] != bin_
                members += 1
                if last and members == 1:
                    _add(units, unit, totals, states, after, copies, bin_, 1.0)
                else:
                    for number in range(width):
                        so_far = 0.0 if members == 1 else summed[number]
                        summed[number] = so_far + states[after + number]
                    for copy in range(units.copy_of[unit], units.copy_of[unit + 1]):
                        so_far = 0.0 if members == 1 else summed_copies[copy]
                        summed_copies[copy] = so_far + copies[copy]
                    if last:
                        _add(units, unit, totals, summed, 0, summed_copies, bin_, 1.0 / members)
                members = 0 if last else members
            _keep(kept, begin, rows, states, width)
            for number in range(numbers):
                states[number] = states[rows * width + number]
