"""Node dynamics: what a node sends, what it makes of what it receives, and what it becomes at the next step.

Nodes meet in one place only, see `coupling`; everything else is elementwise. So one loop, `trajectory`, simulates one
network, a grid of parameters or a batch of lesioned networks of any kind of node, and nothing that comes after it knows
an equation. A lesion sets the signals of a node, not its state: what a lesioned node sends does not depend on what it
receives.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from echolesion.dynamics import coupling

#: What every channel is driven by at a step: R tensors.
Drive = Tensor | Sequence[Tensor]


class Compiled(NamedTuple):
    """A kind of node in compiled code: *rows* of activity, signals and variables, in natural units.

    The watched activity is the first row, the signals are the first or follow it, all other variables come last.
    Activity and signals are counted from where lesioned nodes are held, and are 0 in those.

    Parameters
    ----------
    name : str
        Of the step, and of all constants in it: it names the code on disk.
    step : callable
        Compiled, of vectors (see `vectors`): of tuples of rows, of what is received by channel, of where activity and
        signals are held, and of the parameters; returns the next rows.
    start : tuple of float
        The rows before the first step, not counted from anything.
    first : {0, 1}
        First row that is a signal.
    signals, channels : int
        As for `NodeDynamics`.
    parameters : tuple of float
        Numbers that are no constants of the code.
    """

    name: str
    step: Callable[..., Any]
    start: tuple[float, ...]
    first: int
    signals: int
    channels: int
    parameters: tuple[float, ...] = ()

    @property
    def held(self) -> int:
        """Number of rows that are counted from where they are held."""
        return self.first + self.signals


class NodeDynamics(Protocol):
    """A kind of node, elementwise: tensors have variables, signals or channels in front and nodes last.

    Attributes
    ----------
    start : sequence of float
        The K state variables before the first step.
    signals : int
        Number M of signals that are sent along connections. One that is constant is a signal too: what is received of
        a constant 1 is the sum of the weights of intact nodes, which coupling by differences takes.
    channels : int
        Number R of sums that are received, at least M: of the signals, each with its drive; channels beyond the signals
        have a drive alone.
    scale, rest : float
        Units in which signals are held: ``rest + s / scale`` of signals s, and what is watched likewise. What is
        received is ``scale`` times what the drive is in units of s, so weights count ``scale ** 2`` times.
    """

    @property
    def start(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def signals(self) -> int: ...  # noqa: D102
    @property
    def channels(self) -> int: ...  # noqa: D102
    @property
    def scale(self) -> float: ...  # noqa: D102
    @property
    def rest(self) -> float: ...  # noqa: D102

    def send(self, state: Tensor) -> Tensor:
        """Return the signals, shape (M, ...), of a state, shape (K, ...); it may be the state itself."""
        ...

    def receive(self, state: Tensor, received: Tensor, out: Tensor) -> Tensor:
        """Return what is made of what is received, shape (R, ...), perhaps in `out`; it is held over the step."""
        ...

    def step(self, state: Tensor, made: Tensor) -> None:
        """Make the next state of a state, in place, and of what `receive` returned."""
        ...

    def watch(self, state: Tensor) -> Tensor:
        """Return the activity that games are about, shape (...), of a state; it may be part of the state."""
        ...

    def compiled(self) -> Compiled | None:
        """Return the kind in compiled code, which lanes take; None if there is none."""
        ...


class Moment(NamedTuple):
    """States (K, ...), what was received to get there (R, ...), and what is sent from there (M, ...)."""

    state: Tensor
    received: Tensor
    sent: Tensor


def at_start(node: NodeDynamics, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return states before the first step.

    Parameters
    ----------
    node : NodeDynamics
        The kind of all nodes.
    shape : sequence of int
        Shape of a variable, nodes last.
    dtype : torch.dtype
        Of the states.
    device : torch.device
        Where they are.

    Returns
    -------
    torch.Tensor, shape (K, ...)
        The start of every variable, everywhere.
    """
    start = torch.tensor(list(node.start), dtype=dtype, device=device)
    return start.view(-1, *[1] * len(shape)).expand(-1, *shape).clone()


