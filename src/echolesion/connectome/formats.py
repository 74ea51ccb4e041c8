"""Files of connectomes: read what laboratories have, or say in one line what is wrong and where.

A file's suffix names its format. Nothing in a file is ever run: arrays are loaded without pickles, archives are read in
memory, and only the members that are known by name.
"""

import bz2
import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import scipy.io
import xarray as xr
from numpy.lib.npyio import NpzFile

#: Which of the two a matrix's rows are; columns are the other.
ORIENTATIONS = ("source_target", "target_source")
#: Keys of an entry of the catalogue that name files: of weights (one, or one per subject), nodes and tract lengths.
FILES = ("file", "nodes", "lengths")
#: Largest file, and largest contents of an archive, in MB.
LARGEST = 500
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


class FormatError(ValueError):
    """A file that cannot be read, with the file, the place and the remedy in one line."""


def read(path: Path, orientation: str | None = None, variable: str | None = None) -> xr.DataArray:
    """Read a connectome from a file.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv`` or ``.tsv`` (a matrix, with or without labels, or connections with the columns ``source``, ``target``
        and perhaps ``weight``), ``.edgelist`` (a connection per line: source, target and perhaps weight), ``.npy``,
        ``.npz``, ``.mat`` (of MATLAB up to version 7), ``.graphml``, ``.nc``, or ``.zip`` (a connectivity of The
        Virtual Brain).
    orientation : {"source_target", "target_source"}, optional
        What rows and columns of a matrix are. Lists of connections, graphs and labelled arrays say it themselves.
    variable : str, optional
        Name of the matrix in a file that holds several, or of the column that holds the weights of connections.

    Returns
    -------
    xarray.DataArray
        Dims ``(source, target)``, float64, with labels; what else is known of nodes as coordinates along ``source``,
        and ``tract_length (source, target)`` in mm.

    Raises
    ------
    FormatError
        If the file is not what its suffix says, is damaged or too large, or the orientation is missing.
    """
    if path.suffix not in READERS:
        raise FormatError(f"{path}: no format has the suffix '{path.suffix}' (there are {', '.join(READERS)})")
    if not path.is_file():
        raise FormatError(f"{path}: there is no such file")
    if path.stat().st_size > LARGEST * 1e6:
        raise FormatError(f"{path}: {path.stat().st_size / 1e6:.0f} MB is more than the {LARGEST} MB that are read")
    found = READERS[path.suffix](path, variable)
    if found.dims != ("source", "target"):
        if orientation not in ORIENTATIONS:
            raise FormatError(f"{path}: say what its rows are: orientation: {' or '.join(ORIENTATIONS)}")
        rows, columns = orientation.split("_")
        found = found.rename(row=rows, column=columns).transpose("source", "target")
        # Rows and columns are the same nodes.
        of_nodes = {name: values for name, values in found.coords.items() if values.dims == ("target",)}
        found = found.assign_coords({name: ("source", v.values) for name, v in of_nodes.items() if name != "target"})
    if found.sizes["source"] != found.sizes["target"]:
        raise FormatError(f"{path}: the matrix is not square ({found.sizes['source']} x {found.sizes['target']})")
    return found.rename("weight").assign_attrs(
        long_name="weight of the connection from source to target", units="1", file=path.name
    )


def with_nodes(connectome: xr.DataArray, path: Path) -> xr.DataArray:
    """Give a connectome the nodes of a table.

    Parameters
    ----------
    connectome : xarray.DataArray
        From `read`.
    path : pathlib.Path
        CSV with the column ``label`` and a row per node, in the order that is wanted; other columns become coordinates
        along ``source``. Nodes that the connectome does not name have no connections. Nodes that have no names (0, 1,
        ...) get those of the table, in its order.

    Returns
    -------
    xarray.DataArray
        With the nodes of the table.

    Raises
    ------
    FormatError
        If the table has no such column or a label twice, its rows are not as many as unnamed nodes, or a node of the
        connectome is not in it.
    """
    try:
        # As text: a node may be called "NA" or "007".
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: cannot be read ({error})") from error
    if "label" not in table:
        raise FormatError(f"{path}: has no column 'label'")
    labels = pd.Index(table["label"])
    if labels.has_duplicates:
        raise FormatError(f"{path}: label '{labels[labels.duplicated()][0]}' stands for more than one node")
    named = connectome["source"].to_index()
    unknown = named.difference(labels, sort=False)
    if len(unknown) and set(named) == {str(k) for k in range(len(named))}:
        if len(named) != len(labels):
            raise FormatError(f"{path}: {len(labels)} labels for {len(named)} nodes")
        by_number = labels[named.astype(int)].to_numpy(str)
        connectome = connectome.assign_coords(source=by_number, target=by_number)
    elif len(unknown):
        raise FormatError(f"{path}: has no label '{unknown[0]}', which the connectome has")
    connectome = connectome.reindex(source=labels, target=labels, fill_value=0)
    properties = {str(name): ("source", table[name].to_numpy(str)) for name in table if name != "label"}
    return connectome.assign_coords(properties)


