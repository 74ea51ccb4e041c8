"""Lesioned networks: their simulation, many at once, in open and in closed loop.

Of a walk's coalitions only the sub-network of the walk's nodes is simulated: the others are lesioned in all of them.
What lesioned nodes send, if they are held at some activity rather than silent, is part of the drive.

In closed loop (see `closed_loop`) every network runs through the training series first, and is mended if that is asked
for: its weights are rescaled, its read-out is fitted again. Lesions are there from the first step of that series on.

Nodes are of any kind, see `nodes`: nothing here knows their equations.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from echolesion.dynamics import closed_loop, coupling, reservoir
from echolesion.dynamics.nodes import Drive, Moment, NodeDynamics, at_start, trajectory
from echolesion.sweep.lesion import held

#: Node states simulated side by side: large enough for fast matrix products, small enough for the cache.
STATES_AT_ONCE = {"cpu": 2**18, "other": 2**25}
#: Read-out values kept at once, for the scores of whole series.
OUTPUTS_AT_ONCE = 2**24
#: States kept at once, where read-outs are fitted again: as many networks side by side as memory allows, as a step of a
#: few costs as much as one of many.
FITTED_AT_ONCE = 2**26


@dataclass(frozen=True)
class Mending:
    """What precedes the free run, see `closed_loop.Loop`, and what is done about a lesion after it."""

    series: closed_loop.Loop
    refit_readout: bool
    rescale: bool
    radius: float
    ridge: float


@dataclass(frozen=True)
class Problem:
    """A network and its read-out as tensors on the device.

    Signals and activities are in the units of the node, see `nodes.NodeDynamics`; a silent node is at rest. Products of
    matrices whose rows do not start at a multiple of 16 bytes are slower by up to a fifth, so unconnected nodes that
    are never intact pad the network to a multiple of 4. Held are signals, shape (T + 1, M, N), and activities, shape
    (T + 1, N), of lesioned nodes, before the first step and after each; drives have shape (T, R, N). The connections
    and the sampled pairs are numbered, -1 where there is none.
    """

    size: int
    node: NodeDynamics
    weights: Tensor
    delays: Tensor | None
    drives: Tensor
    readout: Tensor
    constants: Tensor
    held_signals: Tensor
    held_activity: Tensor
    held_varies: bool
    listening: bool
    connection: Tensor
    sampled: Tensor
    truth: Tensor
    score: str
    washout: int
    bins: np.ndarray
    loop: Mending | None


class Instant(NamedTuple):
    """Simulated networks after a step: what was received (R, ...), is sent (M, ...), watched and read out.

    Lesioned nodes are watched as they are held, or as they are if they listen. Nodes of networks have shape (walks,
    coalitions, L); the output has shape (walks, coalitions, output).
    """

    received: Tensor
    sent: Tensor
    watched: Tensor
    output: Tensor


class Run(NamedTuple):
    """Simulated networks: signals before the first step, and ever before it; factor of the weights; steps to come.

    Signals have shape (M, walks, coalitions, L), the factor (walks, coalitions, 1). In closed loop the steps begin with
    those of the training series, which have no read-out: it is 0 there.
    """

    sent: Tensor
    scale: Tensor | None
    steps: Iterator[Instant]


def _device(name: str) -> torch.device:
    """Return a device that is there; of several GPUs that nobody chose among, the one with the most free memory."""
    try:
        if name == "cuda" and torch.cuda.device_count() > 1:
            free = [torch.cuda.mem_get_info(place)[0] for place in range(torch.cuda.device_count())]
            name = f"cuda:{free.index(max(free))}"
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        raise ValueError(f"the device '{name}' is not there ({str(error).splitlines()[0]})") from error


def aligned(network: xr.Dataset, trained: xr.Dataset) -> xr.Dataset:
    """Return a read-out with its nodes in the order of those of the network.

    Raises
    ------
    ValueError
        If it is of other nodes.
    """
    nodes, read = network["node"].to_index(), trained["node"].to_index()
    if len(other := nodes.symmetric_difference(read, sort=False)):
        where = "read-out" if other[0] in nodes else "network"
        raise ValueError(f"network and read-out are of other nodes: the {where} has no '{other[0]}'")
    return trained.sel(node=nodes)


def connections(network: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return source and target, positions of nodes, of every connection between two nodes."""
    weights = network["weights"].transpose("source", "target").values.copy()
    np.fill_diagonal(weights, 0)
    sources, targets = np.nonzero(weights)
    return sources, targets


