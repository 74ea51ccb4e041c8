r"""The noise curve: what a study would have found with fewer walks.

The power of influence as estimated from W walks is that of the signal and, as walks are independent, that of the noise,
:math:`s_{ij} + n_{ij} / W`. Both are known from a long sweep, so that it tells what raw shares of power would have been
with any number of walks (`expected`). Correlations suffer from the scatter of powers too, which is not known: short
sweeps of other walks say what they would have been, and whether the shares are as expected (`measured`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from echolesion.analysis import decomposition, influence
from echolesion.analysis.influence import MEANINGS
from echolesion.records.progress import bar
from echolesion.sweep.batches import run


def measured(
    network: xr.Dataset,
    trained: xr.Dataset,
    piece: xr.Dataset,
    *,
    batches: int,
    replicates: int,
    progress: str | None = None,
    **settings: Any,
) -> xr.Dataset:
    """Repeat a short sweep and measure it as `decomposition` does.

    Parameters
    ----------
    network, trained, piece
        As for `sweep.run`.
    batches : int
        Batches of each sweep.
    replicates : int
        Number of sweeps, with walks of their own, which are not those of the study or of another number either.
    progress : str, optional
        Label of a progress bar; none by default.
    **settings
        Other arguments of `sweep.run`, among them ``walks`` per batch.

    Returns
    -------
    xarray.Dataset
        ``estimate (replicate, measure)``; the attribute ``walks``, of all batches of a sweep.
    """
    values = []
    for replicate in bar(progress, "sweep", range(1, replicates + 1)):
        own = range(replicate * batches, (replicate + 1) * batches)
        # Numbers of walks are told apart by the round, so that the sweeps of different points have other walks too.
        sums = run(network, trained, piece, batches=own, round_number=settings["walks"], **settings)
        result = influence.estimate(sums)
        values.append(decomposition.measure(network["weights"], result)[0])
    return xr.Dataset(
        {"estimate": (("replicate", "measure"), np.stack(values), {"long_name": "estimate", "units": "1"})},
        coords={"measure": list(decomposition.MEASURES)},
        attrs={"walks": batches * sums.attrs["walks_per_batch"]},
    )


def expected(weights: xr.DataArray, result: xr.Dataset, walks: Sequence[float]) -> xr.DataArray:
    """Tell what raw shares of power would have been with other numbers of walks.

    Parameters
    ----------
    weights : xarray.DataArray
        Reservoir weights, dims ``(source, target)``.
    result : xarray.Dataset
        From `influence.estimate`, of a long sweep.
    walks : sequence of float
        Numbers of walks, of all batches together.

    Returns
    -------
    xarray.DataArray
        Dims ``(expected_walks, measure)``: the raw shares of `decomposition.MEASURES`, and ``noise_share``.
    """
    unconnected = decomposition.by_pairs(weights) == 0
    raw = {part: decomposition.by_pairs(result[f"{part}_raw_power"].sel(left_out=-1)) for part in MEANINGS}
    powers = result[[f"{part}_power" for part in MEANINGS]].sel(kind="variance", left_out=-1)
    signal = {part: decomposition.by_pairs(powers[f"{part}_power"]) for part in MEANINGS}
    noise = {part: raw[part] - signal[part] for part in MEANINGS}
    swept = result.attrs["walks_per_batch"] * result.attrs["batches"]
    rows = []
    for number in walks:
        power = {part: signal[part] + noise[part] * swept / number for part in MEANINGS}
        whole = power["influence"].sum() or np.nan
        rows.append(
            {
                "raw_structural_indirect_share": power["influence"][unconnected].sum() / whole,
                "raw_mediated_direct_share": power["direct"].sum() / whole,
                "raw_mediated_indirect_share": power["indirect"].sum() / whole,
                "noise_share": 1 - signal["influence"].sum() / whole,
            }
        )
    return xr.DataArray(
        [list(row.values()) for row in rows],
        coords={"expected_walks": list(walks), "measure": list(rows[0])},
        dims=("expected_walks", "measure"),
        attrs={"long_name": "raw share to be expected", "units": "1"},
    )


def gather(short: Sequence[xr.Dataset], weights: xr.DataArray, result: xr.Dataset) -> xr.Dataset:
    """Put the short sweeps beside the long one.

    Parameters
    ----------
    short : sequence of xarray.Dataset
        From `measured`, of different numbers of walks.
    weights, result
        As for `expected`.

    Returns
    -------
    xarray.Dataset
        ``mean``, ``sd`` and ``se (walks, measure)`` over the replicates of the short sweeps that know the measure, and
        their number, ``known``; ``expected
        (expected_walks, measure)``; ``final (measure)`` and ``final_se`` of the long sweep, of ``final_walks``.
    """
    ordered = sorted(short, key=lambda part: part.attrs["walks"])
    walks = xr.DataArray([part.attrs["walks"] for part in ordered], dims="walks", name="walks")
    estimates = xr.concat([part["estimate"] for part in ordered], walks)
    final = decomposition.decompose({"": weights}, {"": result}).isel(regime=0, drop=True)
    swept = result.attrs["walks_per_batch"] * result.attrs["batches"]
    curve = expected(weights, result, np.geomspace(ordered[0].attrs["walks"], 4 * swept, 40).tolist())
    known = estimates.count("replicate")
    deviation = estimates.std("replicate", ddof=1).where(known > 1)
    variables = {
        "mean": (estimates.mean("replicate"), "mean of the short sweeps"),
        "sd": (deviation, "standard deviation of the short sweeps"),
        "se": (deviation / np.sqrt(known.where(known > 0)), "standard error of their mean"),
        "known": (known, "number of short sweeps that know it"),
        "final": (final["estimate"], "estimate of the long sweep"),
        "final_se": (final["se"], "its standard error"),
    }
    return xr.Dataset(
        {
            name: values.drop_vars("meaning", errors="ignore").assign_attrs(long_name=meaning, units="1")
            for name, (values, meaning) in variables.items()
        }
        | {"expected": curve},
        attrs={"final_walks": swept},
    )
