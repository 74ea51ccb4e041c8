"""The parts of a sweep, its shards and rounds, and how they become one."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

#: What `merge` adds up. The others are properties of the sweep.
SUMS = (
    "influence_sum", "direct_sum", "sampled_sum", "influence_weight", "contribution_sum", "contribution_weight",
    "score_sum", "bounded_lesioned_runs", "lesioned_runs",
)  # fmt: skip
#: Attributes in which the parts of a sweep must agree.
SETTINGS = ("score", "estimator", "lesion", "loop", "refit_readout", "rescale")


def merge(parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Merge the parts of a sweep: different batches are stacked, rounds of one batch are added up.

    Parameters
    ----------
    parts : sequence of xarray.Dataset
        From `batches.run`, in any order. They may be opened lazily: one batch is read at a time.

    Returns
    -------
    xarray.Dataset
        All batches, in order, in memory: the same whatever the number of parts they came in.

    Raises
    ------
    ValueError
        If the parts are not of one sweep, of one network, read-out, split and seed, a batch stands in one round twice,
        or not all rounds have all batches.
    """
    for name in SETTINGS:
        if len({part.attrs[name] for part in parts}) > 1:
            raise ValueError(f"the parts of a sweep differ in {name}")
    if len({part.attrs.get("fingerprint") for part in parts}) > 1:
        raise ValueError("the parts of a sweep are of different networks, read-outs, splits or seeds")
    parts = sorted(parts, key=lambda part: part.attrs["round"])
    walks = {part.attrs["round"]: part.attrs["walks_per_batch"] for part in parts}
    held = [(part.attrs["round"], int(batch)) for part in parts for batch in part["batch"]]
    batches = sorted({batch for _, batch in held})
    if len(set(held)) < len(held):
        raise ValueError("a batch of walks stands in more than one part")
    if len(held) < len(walks) * len(batches) or any(
        part.attrs["walks_per_batch"] != walks[part.attrs["round"]] for part in parts
    ):
        raise ValueError("not all batches have the same rounds of walks")
    merged = {}
    for name in (name for name in SUMS if name in parts[0]):
        variable = parts[0][name].variable.isel(batch=slice(0))
        total = np.zeros((len(batches), *variable.shape[1:]), variable.dtype)
        for part in parts:
            for k, batch in enumerate(part["batch"].values):
                total[batches.index(batch)] += part[name][k].values
        merged[name] = (variable.dims, total, variable.attrs)
    rest = parts[0].drop_dims("batch").load().assign(merged).assign_coords(batch=batches)
    return rest.assign_attrs(walks_per_batch=sum(walks.values()), engine=engines_of(parts))


def engines_of(parts: Sequence[xr.Dataset]) -> str:
    """Return the names of the engines that the parts of a sweep are of; at first there was but torch."""
    return ", ".join(sorted({part.attrs.get("engine", "torch") for part in parts}))
