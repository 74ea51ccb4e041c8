"""The run of lesioned networks of a level's walks in closed loop, eight side by side in float64, without delays.

Which network lies where is in `closed_plan`, what the steps are in `closed_steps`; here they are run through the
training series, mended, and left to generate. The intact network is run once, before all others.
"""

from typing import NamedTuple

import numpy as np
import torch

from echolesion.dynamics import closed_loop, reservoir
from echolesion.dynamics.leaky_unit import LeakyUnit
from echolesion.dynamics.octets import ACTIVATIONS, LANES, aligned
from echolesion.dynamics.triangles import ROWS
from echolesion.shapley.walks import Level, Walks, in_pairs
from echolesion.sweep import sums
from echolesion.sweep.closed_plan import Network, Vectors, lay_out, plan
from echolesion.sweep.closed_steps import Loop, Totals, Units, fit, generate, teach
from echolesion.sweep.simulation import Problem

#: Numbers of triangular factors kept at once.
KEPT_AT_ONCE = 2**22


class Intact(NamedTuple):
    """The intact network's states before the first step and after each, outputs, and factor of the weights.

    States have shape (steps + 1, N), of all steps, outputs (steps, O), of those that are generated.
    """

    states: np.ndarray
    outputs: np.ndarray
    scale: float


def _run(
    network: Network, vectors: Vectors, units: Units, shown: np.ndarray, kept: np.ndarray, totals: Totals
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
    network: Network, vectors: Vectors, units: Units, factor: np.ndarray, factor_of: np.ndarray, readout: np.ndarray
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


def intact_run(network: Network, totals: Totals) -> Intact:
    """Run the intact network, for `add_pairs`; `totals` are not added to."""
    size, steps = len(network.weights), len(network.loop.history) + len(network.loop.drives)
    # The one coalition of a walk that is not taken for the intact network, without walks of which it were a part.
    vectors = lay_out(size, size, whole=False)
    units = plan(network, vectors, np.arange(size)[None], size, 0.0, 1.0)._replace(shown=np.empty((1, 0), dtype=int))
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
    vectors = lay_out(length, smallest, whole=length == len(network.weights))
    of_unit = int(np.sum(vectors.nodes**2) + 1) * LANES
    chunk = max(1, KEPT_AT_ONCE // of_unit)
    result = np.zeros((count, 2, length - smallest + 1, *intact.outputs.shape))
    for begin in range(0, count, chunk):
        some = orders[begin : begin + chunk]
        units = plan(network, vectors, some, smallest, weight, intact.scale)
        read = _run(network, vectors, units, intact.states, np.empty((len(intact.states), 0)), totals)
        for size in range(max(smallest, 1), length + 1):
            for direction in range(2):
                vector, lane = vectors.vector[direction, size], vectors.lane[direction, size]
                outputs = intact.outputs if vector < 0 else read[:, vector, :, :, lane]
                result[begin : begin + chunk, direction, size - smallest] = outputs
    return result


def of_problem(problem: Problem) -> Network:
    """Return the network of a problem, in closed loop and float64, as it runs here."""
    mending, unit = problem.loop, problem.node
    assert mending is not None and isinstance(unit, LeakyUnit)
    series, size, outputs = mending.series, problem.size, problem.truth.shape[1]
    feedback = np.zeros((0, size)) if series.feedback is None else series.feedback.numpy()[:, :size]
    loop = Loop(
        history=series.history.numpy()[:, 0, :size].copy(),
        fitted=series.fitted,
        truth=series.truth.numpy(),
        drives=problem.drives.numpy()[:, 0, :size].copy(),
        feedback=feedback.copy(),
        last_output=series.last_output.numpy().reshape(outputs),
        bound=series.bound,
        output_is_tanh=series.output == "tanh",
        leak=float(unit.leak),
        activation=ACTIVATIONS.index(unit.activation),
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


class ClosedLanes:
    """The engine of lanes in closed loop, for a problem; see `engines.Engine`."""

    name, scale = "lanes", 1.0

    def __init__(self, problem: Problem, time_bins: int):
        self.problem, self.time_bins = problem, time_bins
        self.network, nothing = of_problem(problem), np.zeros((len(problem.bins), 0))
        self.intact = intact_run(self.network, Totals(nothing, nothing, nothing, problem.bins))

    def empty(self, levels: int) -> sums.Sums:
        """Return the sums of a batch before its first walk."""
        return sums.empty(self.problem, self.time_bins, levels)

    def walks_at_once(self, level: Level) -> int:
        """Return how many walks of a level are simulated at once: pairs."""
        return in_pairs(sums.walks_at_once(self.problem, level))

    def ends(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the outputs of the intact network and of nothing: silence is read out as 0, fitted again or not."""
        intact = torch.from_numpy(self.intact.outputs)
        return intact, torch.zeros_like(intact)

    def add(self, total: sums.Sums, place: int, level: Level, walks: Walks) -> None:
        """Simulate the prefixes of some pairs of walks and add their differences to the sums, in place."""
        sums.add_weights(total, place, level, walks)
        totals = Totals(
            total.influence.flatten(1).numpy(), total.direct.numpy(), total.sampled.numpy(), self.network.bins
        )
        orders = walks.order[::2]  # the others are their reverses
        found = add_pairs(self.network, self.intact, orders, level.smallest, level.weight, totals)
        sums.add_outputs(total, self.problem, place, level, walks, torch.from_numpy(found).flatten(0, 1))
