"""Influence: the Shapley value of every source in the game "activity of the target at time t"."""

from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from echolesion import statistics

#: Split-half reliability below which a map of influence should not be interpreted.
RELIABLE = 0.9

#: The parts of influence and what they are.
MEANINGS = {
    "influence": "influence of source on target",
    "direct": "part of the influence that rides on the connection (mediated split)",
    "indirect": "part of the influence that travels through other nodes (mediated split)",
}


def off_diagonal(size: int) -> np.ndarray:
    """Return the mask of all ordered pairs of different nodes, shape (N, N)."""
    return ~np.eye(size, dtype=bool)


def estimate(sweep: xr.Dataset, progress: str | None = None) -> xr.Dataset:
    """Estimate the influence of every node on every other, its direct and indirect parts, and their uncertainty.

    Parameters
    ----------
    sweep : xarray.Dataset
        All batches of a sweep, from `sweep.run`, merged along ``batch``.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``influence``, ``direct`` and ``indirect (source, target, time)``, the mediated parts adding up to the whole,
        each with its standard error ``..._se``; ``power`` (variance of the influence over time), ``power_se`` and
        ``power_noise_free (source, target)``; ``influence_covariance``, ``direct_covariance`` and
        ``indirect_covariance (batch, other_batch, source, target)``, from which `decomposition` derives intervals; the
        split-half ``reliability`` of the magnitudes of influence. The diagonal is NaN: a node's influence on itself
        is not defined.

    Raises
    ------
    ValueError
        If there are fewer than 8 batches, or so few walks that a pair was not sampled.
    """
    sweep = sweep.transpose("batch", "source", "target", "time", ...)
    pairs = off_diagonal(sweep.sizes["source"])
    maps, batches = ("source", "target"), ("batch", "other_batch")
    variables: dict[str, Any] = {}
    for part, meaning in MEANINGS.items():
        mean, error, covariance = _estimate(sweep, part, pairs, progress)
        names = (
            meaning,
            f"standard error of the {meaning}",
            f"covariance over time, between batches, of the {meaning}",
        )
        variables |= {
            part: ((*maps, "time"), mean, {"long_name": names[0]}),
            f"{part}_se": ((*maps, "time"), error, {"long_name": names[1]}),
            f"{part}_covariance": ((*batches, *maps), covariance.astype(np.float32), {"long_name": names[2]}),
        }
    covariance = variables["influence_covariance"][1].astype(float)
    power, free = statistics.power(covariance), statistics.power(covariance, noise_free=True)
    replicates = [statistics.power(statistics.leave_out(covariance, b)) for b in range(sweep.sizes["batch"])]
    power_se, _, _ = statistics.jackknife_interval(power, np.stack(replicates))
    reliability = statistics.split_half_reliability(covariance[:, :, pairs])
    free_name = "power without that of the estimator's noise (unbiased, may be negative)"
    variables |= {
        "power": (maps, power, {"long_name": "variance of the influence over time"}),
        "power_se": (maps, power_se, {"long_name": "standard error of the power"}),
        "power_noise_free": (maps, free, {"long_name": free_name}),
        "reliability": ((), reliability, {"long_name": "split-half reliability of the magnitude of influence"}),
    }
    result = xr.Dataset(
        variables,
        coords={
            "source": sweep["source"],
            "target": sweep["target"],
            "time": ("time", sweep["time"].values, {"long_name": "time", "units": "step"}),
            "batch": sweep["batch"],
        },
        attrs=sweep.attrs | {"batches": sweep.sizes["batch"]},
    )
    for key, variable in result.data_vars.items():
        variable.attrs["units"] = "1"
        if str(key).startswith("direct"):
            # Exactly 0 without a connection, and so of a sparse network next to nothing once compressed.
            variable.encoding = {"zlib": True, "complevel": 1}
    return result


def _estimate(
    sweep: xr.Dataset, part: str, pairs: np.ndarray, progress: str | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, standard error and batch covariance of one part of influence."""
    whole, direct = sweep["influence_sum"].values, sweep["direct_sum"].values
    weights = np.where(pairs, sweep["influence_weight"].values, 1.0)[..., None]
    mean, error = np.empty(whole.shape[1:], whole.dtype), np.empty(whole.shape[1:], whole.dtype)
    covariance = np.empty((len(whole), *whole.shape[:3]))
    # One source at a time: the pseudo-values of all would double the memory.
    for source in tqdm(range(len(pairs)), desc=f"{progress}: {part}", disable=progress is None, delay=2):
        sums = (direct if part == "direct" else whole)[:, source]
        if part == "indirect":
            sums = sums - direct[:, source]
        pseudo = statistics.pseudo_values(sums, weights[:, source])
        pseudo[:, source] = np.nan
        mean[source], error[source] = pseudo.mean(axis=0), statistics.standard_error(pseudo)
        covariance[:, :, source] = statistics.batch_covariance(pseudo)
    return mean, error, covariance
