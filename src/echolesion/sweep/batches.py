"""The lesion sweep: simulate coalitions of intact nodes and sum what the Shapley values need.

One simulated coalition serves every target in it and the read-out: `sums` says what a walk adds to the sums.
These are kept apart by batch, and from their weights, until all parts of the sweep are merged.
"""

from collections.abc import Collection
from hashlib import sha256

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from echolesion.dynamics import coupling, reservoir
from echolesion.dynamics.nodes import NodeDynamics, run_intact
from echolesion.records import seeds
from echolesion.records.progress import bar
from echolesion.shapley.games import Game
from echolesion.shapley.walks import in_pairs, levels, sample
from echolesion.sweep import engines, simulation
from echolesion.sweep.lesion import read_out_activity
from echolesion.training.scores import SCORES

#: Pairs of nodes whose influence is kept at every step, besides that of all in bins.
SAMPLED = 1000


def run(
    network: xr.Dataset,
    trained: xr.Dataset,
    piece: xr.Dataset,
    *,
    seed: int,
    batches: Collection[int] = range(8),
    walks: int,
    time_bins: int | None = None,
    round_number: int = 0,
    estimator: str = "nested",
    lesion: str = "silence",
    refit_readout: bool = False,
    rescale: bool = False,
    device: str = "cpu",
    dtype: torch.dtype | None = None,
    node: NodeDynamics | None = None,
    engine: str = "auto",
    progress: str | None = None,
) -> xr.Dataset:
    """Sweep over lesions, in independent batches of walks.

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    trained : xarray.Dataset
        From `training.train`.
    piece : xarray.Dataset
        The split of the task to run, with its washout, from `task.split`. Lesions last for the whole run. The attribute
        ``loop`` says what is run: "open"; "closed"; or "forced", which is as "closed" but hears the true output.
    seed : int
        Seed of the study. A batch depends on it, on its own number and on `round_number`, and on nothing else.
    batches : collection of int
        Numbers of the batches.
    walks : int
        Walks of full length per batch; walks come in pairs, so that an odd number is rounded up, and the attribute
        ``walks_per_batch`` says what was run.
    time_bins : int, optional
        Number of equal bins over the scored steps, in which influence is averaged: as many as steps by default. That is
        exact for influence, and takes from its power what is faster than a bin. With fewer, sums of `SAMPLED` pairs are
        kept at every step too, so that one can tell how much.
    round_number : int
        Number of the round; further rounds of a sweep add walks to its batches, see `merge`.
    estimator : {"nested", "plain"}
        See `shapley.levels`.
    lesion : str
        Key of `lesion.LESIONS`; silence in closed loop.
    refit_readout, rescale : bool
        Whether, in closed loop, the read-out of a lesioned network is fitted again and its weights are brought back to
        the spectral radius of the intact network.
    device : str
        Any device of torch that has float64.
    dtype : torch.dtype, optional
        Type of the simulation and of the influence sums: float32 by default, and float64 in closed loop.
    node : nodes.NodeDynamics, optional
        The kind of the nodes: leaky units with the attributes of the network by default. Its `reservoir.drive` must
        have a drive for every channel of the node.
    engine : str
        Key of `choice.ENGINES`.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``influence_sum (batch, source, target, time)``, the diagonal without meaning; ``direct_sum (batch, connection,
        time)`` of the connected pairs; with fewer bins than steps ``sampled_sum (batch, sampled, step)`` of pairs that
        depend on the seed alone, ``sampled_source`` and ``sampled_target (sampled)``; the ``influence_weight (batch,
        source, target)`` of all these; ``contribution_sum (batch, level, node, step, output)``, ``contribution_weight
        (batch, level, node)`` and ``score_sum (batch, level, node)``, whose weights are those of the contribution;
        ``connection_source`` and ``connection_target (connection)``, positions of nodes; ``level_share (level)``, the
        share of all coalition sizes that a level covers; ``readout_total (step, output)`` and ``score_total``, what all
        contributions must add up to: the intact network less the empty coalition; ``lesioned_runs (batch)``, networks
        simulated but for the intact and the empty one, and ``bounded_lesioned_runs (batch)``, those of which an output
        was bounded, see `closed_loop.BOUND`. The attribute ``fingerprint`` is a hash of network, read-out, split and
        seed, which are those of all parts of a sweep.

    Raises
    ------
    ValueError
        If the device is not there, a setting is unknown, there are more time bins than scored steps, activity
        overflows (which an unbounded activation allows), or the engine does not run such networks.
    """
    scored = piece["scored"].values
    steps = int(scored.sum())
    time_bins = steps if time_bins is None else time_bins
    if not 1 <= time_bins <= steps:
        raise ValueError(f"time_bins must be between 1 and the {steps} scored steps, not {time_bins}")
    trained, walks = simulation.aligned(network, trained), in_pairs(walks)
    sampled = _sampled_pairs(network.sizes["node"], seed if time_bins < steps else None)
    problem = simulation.prepare(
        network, trained, piece, time_bins=time_bins, sampled=sampled, lesion=lesion, refit_readout=refit_readout,
        rescale=rescale, device=device, dtype=dtype, node=node,
    )  # fmt: skip
    size = problem.size
    plan = levels(size, walks, estimator)
    chosen = engines.choose(problem, time_bins, engine)
    total = len(batches) * sum(level.walks * level.prefixes * level.length for level in plan)
    summed = []
    with bar(progress, "states", total=total) as shown:
        for batch in batches:
            rng = seeds.generator(seed, "walks", batch, round_number)
            sums = chosen.empty(len(plan))
            for place, level in enumerate(plan):
                for chunk in sample(level, size, rng, chosen.walks_at_once(level)):
                    chosen.add(sums, place, level, chunk)
                    shown.update(chunk.intact.size)
            if not torch.isfinite(sums.influence.sum()):
                raise reservoir.Overflow("the activity of lesioned networks overflows: take a smaller spectral radius")
            summed.append(sums)
    if (ends := chosen.ends()) is None:
        ends = _ends(network, trained, piece, lesion, node or reservoir.unit(network))
    intact, lesioned = ends
    score, truth = SCORES[problem.score][0], problem.truth.cpu()
    sources, targets = simulation.connections(network)
    nodes, time = network["node"].values, piece["time"].values[scored]
    deviations = "standard deviations"
    variables = {
        "influence_sum": (
            ("batch", "source", "target", "time"),
            [(sums.influence[:, :size, :size] * chosen.scale).permute(1, 2, 0) for sums in summed],
            "weighted sum of differences of activity",
            "1",
        ),
        "direct_sum": (
            ("batch", "connection", "time"),
            [(sums.direct * chosen.scale).T for sums in summed],
            "weighted sum of the direct parts of those differences",
            "1",
        ),
        "sampled_sum": (
            ("batch", "sampled", "step"),
            [(sums.sampled * chosen.scale).T for sums in summed],
            "weighted sum of differences of activity, of sampled pairs",
            "1",
        ),
        "influence_weight": (
            ("batch", "source", "target"),
            [sums.influence_weight[:size, :size] for sums in summed],
            "sum of weights of the influence",
            "1",
        ),
        "contribution_sum": (
            ("batch", "level", "node", "step", "output"),
            [sums.contribution for sums in summed],
            "weighted sum of differences of the read-out",
            deviations,
        ),
        "contribution_weight": (
            ("batch", "level", "node"),
            [sums.contribution_weight for sums in summed],
            "sum of weights of the contribution",
            "1",
        ),
        "score_sum": (
            ("batch", "level", "node"),
            [sums.score for sums in summed],
            f"weighted sum of differences of {problem.score}",
            "1",
        ),
        "lesioned_runs": (("batch",), [sums.runs[0] for sums in summed], "lesioned networks simulated", "1"),
        "bounded_lesioned_runs": (
            ("batch",),
            [sums.runs[1] for sums in summed],
            "those of which an output was bounded",
            "1",
        ),
    }
    return xr.Dataset(
        {
            name: (dims, np.stack([part.cpu().numpy() for part in parts]), {"long_name": meaning, "units": unit})
            for name, (dims, parts, meaning, unit) in variables.items()
            if name != "sampled_sum" or len(sampled[0])
        }
        | {
            f"sampled_{end}": ("sampled", places, {"long_name": f"{end} of the sampled pair", "units": "1"})
            for end, places in zip(("source", "target"), sampled, strict=True)
            if len(places)
        }
        | {
            "connection_source": ("connection", sources, {"long_name": "source of the connection", "units": "1"}),
            "connection_target": ("connection", targets, {"long_name": "target of the connection", "units": "1"}),
            "readout_total": (
                ("step", "output"),
                (intact - lesioned).numpy(),
                {"long_name": "read-out of the intact network less that of the empty coalition", "units": deviations},
            ),
            "score_total": (
                (),
                float(score(intact, truth) - score(lesioned, truth)),
                {"long_name": f"{problem.score} of the same, and of the latter", "units": "1"},
            ),
            "level_share": (
                "level",
                [(level.prefixes - 1) / size for level in plan],
                {"long_name": "share of coalition sizes covered by the level", "units": "1"},
            ),
        },
        coords={
            "batch": list(batches),
            "source": nodes,
            "target": nodes,
            "node": nodes,
            "output": trained["output"].values,
            "time": [time[problem.bins == b].mean() for b in range(time_bins)],
            "step": time,
        },
        attrs={
            "score": problem.score,
            "estimator": estimator,
            "lesion": lesion,
            "loop": piece.attrs["loop"],
            "refit_readout": int(refit_readout),
            "rescale": int(rescale),
            "engine": chosen.name,
            "round": round_number,
            "walks_per_batch": walks,
            "fingerprint": _fingerprint(network, trained, piece, seed),
        },
    )


