"""Figures of a whole study: over its networks, and over its map. See `drawing`."""

import networkx as nx
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from echolesion.connectome.graph import describe
from echolesion.figures.style import COLOURS, GREY, MILLIMETRE, UNKNOWN, WIDTH, Results, colours_of, gathered
from echolesion.shapley import statistics

#: Influences that are drawn as lines.
STRONGEST = 100
#: Measures of the map: label, and whether the scale is logarithmic.
OF_MAP = {
    "test_score": "test {score}",
    "raw_magnitude_pearson_all": "magnitude with |weight|\nas estimated",
    "power_weight_correlation_all": "power with |weight|\nnoise-free",
    "power_structural_indirect_share": "share on unconnected\npairs, noise-free",
    "power_mediated_indirect_share": "share through other\nnodes, noise-free",
}


def summary(results: Results) -> Figure:
    """Draw the answer of the study: how far the wiring explains influence, in every network and regime.

    The estimator's noise is taken out of all but the score. Behind it, in grey, where a network of equal degrees that
    is wired at random would lie, if the study has such nulls.
    """
    splits, nulls = results["decomposition"], results.get("nulls", {})
    differences = [name for split in splits.values() for name in split["regime"].values if " - " in name]
    regimes = [name for split in splits.values() for name in split["regime"].values if name not in differences]
    regimes = list(dict.fromkeys(regimes))
    colours = colours_of(dict.fromkeys(regimes))
    row = 22 if len(splits) < 5 else 13
    figure = Figure(figsize=(WIDTH, (25 + row * len(splits)) * MILLIMETRE))
    columns = {
        "test_score": "test error or capacity",
        "power_weight_correlation_all": "correlation of power\nwith |weight|, all pairs",
        "power_structural_indirect_share": "share of power\non unconnected pairs",
        "power_mediated_indirect_share": "share of power\nthrough other nodes",
    }
    panels = figure.subplots(1, len(columns), sharey=True)
    highest = 0.0
    for axes, (measure, label) in zip(panels, columns.items(), strict=True):
        for place, (network, split) in enumerate(splits.items()):
            for i, regime in enumerate(regimes):
                height = place + 0.3 * ((i + 0.5) / len(regimes) * 2 - 1)
                if measure == "test_score":
                    trained = results["training"][f"{network} {regime}"]
                    score = trained.sel(split="test", measure=trained.attrs["task_score"])
                    middle = float(score["score"])
                    error = [[statistics.t_quantile(statistics.TIME_BLOCKS) * float(score["score_se"])]] * 2
                    highest = max(highest, middle + error[0][0])
                    label = f"test {trained.attrs['task_score']}"
                else:
                    value = split.sel(regime=regime, measure=measure)
                    low, middle, high = (float(value[key]) for key in ("low", "estimate", "high"))
                    error = [[middle - low], [high - middle]]
                if network in nulls:
                    null = nulls[network].sel(regime=regime, measure=measure)
                    ends = float(null["null_low"]), float(null["null_high"])
                    axes.hlines(height, *ends, color="0.8", lw=5, zorder=0, label="wired at random (95 %)")
                if np.isnan(middle):
                    axes.text(0.02, height, f"{regime}: {UNKNOWN}", fontsize=6, color=GREY, va="center")
                axes.errorbar(middle, height, xerr=error, fmt="o", ms=4, color=colours[regime], label=regime)
                if measure == "power_structural_indirect_share":
                    axes.plot(float(value["chance"]), height, "|", ms=0.45 * row, color="black", label="chance")
        axes.set(xlabel=label)
        # A null that fails the task has any error: the axis is that of the networks of the study.
        axes.set_xlim(0, 1.1 * highest if measure == "test_score" else 1.02)
    panels[0].set_yticks(range(len(splits)), [_name(key, results["connectome"][key]["weight"]) for key in splits])
    panels[0].set_ylim(len(splits) - 0.5, -0.5)
    figure.legend(*gathered(panels), loc="outside lower center", ncols=4)
    return figure


def _name(key: str, weights: xr.DataArray) -> str:
    """Return the name of a network with its size and density."""
    described = describe(weights)
    return f"{key}\n{described['nodes']} nodes, {100 * described['density']:.2g} %"


