"""Lesioned networks: their simulation, many at once, in open and in closed loop.

Of a walk's coalitions only the sub-network of the walk's nodes is simulated: the others are lesioned in all of them.
What lesioned nodes send, if they are held at some activity rather than silent, is part of the drive.

In closed loop (see `closed_loop`) every network runs through the training series first, and is mended if that is asked
for: its weights are rescaled, its read-out is fitted again. Lesions are there from the first step of that series on.

A tanh network is a sigmoid network: with g = (1 + h) / 2, z -> 2 z turns h' = tanh(z) into g' = sigmoid(2 z). On a CPU
the sigmoid takes a third of the time of tanh and nothing else is left to compute, so float32 networks run in g.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from echolesion.dynamics import closed_loop, reservoir
from echolesion.sweep.lesion import held_activity

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
    """A reservoir and its read-out as tensors on the device.

    States are ``rest + h / scale`` of activities h; a silent node is at rest. Products of matrices whose rows do not
    start at a multiple of 16 bytes are slower by up to a fifth, so unconnected nodes that are never intact pad the
    network to a multiple of 4. Held states are those of lesioned nodes, before the first step and after each. The
    connections and the sampled pairs are numbered, -1 where there is none.
    """

    size: int
    weights: Tensor
    delays: Tensor | None
    drives: Tensor
    readout: Tensor
    constants: Tensor
    held: Tensor
    held_varies: bool
    listening: bool
    rest: float
    scale: float
    leak: float
    activation: str
    connection: Tensor
    sampled: Tensor
    truth: Tensor
    score: str
    washout: int
    bins: np.ndarray
    loop: Mending | None


class Run(NamedTuple):
    """Simulated networks: states before the first step, and ever before it; factor of the weights; the steps to come.

    Nodes of the sub-networks have shape (walks, L), None for whole networks; which of them are intact has shape (walks,
    coalitions, L), as have start, state and pre-activation; the read-out has shape (walks, coalitions, output) and the
    factor (walks, coalitions, 1). In closed loop the steps begin with those of the training series, which have no
    read-out: it is 0 there.
    """

    start: Tensor
    scale: Tensor | None
    steps: Iterator[tuple[Tensor, Tensor, Tensor]]


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
) -> Problem:
    """Put a network and what it is to do on a device.

    Parameters
    ----------
    network, trained, piece, time_bins, lesion, refit_readout, rescale, device, dtype
        As for `sweep.run`.
    sampled : tuple of numpy.ndarray of int, shape (sampled,)
        Sources and targets, positions of nodes, of the pairs whose influence is also kept at every step.

    Returns
    -------
    Problem
        For `simulate` and `outputs`.

    Raises
    ------
    ValueError
        If the device is not there, the loop does not allow what is asked for, or the read-out is of other nodes.
    """
    open_loop = piece.attrs["loop"] == "open"
    if open_loop and (refit_readout or rescale):
        raise ValueError("refit_readout and rescale are for closed loops")
    if not open_loop and lesion != "silence":
        raise ValueError(f"in closed loop lesioned nodes are silent: the lesion '{lesion}' is for open loops")
    trained, place = aligned(network, trained), _device(device)
    dtype = dtype or (torch.float32 if open_loop else torch.float64)
    size = network.sizes["node"]
    padding = -size % 4
    in_sigmoids = network.attrs["activation"] == "tanh" and dtype == torch.float32
    scale, rest = (2.0, 0.5) if in_sigmoids else (1.0, 0.0)
    weights = network["weights"].transpose("source", "target").values * scale**2
    delays = reservoir.delays(network)
    held = held_activity(network, piece, lesion) / scale
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
        drives, held = series.drives, held[-steps - 1 :]
        loop = Mending(
            series=replace(
                series,
                history=tensor(series.history.numpy(), 0, padding),
                truth=series.truth.to(place),
                feedback=None if series.feedback is None else tensor(series.feedback.numpy(), 0, padding),
                last_output=series.last_output.to(place),
            ),
            refit_readout=refit_readout,
            rescale=rescale,
            radius=network.attrs["spectral_radius"],
            ridge=trained.attrs["ridge"],
        )
    return Problem(
        size=size,
        weights=tensor(weights, padding, padding),
        delays=None if delays is None else torch.nn.functional.pad(delays, (0, padding, 0, padding)).to(place),
        # Of all nodes outside of a walk's, and of those in it as if they were outside: `_trajectories` corrects those.
        drives=tensor(drives.numpy() * scale + reservoir.received(held, weights, delays), 0, padding),
        readout=tensor(readout, padding, 0),
        constants=tensor(held[1:] @ readout + trained["constant"].values, 0, 0),
        held=tensor(held + rest, 0, padding),
        held_varies=lesion == "incoming",
        listening=lesion == "outgoing",
        rest=rest,
        scale=scale,
        leak=network.attrs["leak"],
        activation="sigmoid" if in_sigmoids else network.attrs["activation"],
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
    return torch.stack([output[0].double() for _, _, output in scored], dim=1)


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
    if problem.loop is not None:
        return _loop(problem, problem.loop, nodes, intact)
    start = torch.where(intact, problem.rest, problem.held[0] if nodes is None else problem.held[0][nodes][:, None])
    return Run(start, None, _trajectories(problem, nodes, intact, start))


def longest_delay(problem: Problem) -> int:
    """Return the longest delay in steps."""
    return 1 if problem.delays is None else int(problem.delays.max())


def _connections(problem: Problem, nodes: Tensor | None) -> tuple[Tensor, reservoir.Weights]:
    """Return the weights of sub-networks, and the same by delay."""
    if nodes is None:
        return problem.weights, reservoir.by_delay(problem.weights, problem.delays)
    pairs = nodes[:, :, None], nodes[:, None, :]
    weights = problem.weights[pairs]
    return weights, reservoir.by_delay(weights, None if problem.delays is None else problem.delays[pairs])


def _loop(problem: Problem, loop: Mending, nodes: Tensor | None, intact: Tensor) -> Run:
    """Run networks through the training series, mend them, and let them generate."""
    weights, parts = _connections(problem, nodes)
    scale = None
    if loop.rescale:
        of_walks = weights if nodes is None else weights[:, None]
        scale = closed_loop.rescaling(of_walks, intact, loop.radius)[..., None]
    start = torch.zeros(intact.shape, dtype=weights.dtype, device=intact.device)
    return Run(start, scale, _taught(problem, loop, nodes, intact, parts, scale))


def _taught(
    problem: Problem, loop: Mending, nodes: Tensor | None, intact: Tensor, parts: reservoir.Weights,
    scale: Tensor | None,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:  # fmt: skip
    """Yield state, pre-activation and read-out of every step in closed loop, shapes as of `Run`."""
    shape, dtype = intact.shape, problem.weights.dtype
    flat: tuple[int, ...] = tuple(shape)
    if nodes is None:
        flat = (shape[0] * shape[1], shape[2])  # of whole networks there is one batch
        readout, feedback = problem.readout, loop.series.feedback
        history, drives = loop.series.history, problem.drives
    else:
        readout = problem.readout[nodes][:, None]
        feedback = None if loop.series.feedback is None else loop.series.feedback.T[nodes].mT
        history, drives = (series[:, nodes][:, :, None] for series in (loop.series.history, problem.drives))
    flat_scale = scale if scale is None else scale.reshape(*flat[:-1], 1)
    active = problem.leak * intact.to(dtype).reshape(flat)

    rest = torch.zeros(flat, dtype=dtype, device=intact.device)
    truth = loop.series.truth if loop.refit_readout else loop.series.truth[:0]
    fitted = torch.empty((*shape[:2], len(truth), shape[2] + truth.shape[1]), dtype=dtype, device=intact.device)
    fitted[..., shape[2] :] = truth
    nothing = torch.zeros((*shape[:2], readout.shape[-1]), dtype=dtype, device=intact.device)
    # The last states, which delayed connections still carry when the network is left to itself.
    longest, place = longest_delay(problem), 0
    recent = deque([rest], maxlen=longest)
    training = reservoir.trajectory(parts, history, active, problem.activation, rest, flat_scale)
    for t, (state, preactivation) in enumerate(training):
        if t >= len(history) - longest:
            recent.append(state.clone())
        if loop.refit_readout and loop.series.fitted[t]:
            fitted[:, :, place, : shape[2]] = state.view(shape)
            place += 1
        yield state.view(shape), preactivation.view(shape), nothing
    if loop.refit_readout:
        readouts = closed_loop.fit_readouts(fitted, shape[2], loop.ridge)
    else:
        readouts = readout.expand(*shape, -1)
    del fitted
    free = closed_loop.free_run(
        parts, drives, active, problem.activation, recent[-1], flat_scale, past=torch.stack(list(recent))[:-1],
        feedback=feedback, last_output=loop.series.last_output.expand(*flat[:-1], -1),
        readout=readouts.reshape(*flat, -1), bound=loop.series.bound, output=loop.series.output,
    )  # fmt: skip
    for state, preactivation, output in free:
        yield state.view(shape), preactivation.view(shape), output.view(*shape[:2], -1)


def _trajectories(
    problem: Problem, nodes: Tensor | None, intact: Tensor, start: Tensor
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield state, pre-activation and read-out of every step in open loop, shapes as of `Run`."""
    whole, shape, dtype = nodes is None, intact.shape, problem.weights.dtype

    def of_members(values: Tensor) -> Tensor:
        return values if nodes is None else values[nodes][:, None]

    parts = _connections(problem, nodes)[1]
    readout = problem.readout if nodes is None else problem.readout[nodes]
    flat = (-1, shape[-1]) if whole else shape  # of whole networks the products are one
    active = problem.leak * intact.to(dtype).reshape(flat)  # a lesioned node has leak rate 0: it is held
    listening = torch.full(shape, problem.rest, device=start.device, dtype=dtype) if problem.listening else None
    scratch = torch.empty_like(listening) if listening is not None else None

    def drives() -> Iterator[Tensor]:
        for step, driven in enumerate(problem.drives):
            if step == 0 or problem.held_varies:
                of_delay = reservoir.parts(parts).items()
                own = sum(of_members(problem.held[max(step + 1 - delay, 0)]) @ part for delay, part in of_delay)
            yield of_members(driven) - own

    steps = reservoir.trajectory(parts, drives(), active, problem.activation, start.reshape(flat))
    for t, (flat_state, flat_preactivation) in enumerate(steps):
        state, preactivation = flat_state.view(shape), flat_preactivation.view(shape)
        if t == 0 or problem.held_varies:
            held = of_members(problem.held[t + 1])
            constant = problem.constants[t] - held @ readout
        if problem.held_varies:
            state.copy_(torch.where(intact, state, held))
        read = state
        if listening is not None and scratch is not None:
            reservoir.update(listening, preactivation, problem.leak, problem.activation, scratch)
            read = listening
        # Of many small matrices, the transposed product is three times as fast.
        output = read @ readout if whole else (readout.mT @ read.mT).mT
        yield state, preactivation, output + constant
