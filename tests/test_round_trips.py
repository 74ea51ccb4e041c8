"""What pandas, R, MATLAB and networkx write is read back equal, or is refused; it is never read differently."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse
from cases import REFUSED, by_name, connections, one_line
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from echolesion.connectome.catalogue import load

TAME = ["AVAL", "AVAR", "b1", "b2", "Left"]
ODD = [
    "007", "7", "7.0", "0", "1", "1001", "1e5", "-1", "NA", "nan", "None", "NO", "True", "a b", "a  c", "x,y", "x;y",
    'say "a"', "it's", "#1", "a#b", "%d", "a%", "Ä", "脑区", "ß Ω", "a&b", "<b>", "a\\b", "V1_L", "[1]", "{a}", "a/b",
    "a:b", "weight",
]  # fmt: skip
NUMBERS = st.sampled_from([0.0, 0.0, 1.0, 2.0, -3.0, 0.5, 1e-5, 12345.678, 7.0])
quick = settings(max_examples=40, deadline=None)


def is_number(label):
    try:
        float(label)
    except ValueError:
        return False
    return True


@st.composite
def networks(draw, smallest=2, forbidden=""):
    """Draw labels and a matrix of weights, in which no node is isolated."""
    size = draw(st.integers(smallest, 5))
    known = TAME if draw(st.booleans()) else [*ODD, *TAME]
    known = [label for label in known if not any(mark in label for mark in forbidden)]
    labels = draw(st.lists(st.sampled_from(known), min_size=size, max_size=size, unique=True))
    matrix = np.array(draw(st.lists(NUMBERS, min_size=size**2, max_size=size**2))).reshape(size, size)
    if draw(st.booleans()):
        matrix = np.maximum(matrix, matrix.T)
    matrix[np.arange(size), (np.arange(size) + 1) % size] += 4
    return labels, matrix


def is_tame(labels):
    return set(labels) <= set(TAME)


def check(folder, name, weights, labels, *entries, ordered=True, must=False):
    """Check that a file is read equal or refused with each entry; and read with one of them, if it must."""
    refusals = []
    for entry in entries:
        try:
            found = load({"file": name} | entry, "x", folder)
        except REFUSED as error:
            refusals.append(one_line(error, (), [name]))
        else:
            assert connections(found) == pytest.approx(weights, rel=1e-9), f"read differently with {entry}"
            there = found["source"].values.tolist()
            assert there == list(labels) if ordered else set(there) == set(labels)
    assert len(refusals) < len(entries) or not must, f"refused: {refusals}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


# A directed matrix, which may be a triangle by chance.
MATRIX = {"orientation": "source_target", "directed": True}
UNNAMED = {"layout": "matrix", "header": False}


@quick
@given(network=networks(), sep=st.sampled_from([",", "\t", ";"]), corner=st.sampled_from(["", "name"]))
def test_matrices_with_names_of_pandas(folder, network, sep, corner):
    labels, matrix = network
    name = "m.tsv" if sep == "\t" else "m.csv"
    pd.DataFrame(matrix, labels, labels).to_csv(folder / name, sep=sep, index_label=corner or None)
    check(folder, name, by_name(matrix, labels), labels, {}, MATRIX, MATRIX | {"delimiter": sep}, must=is_tame(labels))


@quick
@given(network=networks(smallest=4), sep=st.sampled_from([",", "\t", ";"]))
def test_matrices_with_a_header_of_pandas(folder, network, sep):
    labels, matrix = network
    # A comment sign before the first name is one of numpy's headers.
    assume(not labels[0].startswith(("#", "%")))
    name = "m.tsv" if sep == "\t" else "m.csv"
    pd.DataFrame(matrix, columns=labels).to_csv(folder / name, sep=sep, index=False)
    must = is_tame(labels)
    check(
        folder, name, by_name(matrix, labels), labels, MATRIX, MATRIX | {"header": True, "layout": "matrix"}, must=must
    )


@quick
@given(network=networks(), sep=st.sampled_from([",", "\t", ";"]), whole=st.booleans())
def test_matrices_without_names_of_pandas(folder, network, sep, whole):
    _, matrix = network
    matrix = np.round(matrix) if whole else matrix
    name = "m.tsv" if sep == "\t" else "m.csv"
    pd.DataFrame(matrix.astype(int) if whole else matrix).to_csv(folder / name, sep=sep, index=False, header=False)
    labels = list(map(str, range(len(matrix))))
    # Three whole numbers in three lines are a list as well; more cannot be.
    entries = [MATRIX, MATRIX | UNNAMED] if len(matrix) > 3 else [MATRIX | UNNAMED]
    check(folder, name, by_name(matrix), labels, *entries, must=True)


@quick
@given(network=networks(smallest=4))
def test_matrices_with_names_of_rows_of_pandas(folder, network):
    labels, matrix = network
    assume(not labels[0].startswith(("#", "%")))
    pd.DataFrame(matrix, labels).to_csv(folder / "m.csv", header=False)
    check(folder, "m.csv", by_name(matrix, labels), labels, MATRIX, MATRIX | {"layout": "matrix"})


@quick
@given(
    network=networks(),
    names=st.sampled_from([("source", "target", "weight"), ("pre", "post", "weight"), ("i", "j", "n")]),
    index=st.booleans(),
    sep=st.sampled_from([",", "\t", ";"]),
)
def test_lists_of_pandas(folder, network, names, index, sep):
    labels, matrix = network
    weights = by_name(matrix, labels)
    frame = pd.DataFrame([(*pair, w) for pair, w in weights.items()], columns=list(names))
    name = "e.tsv" if sep == "\t" else "e.csv"
    frame.to_csv(folder / name, sep=sep, index=index)
    said = dict(zip(("source", "target", "variable"), names, strict=True))
    check(folder, name, weights, labels, {}, said, ordered=False, must=is_tame(labels))


@quick
@given(network=networks(), sep=st.sampled_from([",", "\t", ";"]))
def test_lists_without_header_of_pandas(folder, network, sep):
    labels, matrix = network
    weights = by_name(matrix, labels)
    rows = [(*pair, w) for pair, w in weights.items()]
    # A comment sign before the first name makes a comment of the first line.
    assume(not rows[0][0].startswith(("#", "%")))
    name = "e.tsv" if sep == "\t" else "e.csv"
    pd.DataFrame(rows).to_csv(folder / name, sep=sep, index=False, header=False)
    said = {"layout": "list", "header": False}
    # As many rows as columns, of numbers alone, are a matrix as well; one row more may be its header.
    entries = [said] if len(rows) in (3, 4) and all(map(is_number, labels)) else [{}, said]
    check(folder, name, weights, labels, *entries, ordered=False, must=is_tame(labels))


def quoted(cell, double):
    if not isinstance(cell, str):
        return repr(float(cell))
    return '"' + cell.replace('"', '""' if double else '\\"') + '"'


def of_r(path, rows, header, names, sep, double):
    """Write as R's write.table does; its write.csv has commas, a corner and quotes that are doubled."""
    corner = [""] if sep == "," and names else []
    lines = [[quoted(cell, double) for cell in (*corner, *header)]] if header else []
    lines += [
        [quoted(cell, double) for cell in ((name, *row) if names else row)]
        for name, row in zip(names or rows, rows, strict=True)
    ]
    path.write_text("".join(sep.join(line) + "\n" for line in lines))