def prepare(
    network: xr.Dataset,
    trained: xr.Dataset,
    piece: xr.Dataset,
    *,
    time_bins: int = 1,
    sampled: tuple[np.ndarray, np.ndarray] = (np.array([], dtype=int), np.array([], dtype=int)),
    lesion: str,
    refit_readout: bool = False,
    rescale: bool = False,
    device: str,
    dtype: torch.dtype | None,
    node: NodeDynamics | None = None,
) -> Problem:
    """Put a network and what it is to do on a device.

    Parameters
    ----------
    network, trained, piece, time_bins, lesion, refit_readout, rescale, device, dtype, node
        As for `sweep.run`.
    sampled : tuple of numpy.ndarray of int, shape (P,)
        Sources and targets, positions of nodes, of the pairs whose influence is also kept at every step.

    Returns
    -------
    Problem
        For `simulate` and `outputs`.

    Raises
    ------
    ValueError
        If the device is not there, the loop does not allow what is asked for, the read-out is of other nodes, or drives
        are not those of the kind of node.
    """
    open_loop = piece.attrs["loop"] == "open"
    if open_loop and (refit_readout or rescale):
        raise ValueError("refit_readout and rescale are for closed loops")
    if not open_loop and lesion != "silence":
        raise ValueError(f"in closed loop lesioned nodes are silent: the lesion '{lesion}' is for open loops")
    trained, place = aligned(network, trained), _device(device)
    dtype = dtype or (torch.float32 if open_loop else torch.float64)
    if not open_loop and dtype != torch.float64:
        raise ValueError("closed loops are simulated in float64: read-out weights reach thousands")
    size = network.sizes["node"]
    padding = -size % 4
    held_signals, held_activity = held(network, piece, lesion, node or reservoir.unit(network))
    if node is None:
        unit = reservoir.unit(network)
        node = unit.in_sigmoids() if dtype == torch.float32 else unit
    scale, rest = node.scale, node.rest
    weights = network["weights"].transpose("source", "target").values * scale**2
    delays = coupling.delays(network)
    signals, activity = held_signals / scale, held_activity / scale
    readout = trained["readout"].transpose("node", "output").values * scale
    scored = piece["scored"].values
    steps = int(scored.sum())
    connection = np.full((size + padding, size + padding), -1)
    sources, targets = connections(network)
    connection[sources, targets] = np.arange(len(sources))
    numbers = np.full_like(connection, -1)
    numbers[sampled] = np.arange(len(sampled[0]))

    def tensor(values: np.ndarray, *pads: int) -> Tensor:
        return torch.from_numpy(np.pad(values, [(0, pad) for pad in pads])).to(place, dtype)

    if open_loop:
        drives, loop = reservoir.drive(network, piece["input"]), None
    else:
        series = closed_loop.loop(network, piece)
        drives, signals, activity = series.drives, signals[-steps - 1 :], activity[-steps - 1 :]
        loop = Mending(
            series=replace(
                series,
                history=tensor(series.history.numpy(), 0, 0, padding),
                truth=series.truth.to(place),
                feedback=None if series.feedback is None else tensor(series.feedback.numpy(), 0, padding),
                last_output=series.last_output.to(place),
            ),
            refit_readout=refit_readout,
            rescale=rescale,
            radius=network.attrs["spectral_radius"],
            ridge=trained.attrs["ridge"],
        )
    if drives.shape[1] != node.channels:
        raise ValueError(f"nodes receive {node.channels} sums, and there are drives of {drives.shape[1]}")
    # Of all nodes outside of a walk's, and of those in it as if they were outside: `_driven` corrects those.
    driven = drives.numpy() * scale
    driven[:, : node.signals] += coupling.received(signals, weights, delays)
    return Problem(
        size=size,
        node=node,
        weights=tensor(weights, padding, padding),
        delays=None if delays is None else torch.nn.functional.pad(delays, (0, padding, 0, padding)).to(place),
        drives=tensor(driven, 0, 0, padding),
        readout=tensor(readout, padding, 0),
        constants=tensor(activity[1:] @ readout + trained["constant"].values, 0, 0),
        held_signals=tensor(signals + rest, 0, 0, padding),
        held_activity=tensor(activity + rest, 0, padding),
        held_varies=lesion == "incoming",
        listening=lesion == "outgoing",
        connection=torch.from_numpy(connection).to(place),
        sampled=torch.from_numpy(numbers).to(place),
        truth=torch.from_numpy(piece["truth"].transpose("time", "output").values[scored]).to(place),
        score=trained.attrs["task_score"],
        washout=int(np.argmax(scored)),
        bins=np.arange(steps) * time_bins // steps,
        loop=loop,
    )


