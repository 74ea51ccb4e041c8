from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import spearmanr

from echolesion import connectome
from echolesion.connectome import ConnectomeError

CYCLE = np.array([[0, 1, 0], [0, 0, 2], [3, 0, 0.0]])


@pytest.mark.parametrize(
    ("matrix", "labels", "message"),
    [
        (np.zeros((0, 0)), None, "empty"),
        ([[1.0]], None, "one node"),
        (np.zeros((3, 3)), None, "all weights are 0"),
        (np.ones((2, 3)), None, "not square (2 x 3)"),
        (np.ones(4), None, "not square (4)"),
        ([[0, np.nan], [1, 0]], None, "not finite, first nan from '0' to '1'"),
        ([[0, 1], [np.inf, 0]], None, "not finite, first inf from '1' to '0'"),
        (np.triu(np.ones((4, 4)), 1), None, "nilpotent"),
        (CYCLE, ["a", "b", "a"], "label 'a' stands for more than one node"),
        (CYCLE, ["a", "b"], "2 labels for 3 nodes"),
        ([["x", 1], [1, 0]], None, "not real numbers"),
        ([[0, 1j], [1, 0]], None, "not real numbers"),
        ([[0, 1], [1]], None, "not real numbers"),
    ],
)
def test_bad_matrix_is_refused_in_one_line(matrix, labels, message):
    with pytest.raises(ConnectomeError) as error:
        connectome.from_matrix(matrix, labels, "mine")
    assert str(error.value).startswith("mine: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_rows_are_sources():
    weights = connectome.from_matrix(CYCLE, ["a", "b", "c"])
    assert float(weights.sel(source="b", target="c")) == 2
    assert float(weights.sel(source="c", target="b")) == 0


@settings(max_examples=50, deadline=None)
@given(
    matrix=hnp.arrays(np.float64, st.integers(3, 6).map(lambda n: (n, n)), elements=st.integers(-3, 3).map(float)),
    data=st.data(),
)
def test_written_tables_are_read_as_they_were(tmp_path_factory, matrix, data):
    size = len(matrix)
    matrix[np.arange(size), np.roll(np.arange(size), 1)] = 1  # a cycle, so that it is usable
    name = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=5)
    labels = data.draw(st.lists(name, min_size=size, max_size=size, unique=True))
    folder = tmp_path_factory.mktemp("tables")
    source, target = np.nonzero(matrix)
    pd.DataFrame({"label": labels}).to_csv(folder / "nodes.csv", index=False)
    pd.DataFrame(
        {"source": np.take(labels, source), "target": np.take(labels, target), "weight": matrix[source, target]}
    ).to_csv(folder / "edges.csv", index=False)
    read = connectome.read_edges(folder / "edges.csv", folder / "nodes.csv", "x")
    assert list(read["source"].values) == labels
    np.testing.assert_array_equal(read, matrix)


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ("label\na\nb", "source,target,weight\na,b,1\nb,c,1", "target 'c' is not in nodes.csv"),
        ("label\na\nb", "source,target,weight\na,b,1\nb,a,1\na,b,2", "from 'a' to 'b' stands twice"),
        ("label\na\nb\na", "source,target,weight\na,b,1\nb,a,1", "label 'a' stands for more than one node"),
        ("label\na\nb", "source,target,weight\na,b,one\nb,a,1", "1 weights are not finite"),
        ("label\na\nb", "source;target;weight\na;b;1", "edges.csv has no column"),
        ("name\na\nb", "source,target,weight\na,b,1", "nodes.csv has no column 'label'"),
    ],
)
def test_bad_tables_are_refused(tmp_path, nodes, edges, message):
    (tmp_path / "nodes.csv").write_text(nodes)
    (tmp_path / "edges.csv").write_text(edges)
    with pytest.raises(ConnectomeError, match="x: ") as error:
        connectome.read_edges(tmp_path / "edges.csv", tmp_path / "nodes.csv", "x")
    assert message in str(error.value)


