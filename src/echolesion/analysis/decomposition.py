"""Decomposition: how much of the influence rides on connections.

Three definitions, named in every measure and never mixed:

structural
    Influence on pairs of nodes without a connection from source to target is indirect, on pairs with one direct. The
    indirect share of power stands beside its chance level, the share of pairs that are unconnected.
mediated
    Influence on every pair is the sum of a direct part, which rides on the connection, and an indirect one, which
    travels through other nodes (see `sweep`). Their powers need not add up to that of the whole, as the parts may
    correlate.
edge cut
    The direct part is what is lost when the connection is cut, with all that would have come of it (see `edge_cut`).

The magnitude of influence is its standard deviation over time, power is the variance.

Every measure is given as estimated and with the estimator's noise taken out: shares are taken of the noise-free power,
correlations are divided by the square root of the magnitudes' reliability (Spearman 1904), or are those of noise-free
magnitudes. The correction supposes that noise is as strong on every pair. Where it is not, its pattern is as
reproducible as that of influence, so that reliable magnitudes may be noise: compare with the noise-free ones. Standard
errors and intervals are a jackknife over the batches of walks: they cover the error of the estimator on this network,
not the variety of networks.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from echolesion.analysis.influence import MEANINGS
from echolesion.connectome.graph import off_diagonal
from echolesion.shapley import statistics

#: Measures of `decompose` and what they say.
MEASURES = {
    "pearson_all": "Pearson correlation of magnitude with |W|, all pairs",
    "pearson_connected": "Pearson correlation of magnitude with |W|, connected pairs",
    "spearman_all": "Spearman correlation of magnitude with |W|, all pairs",
    "spearman_connected": "Spearman correlation of magnitude with |W|, connected pairs",
    "pearson_all_corrected": "the same as pearson_all, corrected for attenuation",
    "pearson_connected_corrected": "the same as pearson_connected, corrected for attenuation",
    "spearman_all_corrected": "the same as spearman_all, corrected for attenuation",
    "spearman_connected_corrected": "the same as spearman_connected, corrected for attenuation",
    "pearson_all_noise_free": "the same as pearson_all, of noise-free magnitude",
    "pearson_connected_noise_free": "the same as pearson_connected, of noise-free magnitude",
    "spearman_all_noise_free": "the same as spearman_all, of noise-free magnitude",
    "spearman_connected_noise_free": "the same as spearman_connected, of noise-free magnitude",
    "structural_indirect_share": "share of influence power on unconnected pairs",
    "structural_indirect_share_noise_free": "the same of noise-free power",
    "mediated_direct_share": "power of the direct parts over that of influence",
    "mediated_direct_share_noise_free": "the same of noise-free power",
    "mediated_indirect_share": "power of the indirect parts over that of influence",
    "mediated_indirect_share_noise_free": "the same of noise-free power",
    "reliability": "split-half reliability of the magnitudes, all pairs",
    "reliability_noise_free": "the same of noise-free magnitude",
    "noise_share": "share of the estimator's noise in influence power",
}
#: Measures of `edge_cut`.
EDGE_CUT_MEASURES = {
    "edge_cut_direct_share": "power of what influence loses when its connection is cut over that of influence",
    "edge_cut_direct_share_noise_free": "the same of noise-free power",
}


#: Correlations by name.
CORRELATIONS: dict[str, Callable[..., Any]] = {"pearson": stats.pearsonr, "spearman": stats.spearmanr}


def correlation(name: str, first: np.ndarray, second: np.ndarray) -> float:
    """Return one of `CORRELATIONS` of two series; NaN if one of them is constant.

    Parameters
    ----------
    name : str
        Key of `CORRELATIONS`.
    first, second : numpy.ndarray, shape (pairs,)
        What is correlated.
    """
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    return float(CORRELATIONS[name](first, second).statistic)


def share(part: float, whole: float) -> float:
    """Return a share; NaN of nothing."""
    return part / whole if whole else np.nan


def magnitudes(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the magnitudes of influence, shape (pairs,), as estimated and noise-free.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (B, B, pairs)
        From `statistics.batch_covariance`.

    Returns
    -------
    tuple of numpy.ndarray, shape (pairs,)
        Roots of power, see `statistics.root`.
    """
    raw, free = (statistics.root(statistics.power(covariance, noise_free=noise_free)) for noise_free in (False, True))
    return raw, free


