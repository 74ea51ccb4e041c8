"""Subjects: one connectome of the files of an entry, and the tract lengths beside it, put together by their labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from echolesion.connectome import directions, formats
from echolesion.connectome.connections import Connections, TooLargeError
from echolesion.connectome.graph import ConnectomeError, check_weights
from echolesion.connectome.reading import Quantity, Reading


def read_files(
    name: str,
    paths: Sequence[Path],
    given: Mapping[str, Any],
    otherwise: Mapping[str, Any],
    quantity: Quantity = "weight",
    all_nodes_elsewhere: bool = False,
) -> tuple[xr.DataArray | Connections, list[Reading]]:
    """Read a file, or one per subject.

    Parameters
    ----------
    name : str
        Of the connectome, used in error messages.
    paths : sequence of pathlib.Path
        Of the files.
    given, otherwise : mapping
        What decides how they are read, see `reading.Reading`.
    quantity : {"weight", "length"}
        What stands in them.
    all_nodes_elsewhere : bool
        Whether a table names all nodes, so that files may lack some.

    Returns
    -------
    connectome : xarray.DataArray or Connections
        Dims ``(source, target)``, or ``(subject, source, target)``; of one list its connections.
    readings : list of Reading
        One per file.

    Raises
    ------
    ConnectomeError, FormatError
        If a file cannot be read, or they are not of the same nodes.
    """
    readings = [Reading(path, given, otherwise, quantity) for path in paths]
    found = [formats.read_with(reading) for reading in readings]
    if len(found) == 1:
        return found[0], readings
    parts = [as_matrix(part, name) for part in found]
    for path, reading, part in zip(paths, readings, parts, strict=True):
        if quantity == "weight":
            check_weights(part, f"{name}: {path}", logarithms=True)
        if "subject" in part.dims:
            raise ConnectomeError(f"{name}: {path} has several subjects, and there are {len(paths)} files")
        same = set(part["source"].values) == set(parts[0]["source"].values)
        # A list of connections may lack a node, a table of nodes tells that it is there.
        if reading.named != readings[0].named or not (same or (all_nodes_elsewhere and reading.named)):
            raise ConnectomeError(
                f"{name}: {path} is of other nodes than {paths[0]} ({part.sizes['source']} and"
                f" {parts[0].sizes['source']})"
            )
    # Coordinates that differ, as tract lengths do, get the dim subject too.
    together = xr.concat(
        parts, "subject", join="outer", coords="different", compat="equals", combine_attrs="override", fill_value=0
    )
    # In the order of the first file.
    order = list(dict.fromkeys(label for part in parts for label in part["source"].values))
    return together.sel(source=order, target=order), readings


def as_matrix(connectome: xr.DataArray | Connections, name: str) -> xr.DataArray:
    """Return what was read as a matrix, or say that it is too large, with the name of the connectome."""
    if not isinstance(connectome, Connections):
        return connectome
    try:
        return connectome.matrix()
    except TooLargeError as error:
        raise ConnectomeError(f"{name}: {error}") from error


def with_lengths(
    connectome: xr.DataArray, of_weights: Reading, lengths: xr.DataArray, of_lengths: Reading
) -> xr.DataArray:
    """Give a connectome the tract lengths of another file.

    Parameters
    ----------
    connectome, lengths : xarray.DataArray
        From `read_files`.
    of_weights, of_lengths : Reading
        Of their (first) files.

    Returns
    -------
    xarray.DataArray
        With ``tract_length`` in mm.

    Raises
    ------
    FormatError
        If they are of other nodes, the same numbers, or one half of asymmetric weights.
    """
    chosen = [[reading.decided.get(key) for key in ("variable", "sheet")] for reading in (of_weights, of_lengths)]
    apart = {"variable", "sheet"} & set(of_lengths.given)
    if of_weights.path.resolve() == of_lengths.path.resolve() and (chosen[0] == chosen[1] or not apart):
        raise of_lengths.error(
            "weights and tract lengths are of the same file: say which has the lengths,"
            f" 'lengths: {{file: {of_lengths.path.name}, variable: NAME}}'"
        )
    if "tract_length" in connectome.coords:
        raise of_lengths.error(f"{of_weights.path.name} has tract lengths of its own: take 'lengths' out of the entry")
    if of_weights.named and of_lengths.named:
        there, known = set(lengths["source"].values), set(connectome["source"].values)
        if there - known or (of_lengths.complete and known - there):
            label = sorted(there ^ known)[0]
            raise of_lengths.error(f"the lengths are of other nodes than the weights, first '{label}'")
        if not connectome["source"].equals(lengths["source"]):
            of_lengths.say("brought into the order of the weights, by name")
        lengths = lengths.reindex(source=connectome["source"], target=connectome["target"], fill_value=0)
    elif lengths.sizes["source"] != connectome.sizes["source"]:
        raise of_lengths.error(
            f"the lengths are of {lengths.sizes['source']} nodes, the weights of {connectome.sizes['source']}"
        )
    elif of_weights.named != of_lengths.named:
        of_lengths.say("its nodes are taken to be in the order of the weights")
    values = lengths.values
    alone = (values != 0) & (np.swapaxes(values, -1, -2) == 0)
    if directions.symmetric(connectome.values):
        if alone.any():
            values = directions.filled(values)
            of_lengths.say(f"{int(alone.sum())} lengths that stood once count in both directions")
    elif directions.triangular(values) and of_lengths.complete and "orientation" not in of_lengths.decided:
        raise of_lengths.error(
            "one half of a matrix, and the weights are not symmetric: give the lengths of both directions"
        )
    return connectome.assign_coords(tract_length=(lengths.dims, values))