@pytest.mark.parametrize(("key", "nodes", "connections"), [("celegans279", 279, 2993), ("larva213", 213, 7536)])
def test_shipped_connectomes(catalogue, key, nodes, connections):
    weights = connectome.load(catalogue[key], key, ROOT)
    assert weights.sizes == {"source": nodes, "target": nodes}
    assert np.count_nonzero(weights) == connections
    assert (ROOT / "data" / key / "README.md").exists() and (ROOT / "data" / key / "LICENSE").exists()


def test_celegans_orientation(catalogue):
    """ASEL, a sensory neuron, drives the interneuron AIYL and gets nothing back (Varshney et al. 2011)."""
    weights = connectome.load(catalogue["celegans279"], "celegans279", ROOT)
    assert float(weights.sel(source="ASEL", target="AIYL")) == 13
    assert float(weights.sel(source="AIYL", target="ASEL")) == 0


def test_smallworld36_is_the_published_graph(catalogue):
    weights = connectome.load(catalogue["smallworld36"], "smallworld36", ROOT)
    graph = nx.from_numpy_array(weights.values)
    assert graph.number_of_edges() == 108
    assert nx.density(graph) == pytest.approx(0.171, abs=5e-4)
    assert nx.average_clustering(graph) == pytest.approx(0.288, abs=5e-4)
    assert nx.average_shortest_path_length(graph) == pytest.approx(2.24, abs=5e-3)


def test_every_entry_of_the_catalogue_loads(catalogue):
    for key, entry in catalogue.items():
        first, second = (connectome.load(entry, key, ROOT) for _ in range(2))
        assert first.identical(second), key


def test_wrong_model_parameters_are_refused():
    with pytest.raises(ConnectomeError, match="small_world does not take"):
        connectome.generate("small_world", {"n": 3, "k": 9, "p": 0.5}, "x")
    with pytest.raises(ConnectomeError, match="erdos_renyi does not take"):
        connectome.generate("erdos_renyi", {"nodes": 3}, "x")


@pytest.fixture
def measured(catalogue):
    return connectome.load(catalogue["celegans279"], "celegans279", ROOT)


@pytest.mark.parametrize("weighting", connectome.WEIGHTINGS)
def test_weighting_keeps_the_connections(measured, weighting):
    before = measured.copy(deep=True)
    weights = connectome.prepare(measured, weighting, 0, np.random.default_rng(0))
    assert measured.identical(before)
    assert np.diag(weights).sum() == 0
    off = ~np.eye(279, dtype=bool)
    np.testing.assert_array_equal((weights.values != 0)[off], (measured.values != 0)[off])
    assert "dropped 3 self-connections" in weights.attrs["history"]


def test_rank_signed_follows_the_measured_strength(measured):
    weights = connectome.prepare(measured, "rank_signed", 0, np.random.default_rng(0)).values
    connected = weights != 0
    magnitude, strength = np.abs(weights[connected]), measured.values[connected]
    for value in np.unique(strength)[1:]:
        assert magnitude[strength < value].max() < magnitude[strength >= value].min()
    assert 0.4 < np.mean(weights[connected] > 0) < 0.6
    assert magnitude.max() <= 0.5
    unranked = connectome.prepare(measured, "random_signed", 0, np.random.default_rng(0)).values
    assert abs(spearmanr(np.abs(unranked[connected]), strength).statistic) < 0.1


def test_threshold_drops_weak_connections(measured):
    weights = connectome.prepare(measured, "own", 3, np.random.default_rng(0)).values
    assert weights[weights != 0].min() == 3
    with pytest.raises(ConnectomeError, match="all weights are 0"):
        connectome.prepare(measured, "own", 1e9, np.random.default_rng(0))


def test_unknown_weighting_is_refused(measured):
    with pytest.raises(ConnectomeError, match="allowed: own, random_signed, rank_signed"):
        connectome.prepare(measured, "signed", 0, np.random.default_rng(0))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        connectome.load({"folder": "nowhere"}, "x", Path(tmp_path))
