"""Connections: the same as their matrix, in memory by what is there."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from echolesion.connectome import ConnectomeError, FormatError, connections, formats, from_matrix, graph, preparation
from echolesion.connectome.catalogue import connections_of, load

MATRICES = arrays.arrays(float, (4, 4), elements=st.integers(-2, 3).map(float))


def described(matrix):
    labels = list("abcd")
    lengths = np.where(np.eye(4), 0, np.add.outer(np.arange(4.0), np.arange(4.0)))
    return xr.DataArray(
        matrix, dims=("source", "target"), name="weight", attrs={"units": "1"},
        coords={
            "source": labels, "target": labels, "side": ("source", list("LRLR")), "x": ("source", np.arange(4.0)),
            "tract_length": (("source", "target"), lengths),
        },
    )  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(MATRICES)
def test_a_matrix_comes_back_with_all_that_is_known(matrix):
    before = described(matrix)
    xr.testing.assert_identical(connections.of_matrix(before).matrix(), before)
    xr.testing.assert_identical(connections.of_matrix(before.transpose("target", "source")).matrix(), before)


@settings(max_examples=50, deadline=None)
@given(MATRICES, st.lists(st.integers(0, 3), unique=True))
def test_nodes_are_taken_in_any_order(matrix, places):
    before = described(matrix)
    after = connections.of_matrix(before).at(np.array(places, dtype=int)).matrix()
    xr.testing.assert_identical(after, before.isel(source=places, target=places))


@settings(max_examples=50, deadline=None)
@given(MATRICES)
def test_every_connection_finds_the_one_back(matrix):
    whole, back = connections.of_matrix(described(matrix)).with_ways_back()
    np.testing.assert_array_equal(whole.weight, matrix[whole.source, whole.target])
    np.testing.assert_array_equal(whole.weight[back], matrix[whole.target, whole.source])
    assert np.count_nonzero(whole.weight) == np.count_nonzero(matrix)


def test_a_list_is_read_as_connections_and_loaded_as_a_matrix(tmp_path):
    (tmp_path / "e.csv").write_text("source,target,weight\nb,a,2\na,c,3\nc,b,-1\n")
    (tmp_path / "n.csv").write_text("label,side\na,L\nb,R\nc,L\nd,R\n")
    entry = {"file": "e.csv", "nodes": "n.csv"}
    listed, loaded = connections_of(entry, "x", tmp_path), load(entry, "x", tmp_path)
    assert isinstance(listed, connections.Connections)
    xr.testing.assert_identical(listed.matrix(), loaded)
    assert list(loaded["side"].values) == list("LRLR") and float(loaded.sel(source="b", target="a")) == 2
    assert graph.summary(listed) == graph.summary(loaded)
    steps = ["drop_isolated", {"symmetrise": "max"}]
    one, other = (preparation.prepare(c, steps, "rank_signed", np.random.default_rng(0)) for c in (listed, loaded))
    xr.testing.assert_identical(one, other)


def test_what_is_no_matrix_here_is_said_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "e.csv").write_text("source,target,weight\nb,a,2\na,c,3\nc,b,1\n")
    monkeypatch.setattr(connections, "machine_mb", lambda: 7e-5)
    said = r"3 nodes are a matrix of 0 GB, .* keep fewer of them \(preparation: subset\), or take a larger machine$"
    with pytest.raises(ConnectomeError, match=f"^x: {said}"):
        load({"file": "e.csv"}, "x", tmp_path)
    with pytest.raises(FormatError, match=f"e.csv: {said}"):
        formats.read(tmp_path / "e.csv")
    listed = connections_of({"file": "e.csv"}, "x", tmp_path)
    with pytest.raises(ConnectomeError, match=f"^x: {said}"):
        preparation.prepare(listed, [], "own", np.random.default_rng(0), "x")
    assert preparation.prepared(listed, [], "own", np.random.default_rng(0), "x").size == 3


def test_steps_take_a_matrix_and_give_one():
    before = from_matrix([[0, 1, 5], [2, 0, 0], [0, 3, 0.0]], ["a", "b", "c"])
    after = preparation.threshold_weight(before, 2)
    assert isinstance(after, xr.DataArray) and after.dims == before.dims and after.attrs == before.attrs
    np.testing.assert_array_equal(after, [[0, 0, 5], [2, 0, 0], [0, 3, 0]])
