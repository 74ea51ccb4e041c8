"""The map: task error, and how influence relates to the wiring, over spectral radius and leak rate.

A pair of networks that somebody picked says little about tuning. Every point of a grid is a network of its own, trained
and swept like those of the regimes. Several networks, drawn anew or on other graphs, say how much of what is found
belongs to the one that was drawn: intervals of `summarise` are over graphs. Networks of one graph, which differ in the
draw of their weights, are no independent examples of it: they are averaged first.

Where a measure is not known (see `decomposition`), the point is left out, and counted.

What regimes differ in, and loops, is the difference within each network, whose graph and weights are the same in both;
intervals of `compare_regimes` are over graphs too.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from echolesion.analysis import decomposition
from echolesion.analysis.measurement import OF_NETWORK, labelled, measured
from echolesion.dynamics import reservoir
from echolesion.records.progress import bar


def explore(
    connectome: xr.DataArray,
    unscaled_input: xr.DataArray,
    task: xr.Dataset,
    *,
    spectral_radius: Sequence[float],
    leak: Sequence[float],
    loops: Sequence[str],
    ridge: Sequence[float],
    parameters: Mapping[str, Any],
    settings: Mapping[str, Any],
    until: Mapping[str, Any] | None = None,
    progress: str | None = None,
) -> xr.Dataset:
    """Train and sweep the networks of a grid.

    Parameters
    ----------
    connectome, unscaled_input : xarray.DataArray
        As for `reservoir.build`.
    task : xarray.Dataset
        From `task.make`.
    spectral_radius, leak : sequence of float
        The grid.
    loops : sequence of str
        What is swept, see `sweep.run`: "open" of a task in open loop, "closed" or "forced" of one in closed loop.
    ridge : sequence of float
        Ridge parameters, as for `training.train`.
    parameters : mapping
        The other parameters of `reservoir.build`.
    settings : mapping
        The arguments of `sweep.run` after the split.
    until : mapping, optional
        When a point has enough walks, see `measurement.measured`; by default those of the settings are all.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``estimate`` and ``se (loop, spectral_radius, leak, measure)``, see `measurement.measured`; the attribute
        ``graph`` is a hash of what is connected, equal for draws of weights on one graph.
    """
    values = np.full((2, len(loops), len(spectral_radius), len(leak), len(OF_NETWORK)), np.nan)
    points = list(product(enumerate(loops), enumerate(spectral_radius), enumerate(leak)))
    for (i, loop), (r, radius), (a, rate) in bar(progress, "network", points):
        network = reservoir.build(connectome, unscaled_input, spectral_radius=radius, leak=rate, **parameters)
        values[:, i, r, a] = measured(network, task, loop, ridge, settings, until)
    result = labelled(values, loop=loops, spectral_radius=spectral_radius, leak=leak)
    connected = connectome.transpose("source", "target").values != 0
    return result.assign_attrs(score=task.attrs["score"], graph=sha256(connected.tobytes()).hexdigest()[:16])


def summarise(parts: Sequence[xr.Dataset], networks: Sequence[str]) -> xr.Dataset:
    """Put the parts of a map together and average it over graphs.

    Parameters
    ----------
    parts : sequence of xarray.Dataset
        From `explore`: parts of one grid, of any networks.
    networks : sequence of str
        The network of each part.

    Returns
    -------
    xarray.Dataset
        ``estimate`` and ``se (connectome, loop, spectral_radius, leak, measure)``, NaN where a measure is not known,
        ``unknown (loop, measure)``, the number of points that are so left out, and the ``graph (connectome)`` of each
        network; ``mean``, ``low`` and ``high (loop, spectral_radius, leak, measure)``, the mean over the graphs of the
        other networks, their number ``graphs``, and the 95 % interval of the mean by Student's t, which is NaN for a
        single graph; ``association``, ``association_low``, ``association_high`` and ``association_graphs (loop,
        measure)``, the same of Spearman's correlation of a measure with the test score over the points of the grid.
    """
    of_networks = [part.expand_dims(connectome=[name]) for part, name in zip(parts, networks, strict=True)]
    whole = xr.combine_by_coords(of_networks, join="outer", combine_attrs="override")
    assert isinstance(whole, xr.Dataset)
    graphs = {name: part.attrs["graph"] for part, name in zip(parts, networks, strict=True)}
    whole = whole.sel(connectome=list(graphs)).assign_coords(graph=("connectome", list(graphs.values())))
    mean, low, high, count = over_graphs(whole["estimate"])
    unknown = whole["estimate"].isnull().sum(["connectome", "spectral_radius", "leak"])
    points = whole["estimate"].stack(point=["spectral_radius", "leak"])
    of_score = points.sel(measure="test_score", drop=True)
    association = xr.apply_ufunc(_spearman, of_score, points, input_core_dims=[["point"], ["point"]], vectorize=True)
    between, *ends, of_graphs = over_graphs(association)
    between_low, between_high = (end.clip(-1, 1) for end in ends)
    meanings = {
        "unknown": (unknown, "points, of all networks, at which the measure is not known"),
        "graphs": (count, "number of graphs that the mean is over"),
        "mean": (mean, "mean over graphs"),
        "low": (low, "lower end of the 95 % interval of the mean over graphs"),
        "high": (high, "upper end of the 95 % interval of the mean over graphs"),
        "association": (between, "Spearman correlation with the test score over the grid, mean over graphs"),
        "association_low": (between_low, "lower end of the 95 % interval of that mean"),
        "association_high": (between_high, "upper end of the 95 % interval of that mean"),
        "association_graphs": (of_graphs, "number of graphs that that mean is over"),
    }
    return whole.assign(
        {name: value.assign_attrs(long_name=meaning, units="1") for name, (value, meaning) in meanings.items()}
    )


def _spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's correlation over the points where both are known; NaN if these are fewer than three."""
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < 3:
        return np.nan
    return float(decomposition.pearson(*(decomposition.ranks(values[known])[None] for values in (first, second)))[0, 0])


