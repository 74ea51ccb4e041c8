"""Decomposition: how much of the influence rides on connections.

The structural definition: influence on pairs of nodes with a connection from source to target, against influence on
pairs without. The magnitude of influence is its standard deviation over time, power is the variance. The share of power
on unconnected pairs stands beside its chance level, the share of pairs that are unconnected.

Every measure is given as estimated and with the estimator's noise taken out: correlations are divided by the square
root of the magnitudes' reliability (Spearman 1904), shares are taken of the noise-free power. Standard errors and
intervals are a jackknife over the batches of walks: they cover the error of the estimator on this network, not the
variety of networks.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy import stats

from echolesion import statistics
from echolesion.influence import off_diagonal

#: Measures of `structural_split` and what they say.
MEASURES = {
    "pearson_all": "Pearson correlation of magnitude with |W|, all pairs",
    "pearson_connected": "Pearson correlation of magnitude with |W|, connected pairs",
    "spearman_all": "Spearman correlation of magnitude with |W|, all pairs",
    "spearman_connected": "Spearman correlation of magnitude with |W|, connected pairs",
    "pearson_all_corrected": "the same as pearson_all, corrected for attenuation",
    "pearson_connected_corrected": "the same as pearson_connected, corrected for attenuation",
    "spearman_all_corrected": "the same as spearman_all, corrected for attenuation",
    "spearman_connected_corrected": "the same as spearman_connected, corrected for attenuation",
    "indirect_share": "share of influence power on unconnected pairs",
    "indirect_share_noise_free": "share of noise-free influence power on unconnected pairs",
    "reliability": "split-half reliability of the magnitudes, all pairs",
}


def measure(weight: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Compare the influence of some batches with the weights.

    Parameters
    ----------
    weight : numpy.ndarray, shape (pairs,)
        Magnitude of the weight of every pair of nodes, 0 without a connection.
    covariance : numpy.ndarray, shape (B, B, pairs)
        From `statistics.batch_covariance`.

    Returns
    -------
    numpy.ndarray, shape (len(MEASURES),)
        NaN where a measure is not defined: correlations with weights that are all equal, corrections of magnitudes
        that are not reliable at all.
    """
    connected = weight > 0
    groups = {"all": np.ones_like(connected), "connected": connected}
    power = statistics.power(covariance)
    noise_free = statistics.power(covariance, noise_free=True)
    values = {
        "indirect_share": power[~connected].sum() / power.sum(),
        "indirect_share_noise_free": noise_free[~connected].sum() / noise_free.sum(),
    }
    for group, pairs in groups.items():
        reliability = statistics.split_half_reliability(covariance[:, :, pairs])
        if group == "all":
            values["reliability"] = reliability
        varied = np.ptp(weight[pairs]) > 0
        for name, correlation in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
            r = correlation(weight[pairs], np.sqrt(power[pairs])).statistic if varied else np.nan
            values[f"{name}_{group}"] = r
            values[f"{name}_{group}_corrected"] = r / np.sqrt(reliability) if reliability > 0 else np.nan
    return np.array([values[name] for name in MEASURES])


def structural_split(weights: Mapping[str, xr.DataArray], influence: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Split the influence of every regime by structure, and compare the regimes.

    Parameters
    ----------
    weights : mapping of str to xarray.DataArray
        Reservoir weights by regime, dims ``(source, target)``.
    influence : mapping of str to xarray.Dataset
        From `influence.estimate`, by regime. Equal batches of all regimes must have the same walks (as those of
        a study do): differences between regimes are then paired.

    Returns
    -------
    xarray.Dataset
        ``estimate``, ``se``, ``low`` and ``high (regime, measure)``; 95 % intervals. Regimes are those given, then the
        differences "a - b" of every two. ``chance (regime)`` is the share of pairs without a connection.
    """
    estimates, replicates, chance = {}, {}, {}
    for regime, result in influence.items():
        matrix = weights[regime].transpose("source", "target").values
        pairs = off_diagonal(len(matrix))
        magnitude = np.abs(matrix[pairs])
        order = ("batch", "other_batch", "source", "target")
        covariance = result["batch_covariance"].transpose(*order).values[:, :, pairs]
        estimates[regime] = measure(magnitude, covariance)
        batches = np.arange(len(covariance))
        replicates[regime] = np.stack(
            [measure(magnitude, covariance[np.ix_(*[np.delete(batches, b)] * 2)]) for b in batches]
        )
        chance[regime] = np.mean(magnitude == 0)
    names = list(influence)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            difference = f"{first} - {second}"
            estimates[difference] = estimates[first] - estimates[second]
            replicates[difference] = replicates[first] - replicates[second]
            chance[difference] = chance[first] - chance[second]
    value = np.stack(list(estimates.values()))
    error, low, high = statistics.jackknife_interval(value, np.stack(list(replicates.values()), axis=1))
    dims = ("regime", "measure")
    return xr.Dataset(
        {
            "estimate": (dims, value, {"long_name": "estimate", "units": "1"}),
            "se": (dims, error, {"long_name": "standard error", "units": "1"}),
            "low": (dims, low, {"long_name": "lower end of the 95 % interval", "units": "1"}),
            "high": (dims, high, {"long_name": "upper end of the 95 % interval", "units": "1"}),
            "chance": (
                "regime",
                list(chance.values()),
                {"long_name": "share of unconnected pairs", "units": "1"},
            ),
        },
        coords={
            "regime": list(estimates),
            "measure": list(MEASURES),
            "meaning": ("measure", list(MEASURES.values())),
        },
    )
