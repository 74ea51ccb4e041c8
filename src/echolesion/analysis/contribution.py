"""Contribution: the Shapley value of every node in the games "read-out at time t" and "score of the test split".

By chance a node is added more often in one level of walks than in another, and marginal contributions differ between
small and large coalitions. So each level's sums are divided by the level's own weights, then the levels are averaged by
their share of the coalition sizes. What all contributions must add up to is known, so what is missing is shared
equally among the nodes of every batch: an unbiased correction that makes the contributions exactly efficient.
"""

from collections.abc import Collection

import numpy as np
import xarray as xr

from echolesion.records import seeds
from echolesion.records.progress import bar
from echolesion.shapley import games, statistics
from echolesion.shapley.walks import in_pairs
from echolesion.sweep.batches import SETTINGS, game, merge


def estimate(*parts: xr.Dataset) -> xr.Dataset:
    """Estimate the contribution of every node to the read-out and to the score.

    Parameters
    ----------
    *parts : xarray.Dataset
        All parts of a sweep, from `sweep.run`; they may be opened lazily.

    Returns
    -------
    xarray.Dataset
        ``contribution`` and ``contribution_se (node, time, output)``; ``score_contribution`` and
        ``score_contribution_se (node)``, in units of the score named by the attribute ``score``: for an error, a
        negative contribution helps.

    Raises
    ------
    ValueError
        If there are fewer than 8 batches, or so few walks that a node was not sampled.
    """
    merged = merge(
        [
            part.drop_vars(["influence_sum", "direct_sum", "sampled_sum", "influence_weight"], errors="ignore")
            for part in parts
        ]
    )
    weights, share = merged["contribution_weight"].values, merged["level_share"].values
    # The pseudo-values of a sum of ratios are the sums of theirs.
    readout, score = (
        np.einsum("l,bl...->b...", share, statistics.pseudo_values(sums, weights.reshape(weights.shape + extra)))
        for sums, extra in ((merged["contribution_sum"].values, (1, 1)), (merged["score_sum"].values, ()))
    )
    for values, total in ((readout, merged["readout_total"].values), (score, merged["score_total"].values)):
        values += ((total - values.sum(axis=1)) / values.shape[1])[:, None]
    series = ("node", "time", "output")
    deviations, name = "standard deviations", merged.attrs["score"]
    return xr.Dataset(
        {
            "contribution": (
                series,
                readout.mean(axis=0),
                {"long_name": "contribution to the read-out", "units": deviations},
            ),
            "contribution_se": (
                series,
                statistics.standard_error(readout),
                {"long_name": "standard error", "units": deviations},
            ),
            "score_contribution": (
                "node",
                score.mean(axis=0),
                {"long_name": f"contribution to {name}", "units": "1"},
            ),
            "score_contribution_se": (
                "node",
                statistics.standard_error(score),
                {"long_name": "standard error", "units": "1"},
            ),
        },
        coords={
            "node": merged["node"],
            "time": ("time", merged["step"].values, {"long_name": "time", "units": "step"}),
            "output": merged["output"],
        },
        attrs={name: merged.attrs[name] for name in (*SETTINGS, "walks_per_batch")} | {"batches": len(readout)},
    )


def interactions(
    network: xr.Dataset,
    trained: xr.Dataset,
    piece: xr.Dataset,
    *,
    seed: int,
    batches: Collection[int] = range(8),
    walks: int,
    lesion: str = "silence",
    refit_readout: bool = False,
    rescale: bool = False,
    device: str = "cpu",
    progress: str | None = None,
) -> xr.Dataset:
    """Estimate the Shapley interaction of every two nodes in the game "score of the test split".

    Parameters
    ----------
    network, trained, piece, lesion, refit_readout, rescale, device
        As for `sweep.run`.
    seed : int
        Seed of the study.
    batches : collection of int
        Numbers of the independent batches of walks, at least 8.
    walks : int
        Walks per batch, rounded up to pairs of walks; a pair of nodes gets 2 / N samples from each, see
        `shapley.interactions`.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``interaction`` and ``interaction_se (node, other_node)``, symmetric, NaN on the diagonal, in units of the score
        named by the attribute ``score``: what the two add to it together beyond what each adds without the other. Two
        nodes that can stand in for each other have, of an error, a positive one.

    Raises
    ------
    ValueError
        If a setting is unknown, there are fewer than two nodes or 8 batches, or so few walks that a pair was not
        sampled.
    """
    size = network.sizes["node"]
    played = game(network, trained, piece, lesion=lesion, refit_readout=refit_readout, rescale=rescale, device=device)
    sums, weights = zip(
        *(
            games.interactions(played, size, walks, seeds.generator(seed, "interactions", batch))
            for batch in bar(progress, "batch", batches)
        ),
        strict=True,
    )
    pairs = np.triu_indices(size, 1)
    pseudo = statistics.pseudo_values(np.stack(sums)[:, *pairs], np.stack(weights)[:, *pairs])
    maps = np.full((2, size, size), np.nan)
    maps[0][pairs], maps[1][pairs] = pseudo.mean(axis=0), statistics.standard_error(pseudo)
    maps = np.where(np.isnan(maps), maps.swapaxes(1, 2), maps)
    name, dims = trained.attrs["task_score"], ("node", "other_node")
    meaning = f"interaction of two nodes in {name}"
    return xr.Dataset(
        {
            "interaction": (dims, maps[0], {"long_name": meaning, "units": "1"}),
            "interaction_se": (dims, maps[1], {"long_name": f"standard error of the {meaning}", "units": "1"}),
        },
        coords={"node": network["node"].values, "other_node": network["node"].values},
        attrs={"score": name, "lesion": lesion, "walks_per_batch": in_pairs(walks), "batches": len(pseudo)},
    )
