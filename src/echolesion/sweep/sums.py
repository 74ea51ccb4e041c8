"""Differences between coalitions: what walks add to the sums of a sweep.

One simulated coalition (see `simulation`) serves every target in it and the read-out. A pair of consecutive prefixes of
a walk, (S, S + i), is one sample of the influence of i on every j in S, weighted by the weight of the walk / size of S,
and one sample of the contribution of i, with the weight of the walk. Sums and weights stay apart until all batches are
merged.

The mediated split takes each such sample apart. A copy of target j runs with every other node's activity held at its
S-trajectory, except that it also receives W_ij times the activity that i has in S + i beyond that in S. What that
changes in j is the direct part; the rest of the difference came through other nodes. Without a connection the copy
would be j itself, so there are copies for connected pairs only; the pre-activations of S are at hand, so a copy costs
elementwise work only. A copy runs for as long as the network does, in closed loop through the training series too, as
lesions are there from its first step on. A node that has a connection to itself is no other node: its copy hears the
copy. In closed loop the copies' feedback is that of S. What i sends to a copy is scaled as in S + i, all else as in S.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from echolesion.dynamics.nodes import at_start
from echolesion.shapley.walks import Level, Walks
from echolesion.sweep import simulation
from echolesion.training.scores import SCORES


@dataclass(frozen=True)
class Sums:
    """Running sums of one batch; shapes as in `sweep.run`, but time leads in influence and direct."""

    influence: Tensor
    direct: Tensor
    sampled: Tensor  # of some pairs, at every step
    influence_weight: Tensor
    contribution: Tensor
    contribution_weight: Tensor
    score: Tensor
    runs: Tensor  # of lesioned networks, and those of them whose output was bounded


def empty(problem: simulation.Problem, time_bins: int, levels: int) -> Sums:
    """Return the sums of a batch before its first walk.

    Parameters
    ----------
    problem : simulation.Problem
        The network and what it runs on.
    time_bins : int
        Bins in which influence is averaged.
    levels : int
        Levels of walks.

    Returns
    -------
    Sums
        All 0.
    """
    size, padded, (steps, outputs) = problem.size, len(problem.weights), problem.truth.shape
    device, dtype = problem.weights.device, problem.weights.dtype
    connections, sampled = (int(numbers.max()) + 1 for numbers in (problem.connection, problem.sampled))
    zeros = partial(torch.zeros, device=device, dtype=torch.float64)
    return Sums(
        influence=zeros((time_bins, padded, padded), dtype=dtype),
        direct=zeros((time_bins, connections), dtype=dtype),
        sampled=zeros((steps, sampled), dtype=dtype),
        influence_weight=zeros((padded, padded)),
        contribution=zeros((levels, size, steps, outputs)),
        contribution_weight=zeros((levels, size)),
        score=zeros((levels, size)),
        runs=zeros(2),
    )


def walks_at_once(problem: simulation.Problem, level: Level) -> int:
    """Return how many walks of a level are simulated at once."""
    length = problem.size if problem.listening else level.length
    return max(1, simulation.rows_at_once(problem, length) // level.prefixes)


class _Copies:
    """Targets of the nodes that are added, once more: all a copy hears of the node is what their connection carries.

    Of every prefix S of every walk, the intact nodes that the node i added next has a connection to.

    Attributes
    ----------
    state : torch.Tensor, shape (K, C)
        States of the copies.
    connection : torch.Tensor of int, shape (C,)
        Numbers of the connections, see `simulation.connections`.
    """

    def __init__(
        self,
        problem: simulation.Problem,
        run: simulation.Run,
        intact: Tensor,
        added: Tensor,
        nodes: Tensor,
        weight: Tensor,
    ):
        _, prefixes, length = intact.shape
        connection = problem.connection[added[:, :, None], nodes[:, None, :]]
        copied = torch.zeros_like(intact)
        copied[:, :-1] = (connection >= 0) & intact[:, :-1]
        walk, prefix, column = copied.nonzero(as_tuple=True)
        self.problem, self.node = problem, problem.node
        self.connection, self.weight = connection[walk, prefix, column], weight[prefix, 0]
        # Places among all nodes of networks: of j in S, and of i in S + i.
        self.original = copied.flatten().nonzero().squeeze(1)
        column_of_added = torch.searchsorted(nodes.contiguous(), added)[walk, prefix]
        self.sender = (walk * prefixes + prefix + 1) * length + column_of_added
        self.senders = added[walk, prefix]
        targets = nodes[walk, column]
        self.carried, self.own = problem.weights[self.senders, targets], problem.weights[targets, targets]
        if run.scale is not None:
            self.carried *= run.scale[walk, prefix + 1, 0]
            self.own *= run.scale[walk, prefix, 0]
        self.held = problem.held_signals[0][:, self.senders]
        # What i sends beyond what it is held at, as in `nodes.trajectory`: a ring as long as the longest delay.
        self.longest = simulation.longest_delay(problem)
        sent = run.sent.view(self.node.signals, -1)[:, self.sender] - self.held
        self.sent = sent.repeat(self.longest, 1, 1)
        # The same of what a copy sends to itself beyond what the target does; nothing if there are no such connections.
        self.apart = torch.zeros_like(self.sent) if self.own.any() else None
        one = torch.ones_like(targets)
        self.delay = one if problem.delays is None else problem.delays[self.senders, targets]
        self.own_delay = one if problem.delays is None else problem.delays[targets, targets]
        self.each = torch.arange(len(self.original), device=intact.device)
        self.state = at_start(self.node, self.original.shape, run.sent.dtype, intact.device)
        self.received = self.state.new_empty((self.node.channels, len(self.each)))
        self.made, self.scratch = torch.empty_like(self.received), torch.empty_like(self.state[0])

    def step(self, t: int, instant: simulation.Instant) -> None:
        """Go to step t, given the run at that step."""
        problem, node, place = self.problem, self.node, (t + 1) % self.longest
        sent = instant.sent.view(node.signals, -1)
        torch.index_select(instant.received.view(node.channels, -1), 1, self.original, out=self.received)
        heard = self.received[: node.signals]
        heard.addcmul_(self._arriving(self.sent, self.delay, t), self.carried)
        if self.apart is not None:
            heard.addcmul_(self._arriving(self.apart, self.own_delay, t), self.own)
        node.step(self.state, node.receive(self.state, self.received, self.made))
        if self.apart is not None:
            self.apart[place] = node.send(self.state) - sent[:, self.original]
        if problem.held_varies:
            self.held = problem.held_signals[t + 1][:, self.senders]
        torch.index_select(sent, 1, self.sender, out=self.sent[place]).sub_(self.held)

    def _arriving(self, ring: Tensor, delay: Tensor, t: int) -> Tensor:
        return ring[0] if self.longest == 1 else ring[(t + 1 - delay) % self.longest, :, self.each].T

    def difference(self, copies: Tensor, watched: Tensor, share: float) -> Tensor:
        """Return the weighted difference of copies and the targets themselves, shape (C,), overwritten at next use."""
        torch.index_select(watched.view(-1), 0, self.original, out=self.scratch)
        return torch.sub(copies, self.scratch, out=self.scratch).mul_(self.weight).mul_(share)


class _Sampled:
    """Differences of the sampled pairs, at every step: places among all states of the targets in S + i and in S."""

    def __init__(self, problem: simulation.Problem, intact: Tensor, added: Tensor, nodes: Tensor, weight: Tensor):
        _, prefixes, length = intact.shape
        number = problem.sampled[added[:, :, None], nodes[:, None, :]]
        # A lesioned target does not differ, even where it listens, as that is read out only: without it, half the work.
        walk, prefix, column = ((number >= 0) & intact[:, :-1]).nonzero(as_tuple=True)
        self.number, self.weight = number[walk, prefix, column], weight[prefix, 0]
        self.without = (walk * prefixes + prefix) * length + column
        self.with_added = self.without + length
        # Reused at every step: in small networks, most of whose pairs are sampled, new ones would cost the most.
        self.difference, self.scratch = torch.empty_like(self.weight), torch.empty_like(self.weight)

    def add(self, total: Tensor, state: Tensor) -> None:
        """Add the weighted differences at a step to their sums, shape (sampled,), in place."""
        states = state.view(-1)
        torch.index_select(states, 0, self.with_added, out=self.difference)
        torch.index_select(states, 0, self.without, out=self.scratch)
        total.scatter_add_(0, self.number, self.difference.sub_(self.scratch).mul_(self.weight))


def add_weights(sums: Sums, place: int, level: Level, walks: Walks) -> None:
    """Add the weights of the differences of some walks to their sums, in place.

    Parameters
    ----------
    sums : Sums
        Of the batch that the walks are in.
    place : int
        Of the level among the levels of the plan.
    level : Level
        The level of the walks.
    walks : Walks
        Of that level.
    """
    device = sums.influence_weight.device
    added, nodes, intact = (
        torch.from_numpy(np.ascontiguousarray(values)).to(device)
        for values in (walks.added, walks.nodes, walks.intact[:, :-1])
    )
    # An empty coalition has no target in it: the difference of its one node is on the diagonal, without meaning.
    weight = level.weight / torch.from_numpy(walks.sizes).to(device, sums.influence.dtype).clamp_min(1)[:, None]
    pair = added[:, :, None] * len(sums.influence_weight) + nodes[:, None, :]
    sums.influence_weight.view(-1).scatter_add_(0, pair.flatten(), (intact * weight).double().flatten())
    level_weight = torch.full_like(added, level.weight, dtype=torch.float64)
    sums.contribution_weight[place].index_add_(0, added.flatten(), level_weight.flatten())


def add_outputs(
    sums: Sums, problem: simulation.Problem, place: int, level: Level, walks: Walks, outputs: Tensor
) -> None:
    """Add the differences of the read-out and of the score to their sums, in place, and count what ran.

    Parameters
    ----------
    sums, place, level, walks
        As for `add_weights`.
    problem : simulation.Problem
        The network and what it runs on.
    outputs : torch.Tensor, shape (W, P, T, O)
        Of P prefixes of every walk, at all scored steps.
    """
    # Neither the intact network nor nothing at all is a lesioned network, and they are in every walk of some levels.
    sizes = torch.arange(level.smallest, level.length + 1, device=outputs.device)
    lesioned = (sizes > 0) & (sizes < problem.size)
    sums.runs[0] += len(outputs) * lesioned.sum()
    if problem.loop is not None:
        sums.runs[1] += (outputs[:, lesioned].abs() >= problem.loop.series.bound).any(dim=-1).any(dim=-1).sum()
    added = torch.from_numpy(np.ascontiguousarray(walks.added)).to(outputs.device).flatten()
    scores = SCORES[problem.score][0](outputs, problem.truth)
    sums.contribution[place].index_add_(0, added, outputs.diff(dim=1).flatten(0, 1) * level.weight)
    sums.score[place].index_add_(0, added, scores.diff(dim=1).flatten() * level.weight)


def add_differences(sums: Sums, problem: simulation.Problem, level: Level, walks: Walks) -> Tensor:
    """Simulate the prefixes of some walks and add their differences of activity to the sums, in place.

    Parameters
    ----------
    sums : Sums
        Of the batch that the walks are in.
    problem : simulation.Problem
        The network and what it runs on.
    level : Level
        The level of the walks.
    walks : Walks
        At most `walks_at_once`.

    Returns
    -------
    torch.Tensor, shape (W, P, T, O)
        Outputs of P prefixes of every walk, at all scored steps, float64.
    """
    device, dtype, padded = problem.weights.device, problem.weights.dtype, len(problem.weights)
    # Nodes that listen on must be simulated wherever they are.
    whole = problem.listening or level.length == problem.size
    intact = torch.from_numpy(walks.coalitions(padded) if whole else walks.intact).to(device)
    count, prefixes, length = intact.shape
    added = torch.from_numpy(np.ascontiguousarray(walks.added)).to(device)
    nodes = torch.arange(padded, device=device).expand(count, -1) if whole else torch.from_numpy(walks.nodes).to(device)
    weight = level.weight / torch.from_numpy(walks.sizes).to(device, dtype).clamp_min(1)[:, None]
    pair = (added[:, :, None] * padded + nodes[:, None, :]).flatten()
    smaller, larger = slice(None, -1), slice(1, None)  # S and S + i, along the prefixes

    run = simulation.simulate(problem, None if whole else nodes, intact)
    copies = _Copies(problem, run, intact, added, nodes, weight)
    sampled = _Sampled(problem, intact, added, nodes, weight) if sums.sampled.numel() else None
    binned, binned_copies = torch.empty_like(run.sent[0]), torch.empty_like(copies.scratch)
    difference = torch.empty((count, prefixes - 1, length), device=device, dtype=dtype)
    # A target that is lesioned does not differ, whatever is watched of it.
    of_intact = weight * intact[:, smaller]
    outputs = torch.empty((count, prefixes, *problem.truth.shape), device=device, dtype=torch.float64)
    for t, instant in enumerate(run.steps):
        copies.step(t, instant)
        step = t - problem.washout
        if step < 0:
            continue
        outputs[:, :, step] = instant.output
        watched, of_copies = instant.watched, problem.node.watch(copies.state)
        if sampled is not None:
            sampled.add(sums.sampled[step], watched)
        bin_ = problem.bins[step]
        first = step == 0 or problem.bins[step - 1] != bin_
        last = step + 1 == len(problem.bins) or problem.bins[step + 1] != bin_
        if first and last:
            total, total_copies = watched, of_copies
        elif first:
            total, total_copies = binned.copy_(watched), binned_copies.copy_(of_copies)
        else:
            total, total_copies = binned.add_(watched), binned_copies.add_(of_copies)
        if last:
            share = 1 / int(np.count_nonzero(problem.bins == bin_))
            torch.sub(total[:, larger], total[:, smaller], out=difference).mul_(of_intact * share)
            if whole:
                sums.influence[bin_].index_add_(0, added.flatten(), difference.flatten(0, 1))
            else:
                sums.influence[bin_].view(-1).scatter_add_(0, pair, difference.flatten())
            sums.direct[bin_].index_add_(0, copies.connection, copies.difference(total_copies, total, share))
    return outputs
