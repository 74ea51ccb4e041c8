"""Arrays: of all that a file holds, the one that can only be the weights, and what names and describes its nodes."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
import xarray as xr
from numpy.lib.npyio import NpzFile
from scipy import sparse

from echolesion.connectome.layouts import check_labels
from echolesion.connectome.reading import CALLED, Matrix, Reading
from echolesion.records.memory import machine_mb

#: Names, in any case, of arrays that hold the names of nodes.
LABELS = ("labels", "label", "region_labels", "regions", "region_names", "roi_names", "node_names", "names", "name")
#: Square arrays that are no connectome where there is a larger one: rotations and affine transformations.
SMALL = 4


def read_npy(path: Path, reading: Reading) -> Matrix:
    """Read one array of numpy."""
    return _matrix("the array", _load(path, reading), {}, reading)


def read_npz(path: Path, reading: Reading) -> Matrix:
    """Read arrays of numpy, or a sparse array of scipy."""
    archive = _load(path, reading)
    if not isinstance(archive, NpzFile):
        raise reading.error("is not an archive of arrays")
    with archive:
        try:
            arrays = {name: archive[name] for name in archive.files}
        except (ValueError, OSError, zipfile.BadZipFile) as error:
            raise reading.error(f"cannot be read; arrays of objects (pickles) are not ({error})") from error
    if {"format", "shape", "data"} <= set(arrays):
        try:
            return _matrix("the sparse array", sparse.load_npz(path), {}, reading)
        except (ValueError, OSError, KeyError) as error:
            raise reading.error(f"is not a sparse array of scipy ({error})") from error
    return _chosen(arrays, reading)


def _load(path: Path, reading: Reading) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise reading.error(f"cannot be read; arrays of objects (pickles) are not ({error})") from error


def read_mtx(path: Path, reading: Reading) -> Matrix:
    """Read a MatrixMarket file."""
    try:
        pattern = scipy.io.mminfo(path)[4] == "pattern"
        found = scipy.io.mmread(path)
    except Exception as error:  # of a damaged file, scipy raises what its parts happen to
        raise reading.error(f"is not MatrixMarket ({error})") from error
    if pattern:
        reading.say("a pattern: each weight is 1")
    return _matrix("the array", found, {}, reading)


def read_mat(path: Path, reading: Reading) -> Matrix:
    """Read a file of MATLAB; that of version 7.3 is HDF5."""
    try:
        contents = scipy.io.loadmat(path, chars_as_strings=True, simplify_cells=True)
    except NotImplementedError:
        contents = _hdf5(path, reading)
    except Exception as error:  # of a damaged file, scipy raises what its parts happen to
        raise reading.error(f"is not a MATLAB file ({error})") from error
    return _chosen({name: value for name, value in contents.items() if name[0] not in "_#"}, reading)


def _hdf5(path: Path, reading: Reading) -> dict[str, Any]:
    """Return what MATLAB 7.3 wrote as what scipy makes of older files: HDF5 shows its arrays transposed."""

    def converted(item: Any, file: Any) -> Any:
        kind = item.attrs.get("MATLAB_class", b"")
        if "MATLAB_sparse" in item.attrs:
            starts: Any = item["jc"]
            empty = np.zeros(0), np.zeros(0, dtype=int)
            data: Any = (item["data"][()], item["ir"][()]) if "data" in item else empty
            return sparse.csc_array((*data, starts[()]), shape=(int(item.attrs["MATLAB_sparse"]), starts.size - 1))
        if isinstance(item, h5py.Group):
            return {name: converted(value, file) for name, value in item.items()}
        if "MATLAB_empty" in item.attrs:
            return np.zeros((0, 0))
        value = item[()].T
        if kind == b"char":
            rows = ["".join(map(chr, row)) for row in np.atleast_2d(value)]
            return rows[0] if len(rows) == 1 else np.array(rows)
        if value.dtype == h5py.ref_dtype:
            cells = [converted(file[reference], file) for reference in value.ravel()]
            result = np.empty(len(cells), dtype=object)
            result[:] = cells
            return result
        return value

    try:
        with h5py.File(path) as file:
            return {name: converted(item, file) for name, item in file.items() if name[0] != "#"}
    except Exception as error:  # of a damaged file, what its parts happen to raise
        raise reading.error(f"is not a MATLAB file ({error})") from error


def _inside(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the arrays in fields of structs (``a.b``) and in cells (``a{1}``), each with its name."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _inside(part, f"{name}.{key}" if name else str(key))
        return
    cells = np.asarray(value, dtype=object) if isinstance(value, list) else value
    if isinstance(cells, np.ndarray) and cells.dtype == object and not _texts(cells):
        for k, part in enumerate(cells.ravel(), 1):
            yield from _inside(part, f"{name}{{{k}}}")
        return
    yield name, value


def _texts(values: Any) -> list[str] | None:
    """Return the texts that an array holds, which may be stored as bytes, or None; of one text its lines."""
    array = np.asarray(values)
    parts = array.ravel().tolist() if array.dtype.kind in "SUO" else []
    if not parts or not all(isinstance(part, str | bytes) for part in parts):
        return None
    try:
        texts = [part.decode() if isinstance(part, bytes) else part for part in parts]
    except UnicodeDecodeError:
        return None  # so that it is named among what is not used
    return [text.strip() for text in (texts[0].splitlines() if len(texts) == 1 else texts)]


def _characters(values: Any) -> list[str] | None:
    """Return the lines of a text that is stored as the numbers of its characters, as DSI Studio does."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or array.size < 2 or max(array.shape) != array.size:
        return None
    codes = array.ravel().tolist()
    if not all(code in (9, 10, 13) or 32 <= code < 256 for code in codes) or 10 not in codes:
        return None
    try:
        return [line.strip() for line in bytes(codes).decode().splitlines() if line.strip()]
    except UnicodeDecodeError:
        return None


