"""The fast path of the sweep: `plan` a chunk of walks, `advance` it by some steps; see `kernels`.

For open loops on a CPU in float32, of lesions that hold nodes at a constant activity, without delays; `choice.reason`
says why a problem is none of these. Values are in natural units, and time is contiguous in the sums.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from echolesion.dynamics.nodes import Compiled
from echolesion.dynamics.octets import aligned
from echolesion.shapley.walks import Level, Walks
from echolesion.sweep import kernels, strips
from echolesion.sweep.plans import BLOCK, WIDEST, Doubles, Floats, Network, Plan, Room, Schedule, Totals
from echolesion.sweep.simulation import Problem
from echolesion.sweep.sums import Sums
from echolesion.training.scores import SCORES

#: States of a strip that the first cache should hold.
STATES_IN_CACHE = 2**15
#: States and outputs of a chunk of walks.
STATES_AT_ONCE, OUTPUTS_AT_ONCE = 2**22, 2**22
#: Share of all possible connections above which they are kept as matrices.
DENSEST = 0.25
#: Longest walks of which 16 stand together.
LONGEST_TOGETHER = 24
#: Values of the read-out that the second cache should hold several times.
READINGS_IN_CACHE = 2**15


def _aligned(size: int) -> Floats:
    return aligned(size, np.float32)


def _padded(count: int) -> int:
    """Return a number of bins or steps with room for the last block of them."""
    return -(-count // BLOCK) * BLOCK


def schedule(washout: int, bins: np.ndarray) -> Schedule:
    """Cut steps into blocks, each of whole bins if they fit in, and blocks into groups of 16 bins."""
    begin: list[int] = []
    steps: list[int] = []
    groups: list[int] = []
    first_bins: list[int] = []
    for start in range(0, washout, BLOCK):
        groups.append(len(begin))
        first_bins.append(0)
        begin.append(start)
        steps.append(min(BLOCK, washout - start))
    edges = np.flatnonzero(np.diff(bins, prepend=-1, append=bins[-1] + 1))  # first steps of the bins, and the end
    u, bin_ = 0, -1
    while u < len(bins):
        if bins[u] // BLOCK != bin_ // BLOCK or bin_ < 0:
            groups.append(len(begin))
            first_bins.append(int(bins[u]) // BLOCK * BLOCK)
        bin_ = int(bins[u])
        # To the last edge that can be reached in the group, or as far as a block goes inside a bin.
        limit = edges[min((bin_ // BLOCK + 1) * BLOCK, len(edges) - 1)]
        reached = edges[(edges > u) & (edges <= min(u + BLOCK, limit))]
        end = int(reached[-1]) if len(reached) else u + BLOCK
        begin.append(washout + u)
        steps.append(end - u)
        u = end
    counts = np.bincount(bins)
    return Schedule(
        begin=np.array(begin, np.int64),
        steps=np.array(steps, np.int64),
        group=np.array([*groups, len(begin)], np.int64),
        first_bin=np.array(first_bins, np.int64),
        washout=washout,
        bins=bins.astype(np.int64),
        share=(1 / counts[bins]).astype(np.float32),
        binned=bool(counts.max() > 1),
    )


@dataclass(frozen=True)
class Arrays:
    """A problem as arrays in natural units, and the padded lengths of time in its sums."""

    network: Network
    wiring: strips.Wiring
    schedule: Schedule
    kind: Compiled
    dense: bool
    bins: int
    steps: int


@dataclass(frozen=True)
class Batch:
    """The sums of a batch, but for those that tensors serve; time is padded and contiguous."""

    influence: Floats  # (source, target, bin)
    direct: Floats  # (connection, bin), and a row of those without a number
    sampled: Floats  # (pair, step)
    contribution: Doubles  # (level, node, output, step), not padded


def _arrays(problem: Problem, time_bins: int) -> Arrays:
    node, size, scale = problem.node, problem.size, problem.node.scale
    kind = node.compiled()
    assert kind is not None
    weights = (problem.weights[:size, :size] / scale**2).numpy()
    sources, targets = np.nonzero(weights)
    held = torch.cat([problem.held_activity[: kind.first, :size], problem.held_signals[0, :, :size]])
    numbers = problem.connection[:size, :size].numpy()
    pair = problem.sampled[:size, :size].numpy()
    return Arrays(
        network=Network(
            drives=np.ascontiguousarray((problem.drives[..., :size] / scale).numpy()).ravel(),
            parameters=tuple(np.float32(value) for value in kind.parameters),
            size=size,
            outputs=problem.readout.shape[1],
        ),
        wiring=strips.Wiring(
            begin=np.searchsorted(sources, np.arange(size + 1)),
            target=targets.astype(np.int32),
            weight=weights[sources, targets],
            number=numbers[sources, targets],
            own=np.ascontiguousarray(np.diagonal(weights)),
            held=((held - node.rest) * scale).T.numpy().ravel(),
            readout=np.ascontiguousarray((problem.readout[:size] / scale).numpy()).ravel(),
            pair=pair.astype(np.int32).ravel() if (pair >= 0).any() else np.zeros(0, np.int32),
        ),
        schedule=schedule(problem.washout, problem.bins),
        kind=kind._replace(parameters=()),
        dense=len(sources) > DENSEST * size**2,
        bins=_padded(time_bins),
        steps=_padded(len(problem.bins)) + BLOCK,
    )


def _together(level: Level) -> int:
    """Return how many walks of a level stand together in a strip."""
    return 16 if level.length <= LONGEST_TOGETHER and level.walks >= 16 else 1


def _widest(made: Arrays, length: int) -> int:
    """Return the most lanes of a strip of so many nodes."""
    return int(np.clip(STATES_IN_CACHE // (length * len(made.kind.start)) // 16 * 16, 16, WIDEST))


def _walks_at_once(made: Arrays, level: Level) -> int:
    """Return how many walks of a level are simulated at once."""
    cut = strips.strips_of(level.smallest, level.length, _widest(made, level.length))
    if _together(level) > 1:
        cut = [(level.smallest, level.prefixes, level.length)]
    lanes = sum(lanes for _, lanes, _ in cut)
    states = sum(lanes * rows for _, lanes, rows in cut)
    outputs = lanes * made.steps * made.network.outputs
    most = min(STATES_AT_ONCE // states, OUTPUTS_AT_ONCE // outputs)
    return max(_together(level), most // _together(level) * _together(level))


def _plan(made: Arrays, level: Level, walks: Walks, influence_weight: np.ndarray) -> Plan:
    """Plan a chunk of walks, and add the weights of its differences to their sums."""
    return strips.make(
        np.ascontiguousarray(walks.order, dtype=np.int32), level.smallest, _widest(made, level.length), made.wiring,
        together=_together(level), dense=made.dense and _together(level) == 1, bins=made.bins, steps=made.steps,
        weight=level.weight, influence_weight=influence_weight,
    )  # fmt: skip


def _room(made: Arrays, planned: Plan) -> Room:
    """Return room for the states of a plan, in which all nodes that are intact start."""
    sizes, copies = planned.lanes * planned.rows, np.diff(planned.copy)
    states = _aligned(int(sizes.sum() + BLOCK * sizes.max()))
    most, most_copies, widest_ = int(sizes.max()), int(copies.max()), int(planned.lanes.max())
    kind, rows = made.kind, len(made.kind.start)
    others, copied = _aligned(2 * (rows - 1) * int(sizes.sum())), _aligned(rows * len(planned.copy_target))
    if planned.held.any() or any(kind.start):
        kernels.start(planned, np.array(kind.start, np.float32), kind.held, states, others, copied)
    return Room(
        states=states,
        ring=int(sizes.sum()),
        others=others,
        received=_aligned(kind.channels * most),
        binned=_aligned(BLOCK * most if made.schedule.binned else 16),
        copies=copied,
        apart=_aligned(BLOCK * most_copies + 16),
        binned_apart=_aligned(BLOCK * most_copies + 16),
        readings=_aligned(BLOCK * made.network.outputs * widest_),
        turned=_aligned(17 * 16),
    )


class Lanes:
    """The engine of lanes in open loop, for a problem; see `engines.Engine`."""

    name, scale = "lanes", 1.0

    def __init__(self, problem: Problem, time_bins: int):
        self.problem, self.time_bins = problem, time_bins
        self.made = _arrays(problem, time_bins)
        self.batch: Batch

    def empty(self, levels: int) -> Sums:
        """Return the sums of a batch before its first walk; walks are added to those that were made last."""
        problem, made, size = self.problem, self.made, self.problem.size
        steps, outputs = len(problem.bins), made.network.outputs
        connections, pairs = (int(numbers.max()) + 1 for numbers in (problem.connection, problem.sampled))
        self.batch = batch = Batch(
            influence=_aligned(size * size * made.bins),
            direct=_aligned((connections + 1) * made.bins),
            sampled=_aligned(pairs * made.steps),
            contribution=np.zeros((levels, size * outputs * steps)),
        )
        zeros = partial(torch.zeros, dtype=torch.float64)
        return Sums(
            influence=torch.from_numpy(batch.influence).view(size, size, made.bins).permute(2, 0, 1)[: self.time_bins],
            direct=torch.from_numpy(batch.direct).view(-1, made.bins).T[: self.time_bins, :-1],
            sampled=torch.from_numpy(batch.sampled).view(-1, made.steps).T[:steps],
            influence_weight=zeros((size, size)),
            contribution=torch.from_numpy(batch.contribution).view(-1, size, outputs, steps).swapaxes(-1, -2),
            contribution_weight=zeros((levels, size)),
            score=zeros((levels, size)),
            runs=zeros(2),
        )

    def walks_at_once(self, level: Level) -> int:
        """Return how many walks of a level are simulated at once."""
        return _walks_at_once(self.made, level)

    def ends(self) -> None:
        """Return nothing: whole networks are not simulated here."""

    def add(self, total: Sums, place: int, level: Level, walks: Walks) -> None:
        """Simulate the prefixes of some walks of a level and add their differences to the sums, in place."""
        made, batch, problem = self.made, self.batch, self.problem
        channels, steps = made.network.outputs, len(problem.bins)
        planned = _plan(made, level, walks, total.influence_weight.numpy())
        outputs = _aligned(int(planned.lanes.sum()) * channels * made.steps)
        totals = Totals(batch.influence, batch.direct, batch.sampled, outputs, made.bins, made.steps)
        advance = kernels.kernel(made.kind, planned.together, len(planned.matrix) > 0)
        advance(made.network, planned, made.schedule, _room(made, planned), totals, 0, len(made.schedule.first_bin))
        kernels.add_contributions(
            planned, outputs, made.steps, level.weight, steps, channels, batch.contribution[place]
        )
        # In pieces that the cache holds: scores take several passes.
        walks_of, constants = len(walks.order), problem.constants[problem.washout :].double().numpy()
        piece = max(1, READINGS_IN_CACHE // (level.prefixes * constants.size))
        readings = np.empty((min(piece, walks_of), level.prefixes, steps, channels))
        scores = torch.empty((walks_of, level.prefixes), dtype=torch.float64)
        for begin in range(0, walks_of, piece):
            end = min(begin + piece, walks_of)
            kernels.read(planned, outputs, made.steps, constants, begin, end, readings)
            scores[begin:end] = SCORES[problem.score][0](torch.from_numpy(readings[: end - begin]), problem.truth)
        added = torch.from_numpy(np.ascontiguousarray(walks.added)).flatten()
        weight = torch.full((len(added),), level.weight, dtype=torch.float64)
        total.contribution_weight[place].index_add_(0, added, weight)
        total.score[place].index_add_(0, added, scores.diff(dim=1).flatten() * level.weight)
        prefixes = np.arange(level.smallest, level.length + 1)
        total.runs[0] += walks_of * int(((prefixes > 0) & (prefixes < problem.size)).sum())
