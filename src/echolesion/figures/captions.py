"""What the figures show, in words: captions whose every number is computed.

Each finding takes ``results`` as its figure does, see `drawing`. Intervals are 95 % intervals.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import xarray as xr

from echolesion.analysis import cautions
from echolesion.connectome.graph import describe
from echolesion.figures.of_study import STRONGEST, strongest_pairs
from echolesion.figures.style import UNKNOWN, Results
from echolesion.shapley import power, statistics
from echolesion.training.scores import SCORES


def caption(name: str, results: Results) -> str:
    """Return the caption of a figure: what it finds, then what it shows.

    Parameters
    ----------
    name : str
        Key of `drawing.FIGURES`.
    results : mapping
        What the figure was drawn from.

    Returns
    -------
    str
        Plain text, a paragraph each.
    """
    finding, shown = CAPTIONS[name]
    return f"{finding(results)}\n\n{shown}\n"


def _estimate(table: xr.Dataset, **where: str) -> str:
    """Return an estimate with its interval."""
    value = table.sel(where)
    low, middle, high = (float(value[key]) for key in ("low", "estimate", "high"))
    return UNKNOWN if np.isnan(middle) else f"{middle:.3f} [{low:.3f}, {high:.3f}]"


def _between(value: float, low: float, high: float) -> str:
    """Write a mean over graphs with its interval, which a single graph does not have."""
    return f"{value:.2f}" + ("" if np.isnan(low) else f" [{low:.2f}, {high:.2f}]")


def _spread(value: float, by: float, places: int) -> str:
    """Write a number with its error."""
    return UNKNOWN if np.isnan(value) else f"{value:.{places}f} ± {by:.{places}f}"


def _list(parts: Iterator[str] | list[str]) -> str:
    """Join parts of a sentence."""
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def _differences(split: xr.Dataset, measure: str, where: str = "") -> str:
    """Say how, and perhaps where, two regimes differ, for every two that the decomposition compares."""
    sentences = []
    for both in map(str, split["regime"].values):
        first, dash, second = both.partition(" - ")
        value = split.sel(regime=both, measure=measure)
        if dash and np.isnan(value["estimate"]):
            sentences.append(f" How the regimes {first} and {second} differ{where} is {UNKNOWN}.")
        elif dash:
            by = _estimate(split, regime=both, measure=measure)
            between = (
                "lies above" if value["low"] > 0 else "lies below" if value["high"] < 0 else "is not told apart from"
            )
            sentences.append(f" The regime {first} {between} {second}{where}: {by} between them.")
    return "".join(sentences)


def _of_connectome(results: Results) -> str:
    (dataset,) = results["connectome"].values()
    about = describe(dataset["weight"])
    parts = about["strong_components"]
    whole = "every node reaches every other" if parts == 1 else f"it falls into {parts} strongly connected components"
    return (
        f"{about['nodes']} nodes and {about['connections']} connections, a density of {about['density']:.3f};"
        f" {100 * float(about['reciprocity']):.0f} % of the connections have one in the other direction, and {whole}."
    )


def _of_tuning(results: Results) -> str:
    (tuned,) = results["tuning"].values()
    score, best = tuned["score"], {str(key): tuned.attrs[f"best_{key}"] for key in tuned["score"].dims}
    kept = int(tuned["forgets"].sum())
    edges = [key for key in best if score.sizes[key] > 1 and best[key] in (score[key][0], score[key][-1])]
    text = (
        f"{kept} of {score.size} points of the grid forget their start; the best of these, "
        + _list([f"{key.replace('_', ' ')} {value:g}" for key, value in best.items()])
        + f", has a {score.attrs['long_name']} of {float(score.sel(best)):.3g}."
    )
    if edges:
        lie = "lies" if len(edges) == 1 else "lie"
        text += f" Its {_list([key.replace('_', ' ') for key in edges])} {lie} at the edge of the grid."
    return text


def _of_prediction(results: Results) -> str:
    parts = []
    for regime, trained in results["training"].items():
        score = trained.sel(split="test", measure=trained.attrs["task_score"])
        parts.append(f"{float(score['score']):.3g} ± {float(score['score_se']):.1g} in {regime}")
    text = f"The {trained.attrs['task_score']} of the test split (± standard error) is {_list(parts)}."
    if trained.attrs["task_score"] == "nrmse":
        text += " An error of 1 is that of a constant output."
    return text


def _of_contribution(results: Results) -> str:
    sentences = []
    for regime, estimate in results["contribution"].items():
        name = estimate.attrs["score"]
        values, errors = estimate["score_contribution"].values, estimate["score_contribution_se"].values
        sign = 1 if SCORES[name][1] else -1
        helpful = np.argsort(-sign * values)[:3]
        labels = estimate["node"].values
        chosen = [f"{labels[k]} ({values[k]:.2g} ± {errors[k]:.1g})" for k in helpful]
        beyond = cautions.distinct(values, errors, estimate.attrs["batches"])
        sentences.append(
            f"In {regime}, {beyond} of {len(values)} nodes contribute to"
            f" the {name} by more than the estimator's error; most helpful are {_list(chosen)}."
        )
    return " ".join(sentences)


def _of_influence(results: Results) -> str:
    sentences = []
    for regime, estimate in results["influence"].items():
        nodes = estimate["source"].values
        free = estimate["power_noise_free"].transpose("source", "target").values
        if not np.nansum(free) > 0:
            sentences.append(f"In {regime}, no influence is seen beyond the estimator's noise.")
            continue
        i, j = np.unravel_index(np.nanargmax(free), free.shape)
        magnitude = float(np.sqrt(free[i, j]))
        error = float(estimate["power_se"].transpose("source", "target")[i, j]) / (2 * magnitude)
        most = [
            f"node {who} {does} {share}"
            for does, over in (("exerts", "target"), ("feels", "source"))
            for who, share in [_largest_share(estimate, over)]
        ]
        reliability = float(estimate["power_reliability"])
        reliable = UNKNOWN if np.isnan(reliability) else f"{reliability:.3f}"
        sentences.append(
            f"In {regime}, the strongest influence is that of node {nodes[i]} on node {nodes[j]}, with a standard"
            f" deviation over time of {magnitude:.2g} ± {error:.1g} (s.e.). Of all influence power, {_list(most)}. The"
            f" reliability of the power is {reliable}."
        )
    return " ".join(sentences)


def _largest_share(estimate: xr.Dataset, over: str) -> tuple[str, str]:
    """Return the node with the largest part of the noise-free influence power, and that part with its interval."""
    other = "source" if over == "target" else "target"
    powers = (
        estimate["influence_power"].sel(kind="variance").astype(float).sum(over).transpose("left_out", other).values
    )
    first = int(np.argmax(powers[0]))
    share, _, low, high = statistics.jackknife(power.shares(powers[:, first], powers.sum(axis=1)), (0, 1))
    known = UNKNOWN if np.isnan(share) else f"{100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return str(estimate[other].values[first]), known


def _of_influence_against_weight(results: Results) -> str:
    (split,) = results["decomposition"].values()
    measure, sentences = "power_weight_correlation_all", []
    for regime in results["influence"]:
        value = split.sel(regime=regime, measure=measure)
        if np.isnan(value["estimate"]):
            sentences.append(f"In {regime}, how influence goes with the weights is {UNKNOWN}.")
            continue
        goes = "goes with" if value["low"] > 0 else "goes against" if value["high"] < 0 else "is not seen to go with"
        sentences.append(
            f"In {regime}, influence {goes} the weights: over all pairs its power correlates with |weight| at"
            f" {_estimate(split, regime=regime, measure=measure)} (of influence exactly proportional to the weights:"
            f" {float(split['ceiling'].sel(regime=regime)):.3f}), with the squared weight at"
            f" {_estimate(split, regime=regime, measure='power_squared_weight_correlation_all')}, and over connected"
            f" pairs with |weight| at {_estimate(split, regime=regime, measure='power_weight_correlation_connected')}"
            " (Pearson, free of the estimator's noise)."
        )
    return " ".join(sentences) + _differences(split, measure)


def _of_topology(results: Results) -> str:
    (compared,) = results["topology"].values()
    sentences = []
    for regime in map(str, compared["regime"].values):
        value = compared.sel(regime=regime, correlation="power")
        if value["estimate"].isnull().all():
            sentences.append(f"In {regime}, how influence goes with any measure of structure is {UNKNOWN}.")
            continue
        best = str(value["measure"].values[int(np.nanargmax(value["estimate"].values))])
        of_best = value.sel(measure=best)
        kinds = [
            f"{null} ones {float(of_best['null_mean'].sel(null=null)):.2f} ±"
            f" {float(of_best['null_sd'].sel(null=null)):.2f} (p = {float(of_best['p_two_sided'].sel(null=null)):.2g})"
            for null in map(str, value["null"].values)
            if of_best["p_two_sided"].sel(null=null).notnull()
        ]
        best_name = best.replace("_", " ")
        beside = "" if best == "weight" else f", and |weight| at {_estimate(value, measure='weight')}"
        sentences.append(
            f"In {regime}, {best_name} goes with the power of influence best, at"
            f" {_estimate(value, measure=best)} (Pearson){beside}; {best_name} of {compared.attrs['surrogates']}"
            f" surrogates of either kind (mean ± s.d.): {_list(kinds or [UNKNOWN])}."
        )
    return " ".join(sentences)


def _of_noise_curve(results: Results) -> str:
    sentences = []
    for regime, curve in results["noise_curve"].items():
        value = curve.sel(measure="raw_magnitude_pearson_all")
        free = curve.sel(measure="power_weight_correlation_all")
        fewest = value.isel(walks=0)
        sentences.append(
            f"In {regime}, the correlation of estimated magnitudes with |weight| in sweeps of {int(fewest['walks'])}"
            f" walks is {_spread(float(fewest['mean']), float(fewest['sd']), 2)} (s.d. of sweeps), and in one of"
            f" {curve.attrs['final_walks']} walks {_spread(float(value['final']), float(value['final_se']), 3)} (s.e.);"
            f" that of the power, free of noise, is {_spread(float(free['final']), float(free['final_se']), 3)} in the"
            f" latter, and not known in {int((free['known'] == 0).sum())} of {free.sizes['walks']} numbers of walks."
        )
    return " ".join(sentences)


def _of_shares(results: Results) -> str:
    (split,) = results["decomposition"].values()
    structural, mediated = "power_structural_indirect_share", "power_mediated_indirect_share"
    sentences = [
        f"In {regime}, the share of influence power on pairs without a connection is"
        f" {_estimate(split, regime=regime, measure=structural)}, these being"
        f" {float(split['chance'].sel(regime=regime)):.3f} of all pairs; the share that travels through other nodes is"
        f" {_estimate(split, regime=regime, measure=mediated)}. What is constant in time, which power does not see, is"
        f" {_estimate(split, regime=regime, measure='constant_share')} of the mean square of influence. Shares of mean"
        f" squares are {_estimate(split, regime=regime, measure='mean_square_structural_indirect_share')} on such pairs"
        f" and {_estimate(split, regime=regime, measure='mean_square_mediated_indirect_share')} through other nodes."
        for regime in results["influence"]
    ]
    return " ".join(sentences) + _differences(split, mediated, " in what travels")


def _of_summary(results: Results) -> str:
    splits = results["decomposition"]
    regimes = [str(name) for split in splits.values() for name in split["regime"].values if " - " not in str(name)]
    sentences = []
    for regime in dict.fromkeys(regimes):
        where = {"regime": regime, "measure": "power_weight_correlation_all"}
        known = [key for key in splits if splits[key].sel(where)["estimate"].notnull()]
        if not known:
            sentences.append(f"In {regime}, how influence goes with the weights is {UNKNOWN}.")
            continue
        ordered = sorted(known, key=lambda key: float(splits[key].sel(where)["estimate"]))
        ends = [f"{_estimate(splits[key], **where)} in {key}" for key in dict.fromkeys((ordered[0], ordered[-1]))]
        sentences.append(
            f"In {regime}, the power of influence correlates with |weight| at {' to '.join(ends)} (Pearson)."
        )
    nulls = results.get("nulls", {})
    beyond: dict[str, list[str]] = {"below": [], "above": [], "within": []}
    for key, null in nulls.items():
        value = null.isel(regime=0).sel(measure="power_structural_indirect_share")
        if value["estimate"].isnull():
            continue
        below, above = value["estimate"] < value["null_low"], value["estimate"] > value["null_high"]
        beyond["below" if below else "above" if above else "within"].append(key)
    told = [f"{side} it {_list(keys)}" for side, keys in beyond.items() if keys]
    if told:
        sentences.append(
            f"The share of influence on unconnected pairs in {regimes[0]}, beside the 95 % range of networks of equal"
            f" degrees wired at random: {', '.join(told)}."
        )
    return " ".join(sentences)


def _of_layouts(results: Results) -> str:
    parts = []
    for name, dataset in results["connectome"].items():
        _, connected = strongest_pairs(dataset["weight"], results["influence"][name])
        of = "" if connected.size == STRONGEST else f" of {connected.size}"
        parts.append(f"{connected.mean():.0%}{of} in {name}" if connected.size else f"none is seen in {name}")
    return f"Of the {STRONGEST} strongest influences, so many run along a connection: {_list(parts)}."


def _over_map(results: Results) -> Iterator[tuple[str, xr.Dataset]]:
    (dataset,) = results["map"].values()
    for loop in map(str, dataset["loop"].values):
        yield loop, dataset.sel(loop=loop)


def _of_parameter_map(results: Results) -> str:
    measure, sentences = "power_structural_indirect_share", []
    for loop, dataset in _over_map(results):
        mean = dataset["mean"].sel(measure=measure)
        if mean.notnull().any():
            ends = []
            for place in (mean.argmin(...), mean.argmax(...)):
                point = dataset.sel(measure=measure).isel(place)
                values = [float(point[key]) for key in ("mean", "low", "high")]
                radius, leak = float(point["spectral_radius"]), float(point["leak"])
                ends.append(f"{_between(*values)} (spectral radius {radius:g}, leak rate {leak:g})")
            sentences.append(
                f"In {loop} loop the share of influence on unconnected pairs, a mean over graphs, goes from"
                f" {' to '.join(ends)}."
            )
    return " ".join(sentences)


def _of_map_against_score(results: Results) -> str:
    sentences = []
    for loop, dataset in _over_map(results):
        found = dataset.sel(measure="power_weight_correlation_all")
        values = [float(found[key]) for key in ("association", "association_low", "association_high")]
        if np.isnan(values[0]):
            sentences.append(f"In {loop} loop, too few points of the grid have a correlation that is known.")
            continue
        points = found["estimate"].size
        sentences.append(
            f"In {loop} loop, correlation with |weight| and test {dataset.attrs['score']} go together over the grid at"
            f" {_between(*values)} (Spearman, mean over graphs); {int(found['unknown'])} of {points} points, where the"
            " former is not known, are left out."
        )
    return " ".join(sentences)


def _of_published_tuning(results: Results) -> str:
    (tuned,) = results["published_tuning"].values()
    return (
        f"Draw {tuned.attrs['best_draw']} of the weights has the lowest error, {tuned.attrs['tuning_error']:.2g}, at"
        f" radius {tuned.attrs['best_spectral_radius']:.4f}; in validation {tuned.attrs['validation_error']:.5f}."
    )


#: Of every figure: the function that says what it finds, and what it shows.
CAPTIONS: Mapping[str, tuple[Callable[[Results], str], str]] = {
    "connectome": (_of_connectome, "a, weights; b, degrees; c, weights of the connections."),
    "tuning": (
        _of_tuning,
        "Panels, input scalings; crosses, points that do not forget their start and so cannot be the best; circles,"
        " the regimes.",
    ),
    "prediction": (_of_prediction, "Panels, regimes: the truth and what the read-out says of it."),
    "contribution": (
        _of_contribution,
        "Left, every node's Shapley value for the test score, sorted, with 95 % intervals; right, the Shapley values"
        " for the read-out over time of the five nodes where they vary most, with 95 % bands.",
    ),
    "influence": (
        _of_influence,
        "Panels, regimes: the standard deviation over time of the influence of every node on every other.",
    ),
    "influence_against_weight": (
        _of_influence_against_weight,
        "Points, connected pairs; grey, the distribution over pairs without a connection.",
    ),
    "topology": (
        _of_topology,
        "Points, correlation of influence with measures of structure, with 95 % intervals: of power, free of the"
        " estimator's noise, and of the ranks of magnitudes as estimated; bars, where those of surrogates lie.",
    ),
    "noise_curve": (
        _of_noise_curve,
        "Points, mean and standard deviation of short sweeps, and the long one; lines, what is expected of the former"
        " by the latter.",
    ),
    "shares": (
        _of_shares,
        "a, influence on pairs with and without a connection; b, the part of every influence that rides on the"
        " connection and the part that other nodes pass on: they need not add up to 1, as the two can go together.",
    ),
    "summary": (
        _of_summary,
        "Points, networks and regimes, with 95 % intervals of the estimator; ticks, the share of unconnected pairs;"
        " grey, where there are nulls, the 95 % range of networks of equal degrees wired at random. These have the"
        " parameters of the network, not ones tuned for themselves, which is enough to make their scores worse.",
    ),
    "layouts": (_of_layouts, "Nodes at their coordinates, or near those that they are connected to if they have none."),
    "parameter_map": (_of_parameter_map, "Means over graphs, and half the width of their 95 % intervals."),
    "map_against_score": (_of_map_against_score, "Points, networks at points of the grid."),
    "published_tuning": (_of_published_tuning, "Lines, draws of the weights."),
}
