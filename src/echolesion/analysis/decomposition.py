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

The power of an influence is its variance over time, its magnitude the root of that. Mean squares, which contain what is
constant in time, stand beside variances. Measures of power are free of the estimator's noise, see `shapley.power`:

correlation with a measure of structure X
    cov(X, P) / sqrt(var(X) A) over pairs, P the power and A the variance of the true power. Influence exactly
    proportional to the weights has a correlation of 1 with ``W^2`` and of less than 1 with ``|W|``: that of ``|W|``
    with ``W^2``, which is given as ``ceiling``.
share
    sums of P over pairs, or of the power of parts, over the sum of P

Numerators and denominators are unbiased; their ratios are not quite, where there are few walks. Where a denominator is
not larger than 0 by more than its error, a ratio could be anything: it is not known, NaN with NaN for its ends. Raw
measures, whose names say so, contain the noise: that of the estimated magnitudes, of their ranks, and of shares. They
say what a study of that many walks would have found.

Standard errors and intervals are a jackknife over the batches of walks: they cover the error of the estimator on this
network, not the variety of networks. They are too wide rather than too narrow, see docs/benchmarks.md. Estimates and
ends beyond what is possible are set to the bound.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from echolesion.analysis.influence import GROUPS, MEANINGS
from echolesion.connectome.graph import off_diagonal
from echolesion.shapley import power, statistics

#: What powers are called in the names of measures, by `power.KINDS`.
PREFIXES = {"variance": "power", "mean_square": "mean_square"}
#: The same in words.
_OF = {"variance": "power", "mean_square": "mean square"}

_CORRELATIONS = {
    f"{PREFIXES[kind]}_{weight}_correlation_{pairs}": (
        f"Pearson correlation of {_OF[kind]} with {symbol}, {pairs} pairs"
    )
    for kind in power.KINDS
    for weight, symbol in (("weight", "|W|"), ("squared_weight", "W^2"))
    for pairs in GROUPS
}
_SHARES = {
    f"{PREFIXES[kind]}_{share}": meaning.format(_OF[kind])
    for kind in power.KINDS
    for share, meaning in (
        ("structural_indirect_share", "share of the {0} of influence on unconnected pairs"),
        ("mediated_direct_share", "{0} of the direct parts over that of influence"),
        ("mediated_indirect_share", "{0} of the indirect parts over that of influence"),
        ("reliability", "reliability of the {0}, all pairs"),
    )
}
_RAW = {
    "raw_magnitude_pearson_all": "Pearson correlation of estimated magnitude with |W|, all pairs, noise included",
    "raw_magnitude_pearson_connected": "the same, connected pairs",
    "raw_rank_spearman_all": "Spearman correlation of estimated magnitude with |W|, all pairs, noise included",
    "raw_rank_spearman_connected": "the same, connected pairs",
    "raw_structural_indirect_share": "share of the estimated power on unconnected pairs, noise included",
    "raw_mediated_direct_share": "estimated power of the direct parts over that of influence, noise included",
    "raw_mediated_indirect_share": "estimated power of the indirect parts over that of influence, noise included",
}
#: Measures of `decompose` and what they say.
MEASURES = {
    **_CORRELATIONS,
    **_SHARES,
    "constant_share": "share of what is constant in time in the mean square of influence",
    "noise_share": "share of the estimator's noise in the estimated power of influence",
    **_RAW,
}
#: Measures of `edge_cut`.
EDGE_CUT_MEASURES = {
    "power_edge_cut_direct_share": "power of what influence loses when its connection is cut over that of influence",
    "raw_edge_cut_direct_share": "the same of estimated power, noise included",
}


def bounds(measure: str) -> tuple[float, float]:
    """Return between which values a measure can lie.

    Parameters
    ----------
    measure : str
        Key of `MEASURES` or `EDGE_CUT_MEASURES`.
    """
    if "_correlation_" in measure or "_pearson_" in measure or "_spearman_" in measure:
        return -1.0, 1.0
    if measure == "noise_share":
        return -np.inf, 1.0
    parts_of_a_whole = ("structural_indirect_share", "reliability", "constant_share")
    return 0.0, 1.0 if measure.endswith(parts_of_a_whole) else np.inf


