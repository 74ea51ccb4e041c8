"""Files of connectomes: what is written is read as it was, what is wrong is said in one line."""

import bz2
import gzip
import pickle
import zipfile

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from echolesion import connectome
from echolesion.connectome import formats, texts

MATRIX = np.array([[0, 1.5, 0], [0, 0, -2.25], [3e-3, 0, 0]])
LABELS = ["AVA", "NA", "007"]
ROWS = [",".join(map(str, row)) for row in MATRIX.tolist()]


def written(folder, name, content):
    path = folder / name
    if isinstance(content, str):
        path.write_text(content)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    return path


def virtual_brain(path, packed=False, **members):
    contents = {
        "weights": "\n".join(" ".join(map(str, row)) for row in MATRIX.tolist()),
        "centres": "\n".join(f"{label} {k}.0 -1.5 {2 * k}" for k, label in enumerate(LABELS)),
        "tract_lengths": "0 1 2\n3 0 5\n6 7 0",
        "hemispheres": "1\n0\n1",
    } | members
    with zipfile.ZipFile(path, "w") as archive:
        for stem, text in contents.items():
            if text is None:
                continue
            if packed:
                archive.writestr(f"connectivity/{stem}.txt.bz2", bz2.compress(text.encode()))
            else:
                archive.writestr(f"{stem}.txt", text)


def graph(path):
    made = nx.DiGraph()
    made.add_nodes_from(LABELS)
    made.add_edges_from((LABELS[i], LABELS[j], {"weight": float(MATRIX[i, j])}) for i, j in np.argwhere(MATRIX))
    nx.write_graphml(made, path)