# R's write.table escapes quotes with a backslash, which has to be understood or refused.
@quick
@given(network=networks(), sep=st.sampled_from([",", " ", "\t"]))
@example(network=(['say "a"', "b"], np.array([[0.0, 1.0], [2.0, 0.0]])), sep=" ")
@example(network=(["a\\b", "b"], np.array([[0.0, 1.0], [2.0, 0.0]])), sep=" ")
def test_matrices_of_r(folder, network, sep):
    labels, matrix = network
    name = "m.csv" if sep == "," else "m.txt"
    of_r(folder / name, matrix.tolist(), labels, labels, sep, sep == ",")
    check(folder, name, by_name(matrix, labels), labels, {}, MATRIX, must=is_tame(labels))


@quick
@given(network=networks(), sep=st.sampled_from([",", " ", "\t"]), numbered=st.booleans())
@example(network=(['say "a"', "b"], np.array([[0.0, 1.0], [2.0, 0.0]])), sep=" ", numbered=True)
@example(network=(["a b", "b"], np.array([[0.0, 1.0], [2.0, 0.0]])), sep=" ", numbered=False)
def test_lists_of_r(folder, network, sep, numbered):
    labels, matrix = network
    weights = by_name(matrix, labels)
    rows = [[*pair, w] for pair, w in weights.items()]
    name = "e.csv" if sep == "," else "e.txt"
    names = [str(k + 1) for k in range(len(rows))] if numbered else None
    of_r(folder / name, rows, ["from", "to", "weight"], names, sep, sep == ",")
    check(folder, name, weights, labels, {}, ordered=False, must=is_tame(labels))


@quick
@given(
    network=networks(),
    kind=st.sampled_from(["dense", "sparse", "struct", "sparse in a struct"]),
    named=st.sampled_from(["names", "labels", "region_labels", None]),
    as_cells=st.booleans(),
)
def test_matrices_of_matlab(folder, network, kind, named, as_cells):
    labels, matrix = network
    values = scipy.sparse.csc_array(matrix) if "sparse" in kind else matrix
    contents = {"data": {"SC": values}} if "struct" in kind else {"SC": values}
    if named:
        contents[named] = np.array(labels, object if as_cells else str)
    scipy.io.savemat(folder / "m.mat", contents)
    expected = labels if named else list(map(str, range(len(labels))))
    entries = [MATRIX, MATRIX | {"variable": "data.SC" if "struct" in kind else "SC"}]
    check(folder, "m.mat", by_name(matrix, expected), expected, *entries, must=is_tame(labels))


@quick
@given(network=networks(), named=st.booleans())
def test_arrays_of_numpy(folder, network, named):
    labels, matrix = network
    np.savez(folder / "m.npz", SC=matrix, **({"labels": labels} if named else {}))
    expected = labels if named else list(map(str, range(len(labels))))
    check(folder, "m.npz", by_name(matrix, expected), expected, MATRIX, MATRIX | {"variable": "SC"}, must=True)


