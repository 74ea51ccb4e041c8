"""Files of connectomes: read what laboratories have, or say in one line what is wrong and where.

A file's suffix names its format. A file is taken only if every part of it has one meaning; what was taken for what is
said, and what decides where there are two. Nothing in a file is ever run: arrays are loaded without pickles, archives
are read in memory, and only the members that are known by name.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from echolesion.connectome import archives, arrays, graphs, tables, texts
from echolesion.connectome.connections import Connections, TooLargeError
from echolesion.connectome.directions import COMBINE, ORIENTATIONS, connectome_of
from echolesion.connectome.layouts import check_columns
from echolesion.connectome.reading import CHOICES, Links, Matrix, Reading
from echolesion.connectome.reading import FormatError as FormatError

#: Keys of an entry of the catalogue that name files: of weights (one, or one per subject), nodes and tract lengths.
FILES = ("file", "nodes", "lengths")
#: Readers by suffix, in lower case.
READERS: dict[str, Callable[[Path, Reading], Matrix | Links | xr.DataArray]] = {
    **dict.fromkeys(texts.SUFFIXES, tables.read_text),
    ".xlsx": tables.read_sheet,
    ".parquet": tables.read_frame,
    ".feather": tables.read_frame,
    ".npy": arrays.read_npy,
    ".npz": arrays.read_npz,
    ".mtx": arrays.read_mtx,
    ".mat": arrays.read_mat,
    ".nc": arrays.read_netcdf,
    ".graphml": graphs.read_graphml,
    ".gexf": graphs.read_gexf,
    ".gml": graphs.read_gml,
    ".net": graphs.read_pajek,
    ".zip": archives.read_zip,
}
_ALLOWED = {
    "orientation": ORIENTATIONS, "combine": COMBINE, "layout": ("matrix", "list"), "directed": (True, False),
    "header": (True, False), "subject_axis": (0, 1, 2),
}  # fmt: skip


def read(path: Path, orientation: str | None = None, variable: str | None = None, **choices: Any) -> xr.DataArray:
    """Read a connectome from a file.

    Parameters
    ----------
    path : pathlib.Path
        Its suffix, one of `READERS`, says what it is.
    orientation : {"source_target", "target_source"}, optional
        What rows and columns of a matrix are. Lists of connections, graphs and labelled arrays say it themselves, of a
        symmetric matrix it makes no difference.
    variable : str, optional
        Name of the matrix, graph, folder or member in a file that holds several, or of the column or attribute that
        holds the weights of connections; of these, ``none`` if all weights are 1.
    **choices
        Others of `reading.CHOICES`, where the file could be read in several ways.

    Returns
    -------
    xarray.DataArray
        Dims ``(source, target)``, or ``(subject, source, target)``, float64, with labels; what else is known of nodes
        as coordinates along ``source``, and ``tract_length`` in mm. The attribute ``history`` says what was taken for
        what, ``warnings``, if there are any, what to look at.

    Raises
    ------
    FormatError
        If the file is not what its suffix says, is damaged or too large, could be read in two ways, or a choice means
        nothing in it.
    """
    given = {"orientation": orientation, "variable": variable} | choices
    reading = Reading(path, {key: value for key, value in given.items() if value is not None})
    result = read_with(reading)
    if isinstance(result, Connections):
        try:
            result = result.matrix()
        except TooLargeError as error:
            raise reading.error(str(error)) from error
    warned = {"warnings": "; ".join(reading.warned)} if reading.warned else {}
    return result.assign_attrs({"history": history(reading)} | warned)


def read_with(reading: Reading) -> xr.DataArray | Connections:
    """Read a connectome, or tract lengths, and note what was taken for what.

    Parameters
    ----------
    reading : Reading
        With the file, what is given, and what stands in it.

    Returns
    -------
    xarray.DataArray or Connections
        As from `read`, without the history; of a list its connections.

    Raises
    ------
    FormatError
        As from `read`.
    """
    path = reading.path
    for key, value in reading.given.items():
        if key not in CHOICES:
            raise reading.error(f"'{key}' decides nothing (there are {', '.join(CHOICES)})")
        if key in _ALLOWED and value not in _ALLOWED[key]:
            raise reading.error(f"'{key}: {value}' is not allowed ({', '.join(map(str, _ALLOWED[key]))})")
    suffix = texts.suffix_of(path)
    if suffix not in READERS:
        raise reading.error(f"no format has the suffix '{path.suffix}' (there are {', '.join(READERS)})")
    if not path.is_file():
        raise reading.error("there is no such file" if not path.exists() else "is no file")
    texts.check_size(path.stat().st_size, "", reading)
    try:
        with path.open("rb") as file:
            head = file.read(2000)
            # What is inside of an archive stands at its end.
            said = texts.not_what_it_is_called(head + (file.read() if head.startswith(b"PK") else b""))
    except OSError as error:
        raise reading.error(f"cannot be read ({error.strerror})") from error
    if said and not {suffix, path.suffix.lower()} & set(re.findall(r"\.\w+", said)):
        raise reading.error(said)
    found = READERS[suffix](path, reading)
    result = found if isinstance(found, xr.DataArray) else connectome_of(found, reading)
    reading.finish()
    about = {"long_name": "weight of the connection from source to target", "units": "1", "file": path.name}
    if isinstance(result, Connections):
        check_columns([str(name) for name in result.nodes.coords if name != "source"], reading)
        return result.described(**about)
    if result.sizes["source"] != result.sizes["target"]:
        raise reading.error(f"the matrix is not square ({result.sizes['source']} x {result.sizes['target']})")
    properties = [str(name) for name, c in result.coords.items() if c.dims == ("source",) and name != "source"]
    check_columns(properties, reading)
    return result.rename("weight").assign_attrs(about)


def files(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the paths, or patterns of paths, that an entry of the catalogue names, by key of `FILES`."""
    named = {key: entry[key] for key in FILES if key in entry}
    return {key: value["file"] if isinstance(value, Mapping) else value for key, value in named.items()}


def history(*readings: Reading) -> str:
    """Return what is said of readings in one line; the first tells of all that are read alike, as those of subjects."""
    told: dict[str, list[Reading]] = {}
    for reading in readings:
        told.setdefault(re.sub(r"\d+", "0", "; ".join(reading.said)), []).append(reading)
    lines = []
    for same in told.values():
        more = f" (and {len(same) - 1} more files alike)" if len(same) > 1 else ""
        lines.append(f"{same[0].path.name}: {'; '.join(same[0].said)}{more}")
    return "; ".join(lines)
