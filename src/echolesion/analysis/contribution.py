"""Contribution: the Shapley value of every node in the games "read-out at time t" and "score of the test split".

By chance a node is added more often in one level of walks than in another, and marginal contributions differ between
small and large coalitions. So each level's sums are divided by the level's own weights, then the levels are averaged by
their share of the coalition sizes. What all contributions must add up to is known, so what is missing is shared
equally among the nodes of every batch: an unbiased correction that makes the contributions exactly efficient.
"""

import numpy as np
import xarray as xr

from echolesion.shapley import statistics
from echolesion.sweep.parts import SETTINGS, merge


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