def rows_at_once(problem: Problem, length: int) -> int:
    """Return how many networks of so many nodes are simulated at once."""
    states = STATES_AT_ONCE["cpu" if problem.weights.device.type == "cpu" else "other"] // length
    rows = min(states, OUTPUTS_AT_ONCE // problem.truth.numel())
    if problem.loop is not None and problem.loop.refit_readout:
        rows = min(rows, FITTED_AT_ONCE // (len(problem.loop.series.truth) * length))
    return max(1, rows)


def outputs(problem: Problem, coalitions: np.ndarray) -> Tensor:
    """Simulate coalitions of whole networks.

    Parameters
    ----------
    problem : Problem
        From `prepare`.
    coalitions : numpy.ndarray of bool, shape (C, N)
        True for intact nodes; at most `rows_at_once`.

    Returns
    -------
    torch.Tensor, shape (C, step, output), float64
        The read-out at all scored steps.
    """
    intact = np.pad(coalitions, [(0, 0), (0, len(problem.weights) - problem.size)])
    run = simulate(problem, None, torch.from_numpy(intact)[None].to(problem.weights.device))
    scored = islice(run.steps, problem.washout, None)
    return torch.stack([instant.output[0].double() for instant in scored], dim=1)


def simulate(problem: Problem, nodes: Tensor | None, intact: Tensor) -> Run:
    """Simulate networks of which some nodes are intact.

    Parameters
    ----------
    problem : Problem
        From `prepare`.
    nodes : torch.Tensor of int, shape (walks, L), optional
        Nodes of the sub-networks, ascending; all nodes, padded, by default.
    intact : torch.Tensor of bool, shape (walks, coalitions, L)
        Which of them are intact.

    Returns
    -------
    Run
        Its steps are simulated as they are asked for, in buffers that the next step overwrites.
    """
    node, loop, flat = problem.node, problem.loop, _flat(intact.shape, nodes)

    def held(step: int) -> Tensor:
        signals = problem.held_signals[step if problem.held_varies else 0]
        return signals[:, None] if nodes is None else _of_members(signals, nodes)

    lesion = _lesion(intact.reshape(flat), held)
    start = at_start(node, flat, problem.weights.dtype, intact.device)
    sent = lesion(node.send(start), 0).clone().view(-1, *intact.shape)
    weights, parts = _connections(problem, nodes)
    if loop is None:
        return Run(sent, None, _driven(problem, nodes, intact, parts, start, lesion))
    scale = None
    if loop.rescale:
        of_walks = weights if nodes is None else weights[:, None]
        scale = closed_loop.rescaling(of_walks, intact, loop.radius)[..., None]
    return Run(sent, scale, _taught(problem, loop, nodes, intact, parts, scale, start, lesion))


def longest_delay(problem: Problem) -> int:
    """Return the longest delay in steps."""
    return 1 if problem.delays is None else int(problem.delays.max())


def _connections(problem: Problem, nodes: Tensor | None) -> tuple[Tensor, coupling.Weights]:
    """Return the weights of sub-networks, and the same by delay."""
    if nodes is None:
        return problem.weights, coupling.by_delay(problem.weights, problem.delays)
    pairs = nodes[:, :, None], nodes[:, None, :]
    weights = problem.weights[pairs]
    return weights, coupling.by_delay(weights, None if problem.delays is None else problem.delays[pairs])


def _flat(shape: torch.Size, nodes: Tensor | None) -> tuple[int, ...]:
    """Return the shape in which networks are simulated: of whole networks the products are one."""
    return (shape[0] * shape[1], shape[2]) if nodes is None else tuple(shape)


def _lesion(intact: Tensor, held: Callable[[int], Tensor]) -> Callable[[Tensor, int], Tensor]:
    """Return what puts the signals that lesioned nodes are held at in the place of their own; into one buffer."""
    buffer: list[Tensor] = []

    def lesion(sent: Tensor, step: int) -> Tensor:
        if not buffer:
            buffer.append(torch.empty_like(sent))
        return torch.where(intact, sent, held(step), out=buffer[0])

    return lesion


def _taught(
    problem: Problem, loop: Mending, nodes: Tensor | None, intact: Tensor, parts: coupling.Weights,
    scale: Tensor | None, start: Tensor, lesion: Callable[[Tensor, int], Tensor],
) -> Iterator[Instant]:  # fmt: skip
    """Yield every step in closed loop."""
    node, shape = problem.node, intact.shape
    if nodes is None:
        readout, feedback = problem.readout, loop.series.feedback
        history, drives = loop.series.history, problem.drives
    else:
        readout = problem.readout[nodes][:, None]
        feedback = None if loop.series.feedback is None else loop.series.feedback.T[nodes].mT
        history, drives = (series[..., nodes][..., None, :] for series in (loop.series.history, problem.drives))
    flat = start.shape[1:]
    flat_scale = scale if scale is None else scale.reshape(*flat[:-1], 1)
    rest, watched = torch.full_like(start[0], node.rest).view(shape), torch.empty_like(start[0]).view(shape)

    def instant(moment: Moment, output: Tensor) -> Instant:
        torch.where(intact, node.watch(moment.state).view(shape), rest, out=watched)
        received, sent = (values.view(-1, *shape) for values in moment[1:])
        return Instant(received, sent, watched, output.view(*shape[:2], -1))

    truth = loop.series.truth if loop.refit_readout else loop.series.truth[:0]
    fitted = rest.new_empty((*shape[:2], len(truth), shape[2] + truth.shape[1]))
    fitted[..., shape[2] :] = truth
    nothing = rest.new_zeros((*shape[:2], readout.shape[-1]))
    # The last signals, which delayed connections still carry when the network is left to itself.
    longest, place = longest_delay(problem), 0
    recent = deque([lesion(node.send(start), 0).clone()], maxlen=longest)
    for t, moment in enumerate(trajectory(node, parts, history, start, lesion=lesion, scale=flat_scale)):
        if t >= len(history) - longest:
            recent.append(moment.sent.clone())
        now = instant(moment, nothing)
        if loop.refit_readout and loop.series.fitted[t]:
            fitted[:, :, place, : shape[2]] = watched
            place += 1
        yield now
    if loop.refit_readout:
        readouts = closed_loop.fit_readouts(fitted, shape[2], loop.ridge)
    else:
        readouts = readout.expand(*shape, -1)
    del fitted
    free = closed_loop.free_run(
        node, parts, drives, moment.state, lesion=lesion, scale=flat_scale, past=torch.stack(list(recent))[:-1],
        feedback=feedback, last_output=loop.series.last_output.expand(*flat[:-1], -1),
        readout=(readouts * intact[..., None]).reshape(*flat, -1), bound=loop.series.bound, output=loop.series.output,
    )  # fmt: skip
    for moment, output in free:
        yield instant(moment, output)


def _of_members(values: Tensor, nodes: Tensor | None) -> Tensor:
    """Return values of nodes, shape (..., N), of those of every walk, for all of its coalitions; or of all nodes."""
    return values if nodes is None else values[..., nodes][..., None, :]


def _driven(
    problem: Problem, nodes: Tensor | None, intact: Tensor, parts: coupling.Weights, start: Tensor,
    lesion: Callable[[Tensor, int], Tensor],
) -> Iterator[Instant]:  # fmt: skip
    """Yield every step in open loop."""
    whole, shape, node = nodes is None, intact.shape, problem.node
    readout = problem.readout if nodes is None else problem.readout[nodes]
    masked = torch.empty(shape, device=start.device, dtype=start.dtype)

    def held(step: int, signal: int) -> Tensor:
        return _of_members(problem.held_signals[max(step, 0), signal], nodes)

    def drives() -> Iterator[Drive]:
        for step, driven in enumerate(problem.drives):
            if step == 0 or problem.held_varies:
                of_delay = coupling.parts(parts).items()
                own = [sum(held(step + 1 - delay, m) @ part for delay, part in of_delay) for m in range(node.signals)]
            yield [_of_members(each, nodes) - (own[m] if m < node.signals else 0) for m, each in enumerate(driven)]

    for t, moment in enumerate(trajectory(node, parts, drives(), start, lesion=lesion)):
        if t == 0 or problem.held_varies:
            silent = _of_members(problem.held_activity[t + 1], nodes)
            constant = problem.constants[t] - silent @ readout
        watched = node.watch(moment.state).view(shape)
        if not problem.listening:
            watched = torch.where(intact, watched, silent, out=masked)
        # Of many small matrices, the transposed product is three times as fast.
        output = watched @ readout if whole else (readout.mT @ watched.mT).mT
        received, sent = (values.view(-1, *shape) for values in moment[1:])
        yield Instant(received, sent, watched, output + constant)