def compare_regimes(whole: xr.Dataset, regimes: Mapping[str, tuple[float, float]]) -> xr.Dataset:
    """Average points of a map over graphs, and their differences.

    Parameters
    ----------
    whole : xarray.Dataset
        From `summarise`.
    regimes : mapping of str to (float, float)
        Spectral radius and leak rate by name: points of the map.

    Returns
    -------
    xarray.Dataset
        ``mean``, ``low``, ``high`` and ``graphs (regime, loop, measure)`` as in `summarise`, and ``unknown``, the
        number of networks in which the measure is not known, which are left out. Regimes, and likewise loops, are those
        there are, then the differences "a - b" of every two, each of a network with itself, known if both are.
    """
    points = [
        whole["estimate"].sel(spectral_radius=radius, leak=leak).drop_vars(["spectral_radius", "leak"])
        for radius, leak in regimes.values()
    ]
    values = xr.concat(points, pd.Index(list(regimes), name="regime"))
    for dim in ("regime", "loop"):
        values = _with_differences(values, dim)
    mean, low, high, count = over_graphs(values)
    meanings = {
        "mean": (mean, "mean over graphs"),
        "low": (low, "lower end of the 95 % interval of the mean over graphs"),
        "high": (high, "upper end of the 95 % interval of the mean over graphs"),
        "graphs": (count, "number of graphs that the mean is over"),
        "unknown": (values.isnull().sum("connectome"), "networks in which the measure is not known"),
    }
    return xr.Dataset(
        {name: value.assign_attrs(long_name=meaning, units="1") for name, (value, meaning) in meanings.items()}
    )


def _with_differences(values: xr.DataArray, dim: str) -> xr.DataArray:
    """Put the differences of every two labels of a dim behind these."""
    pairs = list(combinations(values[dim].values, 2))
    differences = [values.sel({dim: a}, drop=True) - values.sel({dim: b}, drop=True) for a, b in pairs]
    names = [*map(str, values[dim].values), *(f"{a} - {b}" for a, b in pairs)]
    return xr.concat(
        [*(values.sel({dim: a}, drop=True) for a in values[dim].values), *differences], pd.Index(names, name=dim)
    )


def over_graphs(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray, xr.DataArray]:
    """Average networks over graphs, of each the mean over its networks.

    Parameters
    ----------
    values : xarray.DataArray
        With the dim ``connectome`` and along it the coordinate ``graph``; NaN where not known, which is left out.

    Returns
    -------
    mean, low, high : xarray.DataArray
        The mean and its 95 % interval by Student's t, NaN for a single graph.
    count : xarray.DataArray
        Graphs that it is over.
    """
    of_graphs = values.groupby("graph").mean("connectome").transpose("graph", ...)
    count, mean = of_graphs.count("graph"), of_graphs.mean("graph")
    quantile = count.copy(data=stats.t.ppf(0.975, count - 1))  # NaN for a single graph
    half = quantile * of_graphs.std("graph") / np.sqrt((count - 1).clip(1))
    return mean, mean - half, mean + half, count