def strongest_pairs(weights: xr.DataArray, influence: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the `STRONGEST` pairs by noise-free power, places of shape (pair, 2), and which of them are connected.

    There are fewer if of fewer the power is above 0.
    """
    power = np.nan_to_num(influence["power_noise_free"].transpose("source", "target").values)
    strongest = np.argsort(power, axis=None)[-STRONGEST:]
    pairs = np.stack(np.unravel_index(strongest, power.shape), axis=1)
    pairs = pairs[power[pairs[:, 0], pairs[:, 1]] > 0]
    return pairs, weights.transpose("source", "target").values[pairs[:, 0], pairs[:, 1]] != 0


def layouts(results: Results) -> Figure:
    """Draw the strongest influences of every network, between nodes at their coordinates if they have some.

    Nodes without coordinates are drawn near those that they are connected to. Of the first regime.
    """
    networks = results["connectome"]
    columns = min(4, len(networks))
    rows = -(-len(networks) // columns)
    figure = Figure(figsize=(WIDTH, (22 + 190 / columns * rows) * MILLIMETRE))
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat[len(networks) :]:
        axes.set_axis_off()
    for axes, (name, dataset) in zip(panels.flat, networks.items(), strict=False):
        weights = dataset["weight"].transpose("source", "target")
        power = np.nan_to_num(results["influence"][name]["power_noise_free"].transpose("source", "target").values)
        has_coordinates = {"x", "y"} <= set(weights.coords)
        if has_coordinates:
            places = np.stack([weights[axis].values.astype(float) for axis in "xy"], axis=1)
            axes.set(xlabel="x (mm)", ylabel="y (mm)")
        else:
            graph = nx.from_numpy_array((weights.values != 0) | (weights.values != 0).T)
            # Ranks, as a few nodes of few connections would push the others into a corner.
            places = pd.DataFrame(list(nx.spring_layout(graph, seed=0).values())).rank().to_numpy()
            axes.set(xlabel="no coordinates", xticks=[], yticks=[])
        pairs, connected = strongest_pairs(weights, results["influence"][name])
        for kind, colour in ((connected, COLOURS[0]), (~connected, COLOURS[1])):
            label = f"{'on a' if colour == COLOURS[0] else 'without a'} connection"
            lines = LineCollection(places[pairs[kind]], colors=colour, linewidths=0.6, alpha=0.7, label=label)
            axes.add_collection(lines)
        exerted = power.sum(axis=1).clip(0)  # noise-free power is below 0 where there is next to nothing
        exerted /= max(exerted.max(), np.finfo(float).tiny)
        axes.scatter(
            *places.T, s=1 + 30 * exerted, color="0.25", linewidths=0, zorder=3,
            label="node, by the influence it exerts",
        )  # fmt: skip
        axes.set_aspect("equal", adjustable="datalim")
        share = f"{connected.mean():.0%} on connections" if connected.size else "no influence beyond noise"
        axes.set_title(f"{name}\n{share}", fontsize=7)
    figure.legend(*gathered(panels.ravel()), loc="outside lower center", ncols=3)
    return figure


def parameter_map(results: Results) -> Figure:
    """Draw measures over spectral radius and leak rate: means over graphs, and half the width of their intervals.

    "of 3" says that the measure is known in networks of three graphs; gray, with "not known", that at most in one of
    several.
    """
    (dataset,) = results["map"].values()
    loops, fewest = list(dataset["loop"].values), min(2, len(np.unique(dataset["graph"])))
    figure = Figure(figsize=(WIDTH, (25 + 45 * len(loops)) * MILLIMETRE))
    panels = figure.subplots(len(loops), len(OF_MAP), sharex=True, sharey=True, squeeze=False)
    for column, (measure, label) in zip(panels.T, OF_MAP.items(), strict=True):
        means = dataset["mean"].sel(measure=measure)
        norm = LogNorm() if measure == "test_score" and float(means.min()) > 0 else Normalize(0, 1, clip=True)
        if measure == "test_score":
            norm.autoscale(means.values[np.isfinite(means.values)])
        for axes, loop in zip(column, loops, strict=True):
            mean = means.sel(loop=loop).transpose("leak", "spectral_radius")
            half = mean - dataset["low"].sel(measure=measure, loop=loop).transpose(*mean.dims)
            graphs = dataset["graphs"].sel(measure=measure, loop=loop).transpose(*mean.dims)
            axes.set_facecolor("0.85")
            image = axes.imshow(mean.where(graphs >= fewest), norm=norm, cmap="cividis", aspect="auto", origin="lower")
            for place, value in np.ndenumerate(mean.values):
                text = f"{value:.2g}" if measure == "test_score" else f"{value:.2f}\n±{half.values[place]:.2f}"
                of = int(graphs.values[place])
                if of < len(np.unique(dataset["graph"])):
                    text = f"{text}\nof {of}" if of >= fewest else UNKNOWN.replace(" ", "\n")
                dark = norm(value) < 0.6 and of >= fewest
                axes.text(
                    *place[::-1], text, ha="center", va="center", fontsize=4.5, color="white" if dark else "black"
                )
            axes.set_xticks(range(mean.sizes["spectral_radius"]), [f"{v:.2g}" for v in mean["spectral_radius"].values])
            axes.set_yticks(range(mean.sizes["leak"]), [f"{v:.2g}" for v in mean["leak"].values])
        column[0].set_title(label.format(score=dataset.attrs["score"]), fontsize=7)
        column[-1].set_xlabel("spectral radius")
        bar = figure.colorbar(image, ax=column, location="bottom", shrink=0.9)
        bar.ax.xaxis.set_minor_formatter(NullFormatter())
    for axes, loop in zip(panels[:, 0], loops, strict=True):
        axes.set_ylabel(f"{loop} loop\nleak rate")
    return figure


def map_against_score(results: Results) -> Figure:
    """Draw, for every network and point of the grid, correlation and indirect share against the test score."""
    (dataset,) = results["map"].values()
    loops, leaks = list(dataset["loop"].values), list(dataset["leak"].values)
    measures = [name for name in OF_MAP if name.startswith("power_")]
    figure = Figure(figsize=(WIDTH, (20 + 48 * len(loops)) * MILLIMETRE))
    panels = figure.subplots(len(loops), len(measures), sharex=True, sharey="col", squeeze=False)
    for row, loop in zip(panels, loops, strict=True):
        for axes, measure in zip(row, measures, strict=True):
            for i, leak in enumerate(leaks):
                points = dataset["estimate"].sel(loop=loop, leak=leak)
                score, value = (points.sel(measure=key).values.ravel() for key in ("test_score", measure))
                axes.plot(
                    score,
                    value,
                    "os^vDP"[i % 6],
                    ms=3,
                    mew=0,
                    alpha=0.8,
                    color=COLOURS[i % 6],
                    label=f"leak rate {leak:g}",
                )
            found = dataset.sel(loop=loop, measure=measure)
            scores = dataset["estimate"].sel(loop=loop, measure="test_score")
            rho, low, high = (float(found[key]) for key in ("association", "association_low", "association_high"))
            known = UNKNOWN if np.isnan(rho) else f"{rho:.2f} [{low:.2f}, {high:.2f}]"
            left_out = f"\nnot known: {int(found['unknown'])} of {scores.size}" if found["unknown"] else ""
            axes.set_title(f"{loop} loop, Spearman\n{known}{left_out}", fontsize=7)
            if float(scores.min()) > 0 and float(scores.max()) > 10 * float(scores.min()):
                axes.set_xscale("log")
            # Both loops share an axis; single ratios of little more than noise do not set its ends.
            shown = dataset["estimate"].sel(measure=measure).clip(-0.5, 1.5)
            axes.set_ylim(float(shown.min()) - 0.05, float(shown.max()) + 0.05)
            axes.set_ylabel(OF_MAP[measure])
            if loop == loops[-1]:
                axes.set_xlabel(f"test {dataset.attrs['score']}")
    figure.legend(*gathered(panels.ravel()), loc="outside lower center", ncols=6)
    return figure


def published_tuning(results: Results) -> Figure:
    """Draw the errors by which the published network was chosen, a line per draw of its weights."""
    (tuned,) = results["published_tuning"].values()
    figure = Figure(figsize=(WIDTH, 65 * MILLIMETRE))
    axes = figure.subplots()
    radii, draw = tuned["spectral_radius"].values, tuned.attrs["best_draw"]
    axes.plot(radii, tuned["error"].values.T, color="0.8", lw=0.5)
    axes.plot(radii, tuned["error"].sel(draw=draw), color=COLOURS[0], label=f"draw {draw}")
    axes.plot(
        tuned.attrs["best_spectral_radius"], tuned.attrs["tuning_error"], "o", color=COLOURS[1],
        label=f"best: radius {tuned.attrs['best_spectral_radius']:.4f}, error {tuned.attrs['tuning_error']:.2g},"
        f"\nin validation {tuned.attrs['validation_error']:.5f}",
    )  # fmt: skip
    axes.set(yscale="log", xlabel="spectral radius", ylabel="mean squared error")
    axes.legend(loc="upper left")
    return figure