def _labelled(path: Path, matrix: Any, labels: Sequence[str] | None = None, **coordinates: Any) -> xr.DataArray:
    """Return a matrix whose orientation is not known yet; coordinates along its rows, or of its shape."""
    matrix = np.asarray(matrix)
    if matrix.ndim != 2:
        raise FormatError(f"{path}: an array with {matrix.ndim} dimensions is not a matrix")
    if matrix.dtype.kind not in "biuf":
        kind = "complex numbers" if matrix.dtype.kind == "c" else f"'{matrix.dtype}'"
        raise FormatError(f"{path}: the weights are {kind}, not real numbers")
    names = [str(k) for k in range(len(matrix))] if labels is None else [str(label) for label in labels]
    for what, size in (("rows", matrix.shape[0]), ("columns", matrix.shape[1])):
        if len(names) != size:
            raise FormatError(f"{path}: {len(names)} labels for {size} {what}")
    for name, values in coordinates.items():
        if np.shape(values)[0] != len(names) or (np.ndim(values) == 2 and np.shape(values) != matrix.shape):
            raise FormatError(f"{path}: {name} has the shape {np.shape(values)}, the matrix {matrix.shape}")
    properties = {
        name: (("row", "column")[: np.ndim(values)], np.asarray(values)) for name, values in coordinates.items()
    }
    return xr.DataArray(
        matrix.astype(float), dims=("row", "column"), coords={"row": names, "column": names} | properties
    )


def _numbers(path: Path, rows: Iterable[tuple[int, Sequence[str]]]) -> np.ndarray:
    """Return the numbers of a table, or say which line and cell is not one."""
    result = []
    for line, cells in rows:
        try:
            result.append([float(cell) for cell in cells])
        except ValueError:
            column, cell = next((k, cell) for k, cell in enumerate(cells, 1) if not _is_number(cell))
            raise FormatError(f"{path}: line {line}, number {column}: '{cell.strip()}' is not a number") from None
    return np.array(result)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: is not text in UTF-8 ({error.reason} at byte {error.start})") from error


def _table(path: Path, variable: str | None) -> xr.DataArray:
    delimiter = _DELIMITERS[path.suffix]
    reader = csv.reader(io.StringIO(_text(path)), delimiter=delimiter)
    rows = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    if not rows:
        raise FormatError(f"{path}: is empty")
    header = [cell.strip() for cell in rows[0][1]]
    if len(header) == 1 and (
        others := [mark for mark in ";\t ," if mark != delimiter and mark in rows[0][1][0].strip()]
    ):
        raise FormatError(
            f"{path}: line 1 has no {delimiter!r}, but {others[0]!r}: write it with {delimiter!r} between cells"
        )
    width = len(rows[0][1])
    for line, cells in rows:
        # A matrix with labels may leave out the corner.
        if len(cells) != width and not (line == rows[0][0] or len(cells) == width + 1 == len(rows[1][1])):
            raise FormatError(f"{path}: line {line} has {len(cells)} cells, line {rows[0][0]} has {width}")
    if {"source", "target"} <= set(header):
        column = variable or "weight"
        if variable and variable not in header:
            raise FormatError(f"{path}: has no column '{variable}' (there are {', '.join(header)})")
        places = [header.index(name) for name in ("source", "target", column) if name in header]
        return _connections(path, [(line, [cells[k].strip() for k in places]) for line, cells in rows[1:]])
    if all(_is_number(cell) for cell in header):
        return _labelled(path, _numbers(path, rows))
    body = rows[1:]
    if not body:
        raise FormatError(f"{path}: has labels and no rows")
    with_names = len(body[0][1]) == width + 1 or header[0] == "" or not all(_is_number(row[0]) for _, row in body)
    if not with_names:
        return _labelled(path, _numbers(path, body), header)
    labels = header if len(body[0][1]) == width + 1 else header[1:]
    for (line, cells), label in zip(body, labels, strict=False):
        if cells[0].strip() != label:
            raise FormatError(f"{path}: line {line} is called '{cells[0].strip()}', its column '{label}'")
    return _labelled(path, _numbers(path, ((line, cells[1:]) for line, cells in body)), labels)


