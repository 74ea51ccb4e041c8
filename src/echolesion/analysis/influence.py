"""Influence: the Shapley value of every source in the game "activity of the target at time t"."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from echolesion.connectome.graph import off_diagonal
from echolesion.records.progress import bar
from echolesion.shapley import statistics
from echolesion.sweep.batches import merge

#: Noise-free split-half reliability below which a map of influence should not be interpreted.
RELIABLE = 0.9

#: Sums of a sweep that are in memory at once.
VALUES_AT_ONCE = 2**24

#: The parts of influence and what they are.
MEANINGS = {
    "influence": "influence of source on target",
    "direct": "part of the influence that rides on the connection (mediated split)",
    "indirect": "part of the influence that travels through other nodes (mediated split)",
}


def estimate(*parts: xr.Dataset, progress: str | None = None) -> xr.Dataset:
    """Estimate the influence of every node on every other, its direct and indirect parts, and their uncertainty.

    Parameters
    ----------
    *parts : xarray.Dataset
        All parts of a sweep, from `sweep.run`. They may be opened lazily: some sources are read at a time, so memory is
        that of the result and a few hundred MB.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``influence``, ``direct`` and ``indirect (source, target, time)``, the mediated parts adding up to the whole,
        each with its standard error ``..._se``; ``power`` (variance of the influence over time), ``power_se`` and
        ``power_noise_free (source, target)``; ``influence_covariance``, ``direct_covariance`` and
        ``indirect_covariance (batch, other_batch, source, target)``, from which `decomposition` derives intervals; the
        split-half ``reliability`` of the magnitudes of influence, and ``reliability_noise_free``, which does not take
        noise of its own strength on every pair for agreement. The diagonal is NaN: a node's influence on itself
        is not defined. The attribute ``bounded_lesioned_share`` is the share of lesioned networks whose output was
        bounded, each as often as it was simulated.

    Raises
    ------
    ValueError
        If there are fewer than 8 batches, or so few walks that a pair was not sampled.
    """
    nodes, time = parts[0]["source"].values, parts[0]["time"].values
    batches = _batches(parts)
    size = len(nodes)
    estimates: dict[str, np.ndarray] = {}
    for source, influence, direct in _pseudo_values(parts, progress):
        for part, pseudo in (("influence", influence), ("direct", direct), ("indirect", influence - direct)):
            values = {
                part: pseudo.mean(axis=0),
                f"{part}_se": statistics.standard_error(pseudo),
                f"{part}_covariance": statistics.batch_covariance(pseudo).astype(np.float32),
            }
            for name, value in values.items():
                axis = 2 if name.endswith("covariance") else 0
                if name not in estimates:
                    estimates[name] = np.empty((*value.shape[:axis], size, *value.shape[axis:]), value.dtype)
                estimates[name][(slice(None),) * axis + (source,)] = value
    covariance = estimates["influence_covariance"]
    power, free = statistics.power(covariance), statistics.power(covariance, noise_free=True)
    replicates = [statistics.power(statistics.leave_out(covariance, b)) for b in range(len(batches))]
    power_se, _, _ = statistics.jackknife_interval(power, np.stack(replicates))
    maps = ("source", "target")
    variables: dict[str, Any] = {}
    for part, meaning in MEANINGS.items():
        variables |= {
            part: ((*maps, "time"), estimates[part], {"long_name": meaning}),
            f"{part}_se": ((*maps, "time"), estimates[f"{part}_se"], {"long_name": f"standard error of the {meaning}"}),
            f"{part}_covariance": (
                ("batch", "other_batch", *maps),
                estimates[f"{part}_covariance"],
                {"long_name": f"covariance over time, between batches, of the {meaning}"},
            ),
        }
    free_name = "power without that of the estimator's noise (unbiased, may be negative)"
    variables |= {
        "power": (maps, power, {"long_name": "variance of the influence over time"}),
        "power_se": (maps, power_se, {"long_name": "standard error of the power"}),
        "power_noise_free": (maps, free, {"long_name": free_name}),
    }
    off = covariance[:, :, off_diagonal(size)]
    for name, noise_free in (("reliability", False), ("reliability_noise_free", True)):
        meaning = f"split-half reliability of the {'noise-free ' if noise_free else ''}magnitude of influence"
        value = statistics.split_half_reliability(off, noise_free=noise_free)
        variables[name] = ((), value, {"long_name": meaning})
    walks = {part.attrs["round"]: part.attrs["walks_per_batch"] for part in parts}
    runs, bounded = (
        sum(float(part[name].sum()) for part in parts) for name in ("lesioned_runs", "bounded_lesioned_runs")
    )
    result = xr.Dataset(
        variables,
        coords={
            "source": nodes,
            "target": nodes,
            "time": ("time", time, {"long_name": "time", "units": "step"}),
            "batch": batches,
        },
        attrs={name: parts[0].attrs[name] for name in ("estimator", "lesion", "loop", "refit_readout", "rescale")}
        | {"walks_per_batch": sum(walks.values()), "batches": len(batches), "bounded_lesioned_share": bounded / runs},
    )
    for key, variable in result.data_vars.items():
        variable.attrs["units"] = "1"
        if str(key).startswith("direct"):
            # Exactly 0 without a connection, and so of a sparse network next to nothing once compressed.
            variable.encoding = {"zlib": True, "complevel": 1}
    return result


def reliability(*parts: xr.Dataset, progress: str | None = None) -> float:
    """Return the noise-free split-half reliability that `estimate` would, for less."""
    covariances = [
        statistics.batch_covariance(np.delete(influence, source, axis=1))
        for source, influence, _ in _pseudo_values(parts, progress)
    ]
    return statistics.split_half_reliability(np.concatenate(covariances, axis=2), noise_free=True)


def _pseudo_values(parts: Sequence[xr.Dataset], progress: str | None) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield every source and the pseudo-values of its influence and of the direct part of that.

    Their shape is (batch, target, time), NaN where the target is the source.
    """
    size, steps = parts[0].sizes["source"], parts[0].sizes["time"]
    block = max(1, VALUES_AT_ONCE // (len(_batches(parts)) * size * steps))
    starts = np.searchsorted(parts[0]["connection_source"].values, np.arange(size + 1))
    wanted = ["influence_sum", "direct_sum", "influence_weight", "connection_target"]
    for source in bar(progress, "node", range(size)):
        first = source - source % block
        if source == first:
            last = min(first + block, size)
            chosen = {"source": slice(first, last), "connection": slice(starts[first], starts[last])}
            sums = merge([part[wanted].isel(chosen) for part in parts])
        weights = sums["influence_weight"].values[:, source - first].copy()
        weights[:, source] = 1
        influence = statistics.pseudo_values(sums["influence_sum"].values[:, source - first], weights[..., None])
        connections = slice(starts[source] - starts[first], starts[source + 1] - starts[first])
        targets = sums["connection_target"].values[connections]
        direct = np.zeros_like(influence)
        direct[:, targets] = statistics.pseudo_values(
            sums["direct_sum"].values[:, connections], weights[:, targets, None]
        )
        influence[:, source] = direct[:, source] = np.nan
        yield source, influence, direct


def _batches(parts: Sequence[xr.Dataset]) -> list[int]:
    return sorted({int(batch) for part in parts for batch in part["batch"]})