def game(
    network: xr.Dataset,
    trained: xr.Dataset,
    piece: xr.Dataset,
    *,
    series: bool = False,
    lesion: str = "silence",
    refit_readout: bool = False,
    rescale: bool = False,
    device: str = "cpu",
    dtype: torch.dtype | None = None,
    node: NodeDynamics | None = None,
) -> Game:
    """Return the contribution game of a network, for the estimators of `shapley` or of others.

    Parameters
    ----------
    network, trained, piece, lesion, refit_readout, rescale, device, dtype, node
        As for `run`.
    series : bool
        Whether the value of a coalition is its read-out, shape (step, output), instead of its score.

    Returns
    -------
    callable
        Of boolean coalitions, shape (C, node), True for intact nodes; returns values, shape (C,) or (C, step, output).

    Raises
    ------
    ValueError
        If the device is not there or a setting is unknown.
    """
    problem = simulation.prepare(
        network, trained, piece, lesion=lesion, refit_readout=refit_readout, rescale=rescale, device=device,
        dtype=dtype, node=node,
    )  # fmt: skip
    chunk = simulation.rows_at_once(problem, problem.size)

    def values(coalitions: np.ndarray) -> Tensor:
        outputs = simulation.outputs(problem, coalitions)
        return outputs if series else SCORES[problem.score][0](outputs, problem.truth)

    def play(coalitions: np.ndarray) -> np.ndarray:
        chunks = (coalitions[start : start + chunk] for start in range(0, len(coalitions), chunk))
        return torch.cat([values(part) for part in chunks]).cpu().numpy()

    return play


