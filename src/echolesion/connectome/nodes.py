"""Tables of nodes: names, order and properties of the nodes of a connectome that its file does not tell."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from echolesion.connectome import tables, texts
from echolesion.connectome.connections import Connections
from echolesion.connectome.layouts import check_columns, check_header, check_labels, column, counts
from echolesion.connectome.reading import Reading
from echolesion.connectome.texts import Row

Connectome = xr.DataArray | Connections


def with_nodes(connectome: xr.DataArray, path: Path, named: bool | None = None, **choices: object) -> xr.DataArray:
    """Give a connectome the nodes of a table.

    Parameters
    ----------
    connectome : xarray.DataArray
        From `formats.read`.
    path : pathlib.Path
        A table with a row per node and the column ``label`` (or ``id``), in the order that is wanted, or a plain list
        of names; other columns become coordinates along ``source``. Names of the connectome are looked for in
        ``label``, then in ``id``. Nodes that the connectome does not name have no connections.
    named : bool, optional
        Whether the connectome's file names its nodes; those of one that does not get the table's names, in its order.
        By default it does not if they are called 0, 1, ...
    **choices
        ``labels``, the column that names nodes, and how the table is written: ``delimiter``, ``encoding``, ``sheet``.

    Returns
    -------
    xarray.DataArray
        With the nodes of the table; what was taken for what is added to ``history``.

    Raises
    ------
    FormatError
        If the table has no such column or a label twice, its rows are not as many as unnamed nodes, or a node of the
        connectome is not in it.
    """
    reading = Reading(path, choices)
    result: Any = named_by(connectome, reading, named)
    said = f"{path.name}: {'; '.join(reading.said)}"
    return result.assign_attrs(history="; ".join(filter(None, (result.attrs.get("history"), said))))


def named_by(
    connectome: xr.DataArray | Connections, reading: Reading, named: bool | None = None
) -> xr.DataArray | Connections:
    """Give a connectome the nodes of the table of a reading, see `with_nodes`.

    Parameters
    ----------
    connectome : xarray.DataArray or Connections
        From `formats.read_with`.
    reading : Reading
        Of the table.
    named : bool, optional
        Whether the connectome's file names its nodes.
    """
    header, rows = _table(reading)
    columns = {name: [row.cells[k] for row in rows] for k, name in enumerate(header) if name}
    given = connectome.labels if isinstance(connectome, Connections) else connectome["source"].values
    own = given.astype(str).tolist()
    if named is None:
        named = own != [str(k) for k in range(len(own))]
    key, wanted = _names(columns, own if named else None, reading)
    labels = columns[key]
    for called in dict.fromkeys((key, wanted)):
        check_labels(columns[called], [row.place for row in rows], reading)
        cells = pd.Index(columns[called])
        if cells.has_duplicates:
            raise reading.error(f"{called} '{cells[cells.duplicated()][0]}' stands for more than one node")
    reading.finish()
    if not named:
        if len(own) != len(labels):
            raise reading.error(f"{len(labels)} labels for {len(own)} nodes")
        connectome = _called(connectome, labels)
        reading.say(f"nodes are named by its column '{key}', in its order")
    else:
        known = set(columns[wanted])
        if unknown := [name for name in own if name not in known]:
            raise reading.error(f"has no label '{unknown[0]}', which the connectome has")
        if wanted != key:
            by_id = dict(zip(columns[wanted], labels, strict=True))
            names = [by_id[name] for name in own]
            connectome = _called(connectome, names)
        reading.say(f"nodes are found in its column '{wanted}'" + (f", and called by '{key}'" if wanted != key else ""))
        if more := len(labels) - len(own):
            reading.say(f"{more} more have no connections")
    properties = {name: cells for name, cells in columns.items() if name != key}
    check_columns(list(properties), reading)
    if both := sorted(set(properties) & {str(name) for name in _coordinates(connectome)}):
        raise reading.error(f"has the column '{both[0]}', which the connectome's file has too: rename one")
    reading.say("columns: " + ", ".join(f"'{name}'" for name in columns))
    described = {name: ("source", cells) for name, cells in properties.items()}
    if isinstance(connectome, Connections):
        place = {label: k for k, label in enumerate(labels)}
        places = np.array([place[label] for label in connectome.labels.tolist()], dtype=int)
        nodes = connectome.nodes.reindex(source=labels, fill_value=_nothing(connectome))
        wider = replace(
            connectome, source=places[connectome.source], target=places[connectome.target],
            nodes=nodes.assign_coords(described),
        )  # fmt: skip
        return wider.at(np.arange(len(labels)))  # in the order of rows
    connectome = connectome.reindex(source=labels, target=labels, fill_value=_nothing(connectome))
    return connectome.assign_coords(described)


def _called(connectome: Connectome, names: Sequence[str]) -> Connectome:
    if isinstance(connectome, Connections):
        return replace(connectome, nodes=connectome.nodes.assign_coords(source=[*names]))
    return connectome.assign_coords(source=names, target=names)


def _coordinates(connectome: Connectome) -> Any:
    return connectome.nodes.coords if isinstance(connectome, Connections) else connectome.coords


def _nothing(connectome: Connectome) -> dict[str, object]:
    """Return what a node has that stands only in the table."""
    empty: dict[str, object] = {} if isinstance(connectome, Connections) else {str(connectome.name): 0}
    for name, values in _coordinates(connectome).items():
        empty[str(name)] = "" if values.dtype.kind in "SUO" else 0
    return empty


def _table(reading: Reading) -> tuple[list[str], list[Row]]:
    """Return the names of the columns of a table of nodes, and its rows."""
    rows = _rows(reading)
    first = rows[0].cells
    if len(first) == 1 and first[0].lower() not in ("label", "id") and reading.name("labels") is None:
        return ["label"], rows
    header = list(first)
    check_header(header, rows[0].place, reading)
    for k, name in enumerate(header):
        if not name and not counts(rows[1:], k):
            raise reading.error(f"column {k + 1} has no name")
    return header, rows[1:]


def _rows(reading: Reading) -> list[Row]:
    path, suffix = reading.path, texts.suffix_of(reading.path)
    if not path.is_file():
        raise reading.error("there is no such file")
    if suffix == ".xlsx":
        return tables.rows_of_sheet(path, reading)
    if suffix in (".parquet", ".feather"):
        return tables.rows_of_frame(path, reading)
    if suffix not in texts.SUFFIXES:
        raise reading.error(f"is no table of nodes ({', '.join(texts.SUFFIXES)}, .xlsx, .parquet or .feather)")
    lines = texts.lines_of(texts.decoded(texts.unpacked(path.read_bytes(), path.name, reading), reading))
    begin = texts.comments(lines)
    words = {word.strip('"').lower() for word in re.split(r"[,;\s]+", "".join(lines[begin : begin + 1]))}
    if suffix not in (".csv", ".tsv", ".tab") and not words & {"label", "id"} and reading.name("labels") is None:
        # A plain list: names may have blanks in them.
        reading.asked |= {"delimiter", "decimal"}
        return [Row(f"line {k}", [line.strip()]) for k, line in enumerate(lines, 1) if line.strip() and k > begin]
    return tables.rows_of_text(path, reading)[0]


def _names(columns: dict[str, list[str]], own: Sequence[str] | None, reading: Reading) -> tuple[str, str]:
    """Return the column that names the nodes, and the one in which the connectome's names are."""
    chosen = reading.name("labels")
    known = [list(columns)[k] for name in ("label", "id") if (k := column(list(columns), name)) is not None]
    if chosen is not None:
        if chosen not in columns:
            raise reading.error(f"has no column '{chosen}' (there are {', '.join(columns)})")
        known = [chosen]
    if not known:
        raise reading.error(
            f"has no column 'label' or 'id' (there are {', '.join(columns)}): say which names nodes,"
            f" 'nodes: {{file: {reading.path.name}, labels: COLUMN}}'"
        )
    if own is None or len(known) == 1:
        return known[0], known[0]
    fitting = [name for name in known if set(own) <= set(columns[name])]
    by_id = dict(zip(columns[known[1]], columns[known[0]], strict=True))
    if len(fitting) == 2 and any(by_id[name] != name for name in own):
        raise reading.error(
            "names of the connectome are in its column 'label' and in 'id', of different nodes: say which is meant,"
            f" 'nodes: {{file: {reading.path.name}, labels: id}}'"
        )
    if not fitting:
        fitting = sorted(known, key=lambda name: -len(set(own) & set(columns[name])))
    return known[0], fitting[0]