def _shape(value: Any) -> str:
    kind = "sparse" if sparse.issparse(value) else str(getattr(value, "dtype", type(value).__name__))
    return f"{' x '.join(map(str, np.shape(value))) or 'one'} {kind}"


def _of_pairs(value: Any) -> int:
    """Return the number of nodes for which an array has a value, or several, per pair; 0 if it has not."""
    shape = np.shape(value)
    if not sparse.issparse(value) and np.asarray(value).dtype.kind not in "biufc":
        return 0
    sizes = [n for k, n in enumerate(shape) if n in shape[k + 1 :]]
    return max(sizes, default=0) if len(shape) in (2, 3) and max(sizes, default=0) > 1 else 0


def _chosen(contents: Mapping[str, Any], reading: Reading) -> Matrix:
    """Return the only array that can be the weights, or the one that is asked for."""
    arrays = dict(_inside(contents, ""))
    candidates = {name: value for name, value in arrays.items() if _of_pairs(value)}
    wanted = reading.name("variable")
    if wanted is not None and wanted not in arrays:
        raise reading.error(f"has no '{wanted}' for 'variable' (there are {_listed(arrays)})")
    if wanted is None:
        if not candidates:
            raise reading.error(f"holds 0 square matrices: what is there is not square ({_listed(arrays)})")
        largest = max(map(_of_pairs, candidates.values()))
        if largest > SMALL:
            candidates = {name: value for name, value in candidates.items() if _of_pairs(value) > SMALL}
        called = [name for name in candidates if name.lower().rpartition(".")[2] in CALLED[reading.quantity]]
        if len(called) == 1:
            candidates = {called[0]: candidates[called[0]]}
        first = next(iter(candidates.values()))
        if not all(_same(first, other) for other in candidates.values()):
            raise reading.error(
                f"holds {len(candidates)} square matrices ({_listed(candidates)}): say which has the"
                f" {reading.quantity}s, 'variable: NAME'"
            )
        wanted = next(iter(candidates))
    reading.decide(variable=wanted)
    others = {name: value for name, value in arrays.items() if name != wanted}
    return _matrix(f"'{wanted}'", arrays[wanted], others, reading)


def _same(one: Any, other: Any) -> bool:
    return np.array_equal(_dense(one), _dense(other), equal_nan=True)


def _dense(value: Any) -> np.ndarray:
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value)


def _listed(arrays: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} ({_shape(value)})" for name, value in arrays.items()) or "none"


def _matrix(name: str, values: Any, others: Mapping[str, Any], reading: Reading) -> Matrix:
    """Return a matrix of an array, and what other arrays say of its nodes."""
    if (needed := 8e-6 * np.prod(np.shape(values), dtype=float)) > machine_mb():
        raise reading.error(
            f"{name} ({_shape(values)}) is a matrix of {needed / 1e3:.0f} GB, and this machine has"
            f" {machine_mb() / 1e3:.0f} GB of memory: write it as a list of connections"
        )
    array = _dense(values)
    if array.dtype.kind not in "biuf":
        kind = "complex numbers" if array.dtype.kind == "c" else f"'{array.dtype}'"
        raise reading.error(f"the weights are {kind}, not real numbers")
    if array.ndim == 3:
        array = _by_subject(array, reading)
    if array.ndim not in (2, 3):
        raise reading.error(f"an array with {array.ndim} dimensions is not a matrix")
    if array.shape[-1] != array.shape[-2]:
        raise reading.error(f"the matrix is not square ({array.shape[-2]} x {array.shape[-1]})")
    size = array.shape[-1]
    labels, named_by = _labels(others, size, reading)
    nodes = {}
    for other, value in others.items():
        of_nodes = _texts(value) or (np.asarray(value).ravel() if np.asarray(value).dtype.kind in "biuf" else [])
        if other != named_by and np.shape(value) in ((size,), (size, 1), (1, size)) and len(of_nodes) == size:
            nodes[other] = np.asarray(of_nodes)
    names = f"nodes named by '{named_by}'" if named_by else "without names"
    reading.say(f"{name} ({_shape(values)}) is the {reading.quantity}s, {names}")
    for other in nodes:
        reading.say(f"of nodes: '{other}'")
    reading.unused("arrays", (f"{n} ({_shape(v)})" for n, v in others.items() if n not in nodes and n != named_by))
    return Matrix(array.astype(float), labels, nodes)


