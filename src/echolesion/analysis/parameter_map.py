"""The map: task error, and how influence relates to the wiring, over spectral radius and leak rate.

A pair of networks that somebody picked says little about tuning. Every point of a grid is a network of its own, trained
and swept like those of the regimes. Several networks, drawn anew or on other graphs, say how much of what is found
belongs to the one that was drawn: intervals of `summarise` are over graphs. Networks of one graph, which differ in the
draw of their weights, are no independent examples of it: they are averaged first.

Where a measure is not known (see `decomposition`), the point is left out, and counted.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import product
from typing import Any

import numpy as np
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
        single graph; ``association``, ``association_low`` and ``association_high (loop, measure)``, the same of
        Spearman's correlation of a measure with the test score over the points of the grid.
    """
    of_networks = [part.expand_dims(connectome=[name]) for part, name in zip(parts, networks, strict=True)]
    whole = xr.combine_by_coords(of_networks, join="outer", combine_attrs="override")
    assert isinstance(whole, xr.Dataset)
    graphs = {name: part.attrs["graph"] for part, name in zip(parts, networks, strict=True)}
    whole = whole.sel(connectome=list(graphs)).assign_coords(graph=("connectome", list(graphs.values())))
    mean, low, high, count = _over_graphs(whole["estimate"])
    unknown = whole["estimate"].isnull().sum(["connectome", "spectral_radius", "leak"])
    association = xr.full_like(whole["estimate"].isel(spectral_radius=0, leak=0, drop=True), np.nan)
    for name, loop, measure in product(*(association[dim].values for dim in association.dims)):
        of_network = whole["estimate"].sel(connectome=name, loop=loop)
        score, other = (of_network.sel(measure=m).values.ravel() for m in ("test_score", measure))
        there = np.isfinite(score) & np.isfinite(other)
        if there.sum() > 2:
            ranked = (decomposition.ranks(values[there]) for values in (score, other))
            association.loc[name, loop, measure] = decomposition.pearson(*(values[None] for values in ranked)).item()
    between, *ends, _ = _over_graphs(association)
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
    }
    return whole.assign(
        {name: value.assign_attrs(long_name=meaning, units="1") for name, (value, meaning) in meanings.items()}
    )


def _over_graphs(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return mean and 95 % interval over graphs, of each the mean over its networks, and the number of graphs."""
    of_graphs = values.groupby("graph").mean("connectome").transpose("graph", ...)
    count, mean = of_graphs.count("graph"), of_graphs.mean("graph")
    quantile = count.copy(data=stats.t.ppf(0.975, count - 1))  # NaN for a single graph
    half = quantile * of_graphs.std("graph") / np.sqrt((count - 1).clip(1))
    return mean, mean - half, mean + half, count