def measure(weight: np.ndarray, covariances: Mapping[str, np.ndarray]) -> np.ndarray:
    """Compare the influence of some batches with the weights.

    Parameters
    ----------
    weight : numpy.ndarray, shape (pairs,)
        Magnitude of the weight of every pair of nodes, 0 without a connection.
    covariances : mapping of str to numpy.ndarray, shape (B, B, pairs)
        Covariances of the batches for ``influence``, ``direct`` and ``indirect``, see `statistics.batch_covariance`.

    Returns
    -------
    numpy.ndarray, shape (len(MEASURES),)
        NaN where a measure is not defined: correlations with weights that are all equal, corrections of magnitudes
        that are not reliable at all.
    """
    connected = weight > 0
    groups = {"all": np.ones_like(connected), "connected": connected}
    values = {}
    for suffix, noise_free in (("", False), ("_noise_free", True)):
        power = {part: statistics.power(c, noise_free=noise_free) for part, c in covariances.items()}
        whole = power["influence"].sum()
        values[f"structural_indirect_share{suffix}"] = share(power["influence"][~connected].sum(), whole)
        for part in ("direct", "indirect"):
            values[f"mediated_{part}_share{suffix}"] = share(power[part].sum(), whole)
    covariance = covariances["influence"]
    magnitude, free = magnitudes(covariance)
    values["noise_share"] = 1 - share(whole, statistics.power(covariance).sum())
    for group, pairs in groups.items():
        reliability = statistics.split_half_reliability(covariance[:, :, pairs])
        if group == "all":
            values["reliability"] = reliability
            values["reliability_noise_free"] = statistics.split_half_reliability(covariance, noise_free=True)
        for name in CORRELATIONS:
            r = correlation(name, weight[pairs], magnitude[pairs])
            values[f"{name}_{group}"] = r
            values[f"{name}_{group}_corrected"] = r / np.sqrt(reliability) if reliability > 0 else np.nan
            values[f"{name}_{group}_noise_free"] = correlation(name, weight[pairs], free[pairs])
    return np.array([values[name] for name in MEASURES])


def by_pairs(weights: xr.DataArray, influence: xr.Dataset) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return what `measure` takes of a network and its influence, pairs in the order of sources, then targets."""
    matrix = weights.transpose("source", "target").values
    pairs = off_diagonal(len(matrix))
    return np.abs(matrix[pairs]), {part: _by_pairs(influence[f"{part}_covariance"], pairs) for part in MEANINGS}


def decompose(weights: Mapping[str, xr.DataArray], influence: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Decompose the influence of every regime by both definitions, and compare the regimes.

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
        magnitude, covariances = by_pairs(weights[regime], result)
        estimates[regime] = measure(magnitude, covariances)
        replicates[regime] = np.stack(
            [
                measure(magnitude, {part: statistics.leave_out(c, b) for part, c in covariances.items()})
                for b in range(result.sizes["batch"])
            ]
        )
        chance[regime] = np.mean(magnitude == 0)
    names = list(influence)
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            difference = f"{first} - {second}"
            estimates[difference] = estimates[first] - estimates[second]
            replicates[difference] = replicates[first] - replicates[second]
            chance[difference] = chance[first] - chance[second]
    value, replicate = np.stack(list(estimates.values())), np.stack(list(replicates.values()), axis=1)
    return (
        _with_intervals(value, replicate, ("regime", "measure"), MEASURES)
        .assign(chance=("regime", list(chance.values()), {"long_name": "share of unconnected pairs", "units": "1"}))
        .assign_coords(regime=list(estimates))
    )


def edge_cut(cut: xr.Dataset, influence: xr.Dataset) -> xr.Dataset:
    """Compare the power of what influence loses by cuts with that of influence.

    Parameters
    ----------
    cut : xarray.Dataset
        From `edge_cut.estimate`.
    influence : xarray.Dataset
        From `influence.estimate`, with as many batches and the same time bins.

    Returns
    -------
    xarray.Dataset
        ``estimate``, ``se``, ``low`` and ``high (measure)``; 95 % intervals.

    Raises
    ------
    ValueError
        If the lesions of the influence are not those of the edge cut, or batches or time bins differ.
    """
    if influence.attrs["lesion"] not in ("silence", "outgoing"):
        raise ValueError(f"the edge cut is defined for silent nodes, not for the lesion '{influence.attrs['lesion']}'")
    if any(not cut[dim].equals(influence[dim]) for dim in ("batch", "time")):
        raise ValueError("edge cut and influence differ in their batches or time bins")
    pairs = off_diagonal(cut.sizes["source"])
    lost = _by_pairs(cut["edge_cut_covariance"], pairs)
    whole = _by_pairs(influence["influence_covariance"], pairs)

    def shares(lost: np.ndarray, whole: np.ndarray) -> np.ndarray:
        powers = (
            [statistics.power(part, noise_free=noise_free).sum() for part in (lost, whole)]
            for noise_free in (False, True)
        )
        return np.array([share(part, total) for part, total in powers])

    value = shares(lost, whole)
    replicates = [shares(statistics.leave_out(lost, b), statistics.leave_out(whole, b)) for b in range(len(lost))]
    return _with_intervals(value, np.stack(replicates), ("measure",), EDGE_CUT_MEASURES)


def _with_intervals(
    value: np.ndarray, replicates: np.ndarray, dims: tuple[str, ...], measures: Mapping[str, str]
) -> xr.Dataset:
    """Return measures, the last dimension, with their jackknife standard errors and 95 % intervals."""
    error, low, high = statistics.jackknife_interval(value, replicates)
    meanings = {
        "estimate": (value, "estimate"),
        "se": (error, "standard error"),
        "low": (low, "lower end of the 95 % interval"),
        "high": (high, "upper end of the 95 % interval"),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": meaning, "units": "1"}) for name, (values, meaning) in meanings.items()},
        coords={"measure": list(measures), "meaning": ("measure", list(measures.values()))},
    )


def _by_pairs(covariance: xr.DataArray, pairs: np.ndarray) -> np.ndarray:
    ordered = covariance.transpose("batch", "other_batch", "source", "target")
    return ordered.values[:, :, pairs].astype(float)