def _by_subject(array: np.ndarray, reading: Reading) -> np.ndarray:
    """Return an array of matrices, one per subject, with its first axis over subjects."""
    axis = reading.ask("subject_axis")
    possible = [k for k in range(3) if len({n for j, n in enumerate(array.shape) if j != k}) == 1]
    shape = " x ".join(map(str, array.shape))
    if axis is None and len(possible) != 1:
        raise reading.error(
            f"an array with 3 dimensions ({shape}) is a matrix per subject: along which is the subject,"
            " 'subject_axis: 0', 1 or 2?"
            if possible
            else f"an array with 3 dimensions ({shape}) has no square matrix per subject"
        )
    axis = possible[0] if axis is None else axis
    if axis not in possible:
        raise reading.error(f"'subject_axis: {axis}' does not fit an array of {shape}")
    reading.say(f"subjects along axis {axis}: {array.shape[axis]}")
    reading.decide(subject_axis=axis)
    return np.moveaxis(array, axis, 0)


def _labels(others: Mapping[str, Any], size: int, reading: Reading) -> tuple[list[str] | None, str | None]:
    """Return the names of nodes and the name of the array that has them."""
    wanted = reading.name("labels")
    if wanted is not None and wanted not in others:
        raise reading.error(f"has no '{wanted}' (there are {_listed(others)})")
    found: dict[str, list[str]] = {}
    for name, value in others.items():
        if name != wanted and name.lower().rpartition(".")[2] not in LABELS:
            continue
        texts = _texts(value) or _characters(value)
        if texts is None and np.asarray(value).dtype.kind in "iuf":
            texts = [_id(number, name, reading) for number in np.asarray(value).ravel().tolist()]
        elif texts is None and np.asarray(value).dtype.kind == "S":
            raise reading.error(f"'{name}': names are bytes that are not text in UTF-8")
        if texts is not None:
            found[name] = texts
    if wanted is not None:
        found = {name: texts for name, texts in found.items() if name == wanted}
        if not found:
            raise reading.error(f"'{wanted}' has no names of nodes")
    fitting = {name: texts for name, texts in found.items() if len(texts) == size}
    if found and not fitting:
        name, texts = next(iter(found.items()))
        raise reading.error(f"{len(texts)} labels for {size} rows ('{name}')")
    if not fitting:
        return None, None
    name, labels = reading.one_of("labels", "arrays of names", fitting)
    reading.decide(labels=name)
    check_labels(labels, f"'{name}'", reading)
    return labels, name


def _id(value: float, name: str, reading: Reading) -> str:
    """Return a number that names a node, as it is printed."""
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= 2**53:
            raise reading.error(f"'{name}': {value!r} is an id that was rounded, or none: store ids as whole numbers")
        value = int(value)
    return str(value)


def read_netcdf(path: Path, reading: Reading) -> xr.DataArray:
    """Read an array with the dims ``source`` and ``target``, perhaps also ``subject``, as ``connectome.nc``."""
    try:
        dataset = xr.load_dataset(path, engine="netcdf4")
    except (OSError, ValueError, RuntimeError) as error:
        raise reading.error(f"is not netCDF ({error})") from error
    candidates = {
        str(name): values.transpose(..., "source", "target")
        for name, values in dataset.data_vars.items()
        if {"source", "target"} <= set(values.dims) and values.ndim <= 3
    }
    if not candidates:
        raise reading.error(
            f"0 variables have the dims source and target ({', '.join(map(str, dataset)) or 'it is empty'})"
        )
    called = [name for name in candidates if name.lower() in CALLED[reading.quantity]]
    if reading.ask("variable") is None and len(called) == 1:
        candidates = {called[0]: candidates[called[0]]}
    name, values = reading.one_of("variable", "variables with the dims source and target", candidates)
    reading.decide(variable=name)
    reading.says_its_direction()
    if values.ndim == 3:
        axis = reading.ask("subject_axis")
        if axis not in (None, 0):
            raise reading.error(f"'subject_axis: {axis}' does not fit: '{values.dims[0]}' is the first")
        values = values.rename({values.dims[0]: "subject"}).drop_vars("subject", errors="ignore")
        reading.say(f"subjects: {values.sizes['subject']}")
    reading.asked.add("directed")
    reading.say(f"'{name}' is the {reading.quantity}s, its dims say what is source and target")
    reading.unused("variables", (str(other) for other in dataset.data_vars if other != name))
    reading.named = "source" in values.coords or "target" in values.coords
    for dim in ("source", "target"):
        if dim not in values.coords:
            other = values.coords.get({"source": "target", "target": "source"}[dim])
            labels = [str(k) for k in range(values.sizes[dim])] if other is None else other.values
            values = values.assign_coords({dim: labels})
    if values.dtype.kind not in "biuf":
        raise reading.error(f"the weights are '{values.dtype}', not real numbers")
    return values.astype(float).assign_coords({dim: values[dim].astype(str) for dim in ("source", "target")})