def _connections(path: Path, rows: list[tuple[int, list[str]]]) -> xr.DataArray:
    """Return the connectome of lines of source, target and perhaps weight."""
    if not rows:
        return _labelled(path, np.zeros((0, 0))).rename(row="source", column="target")
    cells = pd.DataFrame([cells for _, cells in rows])
    # Nodes are numbered as they appear: the source of the first line, its target, that of the second, ...
    numbers, labels = pd.factorize(cells[[0, 1]].to_numpy().ravel())
    ends = numbers.reshape(-1, 2)
    if (twice := pd.DataFrame(ends).duplicated()).any():
        again = int(twice.argmax())
        first = int((ends == ends[again]).all(axis=1).argmax())
        raise FormatError(f"{path}: line {rows[again][0]}: the connection stands in line {rows[first][0]} too")
    matrix = np.zeros((len(labels), len(labels)))
    weights = _numbers(path, ((line, cells[2:]) for line, cells in rows)).ravel() if cells.shape[1] > 2 else 1.0
    matrix[ends[:, 0], ends[:, 1]] = weights
    return _labelled(path, matrix, list(labels)).rename(row="source", column="target")


def _edgelist(path: Path, _: str | None) -> xr.DataArray:
    lines = [(k, line.split()) for k, line in enumerate(_text(path).splitlines(), 1)]
    rows = [(line, cells) for line, cells in lines if cells and not cells[0].startswith("#")]
    if not rows:
        raise FormatError(f"{path}: is empty")
    for line, cells in rows:
        if len(cells) not in (2, 3) or len(cells) != len(rows[0][1]):
            raise FormatError(f"{path}: line {line} is not a source, a target and perhaps a weight between blanks")
    return _connections(path, rows)


def _npy(path: Path, _: str | None) -> xr.DataArray:
    return _labelled(path, _load(path))


def _npz(path: Path, variable: str | None) -> xr.DataArray:
    archive = _load(path)
    if not isinstance(archive, NpzFile):
        raise FormatError(f"{path}: is not an archive of arrays")
    with archive:
        try:
            arrays = {name: archive[name] for name in archive.files}
        except (ValueError, OSError, zipfile.BadZipFile) as error:
            raise FormatError(f"{path}: cannot be read ({error})") from error
    return _chosen(path, arrays, variable)


