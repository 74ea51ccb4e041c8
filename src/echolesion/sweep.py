"""The lesion sweep: simulate coalitions of intact nodes and sum what the Shapley values need.

One simulated coalition serves every target in it and the read-out. Of a walk's coalitions only the sub-network of the
walk's nodes is simulated: the others are lesioned in all of them. A pair of consecutive prefixes (S, S + i) is one
sample of the influence of i on every j in S, weighted by 1 / (walks in the level * size of S), and one sample of the
contribution of i, weighted by 1 / (walks in the level). Sums and weights stay apart until all batches are merged.

The mediated split takes each such sample apart. A copy of target j runs with every other node's activity held at its
S-trajectory, except that it also receives W_ij times the activity of i from the S + i trajectory. What that changes in
j is the direct part; the rest of the difference came through other nodes. The pre-activations of S are at hand, so the
copies of all j cost elementwise work only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from tqdm import tqdm

from echolesion import reservoir, shapley
from echolesion.training import SCORES

#: Node states simulated side by side: large enough for fast matrix products, small enough for the cache.
STATES_AT_ONCE = {"cpu": 2**18, "other": 2**25}
#: Read-out values kept at once, for the scores of whole series.
OUTPUTS_AT_ONCE = 2**24


@dataclass(frozen=True)
class _Sums:
    """Running sums of one batch; shapes as in `run`, but influence and direct are (time, source, target)."""

    influence: Tensor
    direct: Tensor
    influence_weight: Tensor
    contribution: Tensor
    contribution_weight: Tensor
    score: Tensor


@dataclass(frozen=True)
class _Problem:
    """A reservoir and its read-out as tensors on the device."""

    weights: Tensor
    drives: Tensor
    readout: Tensor
    constant: Tensor
    truth: Tensor
    leak: float
    activation: str
    score: str
    washout: int
    bins: np.ndarray


def run(
    network: xr.Dataset,
    trained: xr.Dataset,
    piece: xr.Dataset,
    rngs: Mapping[int, np.random.Generator],
    *,
    walks: int,
    time_bins: int,
    estimator: str = "nested",
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    progress: str | None = None,
) -> xr.Dataset:
    """Sweep over lesions, one independent batch of walks per generator.

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    trained : xarray.Dataset
        From `training.train`; the read-out stays as it is in lesioned networks.
    piece : xarray.Dataset
        The split of the task to run, with its washout, from `task.split`. Lesions last for the whole run.
    rngs : mapping of int to numpy.random.Generator
        Index of a batch and its source of walks. A batch depends on nothing else.
    walks : int
        Walks of full length per batch.
    time_bins : int
        Number of equal bins over the scored steps, in which influence is averaged.
    estimator : {"nested", "plain"}
        See `shapley.levels`.
    device : str
        Any device of torch that has float64.
    dtype : torch.dtype
        Type of the simulation and of the influence sums.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``influence_sum`` and ``direct_sum (batch, source, target, time)`` and their ``influence_weight (batch, source,
        target)``, the diagonal without meaning; ``contribution_sum (batch, level, node, step, output)``,
        ``contribution_weight (batch, level, node)`` and ``score_sum (batch, level, node)``, whose weights are those of
        the contribution; ``level_share (level)``, the share of all coalition sizes that a level covers;
        ``readout_total (step, output)`` and ``score_total``, what all contributions must add up to: the intact network
        less the empty coalition.

    Raises
    ------
    ValueError
        If the device is not there, there are more time bins than scored steps, or activity overflows (which an
        unbounded activation allows).
    """
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        raise ValueError(f"the device '{device}' is not there ({str(error).splitlines()[0]})") from error
    scored = piece["scored"].values
    steps = int(scored.sum())
    if not 1 <= time_bins <= steps:
        raise ValueError(f"time_bins must be between 1 and the {steps} scored steps, not {time_bins}")

    def tensor(values: Tensor) -> Tensor:
        return values.to(torch.device(device), dtype)

    problem = _Problem(
        weights=tensor(torch.from_numpy(network["weights"].transpose("source", "target").values)),
        drives=tensor(reservoir.drive(network, piece["input"])),
        readout=tensor(torch.from_numpy(trained["readout"].transpose("node", "output").values)),
        constant=tensor(torch.from_numpy(trained["constant"].values)),
        truth=torch.from_numpy(piece["truth"].transpose("time", "output").values[scored]).to(device),
        leak=network.attrs["leak"],
        activation=network.attrs["activation"],
        score=trained.attrs["task_score"],
        washout=int(np.argmax(scored)),
        bins=np.arange(steps) * time_bins // steps,
    )
    size = len(problem.weights)
    plan = shapley.levels(size, walks, estimator)
    total = len(rngs) * sum(level.walks * level.prefixes * level.length for level in plan)
    batches = []
    with tqdm(
        total=total, desc=progress, disable=progress is None, mininterval=2, delay=2, unit_scale=True, unit="states"
    ) as bar:
        for rng in rngs.values():
            sums = _empty(problem, time_bins, len(plan))
            for place, level in enumerate(plan):
                for chunk in shapley.sample(level, size, rng, _chunk(problem, level)):
                    _add(sums, problem, place, level, chunk)
                    bar.update(chunk.intact.size)
            if not torch.isfinite(sums.influence).all():
                raise ValueError("the activity of lesioned networks overflows: take a smaller spectral radius")
            batches.append(sums)
    intact = torch.from_numpy(reservoir.simulate(network, piece["input"]).values[scored])
    intact = intact @ problem.readout.double().cpu() + problem.constant.double().cpu()
    empty = problem.constant.double().cpu().expand_as(intact)
    score, truth = SCORES[problem.score][0], problem.truth.cpu()
    nodes = network["node"].values
    time = piece["time"].values[scored]
    result = xr.Dataset(
        {
            "influence_sum": (
                ("batch", "source", "target", "time"),
                np.stack([sums.influence.permute(1, 2, 0).cpu().numpy() for sums in batches]),
                {"long_name": "weighted sum of differences of activity", "units": "1"},
            ),
            "direct_sum": (
                ("batch", "source", "target", "time"),
                np.stack([sums.direct.permute(1, 2, 0).cpu().numpy() for sums in batches]),
                {"long_name": "weighted sum of the direct parts of those differences", "units": "1"},
            ),
            "influence_weight": (
                ("batch", "source", "target"),
                np.stack([sums.influence_weight.cpu().numpy() for sums in batches]),
                {"long_name": "sum of weights of the influence", "units": "1"},
            ),
            "contribution_sum": (
                ("batch", "level", "node", "step", "output"),
                np.stack([sums.contribution.cpu().numpy() for sums in batches]),
                {"long_name": "weighted sum of differences of the read-out", "units": "standard deviations"},
            ),
            "contribution_weight": (
                ("batch", "level", "node"),
                np.stack([sums.contribution_weight.cpu().numpy() for sums in batches]),
                {"long_name": "sum of weights of the contribution", "units": "1"},
            ),
            "score_sum": (
                ("batch", "level", "node"),
                np.stack([sums.score.cpu().numpy() for sums in batches]),
                {"long_name": f"weighted sum of differences of {problem.score}", "units": "1"},
            ),
            "readout_total": (
                ("step", "output"),
                (intact - empty).numpy(),
                {"long_name": "read-out less its constant, intact network", "units": "standard deviations"},
            ),
            "score_total": (
                (),
                float(score(intact, truth) - score(empty, truth)),
                {
                    "long_name": f"{problem.score} of the intact network less that of the constant",
                    "units": "1",
                },
            ),
            "level_share": (
                "level",
                [(level.prefixes - 1) / size for level in plan],
                {"long_name": "share of coalition sizes covered by the level", "units": "1"},
            ),
        },
        coords={
            "batch": list(rngs),
            "source": nodes,
            "target": nodes,
            "node": nodes,
            "output": trained["output"].values,
            "time": [time[problem.bins == b].mean() for b in range(time_bins)],
            "step": time,
        },
        attrs={"score": problem.score, "walks_per_batch": walks, "estimator": estimator},
    )
    # Exactly 0 without a connection, and so of a sparse network next to nothing once compressed.
    result["direct_sum"].encoding = {"zlib": True, "complevel": 1}
    return result


def merge(shards: Sequence[xr.Dataset]) -> xr.Dataset:
    """Merge the shards of a sweep.

    Parameters
    ----------
    shards : sequence of xarray.Dataset
        From `run`, with different batches, in any order.

    Returns
    -------
    xarray.Dataset
        All batches, in order: the same whatever the number of shards.

    Raises
    ------
    ValueError
        If a batch stands in two shards, or the shards are not of the same sweep.
    """
    for name in ("score", "walks_per_batch", "estimator"):
        if len({shard.attrs[name] for shard in shards}) > 1:
            raise ValueError(f"the shards of a sweep differ in {name}")
    batched = [name for name in shards[0].data_vars if "batch" in shards[0][name].dims]
    merged = xr.concat(
        shards,
        "batch",
        data_vars=batched,
        coords="minimal",
        compat="identical",
        join="exact",
        combine_attrs="drop_conflicts",
    )
    if merged["batch"].to_index().has_duplicates:
        raise ValueError("a batch of walks stands in more than one shard")
    # Sorting copies all of it, which shards in order can do without.
    return merged if merged["batch"].to_index().is_monotonic_increasing else merged.sortby("batch")


def _empty(problem: _Problem, time_bins: int, levels: int) -> _Sums:
    size, (steps, outputs) = len(problem.weights), problem.truth.shape
    device = problem.weights.device
    zeros = partial(torch.zeros, device=device, dtype=torch.float64)
    return _Sums(
        influence=torch.zeros((time_bins, size, size), device=device, dtype=problem.weights.dtype),
        direct=torch.zeros((time_bins, size, size), device=device, dtype=problem.weights.dtype),
        influence_weight=zeros((size, size)),
        contribution=zeros((levels, size, steps, outputs)),
        contribution_weight=zeros((levels, size)),
        score=zeros((levels, size)),
    )


def _chunk(problem: _Problem, level: shapley.Level) -> int:
    """Return how many walks of a level are simulated at once."""
    states = STATES_AT_ONCE["cpu" if problem.weights.device.type == "cpu" else "other"] // (
        level.prefixes * level.length
    )
    outputs = OUTPUTS_AT_ONCE // (level.prefixes * problem.truth.numel())
    return max(1, min(states, outputs))


def _add(sums: _Sums, problem: _Problem, place: int, level: shapley.Level, walks: shapley.Walks) -> None:
    """Simulate the prefixes of some walks and add their differences to the sums, in place."""
    device, dtype, size = problem.weights.device, problem.weights.dtype, len(problem.weights)
    nodes, added = torch.from_numpy(walks.nodes).to(device), torch.from_numpy(walks.added).to(device)
    intact = torch.from_numpy(walks.intact).to(device, dtype)
    coalition_size = torch.from_numpy(walks.sizes).to(device, dtype)
    # An empty coalition has no target in it: the difference of its one node is on the diagonal, without meaning.
    weight = (1 / (level.walks * coalition_size.clamp_min(1)))[:, None]
    pair = (added[:, :, None] * size + nodes[:, None, :]).flatten()
    sums.influence_weight.view(-1).scatter_add_(0, pair, (intact[:, :-1] * weight).double().flatten())
    sums.contribution_weight[place].index_add_(0, added.flatten(), _full(added, 1 / level.walks))

    if level.length == size:
        weights, readout, drives = problem.weights, problem.readout, iter(problem.drives)
    else:
        weights, readout = problem.weights[nodes[:, :, None], nodes[:, None, :]], problem.readout[nodes]
        drives = (driven[nodes][:, None, :] for driven in problem.drives)
    smaller, larger = slice(None, -1), slice(1, None)  # S and S + i, along the prefixes
    start = torch.zeros_like(intact)
    copies, scratch, driving = (torch.zeros_like(intact[:, smaller]) for _ in range(3))
    place_of_added = torch.searchsorted(nodes, added.contiguous())[:, :, None]
    sent_weight = problem.weights[added[:, :, None], nodes[:, None, :]]
    sent = torch.zeros_like(place_of_added, dtype=dtype)  # activity of i in S + i, one step ago

    outputs = torch.empty((*intact.shape[:2], *problem.truth.shape), device=device, dtype=torch.float64)
    binned, binned_copies = torch.zeros_like(intact), torch.zeros_like(copies)
    steps = reservoir.trajectory(weights, drives, problem.leak, problem.activation, start, intact)
    for step, (state, preactivation) in enumerate(steps, -problem.washout):
        torch.addcmul(preactivation[:, smaller], sent, sent_weight, out=driving)
        reservoir.update(copies, driving, problem.leak, problem.activation, scratch)
        copies *= intact[:, smaller]
        sent = state[:, larger].gather(2, place_of_added)
        if step < 0:
            continue
        outputs[:, :, step] = state @ readout + problem.constant
        binned += state
        binned_copies += copies
        bin_ = problem.bins[step]
        if step + 1 == len(problem.bins) or problem.bins[step + 1] != bin_:
            share = weight / int(np.count_nonzero(problem.bins == bin_))
            for total, changed in ((sums.influence, binned[:, larger]), (sums.direct, binned_copies)):
                difference = (changed - binned[:, smaller]) * share
                total[bin_].view(-1).scatter_add_(0, pair, difference.flatten())
            binned.zero_()
            binned_copies.zero_()

    scores = SCORES[problem.score][0](outputs, problem.truth)
    sums.contribution[place].index_add_(0, added.flatten(), outputs.diff(dim=1).flatten(0, 1) / level.walks)
    sums.score[place].index_add_(0, added.flatten(), scores.diff(dim=1).flatten() / level.walks)


def _full(like: Tensor, value: float) -> Tensor:
    return torch.full((like.numel(),), value, device=like.device, dtype=torch.float64)
