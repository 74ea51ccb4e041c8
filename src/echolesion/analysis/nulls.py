"""Nulls: the same study on networks of equal degrees that are wired at random.

A null is rewired (see `surrogates`), then trained and swept like the connectome that it is of, with the same parameters
and input weights: what differs is the wiring alone. The parameters are those tuned for the connectome, so that a better
score of it says little about its wiring. Several nulls have a mean and a spread: a further one would lie in the range
of `compare` with 95 % confidence, if they are normal. What lies outside of it is more than degrees and the distribution
of weights explain.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from echolesion.analysis.measurement import labelled, measured
from echolesion.connectome import surrogates
from echolesion.dynamics import reservoir
from echolesion.shapley import statistics

#: Fewest nulls that have a range.
FEWEST = 3


def draw(connectome: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    """Rewire a connectome.

    Parameters
    ----------
    connectome : xarray.DataArray
        Dims ``(source, target)``, prepared.
    rng : numpy.random.Generator
        Source of the null.

    Returns
    -------
    xarray.DataArray
        Of equal degrees and weights; all its connections are mutual if those of the connectome are.
    """
    weights = connectome.transpose("source", "target").values
    mutual = ((weights != 0) == (weights.T != 0)).all()
    rewire = surrogates.rewired_mutually if mutual else surrogates.rewired
    return connectome.transpose("source", "target").copy(data=rewire(weights, rng))


def study(
    null: xr.DataArray,
    networks: Mapping[str, xr.Dataset],
    task: xr.Dataset,
    *,
    ridge: Sequence[float],
    settings: Mapping[str, Any],
) -> xr.Dataset:
    """Train and sweep the networks of a null.

    Parameters
    ----------
    null : xarray.DataArray
        From `draw`.
    networks : mapping of str to xarray.Dataset
        Networks of the connectome, by regime, from `reservoir.build`.
    task : xarray.Dataset
        From `task.make`.
    ridge : sequence of float
        Ridge parameters, as for `training.train`.
    settings : mapping
        The arguments of `sweep.run` after the split.

    Returns
    -------
    xarray.Dataset
        ``estimate`` and ``se (regime, measure)``, see `measurement.measured`.
    """
    values = []
    for network in networks.values():
        parameters = {key: network.attrs[key] for key in ("spectral_radius", "leak", "bias", "activation")}
        # The input weights of a network are scaled already.
        rewired = reservoir.build(null, network["input_weights"], input_scaling=1, **parameters)
        values.append(measured(rewired, task, task.attrs["loop"], ridge, settings))
    return labelled(np.stack(values, axis=1), regime=list(networks))


def compare(trained: Mapping[str, xr.Dataset], decomposed: xr.Dataset, nulls: Sequence[xr.Dataset]) -> xr.Dataset:
    """Compare a connectome with its nulls.

    Parameters
    ----------
    trained : mapping of str to xarray.Dataset
        From `training.train`, by regime.
    decomposed : xarray.Dataset
        From `decomposition.decompose`, of the same regimes.
    nulls : sequence of xarray.Dataset
        From `study`, `FEWEST` or more.

    Returns
    -------
    xarray.Dataset
        ``estimate``, ``low`` and ``high (regime, measure)`` of the connectome, with 95 % intervals; of its nulls
        ``null_mean``, ``null_low`` and ``null_high``, the 95 % range of a further null by Student's t, and their number
        ``nulls``, without those that overflow; ``z``, how far the connectome is from the mean in
        standard deviations of nulls. The measures are ``test_score`` and those of the decomposition.
    """
    regimes = list(trained)
    own = decomposed[["estimate", "low", "high"]].sel(regime=regimes)
    scores = []
    for regime in trained.values():
        score = regime.sel(split="test", measure=regime.attrs["task_score"])
        half = statistics.t_quantile(statistics.TIME_BLOCKS) * float(score["score_se"])
        scores.append(float(score["score"]) + half * np.array([0, -1, 1]))
    of_scores = xr.Dataset(
        {name: (("regime", "measure"), column[:, None]) for name, column in zip(own, np.array(scores).T, strict=True)},
        coords={"regime": regimes, "measure": ["test_score"]},
    )
    own = xr.concat([of_scores, own.drop_vars(["meaning", "chance", "ceiling"], errors="ignore")], "measure")
    every = xr.concat([null["estimate"] for null in nulls], "null").sel(regime=regimes, measure=own["measure"])
    number = every.count("null")
    mean, deviation = every.mean("null"), every.std("null", ddof=1)
    number = number.where(number >= FEWEST)
    quantile = number.copy(data=stats.t.ppf(0.975, number - 1))
    half_width = quantile * deviation * np.sqrt(1 + 1 / number)
    meanings = {
        "estimate": (own["estimate"], "estimate"),
        "low": (own["low"], "lower end of its 95 % interval"),
        "high": (own["high"], "upper end of its 95 % interval"),
        "null_mean": (mean, "mean over nulls"),
        "null_low": (mean - half_width, "lower end of the 95 % range of a further null"),
        "null_high": (mean + half_width, "upper end of that range"),
        "nulls": (number, "number of nulls"),
        "z": (
            (own["estimate"] - mean) / deviation,
            "distance from that mean, in standard deviations of nulls",
        ),
    }
    return xr.Dataset(
        {name: value.assign_attrs(long_name=meaning, units="1") for name, (value, meaning) in meanings.items()}
    )
