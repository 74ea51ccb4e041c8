"""The run of lesioned networks of a level's walks in closed loop, eight side by side in float64, without delays.

What the steps are is in `closed_steps`; here it is planned which networks lie in which vector, and the networks are
mended. Walks come in pairs, each with its reverse: a pair is a unit. Its coalitions of one direction that are alike in
size share a vector, in which only the nodes of the largest of them are simulated; what is left over of both directions
shares further ones. The whole walk is one network of both directions, or the intact network, which is run once for all
walks. Of nothing there is nothing to run.
"""

from typing import NamedTuple

import numpy as np
import torch

from echolesion.dynamics import closed_loop, reservoir
from echolesion.dynamics.lanes import ACTIVATIONS, LANES, aligned
from echolesion.dynamics.triangles import ROWS
from echolesion.shapley.walks import Level, Walks
from echolesion.sweep.closed_steps import Loop, Totals, Units, fit, generate, teach
from echolesion.sweep.simulation import Problem
from echolesion.sweep.sums import Sums

#: Numbers of triangular factors kept at once.
KEPT_AT_ONCE = 2**22
_NONE = np.empty(0, dtype=int)


class Network(NamedTuple):
    """A network in closed loop and what is done about its lesions.

    Attributes
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


class Intact(NamedTuple):
    """The intact network's states before the first step and after each, outputs, and factor of the weights.

    States have shape (steps + 1, N), of all steps, outputs (steps, O), of those that are generated.
    """

    states: np.ndarray
    outputs: np.ndarray
    scale: float


class _Vectors(NamedTuple):
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
        return np.concatenate([[0], np.cumsum(self.nodes)])

    def places(self, direction: int, size: int, along: np.ndarray) -> np.ndarray:
        """Return where, among the numbers of a unit, nodes of a coalition are, by their place along its walk."""
        length, vector = self.vector.shape[1] - 1, self.vector[direction, size]
        if vector < 0:  # the intact network, in the order of the walk
            return self.first_node[-1] * LANES + (along if direction == 0 else length - 1 - along)
        local = along if self.backward[vector] == direction else length - 1 - along
        return (self.first_node[vector] + local) * LANES + self.lane[direction, size]


def _vectors(length: int, smallest: int, whole: bool) -> _Vectors:
    """Lay the coalitions of a walk of so many nodes and of its reverse into vectors."""
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
    return _Vectors(np.array(backward, dtype=int), np.array(nodes, dtype=int), vector, lane)


def _intact(vectors: _Vectors) -> np.ndarray:
    """Return which nodes of a unit's vectors are intact in which lane, bool, shape (E, 8)."""
    intact = np.zeros((vectors.first_node[-1], LANES), dtype=bool)
    for direction, size in np.argwhere(vectors.vector >= 0):
        intact.reshape(-1)[vectors.places(direction, size, np.arange(size))] = True
    return intact


