"""Influence: the Shapley value of every source in the game "activity of the target at time t"."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from echolesion.connectome.graph import off_diagonal
from echolesion.records.progress import bar
from echolesion.shapley import power, statistics
from echolesion.sweep.parts import engines_of, merge

#: Reliability of power below which a map of influence should not be interpreted.
RELIABLE = 0.9

#: Sums of a sweep that are in memory at once.
VALUES_AT_ONCE = 2**24

#: The parts of influence and what they are.
MEANINGS = {
    "influence": "influence of source on target",
    "direct": "part of the influence that rides on the connection (mediated split)",
    "indirect": "part of the influence that travels through other nodes (mediated split)",
}
#: Pairs of nodes over which the spread of power is known.
GROUPS = ("all", "connected")


def estimate(*parts: xr.Dataset, progress: str | None = None) -> xr.Dataset:
    """Estimate the influence of every node on every other, its direct and indirect parts, and their uncertainty.

    Influence is a ratio of sums and their weights, whose bias goes with 1 / walks. Powers are products of sums over the
    weights that are to be expected, see `power.products`, which are unbiased at any number of walks.

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
        each with its standard error ``..._se``. Their powers ``..._power (kind, left_out, source, target)`` without
        that of the noise, of a ``kind`` of `power.KINDS`, from all batches (``left_out`` is -1) and with each left out,
        and ``..._raw_power (left_out, source, target)``, the variance over time of what is estimated, noise included:
        what `decomposition` needs for its intervals. ``power``, ``power_se`` and ``power_noise_free (source,
        target)``, the variance over time of the influence with and without noise. ``power_spread (kind, pairs,
        different_batches, left_out)``, see `power.spread`, and the ``power_reliability`` over all pairs that it tells.
        ``power_lost_to_bins (of_interval)``, the share of power that goes with what is faster than a bin of time.
        The diagonal is NaN: a node's influence on itself is not defined. The attribute ``bounded_lesioned_share`` is
        the share of lesioned networks whose output was bounded, each as often as it was simulated.

    Raises
    ------
    ValueError
        If there are fewer than 8 batches, or so few walks that a pair was not sampled.
    """
    nodes, time = parts[0]["source"].values, parts[0]["time"].values
    batches = _batches(parts)
    size, count = len(nodes), len(batches)
    maps, steps = (size, size), len(time)
    estimates: dict[str, np.ndarray] = {}
    for part in MEANINGS:
        estimates |= {
            part: np.empty((*maps, steps), parts[0]["influence_sum"].dtype),
            f"{part}_se": np.empty((*maps, steps), parts[0]["influence_sum"].dtype),
            f"{part}_power": np.empty((len(power.KINDS), 1 + count, *maps), np.float32),
            f"{part}_raw_power": np.empty((1 + count, *maps), np.float32),
        }
    spreads = _Spreads(parts)
    for source, targets, ratios, unbiased, weights in _by_source(parts, progress):
        products = power.products(unbiased["influence"], weights)
        spreads.add(source, products)
        of_influence = power.powers(products)
        for part in MEANINGS:
            pseudo = ratios[part]
            estimates[part][source] = pseudo.mean(axis=0)
            estimates[f"{part}_se"][source] = statistics.standard_error(pseudo)
            estimates[f"{part}_raw_power"][:, source] = power.raw_powers(pseudo)
            # Without a connection, nothing is direct and all is indirect.
            powers = of_influence * (part != "direct")
            if part != "influence":
                powers[..., targets] = power.powers(power.products(unbiased[part][:, targets], weights[:, targets]))
            estimates[f"{part}_power"][..., source, :] = powers.swapaxes(0, 1)
    spread = spreads.value()
    raw = estimates["influence_raw_power"]
    pair, left_out = ("source", "target"), ("left_out", "source", "target")
    free = "power without that of the estimator's noise (may be negative)"
    variables: dict[str, Any] = {}
    for part, meaning in MEANINGS.items():
        variables |= {
            part: ((*pair, "time"), estimates[part], {"long_name": meaning}),
            f"{part}_se": ((*pair, "time"), estimates[f"{part}_se"], {"long_name": f"standard error of the {meaning}"}),
            f"{part}_power": (("kind", *left_out), estimates[f"{part}_power"], {"long_name": f"{free} of {part}"}),
            f"{part}_raw_power": (
                left_out,
                estimates[f"{part}_raw_power"],
                {"long_name": f"variance over time of the estimated {part}"},
            ),
        }
    variables |= {
        "power": (pair, raw[0], {"long_name": "variance of the influence over time, noise included"}),
        "power_se": (pair, statistics.jackknife(raw.astype(float))[1], {"long_name": "standard error of the power"}),
        "power_noise_free": (pair, estimates["influence_power"][0, 0], {"long_name": free}),
        "power_spread": (
            ("kind", "pairs", "different_batches", "left_out"),
            spread,
            {"long_name": "variance over pairs of the power of influence, from products of so many batches"},
        ),
        "power_lost_to_bins": (
            "of_interval",
            _lost_to_bins(parts),
            {"long_name": "share of power that averaging over bins of time takes away, of sampled pairs"},
        ),
        "power_reliability": ((), power.reliability(spread[0, 0]), {"long_name": "reliability of power, all pairs"}),
    }
    runs, bounded = (
        sum(float(part[name].sum()) for part in parts) for name in ("lesioned_runs", "bounded_lesioned_runs")
    )
    result = xr.Dataset(
        variables,
        coords={
            "source": nodes,
            "target": nodes,
            "time": ("time", time, {"long_name": "time", "units": "step"}),
            "kind": list(power.KINDS),
            "left_out": [-1, *batches],
            "pairs": list(GROUPS),
            "different_batches": [2, 3, 4],
            "of_interval": ["estimate", "low", "high"],
        },
        attrs={name: parts[0].attrs[name] for name in ("estimator", "lesion", "loop", "refit_readout", "rescale")}
        | {
            "engine": engines_of(parts),
            "walks_per_batch": _walks(parts),
            "batches": count,
            "bounded_lesioned_share": bounded / runs,
        },
    )
    for key, variable in result.data_vars.items():
        variable.attrs["units"] = "1"
        if str(key).startswith("direct"):
            # Exactly 0 without a connection, and so of a sparse network next to nothing once compressed.
            variable.encoding = {"zlib": True, "complevel": 1}
    return result


def spread(*parts: xr.Dataset, progress: str | None = None) -> np.ndarray:
    """Return the ``power_spread`` of variance over all pairs that `estimate` would, shape (3, 1 + B), for less."""
    spreads = _Spreads(parts)
    for source, _, _, unbiased, weights in _by_source(parts, progress):
        spreads.add(source, power.products(unbiased["influence"], weights))
    return spreads.value()[0, 0]


def reliability(*parts: xr.Dataset, progress: str | None = None) -> float:
    """Return the ``power_reliability`` that `estimate` would, for less."""
    return power.reliability(spread(*parts, progress=progress))


def _lost_to_bins(parts: Sequence[xr.Dataset]) -> np.ndarray:
    """Return the share of power that averaging over bins of time takes away, and the ends of its 95 % interval.

    Of the sampled pairs, whose sums are there at full resolution: 0 if there are as many bins as steps.
    """
    if "sampled_sum" not in parts[0]:
        return np.zeros(3)
    wanted = ["sampled_sum", "influence_weight", "sampled_source", "sampled_target"]
    sums = merge([part[wanted] for part in parts])
    expected = _walks(parts) / parts[0].sizes["source"]
    weights = (
        sums["influence_weight"].values[:, sums["sampled_source"].values, sums["sampled_target"].values] / expected
    )
    fine = sums["sampled_sum"].values / expected
    steps, bins = fine.shape[-1], parts[0].sizes["time"]
    bin_of_step = np.arange(steps) * bins // steps
    averaged = np.eye(bins)[bin_of_step]
    # A bin of more steps than others counts for more of the time.
    coarse = (fine @ (averaged / averaged.sum(axis=0)))[..., bin_of_step]
    kept, whole = (power.powers(power.products(series, weights)[0].sum(axis=0)) for series in (coarse, fine))
    share, _, low, high = statistics.jackknife(power.shares(kept, whole))
    return np.array([1 - share, 1 - high, 1 - low])


class _Spreads:
    """Sums over pairs of what `power.spread` takes, for every group of pairs."""

    def __init__(self, parts: Sequence[xr.Dataset]):
        size, count, kinds = parts[0].sizes["source"], len(_batches(parts)), len(power.KINDS)
        connected = np.zeros((size, size), dtype=bool)
        connected[parts[0]["connection_source"].values, parts[0]["connection_target"].values] = True
        self.members = np.stack([np.ones_like(connected), connected]) & off_diagonal(size)
        self.squares = np.zeros((len(GROUPS), 3, 1 + count, kinds))
        self.products = np.zeros((len(GROUPS), kinds, count, count))

    def add(self, source: int, products: np.ndarray) -> None:
        """Add the pairs of a source, of shape (kind, target, B, B)."""
        squares = power.squares(products)
        for group, members in enumerate(self.members[:, source]):
            self.squares[group] += squares[..., members].sum(axis=-1)
            self.products[group] += products[:, members].sum(axis=1)

    def value(self) -> np.ndarray:
        """Return the spreads, shape (kind, group, 3, 1 + B); NaN of a group without pairs."""
        number = self.members.sum(axis=(1, 2))
        with np.errstate(invalid="ignore"):
            groups = [power.spread(self.squares[group] / n, self.products[group] / n) for group, n in enumerate(number)]
        return np.moveaxis(np.array(groups), -1, 0)


def _by_source(
    parts: Sequence[xr.Dataset], progress: str | None
) -> Iterator[tuple[int, np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]]:
    """Yield every source, the targets of its connections, and its influence and the parts of that, twice.

    First their pseudo-values, then the sums over the weights that are to be expected, walks / nodes for all pairs. The
    shape is (batch, target, time), NaN where the target is the source. Last the weights there are over those.
    """
    size, steps = parts[0].sizes["source"], parts[0].sizes["time"]
    block = max(1, VALUES_AT_ONCE // (len(_batches(parts)) * size * steps))
    starts = np.searchsorted(parts[0]["connection_source"].values, np.arange(size + 1))
    wanted = ["influence_sum", "direct_sum", "influence_weight", "connection_target"]
    expected = _walks(parts) / size
    for source in bar(progress, "node", range(size)):
        first = source - source % block
        if source == first:
            last = min(first + block, size)
            chosen = {"source": slice(first, last), "connection": slice(starts[first], starts[last])}
            sums = merge([part[wanted].isel(chosen) for part in parts])
        weights = sums["influence_weight"].values[:, source - first].copy()
        weights[:, source] = 1
        connections = slice(starts[source] - starts[first], starts[source + 1] - starts[first])
        targets = sums["connection_target"].values[connections]
        whole = sums["influence_sum"].values[:, source - first]
        direct = np.zeros_like(whole)
        direct[:, targets] = sums["direct_sum"].values[:, connections]
        ratio, ratio_direct = statistics.pseudo_values(whole, weights[..., None]), np.zeros_like(whole)
        ratio_direct[:, targets] = statistics.pseudo_values(direct[:, targets], weights[:, targets, None])
        unbiased, unbiased_direct = whole / expected, direct / expected
        for values in (ratio, ratio_direct, unbiased, unbiased_direct):
            values[:, source] = np.nan
        yield (
            source,
            targets,
            {"influence": ratio, "direct": ratio_direct, "indirect": ratio - ratio_direct},
            {"influence": unbiased, "direct": unbiased_direct, "indirect": unbiased - unbiased_direct},
            weights / expected,
        )


def _walks(parts: Sequence[xr.Dataset]) -> int:
    """Return the walks per batch, of all rounds together."""
    return sum({int(part.attrs["round"]): int(part.attrs["walks_per_batch"]) for part in parts}.values())


def _batches(parts: Sequence[xr.Dataset]) -> list[int]:
    return sorted({int(batch) for part in parts for batch in part["batch"]})
