"""The data of the influence explorer, a page that shows the influence of any node on any other.

Courses over time are rounded to whole multiples of a step per pair, half of the pair's standard error or a 127th
of its largest value, whichever is larger: a quarter of the error at most is lost, and the page is small enough to open.
Maps are rounded to eleven binary digits, by a two thousandth of a value at most, so that they compress well.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from echolesion.shapley import statistics

#: Values of courses in a page; beyond it only those of the strongest pairs are in it.
VALUES = 20_000_000


def packed(values: np.ndarray) -> dict[str, str]:
    """Return an array as text: its type's name, and its bytes, little-endian, compressed, in base 64."""
    values = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
    compressed = gzip.compress(values.tobytes(), mtime=0)
    return {"type": values.dtype.name, "data": base64.b64encode(compressed).decode()}


def contents(networks: Mapping[str, xr.Dataset], influence: Mapping[str, xr.Dataset]) -> str:
    """Gather what the page shows.

    Parameters
    ----------
    networks : mapping of str to xarray.Dataset
        From `reservoir.build`, by regime; all of the same nodes.
    influence : mapping of str to xarray.Dataset
        From `influence.estimate`, by regime.

    Returns
    -------
    str
        JSON. ``nodes`` (names), ``groups`` (what else is known of the nodes, by name), ``time`` (steps), ``quantile``
        (standard errors on either side of an estimate in its 95 % interval), ``kept`` (pairs whose courses are there)
        and ``regimes``: per regime ``weights``, the noise-free ``magnitude``, ``direct`` and ``indirect`` with their
        ``_se``, all (source, target); of the influence and its direct part course (pair, time), step and error (pair).
    """
    first = next(iter(influence.values()))
    wiring = next(iter(networks.values()))["weights"].transpose("source", "target")
    kept = _strongest(influence)
    groups = {
        str(name): [str(value) for value in values.values]
        for name, values in wiring.coords.items()
        if values.dims == ("source",) and name != "source" and len(set(values.values.tolist())) < wiring.sizes["source"]
    }
    return json.dumps(
        {
            "nodes": [str(node) for node in first["source"].values],
            "groups": groups,
            "time": first["time"].values.tolist(),
            "quantile": statistics.t_quantile(first.attrs["batches"]),
            "kept": packed(kept.astype(np.int32)),
            "regimes": {name: _of_regime(networks[name], influence[name], kept) for name in influence},
        }
    )


def _strongest(influence: Mapping[str, xr.Dataset]) -> np.ndarray:
    """Return the pairs whose courses are kept, as places in a flat map, ascending."""
    first = next(iter(influence.values()))
    most = VALUES // (len(influence) * first.sizes["time"])
    power = sum(
        each["power"].transpose("source", "target").values / max(np.nansum(each["power"]), np.finfo(float).tiny)
        for each in influence.values()
    )
    off = np.flatnonzero(~np.eye(first.sizes["source"], dtype=bool))
    chosen = off[np.argsort(-np.nan_to_num(power).ravel()[off], kind="stable")[:most]]
    return np.sort(chosen)


def _rounded(values: np.ndarray) -> np.ndarray:
    """Return values with eleven binary digits, as float32: what has fewer digits is compressed further."""
    fraction, exponent = np.frexp(values)
    return np.ldexp(np.round(fraction * 2**11) / 2**11, exponent).astype(np.float32)


def _of_regime(network: xr.Dataset, influence: xr.Dataset, kept: np.ndarray) -> dict[str, Any]:
    maps = {"weights": network["weights"].transpose("source", "target").values}
    for part, name in (("influence", "magnitude"), ("direct", "direct"), ("indirect", "indirect")):
        powers = influence[f"{part}_power"].sel(kind="variance").transpose("left_out", "source", "target").values
        # Powers of nothing scatter around 0: with their sign, their roots do so too.
        maps[name], maps[f"{name}_se"], _, _ = statistics.jackknife(np.copysign(np.sqrt(np.abs(powers)), powers))
    result: dict[str, Any] = {name: packed(_rounded(np.nan_to_num(values))) for name, values in maps.items()}
    for part in ("influence", "direct"):
        values, errors = (
            influence[key].transpose("source", "target", "time").values.reshape(-1, influence.sizes["time"])[kept]
            for key in (part, f"{part}_se")
        )
        error = np.sqrt((errors.astype(float) ** 2).mean(axis=1))
        step = np.maximum(error / 2, np.abs(values).max(axis=1, initial=0) / 127)
        rounded = np.round(values / np.where(step > 0, step, 1)[:, None]).astype(np.int8)
        result |= {
            f"{part}_course": packed(rounded),
            f"{part}_step": packed(step.astype(np.float32)),
            f"{part}_error": packed(error.astype(np.float32)),
        }
    return result