def correlations(structure: np.ndarray, powers: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Correlate powers with measures of structure over pairs, free of noise.

    Parameters
    ----------
    structure : numpy.ndarray, shape (measures, pairs)
        What the powers are correlated with.
    powers : numpy.ndarray, shape (1 + B, pairs)
        From `power.powers`.
    spread : numpy.ndarray, shape (1 + B,)
        Variance of the true power over the same pairs, from `power.spread`.

    Returns
    -------
    numpy.ndarray, shape (1 + B, measures)
        NaN where it is not known whether the power differs between pairs, or where a measure does not.
    """
    result = np.full((len(powers), len(structure)), np.nan)
    if structure.size and statistics.above_zero(spread):
        centred = structure - structure.mean(axis=1, keepdims=True)
        # A mean of equal values may differ from them by rounding.
        varies = np.ptp(structure, axis=1) > 1e-12 * np.abs(structure).max(axis=1)
        covariance = powers @ centred[varies].T / structure.shape[1]
        result[:, varies] = covariance / np.sqrt((centred[varies] ** 2).mean(axis=1) * spread[:, None])
    return result


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks along the last axis, of which Pearson's correlation is Spearman's."""
    from scipy import stats  # whose import takes as long as that of all else here, and the report ranks nothing

    return np.asarray(stats.rankdata(values, axis=-1))


def pearson(structure: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Correlate values with measures over pairs as they are, noise included.

    Parameters
    ----------
    structure : numpy.ndarray, shape (measures, pairs)
        What the values are correlated with.
    values : numpy.ndarray, shape (..., pairs)
        Such as magnitudes or their `ranks`.

    Returns
    -------
    numpy.ndarray, shape (..., measures)
        NaN where either does not vary.
    """

    def standardised(series: np.ndarray) -> np.ndarray:
        centred = series - series.mean(axis=-1, keepdims=True)
        norm = np.linalg.norm(centred, axis=-1, keepdims=True)
        varied = norm > 1e-12 * np.linalg.norm(series, axis=-1, keepdims=True)
        return np.where(varied, centred / np.where(varied, norm, 1), np.nan)

    return np.asarray(np.tensordot(standardised(values), standardised(structure), axes=(-1, -1)))


def measure(weights: xr.DataArray, influence: xr.Dataset) -> np.ndarray:
    """Compare influence with the weights.

    Parameters
    ----------
    weights : xarray.DataArray
        Reservoir weights, dims ``(source, target)``.
    influence : xarray.Dataset
        From `influence.estimate`.

    Returns
    -------
    numpy.ndarray, shape (1 + B, len(MEASURES))
        Of all batches, and of all but each; NaN where a measure is not known, or not defined, as are correlations with
        weights that are all equal.
    """
    weight = np.abs(by_pairs(weights))
    groups = {"all": np.ones(len(weight), dtype=bool), "connected": weight > 0}
    values = {}
    for kind, prefix in PREFIXES.items():
        powers = {part: by_pairs(influence[f"{part}_power"].sel(kind=kind), "left_out") for part in MEANINGS}
        whole = powers["influence"].sum(axis=1)
        for name, pairs in groups.items():
            spread = influence["power_spread"].sel(kind=kind, pairs=name, different_batches=4).values
            structure = np.stack([weight, weight**2])[:, pairs]
            for key, column in zip(
                ("weight", "squared_weight"),
                correlations(structure, powers["influence"][:, pairs], spread).T,
                strict=True,
            ):
                values[f"{prefix}_{key}_correlation_{name}"] = column
        values[f"{prefix}_structural_indirect_share"] = power.shares(
            powers["influence"][:, ~groups["connected"]].sum(axis=1), whole
        )
        for part in ("direct", "indirect"):
            values[f"{prefix}_mediated_{part}_share"] = power.shares(powers[part].sum(axis=1), whole)
        values[f"{prefix}_reliability"] = power.reliabilities(
            influence["power_spread"].sel(kind=kind, pairs="all").transpose("different_batches", "left_out").values
        )
        values[kind] = whole
    values["constant_share"] = power.shares(values["mean_square"] - values["variance"], values["mean_square"])
    raw = {part: by_pairs(influence[f"{part}_raw_power"], "left_out") for part in MEANINGS}
    whole = raw["influence"].sum(axis=1)
    nothing = whole <= 0
    whole[nothing] = np.nan
    values["noise_share"] = 1 - values["variance"] / whole
    values["raw_structural_indirect_share"] = raw["influence"][:, ~groups["connected"]].sum(axis=1) / whole
    for part in ("direct", "indirect"):
        values[f"raw_mediated_{part}_share"] = raw[part].sum(axis=1) / whole
    magnitude = np.sqrt(raw["influence"])
    for name, pairs in groups.items():
        own, chosen = weight[pairs][None], magnitude[:, pairs]
        values[f"raw_magnitude_pearson_{name}"] = pearson(own, chosen)[:, 0]
        values[f"raw_rank_spearman_{name}"] = pearson(ranks(own), ranks(chosen))[:, 0]
    return np.stack([values[name] for name in MEASURES], axis=1)


def ceiling(weights: xr.DataArray) -> float:
    """Return the correlation of ``|W|`` with ``W^2`` over all pairs: that of influence proportional to the weights.

    Parameters
    ----------
    weights : xarray.DataArray
        Dims ``(source, target)``.
    """
    weight = np.abs(by_pairs(weights))
    return float(pearson(weight[None] ** 2, weight)[0])


def by_pairs(values: xr.DataArray, *first: str) -> np.ndarray:
    """Return the values of all pairs of different nodes in double precision, in the order of sources, then targets.

    Parameters
    ----------
    values : xarray.DataArray
        With the dims ``source`` and ``target``.
    *first : str
        Other dims, which come first.

    Returns
    -------
    numpy.ndarray, shape (..., pairs)
    """
    ordered = values.transpose(*first, "source", "target")
    return ordered.values[..., off_diagonal(values.sizes["source"])].astype(float)


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
        ``estimate``, ``se``, ``low`` and ``high (regime, measure)``, 95 % intervals, and whether the measure is
        ``known``; NaN where not. Regimes are those given, then the differences "a - b" of every two, which are known if
        both are. ``chance (regime)`` is the share of pairs without a connection, ``ceiling (regime)`` the correlation
        of ``|W|`` with ``W^2``.
    """
    values = {regime: measure(weights[regime], result) for regime, result in influence.items()}
    of_wiring = {
        regime: (float(np.mean(by_pairs(weights[regime]) == 0)), ceiling(weights[regime])) for regime in influence
    }
    names = list(influence)
    differences = [(first, second) for i, first in enumerate(names) for second in names[i + 1 :]]
    for first, second in differences:
        values[f"{first} - {second}"] = values[first] - values[second]
        (chance, most), (other_chance, other_most) = of_wiring[first], of_wiring[second]
        of_wiring[f"{first} - {second}"] = chance - other_chance, most - other_most
    chances, ceilings = zip(*of_wiring.values(), strict=True)
    parts = [
        _with_intervals(of_regime, MEASURES, difference=regime not in names).expand_dims(regime=[regime])
        for regime, of_regime in values.items()
    ]
    return xr.concat(parts, "regime").assign(
        chance=("regime", list(chances), {"long_name": "share of unconnected pairs", "units": "1"}),
        ceiling=("regime", list(ceilings), {"long_name": "correlation of |W| with W^2, all pairs", "units": "1"}),
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
        ``estimate``, ``se``, ``low``, ``high`` and ``known (measure)``; 95 % intervals.

    Raises
    ------
    ValueError
        If the lesions of the influence are not those of the edge cut, or batches or time bins differ.
    """
    if influence.attrs["lesion"] not in ("silence", "outgoing"):
        raise ValueError(f"the edge cut is defined for silent nodes, not for the lesion '{influence.attrs['lesion']}'")
    if any(not np.array_equal(cut[dim], influence[dim]) for dim in ("left_out", "time")):
        raise ValueError("edge cut and influence differ in their batches or time bins")

    def total(powers: xr.DataArray) -> np.ndarray:
        return by_pairs(powers, "left_out").sum(axis=1)

    raw = total(influence["influence_raw_power"])
    columns = [
        power.shares(total(cut["edge_cut_power"]), total(influence["influence_power"].sel(kind="variance"))),
        total(cut["edge_cut_raw_power"]) / np.where(raw > 0, raw, np.nan),
    ]
    return _with_intervals(np.stack(columns, axis=1), EDGE_CUT_MEASURES)


def _with_intervals(values: np.ndarray, measures: Mapping[str, str], *, difference: bool = False) -> xr.Dataset:
    """Return measures, of shape (1 + B, measure), with their jackknife standard errors and 95 % intervals."""
    low, high = np.array([bounds(measure) for measure in measures]).T
    if difference:
        low, high = low - high, high - low
    estimate, error, *ends = statistics.jackknife(values, (low, high))
    meanings = {
        "estimate": (estimate, "estimate"),
        "se": (error, "standard error"),
        "low": (ends[0], "lower end of the 95 % interval"),
        "high": (ends[1], "upper end of the 95 % interval"),
    }
    return xr.Dataset(
        {
            name: ("measure", column, {"long_name": meaning, "units": "1"})
            for name, (column, meaning) in meanings.items()
        }
        | {"known": ("measure", np.isfinite(estimate), {"long_name": "whether it is known"})},
        coords={"measure": list(measures), "meaning": ("measure", list(measures.values()))},
    )
