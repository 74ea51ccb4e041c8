"""Figures of one network: its wiring, its tuning, and what its lesions tell. See `drawing`."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from echolesion.connectome.graph import off_diagonal
from echolesion.figures.style import COLOURS, GREY, MILLIMETRE, UNKNOWN, WIDTH, Results, colours_of, gathered
from echolesion.shapley import statistics

#: Shares of power that are drawn to scale: those of parts that go against each other are beyond 0 and 1.
SHARES = (-0.5, 1.8)


def _magnitude(influence: xr.Dataset) -> np.ndarray:
    """Return the standard deviation over time of the influence, shape (source, target)."""
    return np.sqrt(influence["power"].transpose("source", "target").values)


def _with_interval(split: xr.Dataset, regime: str, measure: str) -> str:
    low, middle, high = (float(split[key].sel(regime=regime, measure=measure)) for key in ("low", "estimate", "high"))
    return UNKNOWN if np.isnan(middle) else f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def connectome(results: Results) -> Figure:
    """Draw the weight matrix and the distributions of degree and weight."""
    (dataset,) = results["connectome"].values()
    weights = dataset["weight"].transpose("source", "target").values
    figure = Figure(figsize=(WIDTH, 75 * MILLIMETRE))
    matrix, degree, weight = figure.subplots(1, 3, width_ratios=(1.3, 1, 1))
    # A connectome of many nodes is sparse: a marker per connection stays visible where a pixel would not.
    source, target = np.nonzero(weights)
    limit = float(np.abs(weights).max())
    points = matrix.scatter(
        target, source, c=weights[source, target], s=min(12.0, 3000 / len(weights) ** 1.2), marker="s", linewidths=0,
        cmap="RdBu_r", vmin=-limit, vmax=limit,
    )  # fmt: skip
    matrix.set(xlabel="target (node)", ylabel="source (node)", xlim=(-1, len(weights)), ylim=(len(weights), -1))
    matrix.set_aspect("equal")
    figure.colorbar(points, ax=matrix, label="weight", shrink=0.7)
    connected = weights != 0
    sides = {"out": connected.sum(axis=1), "in": connected.sum(axis=0)}
    top = max(int(values.max()) for values in sides.values())
    step = max(1, top // 25)
    edges = np.arange(-0.5, top + step + 0.5, step)
    for (side, values), colour, line in zip(sides.items(), COLOURS, ("-", "--"), strict=False):
        degree.stairs(np.histogram(values, edges)[0], edges, color=colour, ls=line, label=f"{side}-degree")
    degree.set(xlabel="connections of a node", ylabel="nodes")
    degree.legend()
    weight.stairs(*np.histogram(weights[connected], 30), fill=True, color=GREY)
    density = connected.sum() / off_diagonal(len(weights)).sum()
    weight.set(xlabel="weight", ylabel="connections", title=f"density {density:.3f}")
    return figure


def tuning(results: Results) -> Figure:
    """Draw the validation score over the grid, one panel per input scaling, and where the regimes lie.

    Points that do not forget their start are crossed: they cannot be the best. Regimes off the grid are only named.
    """
    (tuned,) = results["tuning"].values()
    score = tuned["score"]
    scalings = score["input_scaling"].values
    figure = Figure(figsize=(WIDTH, 65 * MILLIMETRE))
    panels = figure.subplots(1, len(scalings), sharey=True, squeeze=False)[0]
    lowest, highest = float(score.min()), float(score.max())
    norm = LogNorm(lowest, highest) if lowest > 0 else Normalize(lowest, highest)
    for axes, scaling in zip(panels, scalings, strict=True):
        grid = score.sel(input_scaling=scaling).transpose("leak", "spectral_radius")
        image = axes.imshow(grid, norm=norm, cmap="viridis", aspect="auto", origin="lower")
        remembers = ~tuned["forgets"].sel(input_scaling=scaling).transpose(*grid.dims).values
        axes.plot(*np.nonzero(remembers)[::-1], "x", color="white", ms=5, label="start not forgotten")
        axes.set(title=f"input scaling {scaling:g}", xlabel="spectral radius")
        axes.set_xticks(range(grid.sizes["spectral_radius"]), [f"{v:g}" for v in grid["spectral_radius"].values])
        axes.set_yticks(range(grid.sizes["leak"]), [f"{v:g}" for v in grid["leak"].values])
    panels[0].set_ylabel("leak rate")
    colours = colours_of(results["reservoir"])
    for name, network in results["reservoir"].items():
        panel = panels[int(np.abs(scalings - network.attrs["input_scaling"]).argmin())]
        place = [
            np.interp(network.attrs[key], score[key].values, np.arange(score.sizes[key]), left=np.nan, right=np.nan)
            for key in ("spectral_radius", "leak")
        ]
        if network.attrs["input_scaling"] not in scalings:
            place = [np.nan, np.nan]
        label = f"{name}: {', '.join(f'{network.attrs[key]:g}' for key in map(str, score.dims))}"
        label += " (off the grid)" if np.isnan(place).any() else ""
        panel.plot(*place, "o", color=colours[name], mec="white", ms=9, label=label)
    figure.colorbar(image, ax=panels, label=score.attrs["long_name"])
    legend = figure.legend(*gathered(panels), loc="outside lower center", ncols=3)
    for handle in legend.legend_handles:
        if handle is not None and handle.get_label() == "start not forgotten":
            handle.set(color="black")
    return figure


def prediction(results: Results) -> Figure:
    """Draw the read-out against the truth on the test split; for the memory task, the capacity of every lag."""
    regimes, colours = results["training"], colours_of(results["training"])
    figure = Figure(figsize=(WIDTH, (20 + 35 * len(regimes)) * MILLIMETRE))
    panels = figure.subplots(len(regimes), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, trained) in zip(panels, regimes.items(), strict=True):
        score = trained.sel(split="test", measure=trained.attrs["task_score"])
        value, error = float(score["score"]), float(score["score_se"])
        axes.set_title(f"{name}: test {trained.attrs['task_score']} {value:.3g} ± {error:.1g} (s.e.)", loc="left")
        if "memory_per_lag" in trained:
            axes.bar(np.arange(1, trained.sizes["output"] + 1), trained["memory_per_lag"], color=colours[name])
            axes.set(ylabel="memory capacity", ylim=(0, 1))
        else:
            axes.plot(trained["time"], trained["truth"][:, 0], color=GREY, lw=2.5, alpha=0.6, label="truth")
            axes.plot(trained["time"], trained["prediction"][:, 0], color=colours[name], label=f"prediction, {name}")
            axes.set(ylabel=f"{trained['output'].values[0]} (s.d.)")
    if "memory_per_lag" not in trained:
        figure.legend(*gathered(panels), loc="outside lower center", ncols=3)
    panels[-1].set_xlabel("lag (steps)" if "memory_per_lag" in trained else "time (steps)")
    return figure


def contribution(results: Results) -> Figure:
    """Draw every node's contribution to the score, sorted, and the traces of the largest to the read-out."""
    regimes, colours = results["contribution"], colours_of(results["contribution"])
    figure = Figure(figsize=(WIDTH, (20 + 50 * len(regimes)) * MILLIMETRE))
    panels = figure.subplots(len(regimes), 2, squeeze=False)
    for (ranked, traces), (name, estimate) in zip(panels, regimes.items(), strict=True):
        quantile = statistics.t_quantile(estimate.attrs["batches"])
        order = np.argsort(estimate["score_contribution"].values)
        ranked.errorbar(
            np.arange(1, order.size + 1),
            estimate["score_contribution"].values[order],
            quantile * estimate["score_contribution_se"].values[order],
            fmt=".", ms=3, lw=0.6, capsize=0 if order.size > 60 else 2, color=colours[name],
        )  # fmt: skip
        ranked.axhline(0, color=GREY, lw=0.6)
        ranked.set(xlabel="node, sorted", ylabel=f"contribution to {estimate.attrs['score']}")
        ranked.set_title(f"{name}: contribution to the score", loc="left")
        first = estimate.isel(output=0)
        strongest = np.argsort(-first["contribution"].std("time").values)[:5]
        for colour, node in zip(COLOURS, strongest, strict=False):
            series, error = first["contribution"][node], quantile * first["contribution_se"][node]
            traces.fill_between(first["time"], series - error, series + error, color=colour, alpha=0.3, lw=0)
            traces.plot(first["time"], series, color=colour, lw=0.8, label=str(first["node"].values[node]))
        traces.set(xlabel="time (steps)", ylabel="contribution to read-out (s.d.)")
        traces.set_title(f"{name}: five largest, {first['output'].values}", loc="left")
        traces.legend(title="node", ncols=1, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def influence(results: Results) -> Figure:
    """Draw the magnitude of influence of every pair, all regimes on one logarithmic scale."""
    regimes = results["influence"]
    maps = {name: _magnitude(estimate) for name, estimate in regimes.items()}
    values = np.concatenate([values[off_diagonal(len(values))] for values in maps.values()])
    norm: Normalize = Normalize(0, 1)  # if there is nothing at all
    if (values > 0).any():
        low, high = np.quantile(values[values > 0], (0.05, 0.999))
        norm = LogNorm(low, high, clip=True)
    figure = Figure(figsize=(WIDTH, 90 * MILLIMETRE))
    panels = figure.subplots(1, len(maps), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (name, magnitude) in zip(panels, maps.items(), strict=True):
        image = axes.imshow(magnitude, norm=norm, cmap="cividis")
        reliability = float(regimes[name]["power_reliability"])
        known = UNKNOWN if np.isnan(reliability) else f"{reliability:.3f}"
        axes.set(title=f"{name}: reliability {known}", xlabel="target (node)")
    panels[0].set_ylabel("source (node)")
    figure.colorbar(image, ax=panels, label="s.d. over time of influence", extend="both", shrink=0.8)
    return figure


def influence_against_weight(results: Results) -> Figure:
    """Draw the magnitude of influence of every pair against the magnitude of its weight."""
    regimes, colours = results["influence"], colours_of(results["influence"])
    (split,) = results["decomposition"].values()
    figure = Figure(figsize=(WIDTH, 80 * MILLIMETRE))
    panels = figure.subplots(1, len(regimes), sharey=True, squeeze=False)[0]
    for axes, (name, estimate) in zip(panels, regimes.items(), strict=True):
        magnitude = _magnitude(estimate)
        pairs = off_diagonal(len(magnitude))
        weight = np.abs(results["reservoir"][name]["weights"].transpose("source", "target").values)
        connected, unconnected = pairs & (weight > 0), pairs & (weight == 0)
        size = np.clip(2000 / connected.sum(), 1, 9)
        points = {"s": size, "color": colours[name], "linewidths": 0, "alpha": 0.6}
        axes.scatter(weight[connected], magnitude[connected], label=f"connected pairs, {name}", **points)
        # A logarithmic axis has no place for pairs without any influence, of nodes that do not reach each other.
        reached = magnitude[unconnected & (magnitude > 0)]
        if reached.size > 1:
            place = -0.08 * float(weight.max())
            violin = axes.violinplot(np.log10(reached), positions=[place], widths=-1.2 * place, showextrema=False)
            for body in violin["bodies"]:
                body.get_paths()[0].vertices[:, 1] = 10 ** body.get_paths()[0].vertices[:, 1]
                body.set(facecolor=GREY, alpha=0.8, label="distribution over pairs without a connection")
        if none := np.count_nonzero(magnitude[pairs] == 0):
            axes.annotate(f"{none / pairs.sum():.0%} of pairs: 0", (0.98, 0.02), xycoords="axes fraction", ha="right")
        axes.set(xlabel="|weight|")
        axes.set_title(
            f"{name}: power with |weight|\nall pairs {_with_interval(split, name, 'power_weight_correlation_all')}\n"
            f"connected pairs {_with_interval(split, name, 'power_weight_correlation_connected')}",
            loc="left",
        )
    values = np.concatenate([_magnitude(estimate)[pairs] for estimate in regimes.values()])
    if (values > 0).any():
        low, high = np.quantile(values[values > 0], (0.001, 1))
        for axes in panels:
            axes.set_yscale("log")
        # What is smaller by more than the precision of float32 is rounding between nodes that hardly reach each other.
        panels[0].set_ylim(max(low / 2, 1e-6 * high), 2 * high)
    panels[0].set_ylabel("s.d. over time of influence")
    figure.legend(*gathered(panels), loc="outside lower center", ncols=3)
    return figure


def topology(results: Results) -> Figure:
    """Draw the correlation of power, free of noise, and of ranks with measures of structure, beside surrogates."""
    (compared,) = results["topology"].values()
    regimes, measures = list(compared["regime"].values), list(compared["measure"].values)
    figure = Figure(figsize=(WIDTH, 85 * MILLIMETRE))
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    labels = {
        "power": "power (Pearson)",
        "raw_rank": "magnitude (Spearman)",
    }
    for axes, (correlation, label) in zip(panels, labels.items(), strict=True):
        for i, regime in enumerate(regimes):
            value = compared.sel(regime=regime, correlation=correlation)
            heights = np.arange(len(measures)) + 0.7 * ((i + 0.5) / len(regimes) - 0.5)
            # A 95 % range if surrogates are normal; what they are is in the table.
            for null, colour, width in zip(value["null"].values, ("0.55", "0.8"), (3, 7), strict=True):
                mean, deviation = (value[key].sel(null=null).values for key in ("null_mean", "null_sd"))
                axes.hlines(
                    heights, mean - 1.96 * deviation, mean + 1.96 * deviation, color=colour, lw=width,
                    label=f"surrogates: {null} (95 %)", zorder=0 if width > 3 else 1,
                )  # fmt: skip
            middle = value["estimate"].values
            error = [middle - value["low"].values, value["high"].values - middle]
            axes.errorbar(middle, heights, xerr=error, fmt="o", ms=3.5, color=COLOURS[i % len(COLOURS)], label=regime)
        axes.axvline(0, color=GREY, lw=0.6)
        axes.set(xlabel=label)
    panels[0].set_yticks(range(len(measures)), [name.replace("_", " ") for name in measures])
    panels[0].set(ylim=(len(measures) - 0.5, -0.5), ylabel="correlation of influence with")
    figure.legend(*gathered(panels), loc="outside lower center", ncols=4)
    return figure


def noise_curve(results: Results) -> Figure:
    """Draw what sweeps of fewer walks find, as estimated and noise-free, and what the long one does."""
    curves = results["noise_curve"]
    columns = {
        ("raw_magnitude_pearson_all", "power_weight_correlation_all"): "correlation with |weight|",
        ("raw_structural_indirect_share", "power_structural_indirect_share"): "share on unconnected pairs",
        ("raw_mediated_indirect_share", "power_mediated_indirect_share"): "share through other nodes",
    }
    figure = Figure(figsize=(WIDTH, 75 * MILLIMETRE))
    panels = figure.subplots(1, len(columns), sharex=True)
    for axes, ((measure, free), label) in zip(panels, columns.items(), strict=True):
        for i, (name, curve) in enumerate(curves.items()):
            colour = COLOURS[i % len(COLOURS)]
            walks = curve["walks"].values
            expected = curve["expected"].reindex(measure=[measure]).isel(measure=0)
            if expected.notnull().all():
                axes.plot(curve["expected_walks"], expected, color=colour, lw=0.8, label=f"{name}: expected")
            for key, shift, style, of in ((measure, 0.96, "o", "as estimated"), (free, 1.04, "D", "noise-free")):
                value = curve.sel(measure=key)
                mean = value["mean"].where(value["sd"] < 0.5)  # a point that could be anywhere says nothing
                filled = {"mfc": colour if key == measure else "white", "color": colour, "ms": 3.5, "lw": 0.8}
                axes.errorbar(walks * shift, mean, value["sd"], fmt=style, label=f"{name}: {of}", **filled)
                axes.errorbar(
                    curve.attrs["final_walks"] * shift,
                    float(value["final"]),
                    1.96 * float(value["final_se"]),
                    fmt=style,
                    **filled,
                )
        axes.set(xscale="log", xlabel="walks", ylim=(-0.25, 1.25))
        shown = sorted({int(number) for curve in curves.values() for number in (*curve["walks"], curve.final_walks)})
        # Of two numbers of walks that would be written over each other, the larger.
        written = [a for a, b in zip(shown, [*shown[1:], np.inf], strict=True) if b > 1.5 * a]
        axes.set_xticks(written, [str(number) for number in written], rotation=45)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_title(label, loc="left")
        axes.axhline(0, color=GREY, lw=0.6)
    panels[0].set_ylabel("mean and s.d. of sweeps")
    figure.legend(*gathered(panels), loc="outside lower center", ncols=3)
    return figure


def shares(results: Results) -> Figure:
    """Draw the direct and indirect shares of influence power by both definitions."""
    (split,) = results["decomposition"].values()
    regimes = list(results["influence"])
    figure = Figure(figsize=(WIDTH, 85 * MILLIMETRE))
    structural, mediated = figure.subplots(1, 2, sharey=True)
    _structural_shares(structural, split, regimes)
    _mediated_shares(mediated, split, regimes)
    for axes, title in ((structural, "structural: by pairs"), (mediated, "mediated: by parts of every influence")):
        axes.set_xticks(range(len(regimes)), regimes)
        axes.set(xlabel="regime", xlim=(-0.6, len(regimes) - 0.4))
        axes.set_title(title, loc="left")
    structural.set_ylabel("share of influence power")
    # Ratios of little more than noise could be anything.
    low, high = structural.get_ylim()
    structural.set_ylim(min(max(low, SHARES[0] - 0.1), 0), max(min(high, SHARES[1] + 0.1), 1.1))
    figure.legend(*gathered(np.array([structural, mediated])), loc="outside lower center", ncols=3)
    return figure


def _structural_shares(axes: Axes, split: xr.Dataset, regimes: list[str]) -> None:
    """Draw stacked shares of connected and unconnected pairs, as estimated (left bar) and noise-free (right bar)."""
    for place, name in enumerate(regimes):
        for offset, kind in ((-0.2, "raw"), (0.2, "power")):
            share, error = _share(split, name, f"{kind}_structural_indirect_share")
            if np.isnan(share):
                _unknown(axes, place + offset)
                continue
            axes.bar(place + offset, 1 - share, 0.36, color=COLOURS[0], label="direct")
            axes.bar(place + offset, share, 0.36, 1 - share, color=COLOURS[1], label="indirect")
            # The bar of the indirect share hangs from 1, and so does its interval.
            axes.errorbar(place + offset, 1 - share, error[::-1], color="black", lw=1)
            axes.text(place + offset, 1.02, f"{share:.2f}", ha="center", fontsize=7, color=COLOURS[1])
        chance = 1 - float(split["chance"].sel(regime=name))
        axes.hlines(chance, place - 0.42, place + 0.42, color="black", ls="--", label="chance: share of pairs")
    axes.plot([], [], " ", label="bars: as estimated | noise-free")


def _mediated_shares(axes: Axes, split: xr.Dataset, regimes: list[str]) -> None:
    """Draw the noise-free power of direct and indirect parts beside each other: they need not add up to 1."""
    for place, name in enumerate(regimes):
        for offset, part, colour in ((-0.2, "direct", COLOURS[0]), (0.2, "indirect", COLOURS[1])):
            share, error = _share(split, name, f"power_mediated_{part}_share")
            if np.isnan(share):
                _unknown(axes, place + offset)
                continue
            axes.bar(place + offset, share, 0.36, color=colour, label=part)
            axes.errorbar(place + offset, share, error, color="black", lw=1)
            height = float(np.clip(share + error[1][0], *SHARES)) + 0.02
            axes.text(place + offset, height, f"{share:.2f}", ha="center", fontsize=7, color=colour)


def _unknown(axes: Axes, place: float) -> None:
    """Say, in place of a bar, that its height is not known."""
    axes.text(place, 0.02, UNKNOWN, ha="center", fontsize=6, color=GREY, rotation=90)


def _share(split: xr.Dataset, regime: str, measure: str) -> tuple[float, list[list[float]]]:
    """Return a share and the lengths of its error bar, down and up."""
    value = split.sel(regime=regime, measure=measure)
    share = float(value["estimate"])
    return share, [[share - float(value["low"])], [float(value["high"]) - share]]
