"""Edge cut: how much of an influence a connection carries, by cutting it.

A third definition of direct influence, beside the structural and the mediated one: the influence of i on j less that
in the network without the connection i -> j. Other than the mediated part, it contains what reaches j by the connection
and comes back to it through others. A lesioned i is silent and does not feel the cut, so of every pair (S, S + i) only
the larger coalition changes, and the difference of the two Shapley values is

    mean over sizes m = 2 .. N of E[h_j(t; T, W) - h_j(t; T, W without i -> j)],  T of m nodes, i and j among them.

Every walk starts with i and j and adds the other nodes in random order; every one of its coalitions is simulated with
and without the connection. That is 2 (N - 1) networks of N nodes for every connection and walk: for small networks.
"""

from collections.abc import Collection, Iterator

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from echolesion.dynamics import coupling, nodes, reservoir
from echolesion.records import seeds
from echolesion.records.progress import bar
from echolesion.shapley import power, statistics
from echolesion.sweep.simulation import STATES_AT_ONCE


def estimate(
    network: xr.Dataset,
    piece: xr.Dataset,
    *,
    seed: int,
    batches: Collection[int] = range(8),
    walks: int,
    time_bins: int | None = None,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    node: nodes.NodeDynamics | None = None,
    progress: str | None = None,
) -> xr.Dataset:
    """Estimate the part of every influence that is lost when its connection is cut; lesioned nodes are silent.

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    piece : xarray.Dataset
        The split of the task to run, with its washout, from `task.split`.
    seed : int
        Seed of the study.
    batches : collection of int
        Numbers of the independent batches of walks, at least 8.
    walks : int
        Walks per batch and connection.
    time_bins : int, optional
        Number of equal bins over the scored steps, as many as these by default.
    device : str
        Any device of torch.
    dtype : torch.dtype
        Type of the simulation.
    node : nodes.NodeDynamics, optional
        As for `sweep.run`.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``edge_cut`` and its standard error ``edge_cut_se (source, target, time)``, 0 without a connection, NaN on the
        diagonal; ``edge_cut_power`` and ``edge_cut_raw_power (left_out, source, target)``, its variance over time
        without and with that of the noise, from all batches (``left_out`` is -1) and with each left out.

    Raises
    ------
    ValueError
        If the loop is closed, there are too few batches, no walks, no connections, or more time bins than scored steps.
    """
    if piece.attrs["loop"] != "open":
        raise ValueError("edge cuts are for open loops")
    scored = piece["scored"].values
    steps = int(scored.sum())
    time_bins = steps if time_bins is None else time_bins
    if not 1 <= time_bins <= steps:
        raise ValueError(f"time_bins must be between 1 and the {steps} scored steps, not {time_bins}")
    if len(batches) < statistics.FEWEST_BATCHES or walks < 1:
        raise ValueError(f"need at least {statistics.FEWEST_BATCHES} batches of at least one walk")
    matrix = network["weights"].transpose("source", "target").values
    sources, targets = np.nonzero(matrix * ~np.eye(len(matrix), dtype=bool))
    if not len(sources):
        raise ValueError("the network has no connections to cut")
    bins = np.arange(steps) * time_bins // steps
    shares = torch.from_numpy(np.eye(time_bins)[bins] / np.bincount(bins)).to(device, dtype)  # (step, bin)
    weights, delays = torch.from_numpy(matrix).to(device, dtype), coupling.delays(network)
    delays = torch.ones(weights.shape, dtype=torch.int64) if delays is None else delays
    delays = delays.to(device)
    drives = reservoir.drive(network, piece["input"]).to(device, dtype)
    size, node = len(matrix), node or reservoir.unit(network)
    chunk = max(1, STATES_AT_ONCE["cpu" if device == "cpu" else "other"] // (2 * (size - 1) * size))
    means = np.zeros((len(batches), len(sources), time_bins))
    with bar(progress, "connection", total=means[..., 0].size * walks) as shown:
        for mean, batch in zip(means, batches, strict=True):
            rng = seeds.generator(seed, "cuts", batch)
            pairs = np.repeat(np.arange(len(sources)), walks)
            for start in range(0, len(pairs), chunk):
                of = pairs[start : start + chunk]
                ends = torch.from_numpy(np.stack([sources[of], targets[of]])).to(device)
                lost = _lost(node, weights, delays, drives, ends, _coalitions(size, ends, rng))
                series = torch.stack(list(lost)[int(np.argmax(scored)) :], dim=1) @ shares
                np.add.at(mean, of, series.double().cpu().numpy() / walks)
                shown.update(len(of))
    dense = np.zeros((len(batches), size, size, time_bins))
    dense[:, sources, targets] = means
    dense[:, np.arange(size), np.arange(size)] = np.nan
    powers = np.stack([power.powers(power.products(dense[:, source])[0]) for source in range(size)], axis=1)
    nodes, time = network["node"].values, piece["time"].values[scored]
    meaning, maps = "influence that is lost when the connection is cut", ("source", "target")
    return xr.Dataset(
        {
            "edge_cut": ((*maps, "time"), dense.mean(axis=0), {"long_name": meaning, "units": "1"}),
            "edge_cut_se": (
                (*maps, "time"),
                statistics.standard_error(dense),
                {"long_name": f"standard error of the {meaning}", "units": "1"},
            ),
            "edge_cut_power": (
                ("left_out", *maps),
                powers,
                {"long_name": f"variance over time, without that of the noise, of the {meaning}", "units": "1"},
            ),
            "edge_cut_raw_power": (
                ("left_out", *maps),
                power.raw_powers(dense),
                {"long_name": f"variance over time of the estimated {meaning}", "units": "1"},
            ),
        },
        coords={
            "source": nodes,
            "target": nodes,
            "left_out": [-1, *batches],
            "time": [time[bins == b].mean() for b in range(time_bins)],
        },
        attrs={"walks_per_batch": walks, "batches": len(batches)},
    )


def _coalitions(size: int, ends: Tensor, rng: np.random.Generator) -> Tensor:
    """Return nested coalitions of 2 .. N nodes around pairs of nodes, bool, shape (pairs, N - 1, N)."""
    place = rng.random((ends.shape[1], size))
    np.put_along_axis(place, ends.T.cpu().numpy(), -1.0, axis=1)
    ranks = torch.from_numpy(place.argsort(axis=1).argsort(axis=1)).to(ends.device)
    return ranks[:, None] < torch.arange(2, size + 1, device=ends.device)[:, None]


def _lost(
    node: nodes.NodeDynamics, weights: Tensor, delays: Tensor, drives: Tensor, ends: Tensor, intact: Tensor
) -> Iterator[Tensor]:
    """Yield what the targets lose by the cut, step by step, averaged over the sizes of coalitions, shape (pairs,)."""
    (count, coalitions, size), (source, target) = intact.shape, ends
    both = intact.repeat(2, 1, 1).view(-1, size)  # with the connection, then without
    without = count * coalitions
    rows = torch.arange(without, 2 * without, device=ends.device)
    source, target = (end.repeat_interleave(coalitions) for end in (source, target))
    carried, delay, longest = weights[source, target], delays[source, target], int(delays.max())
    each = torch.arange(len(carried), device=ends.device)
    driven = weights.new_empty((node.channels, *both.shape))
    silent, sent = torch.zeros_like(weights[0, 0]), weights.new_empty((node.signals, *both.shape))
    of_sources = weights.new_empty((longest, node.signals, len(each)))  # a ring of the last steps

    def lesion(signals: Tensor, step: int) -> Tensor:
        torch.where(both, signals, silent, out=sent)
        now = sent[:, rows, source]
        of_sources[step % longest if step else slice(None)] = now
        return sent

    def corrected() -> Iterator[Tensor]:
        for t, drive in enumerate(drives):
            driven.copy_(drive[:, None].expand_as(driven))
            driven[: node.signals, rows, target] -= carried * of_sources[(t + 1 - delay) % longest, :, each].T
            yield driven

    parts = coupling.by_delay(weights, delays if longest > 1 else None)
    start = nodes.at_start(node, both.shape, weights.dtype, weights.device)
    for moment in nodes.trajectory(node, parts, corrected(), start, lesion=lesion):
        watched = node.watch(moment.state)
        lost = watched[:without].gather(1, target[:, None]) - watched[without:].gather(1, target[:, None])
        yield lost.view(count, coalitions).mean(dim=1)