@quick
@given(network=networks(smallest=4), named=st.booleans(), sep=st.sampled_from([" ", ",", "\t"]))
def test_texts_of_numpy(folder, network, named, sep):
    labels, matrix = network
    # numpy quotes nothing: names must not hold what parts them, and numbers are no header.
    named &= not any(sep in label or " " in label or '"' in label or is_number(label) for label in labels)
    np.savetxt(folder / "m.txt", matrix, "%.17g", sep, header=sep.join(labels) if named else "")
    expected = labels if named else list(map(str, range(len(labels))))
    check(folder, "m.txt", by_name(matrix, expected), expected, MATRIX, MATRIX | {"layout": "matrix"})


WRITERS = {"graphml": nx.write_graphml, "gexf": nx.write_gexf, "gml": nx.write_gml, "net": nx.write_pajek}


def graph_of(labels, matrix, directed):
    made = nx.DiGraph() if directed else nx.Graph()
    made.add_nodes_from(labels)
    matrix = matrix if directed else np.maximum(matrix, matrix.T)
    made.add_weighted_edges_from((*pair, w) for pair, w in by_name(matrix, labels).items())
    return made, by_name(matrix, labels)


@pytest.mark.parametrize("suffix", WRITERS)
@quick
@given(network=networks(), directed=st.booleans())
def test_graphs_of_networkx(folder, suffix, network, directed):
    labels, matrix = network
    made, weights = graph_of(labels, matrix, directed)
    WRITERS[suffix](made, folder / f"g.{suffix}")
    more = [{"directed": directed}] if directed else []
    check(folder, f"g.{suffix}", weights, labels, {}, *more, ordered=False, must=is_tame(labels))


@pytest.mark.parametrize("suffix", ["graphml", "gexf", "gml"])
@quick
@given(network=networks(), chosen=st.booleans())
def test_graphs_of_networkx_with_names_and_other_weights(folder, suffix, network, chosen):
    labels, matrix = network
    made = nx.DiGraph()
    for k, label in enumerate(labels):
        made.add_node(f"n{k}", name=label, side="left")
    for i, j in np.argwhere(matrix):
        made.add_edge(f"n{i}", f"n{j}", fibers=float(matrix[i, j]), fa=0.5)
    WRITERS[suffix](made, folder / f"g.{suffix}")
    said = {"variable": "fibers", "labels": "name"}
    entries = [said] if chosen else [{"labels": "name"}, said]
    check(folder, f"g.{suffix}", by_name(matrix, labels), labels, *entries, ordered=False, must=is_tame(labels))


def without(marks):
    return networks(forbidden=marks)


@quick
@given(
    network=without(" "), kind=st.sampled_from(["weights", "data", "none"]), suffix=st.sampled_from(["edgelist", "txt"])
)
def test_edge_lists_of_networkx(folder, network, kind, suffix):
    labels, matrix = network
    made, weights = graph_of(labels, matrix, True)
    # networkx takes what begins with its comment sign for a comment, too.
    assume(not next(iter(made.edges))[0].startswith(("#", "%")))
    name = f"e.{suffix}"
    if kind == "weights":
        nx.write_weighted_edgelist(made, folder / name)
    else:
        nx.write_edgelist(made, folder / name, data=kind == "data")
        weights = dict.fromkeys(weights, 1.0) if kind == "none" else weights
    said = {"layout": "list", "header": False}
    rows, columns = len(weights), {"weights": 3, "data": 4, "none": 2}[kind]
    two_meanings = suffix == "txt" and rows in (columns, columns + 1) and all(map(is_number, labels))
    # Names alone may be a header, or a matrix if they are numbers.
    entries = [said] if two_meanings or (suffix == "txt" and kind == "none") else [{}, said]
    must = is_tame(labels) and kind != "data"
    check(folder, name, weights, labels, *entries, ordered=False, must=must)


@quick
@given(network=networks())
def test_names_with_blanks_in_edge_lists_of_networkx(folder, network):
    labels, matrix = network
    made, weights = graph_of(labels, matrix, True)
    assume(not next(iter(made.edges))[0].startswith(("#", "%")))
    nx.write_weighted_edgelist(made, folder / "e.edgelist")
    check(folder, "e.edgelist", weights, labels, {}, ordered=False)


@quick
@given(network=networks(), titled=st.booleans())
def test_names_of_nodes_in_tables(folder, network, titled):
    """A table of nodes in another order than the connections, with data."""
    labels, matrix = network
    weights = by_name(matrix, labels)
    pd.DataFrame([(*p, w) for p, w in weights.items()], columns=["source", "target", "weight"]).to_csv(
        folder / "e.csv", index=False
    )
    nodes = pd.DataFrame({"label": labels[::-1], "x": range(len(labels))})
    nodes.to_csv(folder / "nodes.csv", index=titled)
    check(folder, "e.csv", weights, labels[::-1], {"nodes": "nodes.csv"}, must=is_tame(labels))
