"""Engines: what simulates the walks of a sweep.

Tensors (`simulation`, `sums`) run everything, on any device. Lanes are compiled vectors: prefixes of walks side by side
in open loop (`lanes`), networks side by side in closed loop (`closed_lanes`); `refusal` says what they cannot run. Sums
of both are equal up to rounding, which grows with the steps of a closed loop that is chaotic.
"""

from typing import Protocol

import torch
from torch import Tensor

from echolesion.dynamics.leaky_unit import LeakyUnit
from echolesion.shapley.walks import Level, Walks
from echolesion.sweep import choice, simulation, sums


class Engine(Protocol):
    """What simulates the walks of a sweep.

    Attributes
    ----------
    name : str
        Of the engine, a key of `choice.ENGINES`.
    scale : float
        Factor by which the sums of the influence and of its direct part are in units of activity.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def scale(self) -> float: ...  # noqa: D102

    def empty(self, levels: int) -> sums.Sums:
        """Return the sums of a batch before its first walk."""
        ...

    def walks_at_once(self, level: Level) -> int:
        """Return how many walks of a level, an even number if there are several, are simulated at once."""
        ...

    def add(self, total: sums.Sums, place: int, level: Level, walks: Walks) -> None:
        """Simulate the prefixes of some walks of a level and add their differences to the sums, in place."""
        ...

    def ends(self) -> tuple[Tensor, Tensor] | None:
        """Return the outputs of the intact network and of nothing, shape (step, output), if it simulates them."""
        ...


class Tensors:
    """The engine of tensors, for a problem."""

    name = "torch"

    def __init__(self, problem: simulation.Problem, time_bins: int):
        self.problem, self.time_bins, self.scale = problem, time_bins, problem.node.scale

    def empty(self, levels: int) -> sums.Sums:
        """Return the sums of a batch before its first walk."""
        return sums.empty(self.problem, self.time_bins, levels)

    def walks_at_once(self, level: Level) -> int:
        """Return how many walks of a level are simulated at once."""
        return sums.walks_at_once(self.problem, level)

    def add(self, total: sums.Sums, place: int, level: Level, walks: Walks) -> None:
        """Simulate the prefixes of some walks of a level and add their differences to the sums, in place."""
        sums.add_weights(total, place, level, walks)
        outputs = sums.add_differences(total, self.problem, level, walks)
        sums.add_outputs(total, self.problem, place, level, walks, outputs)

    def ends(self) -> tuple[Tensor, Tensor] | None:
        """Return the outputs of the intact network and of nothing in closed loop."""
        if self.problem.loop is None:
            return None
        both = torch.tensor([[True], [False]]).expand(-1, self.problem.size).numpy()
        intact, nothing = simulation.outputs(self.problem, both).cpu()
        return intact, nothing


def refusal(problem: simulation.Problem) -> str | None:
    """Return why lanes cannot run a problem, see `choice.reason`; None if they can."""
    closed, weights, node = problem.loop is not None, problem.weights, problem.node
    refused = choice.reason(
        closed=closed,
        delayed=problem.delays is not None,
        lesion="outgoing" if problem.listening else "incoming" if problem.held_varies else "silence",
        device=weights.device.type,
        usual_type=weights.dtype == (torch.float64 if closed else torch.float32),
    )
    if refused or (isinstance(node, LeakyUnit) if closed else node.compiled()):
        return refused
    return "there is no compiled code for its kind of node"


def choose(problem: simulation.Problem, time_bins: int, engine: str) -> Engine:
    """Return the engine that runs a problem.

    Parameters
    ----------
    problem : simulation.Problem
        A network and what it is to do.
    time_bins : int
        Bins in which influence is averaged.
    engine : str
        Key of `choice.ENGINES`.

    Returns
    -------
    Engine
        For the walks of a sweep.

    Raises
    ------
    ValueError
        If the engine is unknown, or is "lanes" and these cannot run the problem.
    """
    if engine not in choice.ENGINES:
        raise ValueError(f"unknown engine '{engine}' (allowed: {', '.join(choice.ENGINES)})")
    refused = engine != "torch" and refusal(problem)
    if engine == "lanes" and refused:
        raise ValueError(f"lanes cannot run this: {refused}; the engine 'torch' can")
    if engine == "torch" or refused:
        return Tensors(problem, time_bins)
    # What is compiled takes a second to import.
    if problem.loop is None:
        from echolesion.sweep.lanes import Lanes

        return Lanes(problem, time_bins)
    from echolesion.sweep.closed_lanes import ClosedLanes

    return ClosedLanes(problem, time_bins)