def _load(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: cannot be read; arrays of objects (pickles) are not ({error})") from error


def _mat(path: Path, variable: str | None) -> xr.DataArray:
    try:
        contents = scipy.io.loadmat(path, chars_as_strings=True, simplify_cells=True)
    except NotImplementedError as error:
        raise FormatError(f"{path}: is of MATLAB 7.3: save it with save(..., '-v7')") from error
    except Exception as error:  # of a damaged file, scipy raises what its parts happen to
        raise FormatError(f"{path}: is not a MATLAB file ({error})") from error
    return _chosen(path, {name: np.asarray(value) for name, value in contents.items() if name[0] != "_"}, variable)


def _chosen(path: Path, arrays: Mapping[str, np.ndarray], variable: str | None) -> xr.DataArray:
    """Return the one matrix among named arrays, or the one that is asked for, with labels if there are some."""
    square = [name for name, a in arrays.items() if a.ndim == 2 and a.shape[0] == a.shape[1] > 1]
    if variable is None and len(square) != 1:
        raise FormatError(
            f"{path}: holds {len(square)} square matrices ({', '.join(arrays)}): name one with 'variable'"
        )
    name = variable or square[0]
    if name not in arrays:
        raise FormatError(f"{path}: has no '{name}' (there are {', '.join(arrays)})")
    labels = next((arrays[key] for key in ("labels", "region_labels", "names") if key in arrays), None)
    return _labelled(path, arrays[name], None if labels is None else [str(label).strip() for label in labels.ravel()])


def _graphml(path: Path, _: str | None) -> xr.DataArray:
    try:
        graph = nx.read_graphml(path)
    except Exception as error:  # of the parser, of networkx, or of a conversion
        raise FormatError(f"{path}: is not GraphML ({error})") from error
    if graph.is_multigraph():
        raise FormatError(f"{path}: two nodes have more than one connection")
    if bad := [edge for *edge, weight in graph.edges(data="weight", default=1) if not isinstance(weight, int | float)]:
        raise FormatError(f"{path}: the weight from '{bad[0][0]}' to '{bad[0][1]}' is not a number")
    matrix = _labelled(path, nx.to_numpy_array(graph), list(graph.nodes))
    return matrix.rename(row="source", column="target")


def _netcdf(path: Path, variable: str | None) -> xr.DataArray:
    try:
        dataset = xr.load_dataset(path, engine="netcdf4")
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: is not netCDF ({error})") from error
    found = [str(name) for name, values in dataset.data_vars.items() if set(values.dims) == {"source", "target"}]
    if variable is None and len(found) != 1:
        raise FormatError(
            f"{path}: {len(found)} variables have the dims source and target ({', '.join(map(str, dataset))}):"
            " name one with 'variable'"
        )
    if (name := variable or found[0]) not in found:
        raise FormatError(f"{path}: no variable '{name}' has the dims source and target")
    values = dataset[name].transpose("source", "target")
    for dim in values.dims:
        if dim not in values.coords:
            values = values.assign_coords({dim: [str(k) for k in range(values.sizes[dim])]})
    return values.astype(float).assign_coords({dim: values[dim].astype(str) for dim in values.dims})


def _virtual_brain(path: Path, _: str | None) -> xr.DataArray:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise FormatError(f"{path}: is not a zip archive ({error})") from error
    with archive:
        if outside := [m for m in archive.namelist() if m.startswith("/") or ".." in PurePosixPath(m).parts]:
            raise FormatError(f"{path}: has a path outside of itself: '{outside[0]}'")
        members = {PurePosixPath(m.filename).name: m for m in archive.infolist() if "__MACOSX" not in m.filename}
        if sum(member.file_size for member in members.values()) > LARGEST * 1e6:
            raise FormatError(f"{path}: its contents are larger than {LARGEST} MB")

        def lines(stem: str) -> list[tuple[int, list[str]]]:
            name = next((f"{stem}.txt{end}" for end in ("", ".bz2") if f"{stem}.txt{end}" in members), None)
            if name is None:
                return []
            try:
                content = archive.read(members[name])
                if name.endswith(".bz2"):
                    # A bomb ends at the limit, as an incomplete file.
                    content = bz2.BZ2Decompressor().decompress(content, int(LARGEST * 1e6))
                text = content.decode()
            except (OSError, ValueError, EOFError, zipfile.BadZipFile, RuntimeError) as error:
                raise FormatError(f"{path}: {name} cannot be read ({error})") from error
            return [(k, line.split()) for k, line in enumerate(text.splitlines(), 1) if line.strip()]

        weights = lines("weights")
        if not weights:
            raise FormatError(f"{path}: has no weights.txt: it is not a connectivity of The Virtual Brain")
        if ragged := [line for line, cells in weights if len(cells) != len(weights[0][1])]:
            raise FormatError(f"{path}: weights.txt, line {ragged[0]} is not as long as the first")
        matrix = _numbers(path / "weights.txt", weights)
        centres, coordinates = lines("centres"), {}
        labels = [cells[0] for _, cells in centres] or None
        if centres:
            places = _numbers(path / "centres.txt", ((line, cells[1:4]) for line, cells in centres))
            coordinates = dict(zip("xyz", places.T, strict=True))
        if lengths := lines("tract_lengths"):
            coordinates["tract_length"] = _numbers(path / "tract_lengths.txt", lengths)
        for stem, name in (("hemispheres", "right_hemisphere"), ("cortical", "cortical")):
            if flags := lines(stem):
                coordinates[name] = _numbers(path / f"{stem}.txt", flags).ravel().astype(int)
    return _labelled(path, matrix, labels, **coordinates)


#: Readers by suffix.
READERS: dict[str, Callable[[Path, str | None], xr.DataArray]] = {
    ".csv": _table,
    ".tsv": _table,
    ".edgelist": _edgelist,
    ".npy": _npy,
    ".npz": _npz,
    ".mat": _mat,
    ".graphml": _graphml,
    ".nc": _netcdf,
    ".zip": _virtual_brain,
}
