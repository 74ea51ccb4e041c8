"""Influence: the Shapley value of every source in the game "activity of the target at time t"."""

import numpy as np
import xarray as xr

from echolesion import statistics

#: Split-half reliability below which a map of influence should not be interpreted.
RELIABLE = 0.9


def off_diagonal(size: int) -> np.ndarray:
    """Return the mask of all ordered pairs of different nodes, shape (N, N)."""
    return ~np.eye(size, dtype=bool)


def estimate(sweep: xr.Dataset) -> xr.Dataset:
    """Estimate the influence of every node on every other, with its uncertainty.

    Parameters
    ----------
    sweep : xarray.Dataset
        All batches of a sweep, from `sweep.run`, merged along ``batch``.

    Returns
    -------
    xarray.Dataset
        ``influence`` and ``influence_se (source, target, time)``; ``power`` (variance over time), ``power_se`` and
        ``power_noise_free (source, target)``; ``batch_covariance (batch, other_batch, source, target)``, from which
        `decomposition` derives intervals; the split-half ``reliability`` of the magnitudes. The diagonal is NaN: a
        node's influence on itself is not defined.

    Raises
    ------
    ValueError
        If there are fewer than 8 batches, or so few walks that a pair was not sampled.
    """
    sweep = sweep.transpose("batch", "source", "target", "time", ...)
    pairs = off_diagonal(sweep.sizes["source"])
    weights = np.where(pairs, sweep["influence_weight"].values, 1.0)[..., None]
    pseudo = statistics.pseudo_values(sweep["influence_sum"].values, weights)
    pseudo[:, ~pairs] = np.nan
    covariance = statistics.batch_covariance(pseudo)
    count = len(pseudo)
    power = statistics.power(covariance)
    replicates = np.stack([statistics.power(_without(covariance, b)) for b in range(count)])
    power_se, _, _ = statistics.jackknife_interval(power, replicates)
    maps = ("source", "target")
    result = xr.Dataset(
        {
            "influence": (
                (*maps, "time"),
                pseudo.mean(axis=0),
                {"long_name": "influence of source on target"},
            ),
            "influence_se": (
                (*maps, "time"),
                statistics.standard_error(pseudo),
                {"long_name": "standard error"},
            ),
            "power": (maps, power, {"long_name": "variance of the influence over time"}),
            "power_se": (maps, power_se, {"long_name": "standard error of the power"}),
            "power_noise_free": (
                maps,
                statistics.power(covariance, noise_free=True),
                {"long_name": "power without that of the estimator's noise (unbiased, may be negative)"},
            ),
            "batch_covariance": (
                ("batch", "other_batch", *maps),
                covariance,
                {"long_name": "covariance over time of the influence from two batches of walks"},
            ),
            "reliability": (
                (),
                statistics.split_half_reliability(covariance[:, :, pairs]),
                {"long_name": "split-half reliability of the magnitude of influence"},
            ),
        },
        coords={
            "source": sweep["source"],
            "target": sweep["target"],
            "time": ("time", sweep["time"].values, {"long_name": "time", "units": "step"}),
            "batch": sweep["batch"],
        },
        attrs=sweep.attrs | {"batches": count},
    )
    for name in result.data_vars:
        result[name].attrs["units"] = "1"
    return result


def _without(covariance: np.ndarray, batch: int) -> np.ndarray:
    kept = np.delete(np.arange(len(covariance)), batch)
    return covariance[np.ix_(kept, kept)]
