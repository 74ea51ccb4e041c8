"""Measurement: a network is trained, swept and put into numbers, and nothing else of it is kept.

Points of the map and nulls are measured so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from echolesion.analysis import decomposition, influence
from echolesion.dynamics import reservoir
from echolesion.shapley import power
from echolesion.sweep.batches import run
from echolesion.training.readout import train
from echolesion.training.task import split

#: What is known of a network besides `decomposition.MEASURES`.
OF_TRAINING = {
    "test_score": "test score of the task, without lesions",
    "start_left": "difference that the start makes after training, relative to the largest state",
    "bounded_lesioned_share": "share of lesioned networks whose output was bounded",
    "chance": "share of unconnected pairs",
    "walks_per_batch": "walks per batch that were swept",
}
#: All that is known of it.
OF_NETWORK = OF_TRAINING | decomposition.MEASURES


def measured(
    network: xr.Dataset,
    task: xr.Dataset,
    loop: str,
    ridge: Sequence[float],
    settings: Mapping[str, Any],
    until: Mapping[str, Any] | None = None,
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
    until : mapping, optional
        ``reliability`` of power and ``walks_per_batch``, the most: rounds of walks are added until either is reached.

    Returns
    -------
    numpy.ndarray, shape (2, len(OF_NETWORK))
        Estimates of `OF_NETWORK` and their standard errors, which cover that of the estimated influence, and of the
        score along time. NaN where activity overflows, or where a measure is not known.
    """
    try:
        trained = train(network, task, ridge)
        # Only in closed loop does the read-out reach a node.
        refit = settings.get("refit_readout", False) and loop == "closed"
        piece = split(task, "test").assign_attrs(loop=loop)
        parts = [run(network, trained, piece, **dict(settings, refit_readout=refit))]
        while until and (walks := _of_next_round(parts, until)):
            further = dict(settings, refit_readout=refit, walks=walks, round_number=len(parts))
            parts.append(run(network, trained, piece, **further))
    except reservoir.Overflow:
        return np.full((2, len(OF_NETWORK)), np.nan)
    estimated = influence.estimate(*parts)
    decomposed = decomposition.decompose({"": network["weights"]}, {"": estimated}).isel(regime=0)
    score = trained.sel(split="test", measure=trained.attrs["task_score"])
    # Where no output is fed back, none needs to be bounded, and the read-out was not fitted again.
    bounded = estimated.attrs["bounded_lesioned_share"] if loop == "closed" else np.nan
    walks = estimated.attrs["walks_per_batch"]
    of_training = [score["score"], trained.attrs["start_left"], bounded, decomposed["chance"], walks]
    values = [*map(float, of_training), *decomposed["estimate"].values]
    errors = [float(score["score_se"]), *[0.0] * (len(of_training) - 1), *decomposed["se"].values]
    return np.array([values, errors])


def _of_next_round(parts: Sequence[xr.Dataset], until: Mapping[str, Any]) -> int:
    """Return how many walks to add to a sweep."""
    walks = sum(int(part.attrs["walks_per_batch"]) for part in parts)
    spread = influence.spread(*parts)
    return power.walks_of_next_round(spread, walks, until["reliability"], until["walks_per_batch"])


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