def trajectory(
    node: NodeDynamics,
    weights: coupling.Weights,
    drives: Iterable[Drive],
    start: Tensor,
    *,
    lesion: Callable[[Tensor, int], Tensor] | None = None,
    scale: Tensor | None = None,
    past: Tensor | None = None,
) -> Iterator[Moment]:
    """Simulate every network of a batch, step by step.

    Parameters
    ----------
    node : NodeDynamics
        The kind of all nodes.
    weights : torch.Tensor, shape (N, N) or (batch, N, N), or mapping of these by delay
        ``weights[..., i, j]`` leads from node i to node j; see `coupling.by_delay`.
    drives : iterable of torch.Tensor, shape (T, R, ..., N)
        Drive of every channel at every step; each broadcasts to a channel of what is received.
    start : torch.Tensor, shape (K, rows, N) or (K, batch, rows, N)
        The state before the first step. It is not changed.
    lesion : callable, optional
        Makes of the signals of all nodes, shape (M, ...), and the number of the step after which they are sent, 0
        before the first, those that arrive: of lesioned nodes others than they would send. None is lesioned by default.
    scale : torch.Tensor, shape (rows, 1) or (batch, rows, 1), optional
        Factor of the weights of every network; 1 by default.
    past : torch.Tensor, shape (P, M, rows, N) or (P, M, batch, rows, N), optional
        Signals before the start, which delayed connections still carry, the latest last; at least as many as the
        longest delay less 1. By default those at the start were sent all along.

    Yields
    ------
    Moment
        After steps 0 to T - 1. Its tensors are buffers, overwritten at the next step: copy what is to be kept.

    Raises
    ------
    ValueError
        If the past is too short.
    """
    state = start.clone()
    received = state.new_empty((node.channels, *state.shape[1:]))
    scratch = torch.empty_like(received)
    sent = node.send(state) if lesion is None else lesion(node.send(state), 0)
    of_delay = coupling.parts(weights)
    longest = max(of_delay)
    # Signals that delayed connections still carry: those after step t at t + 1, modulo the longest delay.
    ring = sent.expand(longest, *sent.shape).clone() if longest > 1 else None
    if ring is not None and past is not None:
        if len(past) < longest - 1:
            raise ValueError(
                f"the longest delay, {longest} steps, is longer than what is run before: set a larger velocity"
            )
        ring[1:] = past[1 - longest :]
    product = torch.addmm if next(iter(of_delay.values())).dim() == 2 else torch.baddbmm
    for t, driven in enumerate(drives):
        if ring is not None:
            ring[t % longest] = sent
        for m in range(node.signals):
            total = driven[m]
            for delay, part in of_delay.items():
                signal = (sent if ring is None else ring[(t + 1 - delay) % longest])[m]
                if scale is not None:
                    signal = torch.mul(signal, scale, out=scratch[m])
                total = product(total, signal, part, out=received[m])
        for channel in range(node.signals, node.channels):
            received[channel] = driven[channel]
        node.step(state, node.receive(state, received, scratch))
        sent = node.send(state) if lesion is None else lesion(node.send(state), t + 1)
        yield Moment(state, received, sent)


def run_intact(
    node: NodeDynamics,
    weights: np.ndarray,
    delays: Tensor | None,
    drives: Tensor,
    start: Tensor | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Run an intact network.

    Parameters
    ----------
    node : NodeDynamics
        The kind of all nodes.
    weights : numpy.ndarray, shape (N, N)
        Source x target.
    delays : torch.Tensor of int, shape (N, N), optional
        As for `coupling.by_delay`.
    drives : torch.Tensor, shape (T, R, N), float64
        Of every channel at every step.
    start : torch.Tensor, shape (K, 1, N), optional
        State before the first step, and ever before that, float64; that of the node by default.

    Returns
    -------
    signals : numpy.ndarray, shape (T + 1, M, N)
        What is sent before the first step and after each.
    watched : numpy.ndarray, shape (T, N)
        Activity after each step.
    """
    of_delay = coupling.by_delay(torch.from_numpy(weights), delays)
    if start is None:
        start = at_start(node, (1, len(weights)), torch.float64, torch.device("cpu"))
    signals, watched = [node.send(start)[:, 0].numpy().copy()], []
    for moment in trajectory(node, of_delay, drives, start):
        signals.append(moment.sent[:, 0].numpy().copy())
        watched.append(node.watch(moment.state)[0].numpy().copy())
    return np.array(signals), np.array(watched).reshape(len(watched), len(weights))