def _sampled_pairs(size: int, seed: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return sources and targets of `SAMPLED` pairs of different nodes, of all if there are no more; none without seed.

    They are those of every batch, round and regime of a study.
    """
    sources, targets = np.nonzero(~np.eye(size, dtype=bool))
    if seed is None:
        chosen = np.array([], dtype=int)
    elif len(sources) <= SAMPLED:
        chosen = np.arange(len(sources))
    else:
        chosen = np.sort(seeds.generator(seed, "sampled pairs").choice(len(sources), SAMPLED, replace=False))
    return sources[chosen], targets[chosen]


def _fingerprint(network: xr.Dataset, trained: xr.Dataset, piece: xr.Dataset, seed: int) -> str:
    """Return a hash of what a sweep runs on, by which its parts know each other."""
    taken = (
        (network, ("weights", "input_weights", "delays", "node"), ("leak", "bias", "activation")),
        (trained, ("readout", "constant"), ("ridge",)),
        (piece, ("input", "truth", "scored", "fitted", "feeds"), ("output",)),
    )
    total = sha256(str(seed).encode())
    for dataset, names, attributes in taken:
        for name in (name for name in names if name in dataset.variables):
            values = dataset[name].values
            total.update(f"{name} {dataset[name].dims} {values.dtype.kind} {values.shape}".encode())
            total.update(values.tobytes() if values.dtype.kind in "biuf" else str(values.tolist()).encode())
        total.update(repr([dataset.attrs.get(name) for name in attributes]).encode())
    return total.hexdigest()[:16]


def _ends(
    network: xr.Dataset, trained: xr.Dataset, piece: xr.Dataset, lesion: str, node: NodeDynamics
) -> tuple[Tensor, Tensor]:
    """Return the outputs of the intact network and of nothing in open loop, shape (step, output)."""
    weights = network["weights"].transpose("source", "target").values
    drives, scored = reservoir.drive(network, piece["input"]), piece["scored"].values
    activity = run_intact(node, weights, coupling.delays(network), drives)[1]
    intact, nothing = (
        _read_out(of_all, trained)[scored] for of_all in (activity, read_out_activity(network, piece, lesion, node))
    )
    return intact, nothing


def _read_out(states: np.ndarray, trained: xr.Dataset) -> Tensor:
    readout = trained["readout"].transpose("node", "output").values
    return torch.from_numpy(states @ readout + trained["constant"].values)