def _connections(network: Network, vectors: _Vectors, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


def _scales(network: Network, vectors: _Vectors, intact: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Return the factors of the weights of every network, shape (U, V, 8)."""
    scale = np.ones((len(nodes), len(vectors.nodes), LANES))
    if network.rescale:
        first = vectors.first_node
        for vector, size in enumerate(vectors.nodes):
            here = nodes[:, first[vector] : first[vector] + size]
            weights = torch.from_numpy(network.weights[here[:, :, None], here[:, None, :]])
            there = torch.from_numpy(intact[first[vector] : first[vector] + size].T.copy())
            used = np.flatnonzero(there.any(dim=1).numpy())
            found = closed_loop.rescaling(weights[:, None], there[used].expand(len(nodes), -1, -1), network.radius)
            scale[:, vector, used] = found.numpy()
    return scale


def _units(
    network: Network, vectors: _Vectors, orders: np.ndarray, smallest: int, weight: float, intact_scale: float
) -> Units:
    """Plan the run of some walks, shape (U, L), and of their reverses."""
    size, (count, length) = len(network.weights), orders.shape
    both = (orders, orders[:, ::-1])
    nodes = np.concatenate(
        [orders[:, :0], *(both[back][:, :many] for back, many in zip(vectors.backward, vectors.nodes, strict=True))],
        axis=1,
    )
    intact = _intact(vectors)
    scale = _scales(network, vectors, intact, nodes)

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


def _run(
    network: Network, vectors: _Vectors, units: Units, shown: np.ndarray, kept: np.ndarray, totals: Totals
) -> np.ndarray:
    """Teach networks, mend them and let them generate; return their outputs, shape (U, V, steps, O, 8)."""
    loop, outputs = network.loop, network.readout.shape[1]
    count, entries, sizes = len(units.copy_of) - 1, int(units.first_node[-1]), vectors.nodes
    width = (entries + -(-units.shown.shape[1] // LANES)) * LANES
    states, driven = aligned((ROWS + 1) * width), aligned(ROWS * entries * LANES)
    state, copies = aligned(count * entries * LANES), aligned(len(units.copy_target))
    factor_of = np.concatenate([[0], np.cumsum(sizes * (sizes + outputs) * LANES)])
    factor = aligned(count * int(factor_of[-1]) if network.refit_readout else 0)
    largest = int(sizes.max(initial=0))
    block = aligned((largest + outputs) * ROWS * LANES)
    taught = len(loop.history)
    teach(units, loop, shown[: taught + 1], kept[: taught + 1], state, copies, factor, factor_of, states, driven, block)
    readout = aligned(count * entries * outputs * LANES)
    if network.refit_readout:
        if not np.isfinite(factor).all():
            raise reservoir.Overflow(
                "the activity of a network overflows while it is trained: take a smaller spectral radius"
            )
        _fit(network, vectors, units, factor, factor_of, readout)
    else:
        readout.reshape(-1, outputs, LANES)[:] = network.readout[units.node][:, :, None]
    read = aligned(count * len(sizes) * len(loop.drives) * outputs * LANES)
    generate(
        units, loop, shown[taught:], kept[taught:], state, copies, readout, outputs, totals, read, states, driven,
        aligned(width), aligned(len(copies)),
    )  # fmt: skip
    return read.reshape(count, len(sizes), len(loop.drives), outputs, LANES)


def _fit(
    network: Network, vectors: _Vectors, units: Units, factor: np.ndarray, factor_of: np.ndarray, readout: np.ndarray
) -> None:
    """Fit read-outs: by the triangle itself if nothing in it is so small as to be left out, otherwise as torch does."""
    count, outputs, fitted = len(units.copy_of) - 1, network.readout.shape[1], len(network.loop.truth)
    condition = aligned(count * len(vectors.nodes) * LANES)
    fit(units, outputs, factor, factor_of, readout, condition, aligned(int(vectors.nodes.max(initial=0)) * LANES))
    readouts = readout.reshape(count, -1, outputs, LANES)
    # Where the condition is below that, no singular value is left out; half of it leaves room for rounding.
    clear = condition < 0.5 / (fitted * np.finfo(float).eps)
    clear = clear.reshape(count, -1, LANES) & (network.ridge == 0)
    first = vectors.first_node
    for vector, size in enumerate(vectors.nodes):
        unit, lane = np.nonzero(~clear[:, vector])
        triangles = factor.reshape(count, -1)[:, factor_of[vector] : factor_of[vector + 1]]
        triangles = triangles.reshape(count, size, size + outputs, LANES)[unit, :, :, lane]
        solved = closed_loop.of_triangle(torch.from_numpy(triangles), fitted, network.ridge)
        readouts[unit, first[vector] : first[vector + 1], :, lane] = solved.numpy()


def orders_of(walks: Walks, smallest: int) -> np.ndarray:
    """Return the order of the first of each pair of walks, shape (pairs, L); the second is its reverse."""
    forward, backward = walks.added[::2], walks.added[1::2]
    return np.concatenate([backward[:, ::-1][:, :smallest], forward], axis=1)


def intact_run(network: Network, totals: Totals) -> Intact:
    """Run the intact network, for `add_pairs`; `totals` are not added to."""
    size, steps = len(network.weights), len(network.loop.history) + len(network.loop.drives)
    # The one coalition of a walk that is not taken for the intact network, without walks of which it were a part.
    vectors = _vectors(size, size, whole=False)
    units = _units(network, vectors, np.arange(size)[None], size, 0.0, 1.0)._replace(shown=np.empty((1, 0), dtype=int))
    kept = np.zeros((steps + 1, size))
    read = _run(network, vectors, units, np.empty((steps + 1, 0)), kept, totals)
    return Intact(kept, read[0, 0, :, :, 0], float(units.scale[0]))


def add_pairs(
    network: Network, intact: Intact, orders: np.ndarray, smallest: int, weight: float, totals: Totals
) -> np.ndarray:
    """Run the prefixes of some walks and of their reverses, and add their differences to the sums, in place.

    Parameters
    ----------
    network : Network
        What runs.
    intact : Intact
        From `intact_run`.
    orders : numpy.ndarray of int, shape (U, L)
        The walks.
    smallest : int
        Size of the smallest prefix.
    weight : float
        Weight of a walk.
    totals : Totals
        Sums of a batch.

    Returns
    -------
    numpy.ndarray, shape (U, 2, prefixes, steps, O)
        Outputs, of every walk and of its reverse.

    Raises
    ------
    Overflow
        If activity overflows in training.
    """
    count, length = orders.shape
    vectors = _vectors(length, smallest, whole=length == len(network.weights))
    of_unit = int(np.sum(vectors.nodes**2) + 1) * LANES
    chunk = max(1, KEPT_AT_ONCE // of_unit)
    result = np.zeros((count, 2, length - smallest + 1, *intact.outputs.shape))
    for begin in range(0, count, chunk):
        some = orders[begin : begin + chunk]
        units = _units(network, vectors, some, smallest, weight, intact.scale)
        read = _run(network, vectors, units, intact.states, np.empty((len(intact.states), 0)), totals)
        for size in range(max(smallest, 1), length + 1):
            for direction in range(2):
                vector, lane = vectors.vector[direction, size], vectors.lane[direction, size]
                outputs = intact.outputs if vector < 0 else read[:, vector, :, :, lane]
                result[begin : begin + chunk, direction, size - smallest] = outputs
    return result


def of_problem(problem: Problem) -> Network:
    """Return the network of a problem as it runs here.

    Raises
    ------
    ValueError
        If it does not: in open loop, with delays, in float32, or not on a CPU.
    """
    mending = problem.loop
    if (
        mending is None or problem.delays is not None or problem.weights.dtype != torch.float64
        or problem.weights.device.type != "cpu"
    ):  # fmt: skip
        raise ValueError("lanes are for closed loops without delays, in float64 on a CPU")
    series, size, outputs = mending.series, problem.size, problem.truth.shape[1]
    feedback = np.zeros((0, size)) if series.feedback is None else series.feedback.numpy()[:, :size]
    loop = Loop(
        history=series.history.numpy()[:, :size].copy(),
        fitted=series.fitted,
        truth=series.truth.numpy(),
        drives=problem.drives.numpy()[:, :size].copy(),
        feedback=feedback.copy(),
        last_output=series.last_output.numpy().reshape(outputs),
        bound=series.bound,
        output_is_tanh=series.output == "tanh",
        leak=problem.leak,
        activation=ACTIVATIONS.index(problem.activation),
    )
    return Network(
        weights=problem.weights.numpy()[:size, :size].copy(),
        connection=problem.connection.numpy()[:size, :size],
        sampled=problem.sampled.numpy()[:size, :size],
        loop=loop,
        readout=problem.readout.numpy()[:size],
        refit_readout=mending.refit_readout,
        rescale=mending.rescale,
        radius=mending.radius,
        ridge=mending.ridge,
        columns=len(problem.weights),
        bins=problem.bins,
    )


def start(problem: Problem) -> tuple[Network, Intact]:
    """Return the network of a problem and its intact run, for `add_walks`.

    Raises
    ------
    ValueError
        If it does not run here, see `of_problem`, or its activity overflows.
    """
    network, nothing = of_problem(problem), np.zeros((len(problem.bins), 0))
    return network, intact_run(network, Totals(nothing, nothing, nothing, problem.bins))


def add_walks(network: Network, intact: Intact, sums: Sums, level: Level, walks: Walks) -> torch.Tensor:
    """Run pairs of walks of a level, add their differences to the sums of a batch, and return their outputs.

    Parameters
    ----------
    network, intact
        From `start`.
    sums : Sums
        Of the batch; influence, direct and sampled are added to.
    level : Level
        The level of the walks.
    walks : Walks
        Pairs of a walk and its reverse.

    Returns
    -------
    torch.Tensor, shape (walks, prefixes, step, output)
        Outputs of every prefix.
    """
    totals = Totals(sums.influence.flatten(1).numpy(), sums.direct.numpy(), sums.sampled.numpy(), network.bins)
    orders = orders_of(walks, level.smallest)
    return torch.from_numpy(add_pairs(network, intact, orders, level.smallest, level.weight, totals)).flatten(0, 1)
