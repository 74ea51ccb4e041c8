"""The map: task error, and how influence relates to the wiring, over spectral radius and leak rate.

A pair of networks that somebody picked says little about tuning. Every point of a grid is a network of its own, trained
and swept like those of the regimes. Several networks, drawn anew or on other graphs, say how much of what is found
belongs to the one that was drawn: intervals of `summarise` are over networks.

Where next to nothing is left of influence once noise is taken out, noise-free shares and correlations are ratios of two
small random numbers. They are left out where the noise-free power is not larger than `DISTINCT` standard errors.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from echolesion import decomposition, influence, reservoir, sweep, training
from echolesion.progress import bar
from echolesion.task import split

#: Standard errors by which noise-free power must exceed 0.
DISTINCT = 2.0
#: What is known of a network besides `decomposition.MEASURES`.
OF_TRAINING = {
    "test_score": "test score of the task, without lesions",
    "start_left": "difference that the start makes after training, relative to the largest state",
    "bounded_share": "share of lesioned networks whose output was bounded",
    "chance": "share of unconnected pairs",
}
#: All that is known of it.
OF_NETWORK = OF_TRAINING | decomposition.MEASURES


def measured(
    network: xr.Dataset, task: xr.Dataset, loop: str, ridge: Sequence[float], settings: Mapping[str, Any]
) -> np.ndarray:
    """Train and sweep a network.

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    task : xarray.Dataset
        From `task.make`.
    loop : str
        "open"; "closed"; or "forced", see `sweep.run`.
    ridge : sequence of float
        Ridge parameters, as for `training.train`.
    settings : mapping
        The arguments of `sweep.run` after the split.

    Returns
    -------
    numpy.ndarray, shape (2, len(OF_NETWORK))
        Estimates of `OF_NETWORK` and their standard errors, which cover that of the estimated influence, and of the
        score along time. NaN where activity overflows.
    """
    try:
        trained = training.train(network, task, ridge)
        # Only in closed loop does the read-out reach a node.
        refit = settings.get("refit_readout", False) and loop == "closed"
        piece = split(task, "test").assign_attrs(loop=loop)
        sums = sweep.run(network, trained, piece, **dict(settings, refit_readout=refit))
    except reservoir.Overflow:
        return np.full((2, len(OF_NETWORK)), np.nan)
    estimated = influence.estimate(sums)
    decomposed = decomposition.decompose({"": network["weights"]}, {"": estimated}).isel(regime=0)
    score = trained.sel(split="test", measure=trained.attrs["task_score"])
    of_training = [score["score"], trained.attrs["start_left"], estimated.attrs["bounded_share"], decomposed["chance"]]
    values = [*map(float, of_training), *decomposed["estimate"].values]
    errors = [float(score["score_se"]), *[0.0] * (len(of_training) - 1), *decomposed["se"].values]
    return np.array([values, errors])


def labelled(values: np.ndarray, **axes: Sequence[Any]) -> xr.Dataset:
    """Return what is known of several networks as a dataset.

    Parameters
    ----------
    values : numpy.ndarray, shape (2, ..., len(OF_NETWORK))
        Of `measured`, along the axes.
    **axes : sequence
        Labels along every axis, by its name.

    Returns
    -------
    xarray.Dataset
        ``estimate`` and ``se``, with the dims of the axes and ``measure``.
    """
    dims = (*axes, "measure")
    return xr.Dataset(
        {
            "estimate": (dims, values[0], {"long_name": "estimate", "units": "1"}),
            "se": (dims, values[1], {"long_name": "standard error", "units": "1"}),
        },
        coords={name: list(labels) for name, labels in axes.items()}
        | {"measure": list(OF_NETWORK), "meaning": ("measure", list(OF_NETWORK.values()))},
    )


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
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``estimate`` and ``se (loop, spectral_radius, leak, measure)``, see `measured`.
    """
    values = np.full((2, len(loops), len(spectral_radius), len(leak), len(OF_NETWORK)), np.nan)
    points = list(product(enumerate(loops), enumerate(spectral_radius), enumerate(leak)))
    for (i, loop), (r, radius), (a, rate) in bar(progress, "network", points):
        network = reservoir.build(connectome, unscaled_input, spectral_radius=radius, leak=rate, **parameters)
        values[:, i, r, a] = measured(network, task, loop, ridge, settings)
    result = labelled(values, loop=loops, spectral_radius=spectral_radius, leak=leak)
    return result.assign_attrs(score=task.attrs["score"])


def summarise(parts: Sequence[xr.Dataset], networks: Sequence[str]) -> xr.Dataset:
    """Put the parts of a map together and average it over networks.

    Parameters
    ----------
    parts : sequence of xarray.Dataset
        From `explore`: parts of one grid, of any networks.
    networks : sequence of str
        The network of each part.

    Returns
    -------
    xarray.Dataset
        ``estimate`` and ``se (connectome, loop, spectral_radius, leak, measure)``, NaN where noise-free measures mean
        nothing (see above); ``mean``, ``low`` and ``high (loop, spectral_radius, leak, measure)``, the mean over the
        other networks, their number ``networks``, and the 95 % interval of the mean by Student's t, which is NaN for a
        single network; ``association``, ``association_low`` and ``association_high (loop, measure)``, the same of
        Spearman's correlation of a measure with the test score over the points of the grid.
    """
    labelled = [part.expand_dims(connectome=[name]) for part, name in zip(parts, networks, strict=True)]
    whole = xr.combine_by_coords(labelled, join="outer", combine_attrs="override")
    assert isinstance(whole, xr.Dataset)
    whole = whole.sel(connectome=list(dict.fromkeys(networks)))
    noise = whole.sel(measure="noise_share", drop=True)
    distinct = 1 - noise["estimate"] > DISTINCT * noise["se"]
    whole = whole.where(distinct | ~whole["measure"].str.endswith("_noise_free"))
    mean, low, high = _over_networks(whole["estimate"])
    association = xr.full_like(whole["estimate"].isel(spectral_radius=0, leak=0, drop=True), np.nan)
    for name, loop, measure in product(*(association[dim].values for dim in association.dims)):
        of_network = whole["estimate"].sel(connectome=name, loop=loop)
        score, other = (of_network.sel(measure=m).values.ravel() for m in ("test_score", measure))
        there = np.isfinite(score) & np.isfinite(other)
        if there.sum() > 2:
            association.loc[name, loop, measure] = decomposition.correlation("spearman", score[there], other[there])
    between, *ends = _over_networks(association)
    between_low, between_high = (end.clip(-1, 1) for end in ends)
    meanings = {
        "networks": (whole["estimate"].count("connectome"), "number of networks that the mean is over"),
        "mean": (mean, "mean over networks"),
        "low": (low, "lower end of the 95 % interval of the mean over networks"),
        "high": (high, "upper end of the 95 % interval of the mean over networks"),
        "association": (between, "Spearman correlation with the test score over the grid, mean over networks"),
        "association_low": (between_low, "lower end of the 95 % interval of that mean"),
        "association_high": (between_high, "upper end of the 95 % interval of that mean"),
    }
    return whole.assign(
        {name: value.assign_attrs(long_name=meaning, units="1") for name, (value, meaning) in meanings.items()}
    )


def _over_networks(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return mean and 95 % interval over connectomes."""
    count, mean = values.count("connectome"), values.mean("connectome")
    quantile = count.copy(data=stats.t.ppf(0.975, count - 1))  # NaN for a single network
    half = quantile * values.std("connectome") / np.sqrt((count - 1).clip(1))
    return mean, mean - half, mean + half