labelled = xr.DataArray(MATRIX, dims=("source", "target"), coords={"source": LABELS, "target": LABELS})
EDGES = "".join(f"{LABELS[i]},{LABELS[j]},{MATRIX[i, j]}\n" for i, j in np.argwhere(MATRIX))
GOOD = {
    "plain.csv": ("\n".join(ROWS), False),
    "labels.csv": (
        "," + ",".join(LABELS) + "\n" + "".join(f"{n},{r}\n" for n, r in zip(LABELS, ROWS, strict=True)),
        True,
    ),
    "no_corner.csv": (",".join(LABELS) + "\n" + "".join(f"{n},{r}\n" for n, r in zip(LABELS, ROWS, strict=True)), True),
    "header.csv": (",".join(LABELS) + "\n" + "\n".join(ROWS), True),
    "windows.csv": (("\ufeff" + "\r\n".join(ROWS) + "\r\n").encode(), False),
    "plain.tsv": ("\n".join(ROWS).replace(",", "\t"), False),
    "edges.csv": ("source,target,weight\n" + EDGES, True),
    "array.npy": (lambda path: np.save(path, MATRIX), False),
    "array.npz": (lambda path: np.savez(path, w=MATRIX, labels=LABELS), True),
    "matlab.mat": (lambda path: scipy.io.savemat(path, {"SC": MATRIX, "names": np.array(LABELS, object)}), True),
    "graph.graphml": (graph, True),
    "file.nc": (lambda path: labelled.rename("w").to_netcdf(path), True),
    "brain.zip": (virtual_brain, True),
    "packed.zip": (lambda path: virtual_brain(path, packed=True), True),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_format_is_read(tmp_path, name):
    content, has_labels = GOOD[name]
    found = formats.read(written(tmp_path, name, content), "source_target")
    assert found.dims == ("source", "target") and found.dtype == float
    expected = labelled if has_labels else labelled.assign_coords(source=["0", "1", "2"], target=["0", "1", "2"])
    xr.testing.assert_equal(found.reset_coords(drop=True).sel(expected.coords), expected)


@pytest.mark.parametrize("name", ["plain.csv", "labels.csv", "array.npy", "matlab.mat", "brain.zip"])
def test_a_matrix_whose_rows_are_targets_is_turned(tmp_path, name):
    path = written(tmp_path, name, GOOD[name][0])
    one, other = (formats.read(path, orientation) for orientation in formats.ORIENTATIONS)
    np.testing.assert_array_equal(one.values, other.values.T)
    np.testing.assert_array_equal(one["source"], other["source"])
    with pytest.raises(formats.FormatError, match="orientation: source_target or target_source"):
        formats.read(path)


@pytest.mark.parametrize("name", ["edges.csv", "graph.graphml", "file.nc"])
def test_what_says_its_orientation_itself_is_not_turned(tmp_path, name):
    path = written(tmp_path, name, GOOD[name][0])
    xr.testing.assert_equal(formats.read(path, "source_target"), formats.read(path))
    with pytest.raises(formats.FormatError, match="take 'orientation: target_source' out"):
        formats.read(path, "target_source")


@pytest.mark.parametrize("orientation", formats.ORIENTATIONS)
def test_what_the_virtual_brain_knows_of_nodes_is_carried_along(tmp_path, orientation):
    found = formats.read(written(tmp_path, "brain.zip", virtual_brain), orientation)
    assert found["x"].dims == found["right_hemisphere"].dims == ("source",)
    np.testing.assert_array_equal(found["z"], [0, 2, 4])
    np.testing.assert_array_equal(found["right_hemisphere"], [1, 0, 1])
    lengths = np.array([[0, 1, 2], [3, 0, 5], [6, 7, 0]])
    expected = lengths if orientation == "source_target" else lengths.T
    np.testing.assert_array_equal(found["tract_length"].transpose("source", "target"), expected)


BAD = {
    "bars.csv": ("0|1|2|3\n1|0|3|4\n", "'1|0|3|4' is not a number"),
    "text.csv": ("0,1,2,3\nx,0,2,3\n2,2,0,3\n3,3,3,0\n", "line 2, number 1: 'x' is not a number"),
    "ragged.csv": ("0,1,2\n1,0\n0,0,1\n", "line 2 has 2 cells, line 1 has 3"),
    "empty.csv": ("\n\n", "is empty"),
    "names.csv": (",a,b\na,0,1\nc,1,0\n", "line 3 is called 'c', its column 'b'"),
    "count.csv": ("a,b,c,d\n0,1,1,2\n1,0,1,2\n", "which columns are source and target (a, b, c, d)"),
    "twice.csv": ("source,target\na,b\nb,a\na,b\n", "line 4: the connection stands in line 2 too"),
    "weight.csv": ("source,target,weight\na,b,strong\n", "line 2, number 3: 'strong' is not a number"),
    "binary.csv": (b"\xff\xfe\x00", "is not text in UTF-16"),
    "latin.csv": ("source,target\nä,b\n".encode("latin-1"), "is not text in UTF-8"),
    "wide.csv": ("0,1,2,3\n1,0,2,3\n", "not square (2 x 4)"),
    "complex.npy": (lambda path: np.save(path, MATRIX * 1j), "complex numbers"),
    "cube.npy": (lambda path: np.save(path, np.zeros((2, 2, 2))), "3 dimensions"),
    "pickle.npy": (lambda path: np.save(path, np.array([[print, 1]], object), allow_pickle=True), "pickles"),
    "disguised.npy": (pickle.dumps(MATRIX), "pickles"),
    "pickle.npz": (lambda path: np.savez(path, w=np.array([{}], object)), "cannot be read"),
    "cut.npy": (b"\x93NUMPY\x01\x00v", "cannot be read"),
    "two.npz": (lambda path: np.savez(path, a=MATRIX, b=2 * MATRIX), "holds 2 square matrices (a (3 x 3 float64), b"),
    "labels.npz": (lambda path: np.savez(path, a=MATRIX, labels=LABELS[:2]), "2 labels for 3 rows"),
    "text.mat": ("no matrix", "is not a MATLAB file"),
    "cut.graphml": ("<graphml><graph>", "is not GraphML"),
    "text.nc": ("no netCDF", "is not netCDF"),
    "dims.nc": (lambda path: xr.DataArray(MATRIX, name="w").to_netcdf(path), "0 variables have the dims"),
    "text.zip": ("no archive", "is not a zip archive"),
    "none.zip": (lambda path: virtual_brain(path, weights=None), "has no weights.txt"),
    "outside.zip": (
        lambda path: zipfile.ZipFile(path, "w").writestr("../weights.txt", "0 1\n1 0"),
        "outside of itself",
    ),
    "centres.zip": (lambda path: virtual_brain(path, centres="a 0 0 0\nb 0 0 0"), "2 labels for 3 rows"),
    "ragged.zip": (lambda path: virtual_brain(path, weights="0 1\n1"), "line 2 is not as long"),
    "lengths.zip": (lambda path: virtual_brain(path, tract_lengths="0 1\n1 0"), "tract_length has the shape (2, 2)"),
    "unknown.ods": ("", "no format has the suffix '.ods'"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_in_one_line(tmp_path, name):
    content, message = BAD[name]
    path = written(tmp_path, name, content)
    with pytest.raises(formats.FormatError) as error:
        formats.read(path, "source_target")
    assert message in str(error.value) and str(path) in str(error.value)
    assert len(str(error.value).strip().splitlines()) == 1


def test_a_file_that_is_not_there_or_too_large_for_this_machine(tmp_path, monkeypatch):
    with pytest.raises(formats.FormatError, match="there is no such file"):
        formats.read(tmp_path / "nowhere.csv")
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(501_000_000)
    monkeypatch.setattr(texts, "machine_mb", lambda: 8000.0)
    too_large = "501 MB or more, take about 10.0 GB of memory to read, and this machine has 8.0 GB"
    with pytest.raises(formats.FormatError, match=f"large.csv: {too_large}: read it on one that has more"):
        formats.read(tmp_path / "large.csv")
    # What is packed counts as it is unpacked.
    (tmp_path / "small.csv.gz").write_bytes(gzip.compress(b"0,1\n" * 100_000))
    monkeypatch.setattr(texts, "machine_mb", lambda: 7.9)
    with pytest.raises(formats.FormatError, match=r"the contents of small.csv.gz, 0 MB or more, take about 0.0 GB"):
        formats.read(tmp_path / "small.csv.gz")
    scipy.sparse.save_npz(tmp_path / "huge.npz", scipy.sparse.csr_array((10**6, 10**6)))
    with pytest.raises(formats.FormatError, match=r"is a matrix of 8000 GB, .* write it as a list of connections"):
        formats.read(tmp_path / "huge.npz")


def test_what_reads_a_file_is_found_in_its_room():
    assert connectome.read is formats.read


def test_names_that_are_not_text_are_refused_not_changed(tmp_path):
    path = tmp_path / "bytes.npz"
    np.savez(path, w=MATRIX, labels=np.array([b"A", b"\xe4", b"B"]))
    with pytest.raises(formats.FormatError, match="'labels': names are bytes that are not text in UTF-8"):
        formats.read(path, "source_target")
    pytest.importorskip("pyarrow")
    pd.DataFrame({"source": [b"a", b"\xe4"], "target": [b"b", b"a"]}).to_parquet(tmp_path / "e.parquet")
    with pytest.raises(formats.FormatError, match="row 2, column 'source' is not text in UTF-8"):
        formats.read(tmp_path / "e.parquet")


def test_a_matrix_is_chosen_by_name(tmp_path):
    path = tmp_path / "two.npz"
    np.savez(path, a=MATRIX, b=2 * MATRIX)
    np.testing.assert_array_equal(formats.read(path, "source_target", "b"), 2 * MATRIX)
    with pytest.raises(formats.FormatError, match=r"has no 'c' for 'variable' \(there are a "):
        formats.read(path, "source_target", "c")


finite = st.floats(allow_nan=False, allow_infinity=False, width=64)


@settings(max_examples=40, deadline=None)
@given(
    matrix=st.integers(2, 6).flatmap(lambda n: arrays.arrays(float, (n, n), elements=finite)),
    suffix=st.sampled_from([".csv", ".tsv", ".npy", ".npz", ".mat"]),
)
def test_any_matrix_comes_back(tmp_path_factory, matrix, suffix):
    path = tmp_path_factory.mktemp("any") / f"m{suffix}"
    if suffix in (".csv", ".tsv"):
        np.savetxt(path, matrix, delimiter={".csv": ",", ".tsv": "\t"}[suffix], fmt="%.17g")
    elif suffix == ".npy":
        np.save(path, matrix)
    elif suffix == ".npz":
        np.savez(path, matrix)
    else:
        scipy.io.savemat(path, {"m": matrix})
    said = {"layout": "matrix", "header": False} if suffix in (".csv", ".tsv") else {}
    np.testing.assert_array_equal(formats.read(path, "source_target", directed=True, **said), matrix)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200), suffix=st.sampled_from(sorted(formats.READERS)))
def test_any_bytes_give_a_matrix_or_one_line(tmp_path_factory, content, suffix):
    path = tmp_path_factory.mktemp("any") / f"m{suffix}"
    path.write_bytes(content)
    try:
        assert formats.read(path, "source_target").ndim == 2
    except formats.FormatError as error:
        assert str(path) in str(error)
