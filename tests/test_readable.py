"""What people have: tables, spreadsheets, graphs and arrays of other tools are read, or it is said what they are."""

import gzip
import io

import h5py
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse
import xarray as xr
from cases import (
    AB,
    LENGTHS,
    LIST,
    MATRIX,
    NAMED,
    NUMBERED,
    REFUSED,
    ROWS,
    SYMMETRIC,
    both_ways,
    by_name,
    check,
    connections,
    either,
    grid,
    one_line,
    reads,
    refuses,
    table,
    turned,
    write,
)

from echolesion.connectome.catalogue import load

BARE = "a,b,2\nb,a,3\nb,c,4\nc,a,1\n"
OF_BARE = AB | {("c", "a"): 1}
HALVES = (np.array(MATRIX) / 2).tolist()
OF_HALVES = by_name(HALVES)
FLYWIRE = (
    "pre_root_id,post_root_id,neuropil,syn_count\n720575940612453042,720575940612453043,ME,2\n"
    "720575940612453042,720575940612453043,LO,5\n720575940612453043,720575940612453042,ME,3\n"
)
ONE, OTHER = "720575940612453042", "720575940612453043"
COUNTED = {"variable": "syn_count"}

REPEATED = {
    "not combined": refuses(FLYWIRE, "combine", "line 3", entry=COUNTED),
    "of no known kind": refuses(FLYWIRE, "combine", entry=COUNTED | {"combine": "product"}),
    "between blanks": refuses("a b 2\na b 5\nb a 3\n", "combine", "line 2", name="e.edgelist"),
    "between blanks, added": reads(
        "a b 2\na b 5\nb a 3\n", {("a", "b"): 7, ("b", "a"): 3}, {"combine": "sum"}, "e.txt"
    ),
    "nothing to combine": reads(LIST, AB, {"combine": "sum"}),
} | {
    how: reads(
        FLYWIRE,
        {(ONE, OTHER): weight, (OTHER, ONE): 3},
        COUNTED | {"combine": how},
        says=("pre_root_id", "post_root_id", "syn_count", "neuropil", how),
    )
    for how, weight in {"sum": 7, "max": 5, "mean": 3.5, "first": 2}.items()
}

PAIRS = [
    ("pre_root_id", "post_root_id"),
    ("bodyId_pre", "bodyId_post"),
    ("pre", "post"),
    ("Source", "Target"),
    ("from", "to"),
]
COLUMNS = {
    f"{one}, {other}": reads(LIST.replace("source,target", f"{one},{other}"), AB, says=(one, other))
    for one, other in PAIRS
} | {
    "in another order": reads("post,weight,pre\nb,2,a\na,3,b\nc,4,b\n", AB, says=("pre", "post")),
    "of the user": reads(
        "n,presynaptic cell,postsynaptic cell\n2,a,b\n3,b,a\n4,b,c\n",
        AB,
        {"source": "presynaptic cell", "target": "postsynaptic cell", "variable": "n"},
        says=("presynaptic cell", "postsynaptic cell"),
    ),
    "of the user, not the known ones": reads(
        "source,target,x,y,weight\np,q,a,b,2\nq,p,b,a,3\np,q,b,c,4\n", AB, {"source": "x", "target": "y"}
    ),
    "that are not there": refuses(LIST, "presynaptic", entry={"source": "presynaptic", "target": "target"}),
    "twice the same": refuses(LIST, "source", entry={"source": "source", "target": "source"}),
    "unknown": refuses("x,y,weight\na,b,2\nb,a,3\nb,c,4\n", "source"),
    "two known pairs": refuses("pre,post,from,to,weight\na,b,p,q,2\nb,a,q,p,3\n", "source"),
    "a column that stands twice": refuses("source,target,weight,weight\na,b,2,9\nb,a,3,9\n", "weight"),
}

BINARY = "1,2\n2,3\n3,1\n4,1\n"
OF_BINARY = {("1", "2"): 1, ("2", "3"): 1, ("3", "1"): 1, ("4", "1"): 1}
HEADERLESS = {
    "with weights": reads(BARE, OF_BARE, says=("source",)),
    "without weights": reads(BINARY, OF_BINARY),
    "blanks in a file of tabs": reads("% asym\n1 2 5\n2 1 6\n", {("1", "2"): 5, ("2", "1"): 6}, name="e.tsv"),
    "between tabs": reads(BARE.replace(",", "\t"), OF_BARE, name="e.tsv"),
    "between blanks": reads(BARE.replace(",", " "), OF_BARE, name="e.txt"),
    "as the entry says": reads(BARE, OF_BARE, {"header": False}),
    # Two columns of words may have a header or not.
    "of words without weights": either(
        "a,b\nb,c\nc,a\nd,a\n", {("a", "b"): 1, ("b", "c"): 1, ("c", "a"): 1, ("d", "a"): 1}, "header"
    ),
    "of words without weights, as the entry says": reads(
        "a,b\nb,c\nc,a\nd,a\n", {("a", "b"): 1, ("b", "c"): 1, ("c", "a"): 1, ("d", "a"): 1}, {"header": False}
    ),
    "two columns of weights": refuses("a,b,2,7\nb,a,3,8\nb,c,4,9\nc,a,1,1\nc,b,1,1\n", "variable"),
}

RAGGED_BLANKS = "  0  1   0 2\n3 0\t4 0  \n 0 5 0  6 \n7 0 8 0\n\n"
DELIMITERS = {
    "blanks": reads(grid(MATRIX, " "), NUMBERED, ROWS, "m.txt"),
    "blanks of all widths": reads(RAGGED_BLANKS, NUMBERED, ROWS, "m.txt"),
    "blanks at the end of lines, as FSL writes": reads(
        grid(MATRIX, " ").replace("\n", "  \n"), NUMBERED, ROWS, "fdt_network_matrix.txt"
    ),
    "tabs": reads(grid(MATRIX, "\t"), NUMBERED, ROWS, "m.txt"),
    "tabs and names with blanks": reads(
        grid(MATRIX, "\t", ["a 1", "b 2", "c", "d"]), by_name(MATRIX, ["a 1", "b 2", "c", "d"]), ROWS, "m.tsv"
    ),
    "commas in a text": reads(grid(MATRIX), NUMBERED, ROWS, "m.txt"),
    "blanks in a csv": either(grid(MATRIX, " "), NUMBERED, "delimiter", entry=ROWS),
    "tabs in a csv": either(grid(MATRIX, "\t"), NUMBERED, "delimiter", entry=ROWS),
    "semicolons": reads(grid(MATRIX, ";", "abcd"), NAMED, ROWS),
    "semicolons and points": reads(grid(HALVES, ";"), OF_HALVES, ROWS),
    "semicolons and commas": reads(grid(HALVES, ";").replace(".", ","), OF_HALVES, ROWS | {"decimal": ","}),
    "semicolons and commas, both said": reads(
        grid(HALVES, ";").replace(".", ","), OF_HALVES, ROWS | {"decimal": ",", "delimiter": ";"}
    ),
    "a list with semicolons and commas": reads(
        "source;target;weight\na;b;0,5\nb;a;1,5\n", {("a", "b"): 0.5, ("b", "a"): 1.5}, {"decimal": ","}
    ),
    "a list with semicolons and commas that says nothing": reads(
        "source;target;weight\na;b;0,5\nb;a;1,5\n", {("a", "b"): 0.5, ("b", "a"): 1.5}
    ),
    "semicolons and what could be thousands": refuses("source;target;weight\na;b;1,500\nb;a;2,250\n", "decimal"),
    "semicolons and commas that say nothing": reads(grid(HALVES, ";").replace(".", ","), OF_HALVES, ROWS),
    "tabs and commas": reads(grid(HALVES, "\t").replace(".", ","), OF_HALVES, ROWS | {"decimal": ","}, "m.tsv"),
    "bars": reads(grid(MATRIX, "|", "abcd"), NAMED, ROWS | {"delimiter": "|"}),
    "bars that are not said": refuses(grid(MATRIX, "|", "abcd"), "delimiter", entry=ROWS),
    "another than is said": refuses(grid(MATRIX), "delimiter", entry=ROWS | {"delimiter": ";"}),
    "mark of thousands": refuses('source,target,weight\na,b,"1,234"\nb,a,3\n', "line 2"),
}


def packed(content):
    return gzip.compress(content.encode() if isinstance(content, str) else content)


def array(path):
    with path.open("wb") as file:
        np.save(file, MATRIX)


def matlab(**arrays):
    """Return a writer that does not care for the suffix."""

    def writer(path):
        with path.open("wb") as file:
            scipy.io.savemat(file, arrays)

    return writer


NAMES_OF_FILES = {
    "packed": reads(packed(grid(MATRIX)), NUMBERED, ROWS, "m.csv.gz"),
    "a packed list": reads(packed(LIST), AB, name="e.csv.gz"),
    "packed tabs": reads(packed(LIST.replace(",", "\t")), AB, name="e.tsv.gz"),
    "packed in capitals": reads(packed(LIST), AB, name="E.CSV.GZ"),
    "packed and cut": refuses(packed(LIST)[:-12], name="e.csv.gz"),
    "not packed": refuses(LIST, name="e.csv.gz"),
    "packed, but not called so": refuses(packed(LIST), name="e.csv"),
    "CSV": reads(LIST, AB, name="E.CSV"),
    "Tsv": reads(LIST.replace(",", "\t"), AB, name="e.Tsv"),
    "NPY": reads(array, NUMBERED, ROWS, "M.NPY"),
    "MAT": reads(matlab(SC=MATRIX), NUMBERED, ROWS, "M.MAT"),
    "points": reads(grid(MATRIX, " "), NUMBERED, ROWS, "sub-01.SC.txt"),
    "blanks": reads(LIST, AB, name="my net.csv"),
    "two suffixes": reads(matlab(connectivity=SYMMETRIC), by_name(SYMMETRIC), name="x.connectivity.mat"),
    "brackets": reads(LIST, AB, name="net[1].csv"),
    "a foreign name": reads(LIST, AB, name="réseau.csv"),
    "a suffix that is unknown": refuses(LIST, "suffix", ".foo", name="net.foo"),
    "no suffix": refuses(LIST, "suffix", name="net"),
}


def excel(index=True, header=True, **sheets):
    def writer(path):
        with pd.ExcelWriter(path, engine="openpyxl") as book:
            for name, frame in sheets.items():
                frame.to_excel(book, sheet_name=name, index=index, header=header)

    return writer


def frame(matrix, labels="abcd"):
    return pd.DataFrame(matrix, list(labels), list(labels))


EDGES = pd.DataFrame([(*pair, w) for pair, w in AB.items()], columns=["source", "target", "weight"])
NOTES = pd.DataFrame({"note": ["made on Monday"]})
DATED = EDGES.replace({"a": pd.Timestamp("2026-03-01")})
SHEETS = {
    "a matrix": reads(excel(SC=frame(MATRIX)), NAMED, ROWS, "m.xlsx", labels=list("abcd")),
    "a matrix without names": reads(excel(False, False, SC=frame(MATRIX)), NUMBERED, ROWS, "m.xlsx"),
    "a list": reads(excel(False, edges=EDGES), AB, name="e.xlsx"),
    "a list with an index": reads(excel(True, edges=EDGES), AB, name="e.xlsx"),
    "in capitals": reads(excel(False, edges=EDGES), AB, name="E.XLSX"),
    "of two, chosen": reads(
        excel(SC=frame(MATRIX), FA=frame(LENGTHS)), NAMED, ROWS | {"sheet": "SC"}, "m.xlsx", says=("SC",)
    ),
    "of two": refuses(excel(SC=frame(MATRIX), FA=frame(LENGTHS)), "sheet", "SC", "FA", entry=ROWS, name="m.xlsx"),
    "of two, none of them": refuses(
        excel(SC=frame(MATRIX), FA=frame(LENGTHS)), "sheet", "SC", "FA", entry=ROWS | {"sheet": "MD"}, name="m.xlsx"
    ),
    # A sheet that cannot be a connectome may or may not have to be excluded.
    "of notes and edges": either(excel(False, notes=NOTES, edges=EDGES), AB, "sheet", name="e.xlsx"),
    "numbers that are names": reads(
        excel(SC=frame(MATRIX, [1001, 1002, 1003, 1004])),
        by_name(MATRIX, ["1001", "1002", "1003", "1004"]),
        ROWS,
        "m.xlsx",
    ),
    "names that look like numbers": reads(
        excel(SC=frame(MATRIX, ["007", "NA", "1e5", "a b"])),
        by_name(MATRIX, ["007", "NA", "1e5", "a b"]),
        ROWS,
        "m.xlsx",
    ),
    "names that became dates": refuses(excel(False, edges=DATED), name="e.xlsx"),
    "lengths of another sheet": reads(
        excel(SC=frame(MATRIX), mm=frame(LENGTHS)),
        NAMED,
        ROWS | {"sheet": "SC", "lengths": {"file": "m.xlsx", "sheet": "mm"}},
        "m.xlsx",
        lengths=by_name(LENGTHS, "abcd"),
    ),
    "weights of another name": refuses(
        excel(False, edges=EDGES.rename(columns={"weight": "n"})), "variable", "n", name="e.xlsx"
    ),
    "a sheet of a table": refuses(LIST, "sheet", entry={"sheet": "SC"}),
    "a table that is called a spreadsheet": refuses(LIST, name="e.xlsx"),
}

LARGE = pd.DataFrame(
    [(int(ONE), int(OTHER), 2), (int(OTHER), int(ONE), 3)], columns=["pre_root_id", "post_root_id", "syn_count"]
)
ARROW = {
    "parquet": reads(EDGES.to_parquet, AB, name="e.parquet"),
    "feather": reads(EDGES.to_feather, AB, name="e.feather"),
    "large ids": reads(
        LARGE.to_feather, {(ONE, OTHER): 2, (OTHER, ONE): 3}, COUNTED, "e.feather", says=("pre_root_id",)
    ),
    "weights of another name": refuses(LARGE.to_parquet, "variable", "syn_count", name="e.parquet"),
    "large ids as floats": refuses(
        LARGE.astype({"pre_root_id": float, "post_root_id": float}).to_parquet, entry=COUNTED, name="e.parquet"
    ),
    "categories": reads(EDGES.astype({"source": "category", "target": "category"}).to_parquet, AB, name="e.parquet"),
    "a matrix": either(frame(MATRIX).to_parquet, NAMED, entry=ROWS, name="m.parquet"),
    "a name is lacking": refuses(EDGES.assign(source=["a", None, "b"]).to_parquet, name="e.parquet"),
    "a weight is lacking": refuses(EDGES.assign(weight=[2, None, 4.0]).to_parquet, name="e.parquet"),
    "no parquet": refuses("PAR1 no parquet", name="e.parquet"),
}


def networkx(writer, **more):
    """Return a writer of the graph of AB, with an isolated node."""
    made = nx.DiGraph()
    made.add_nodes_from("abcd", **more)
    made.add_weighted_edges_from((*pair, w) for pair, w in AB.items())
    return lambda path: writer(made, path)


def undirected(writer):
    made = nx.Graph()
    made.add_weighted_edges_from([("a", "b", 2.0), ("b", "c", 4.0)])
    return lambda path: writer(made, path)


ISOLATED = set("abcd")
OF_UNDIRECTED = both_ways({("a", "b"): 2, ("b", "c"): 4})
VERTICES = '*Vertices 3\n1 "a"\n2 "b"\n3 "c"\n'
PAJEK = {
    "arcs": reads(VERTICES + "*Arcs\n1 2 2\n2 1 3\n2 3 4\n", AB, name="n.net"),
    "in capitals": reads(VERTICES.lower() + "*arcs\n1 2 2\n2 1 3\n2 3 4\n", AB, name="n.NET"),
    "edges": reads(VERTICES + "*Edges\n1 2 2\n2 3 4\n", OF_UNDIRECTED, name="n.net"),
    "arcs and edges": either(VERTICES + "*Arcs\n1 2 2\n2 1 3\n*Edges\n2 3 4\n", AB | {("c", "b"): 4}, name="n.net"),
    "edges and no arcs": either(VERTICES + "*Arcs\n*Edges\n1 2 2\n2 3 4\n", OF_UNDIRECTED, name="n.net"),
    "without weights": reads(VERTICES + "*Arcs\n1 2\n2 1\n2 3\n", dict.fromkeys(AB, 1.0), name="n.net"),
    "names with blanks": reads(
        VERTICES.replace('"a"', '"a one"') + "*Arcs\n1 2 2\n2 1 3\n",
        {("a one", "b"): 2, ("b", "a one"): 3},
        name="n.net",
        labels={"a one", "b", "c"},
    ),
    "equal names": refuses(VERTICES.replace('"c"', '"a"') + "*Arcs\n1 2 2\n2 1 3\n2 3 4\n", "'a'", name="n.net"),
    # Arcs that stand twice are refused with the same remedy as in a list.
    "twice": refuses(VERTICES + "*Arcs\n1 2 2\n1 2 3\n", "combine", name="n.net"),
    "two networks": refuses(VERTICES + "*Arcs\n1 2 2\n2 1 3\n" + VERTICES + "*Arcs\n1 2 9\n2 1 9\n", name="n.net"),
    "no such vertex": refuses(VERTICES + "*Arcs\n1 2 2\n2 9 3\n", name="n.net"),
    "a matrix": either(VERTICES + "*Matrix\n0 2 0\n3 0 4\n0 0 0\n", AB, name="n.net"),
    "lists of arcs": either(VERTICES + "*Arcslist\n1 2\n2 1 3\n", dict.fromkeys(AB, 1.0), name="n.net"),
    "isolated": reads(networkx(nx.write_pajek), AB, name="n.net", labels=ISOLATED),
}
GEXF = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">'
    '<graph defaultedgetype="{kind}"><nodes><node id="0" label="a"/><node id="1" label="b"/>'
    '<node id="2" label="{last}"/></nodes><edges>{edges}</edges></graph></gexf>'
)
THREE = (
    '<edge id="0" source="0" target="1" weight="2"/><edge id="1" source="1" target="0" weight="3"/>'
    '<edge id="2" source="1" target="2" weight="4"/>'
)
ONCE = '<edge id="0" source="0" target="1" weight="2"/><edge id="2" source="1" target="2" weight="4"/>'
GML = (
    'graph [\n directed 1\n node [ id 0 label "a" ]\n node [ id 1 label "b" ]\n node [ id 2 label "c" ]\n'
    " edge [ source 0 target 1 weight 2 ]\n edge [ source 1 target 0 weight 3 ]\n"
    " edge [ source 1 target 2 weight 4 ]\n]\n"
)
GRAPHS = {
    "gexf of networkx": reads(networkx(nx.write_gexf), AB, name="g.gexf", labels=ISOLATED),
    "gexf of Gephi": reads(
        GEXF.format(kind="directed", last="c", edges=THREE), AB, name="g.gexf", holds={"a": "0", "b": "1", "c": "2"}
    ),
    "gexf undirected": reads(GEXF.format(kind="undirected", last="c", edges=ONCE), OF_UNDIRECTED, name="g.gexf"),
    "gexf of equal labels": refuses(GEXF.format(kind="directed", last="a", edges=THREE), "a", name="g.gexf"),
    "gexf of both kinds": either(
        GEXF.format(kind="directed", last="c", edges=ONCE.replace('target="2"', 'target="2" type="undirected"')),
        {("a", "b"): 2, ("b", "c"): 4, ("c", "b"): 4},
        name="g.gexf",
    ),
    "gexf cut": refuses(GEXF.format(kind="directed", last="c", edges=THREE)[:300], name="g.gexf"),
    "gexf in which one edge lacks its weight": either(
        GEXF.format(kind="directed", last="c", edges=THREE.replace(' weight="3"', "")),
        AB | {("b", "a"): 1},
        "weight",
        name="g.gexf",
    ),
    "gml of networkx": reads(networkx(nx.write_gml), AB, name="g.gml", labels=ISOLATED),
    "gml": reads(GML, AB, name="g.gml"),
    "gml undirected": reads(
        GML.replace(" directed 1\n", "").replace(" edge [ source 1 target 0 weight 3 ]\n", ""),
        OF_UNDIRECTED,
        name="g.gml",
    ),
    "gml of equal labels": refuses(GML.replace('"c"', '"a"'), "a", name="g.gml"),
    "gml of two graphs": refuses(GML + GML.replace("weight 2", "weight 9"), name="g.gml"),
    "gml of another attribute": refuses(GML.replace("weight", "value"), "variable", "value", name="g.gml"),
    "gml of another attribute, chosen": reads(GML.replace("weight", "value"), AB, {"variable": "value"}, "g.gml"),
    "gml in which one edge lacks its weight": refuses(GML.replace(" weight 3", ""), "weight", name="g.gml"),
    "gml in its entry": refuses(GML, "orientation", entry={"orientation": "target_source"}, name="g.gml"),
    "gml cut": refuses(GML[:60], name="g.gml"),
    "gml undirected of networkx": reads(undirected(nx.write_gml), OF_UNDIRECTED, name="g.gml"),
    "gexf undirected of networkx": reads(undirected(nx.write_gexf), OF_UNDIRECTED, name="g.gexf"),
    "pajek undirected of networkx": reads(undirected(nx.write_pajek), OF_UNDIRECTED, name="g.net"),
    "graphml undirected of networkx": reads(undirected(nx.write_graphml), OF_UNDIRECTED, name="g.graphml"),
}

SPARSE = scipy.sparse.csc_array(np.array(MATRIX, float))


def market(matrix, **more):
    return lambda path: scipy.io.mmwrite(str(path), matrix, **more)


def market_text(kind, *lines, size="4 4"):
    return f"%%MatrixMarket matrix {kind}\n% made on Monday\n" + "\n".join([f"{size} {len(lines)}", *lines]) + "\n"


MARKET = (
    {
        "coordinates": reads(market(scipy.sparse.coo_array(SPARSE)), NUMBERED, ROWS, "m.mtx"),
        "turned": reads(
            market(scipy.sparse.coo_array(SPARSE)), turned(NUMBERED), {"orientation": "target_source"}, "m.mtx"
        ),
        "dense": reads(market(np.array(MATRIX)), NUMBERED, ROWS, "m.mtx"),
        "no orientation": refuses(market(scipy.sparse.coo_array(SPARSE)), "orientation", name="m.mtx"),
        "symmetric": reads(
            market_text("coordinate real symmetric", "2 1 5", "3 2 1.5", "4 4 2"),
            both_ways({("0", "1"): 5, ("1", "2"): 1.5, ("3", "3"): 2}),
            name="m.mtx",
        ),
        "pattern": reads(
            market_text("coordinate pattern general", "1 2", "2 1", "2 3", "4 1"),
            {("0", "1"): 1, ("1", "0"): 1, ("1", "2"): 1, ("3", "0"): 1},
            ROWS,
            "m.mtx",
        ),
        "integers": reads(
            market_text("coordinate integer general", "1 2 2", "2 1 3", "2 3 4", "4 1 5"),
            {("0", "1"): 2, ("1", "0"): 3, ("1", "2"): 4, ("3", "0"): 5},
            ROWS,
            "m.mtx",
        ),
        "complex": refuses(
            market_text("coordinate complex general", "1 2 2 1", "2 1 3 0"), "complex", entry=ROWS, name="m.mtx"
        ),
        "not square": refuses(
            market_text("coordinate real general", "1 2 2", "2 1 3", size="4 3"), "not square", entry=ROWS, name="m.mtx"
        ),
        "cut": refuses("%%MatrixMarket matrix coordinate real general\n4 4 3\n1 2 2\n", entry=ROWS, name="m.mtx"),
        # MatrixMarket says nothing of entries that stand twice; scipy adds them.
        "twice": either(
            market_text("coordinate real general", "1 2 2", "1 2 3", "2 1 4"),
            {("0", "1"): 5, ("1", "0"): 4},
            "combine",
            entry=ROWS,
            name="m.mtx",
            labels={"0", "1", "2", "3"},
        ),
    }
    | {
        f"scipy's {kind}": reads(
            lambda path, kind=kind: scipy.sparse.save_npz(path, SPARSE.asformat(kind)), NUMBERED, ROWS, "m.npz"
        )
        for kind in ("csr", "csc", "coo", "bsr", "dia")
    }
    | {
        "scipy's of other nodes": refuses(
            lambda path: scipy.sparse.save_npz(path, scipy.sparse.csr_array(np.array(MATRIX)[:3])),
            "not square",
            entry=ROWS,
            name="m.npz",
        )
    }
)


def matlab73(_sparse=(), _cells=None, _structs=None, **arrays):
    """Return a writer as MATLAB writes 7.3: a block of text before HDF5, arrays transposed, classes as attributes."""

    def writer(path):
        with h5py.File(path, "w", userblock_size=512) as file:
            for name, values in arrays.items():
                values = np.asarray(values, float)
                if name not in _sparse:
                    file[name] = values.T
                    file[name].attrs["MATLAB_class"] = np.bytes_("double")
                    continue
                columns = scipy.sparse.csc_array(values)
                group = file.create_group(name)
                group.attrs["MATLAB_class"] = np.bytes_("double")
                group.attrs["MATLAB_sparse"] = np.uint64(values.shape[0])
                group["data"] = columns.data
                group["ir"] = columns.indices.astype(np.uint64)
                group["jc"] = columns.indptr.astype(np.uint64)
            for name, fields in (_structs or {}).items():
                group = file.create_group(name)
                group.attrs["MATLAB_class"] = np.bytes_("struct")
                for key, values in fields.items():
                    group[key] = np.asarray(values, float).T
                    group[key].attrs["MATLAB_class"] = np.bytes_("double")
            for name, words in (_cells or {}).items():
                cells = file.create_group("#refs#") if "#refs#" not in file else file["#refs#"]
                kept = file.create_dataset(name, (1, len(words)), h5py.ref_dtype)
                kept.attrs["MATLAB_class"] = np.bytes_("cell")
                for k, word in enumerate(words):
                    cells[f"{name}{k}"] = np.frombuffer(word.encode("utf-16-le"), np.uint16)[:, None]
                    cells[f"{name}{k}"].attrs["MATLAB_class"] = np.bytes_("char")
                    cells[f"{name}{k}"].attrs["MATLAB_int_decode"] = np.int32(2)
                    kept[0, k] = cells[f"{name}{k}"].ref
        with path.open("r+b") as file:
            file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  5 09:00:00 2026 HDF5")
            file.seek(124)
            file.write(b"\x00\x02IM")

    return writer


WORDS = ["a", "NA", "007", "Ä b"]
CHOSEN = ROWS | {"variable": "data.SC"}
MATLAB = {
    "sparse": reads(matlab(SC=SPARSE), NUMBERED, ROWS, "m.mat"),
    "struct": reads(matlab(data={"SC": MATRIX, "note": "x"}), NUMBERED, CHOSEN, "m.mat"),
    "sparse in a struct": reads(matlab(data={"SC": SPARSE}), NUMBERED, CHOSEN, "m.mat"),
    "no such field": refuses(matlab(data={"SC": MATRIX}), "SC", entry=ROWS | {"variable": "data.FA"}, name="m.mat"),
    "names": reads(
        matlab(SC=MATRIX, names=np.array(WORDS, object)), by_name(MATRIX, WORDS), ROWS, "m.mat", labels=WORDS
    ),
    "7.3": reads(matlab73(SC=MATRIX), NUMBERED, ROWS, "m.mat"),
    "7.3, turned": reads(matlab73(SC=MATRIX), turned(NUMBERED), {"orientation": "target_source"}, "m.mat"),
    "7.3 sparse": reads(matlab73(("SC",), SC=MATRIX), NUMBERED, ROWS, "m.mat"),
    "7.3 struct": reads(matlab73(_structs={"data": {"SC": MATRIX}}), NUMBERED, CHOSEN, "m.mat"),
    "7.3 names": reads(
        matlab73(SC=MATRIX, _cells={"names": WORDS}), by_name(MATRIX, WORDS), ROWS, "m.mat", labels=WORDS
    ),
    "7.3 of two": refuses(matlab73(SC=MATRIX, dist=LENGTHS), "variable", "SC", "dist", entry=ROWS, name="m.mat"),
    "7.3 of two, sparse": refuses(
        matlab73(("SC",), SC=MATRIX, dist=LENGTHS), "variable", "SC", "dist", entry=ROWS, name="m.mat"
    ),
    "7.3 of two, chosen": reads(
        matlab73(("SC",), SC=MATRIX, dist=LENGTHS), NUMBERED, ROWS | {"variable": "SC"}, "m.mat"
    ),
    "7.3 not square": refuses(matlab73(SC=MATRIX[:3]), "not square", entry=ROWS, name="m.mat"),
    "7.3 cut": refuses(
        b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM" + bytes(900), entry=ROWS, name="m.mat"
    ),
}

ACCENTED = "source,target,weight\né,b,2\nb,é,3\n"
OF_ACCENTED = {("é", "b"): 2, ("b", "é"): 3}
ENCODED = {
    "utf-16": reads(ACCENTED.encode("utf-16"), OF_ACCENTED),
    "utf-16, large end first": reads(b"\xfe\xff" + ACCENTED.encode("utf-16-be"), OF_ACCENTED),
    "utf-16 between tabs, as spreadsheets write": reads(
        ACCENTED.replace(",", "\t").encode("utf-16"), OF_ACCENTED, name="e.txt"
    ),
    "utf-8 with its mark": reads(ACCENTED.encode("utf-8-sig"), OF_ACCENTED),
    "latin-1": refuses(ACCENTED.encode("latin-1"), "encoding"),
    "latin-1, said": reads(ACCENTED.encode("latin-1"), OF_ACCENTED, {"encoding": "latin-1"}),
    "of Windows, said": reads(ACCENTED.encode("cp1252"), OF_ACCENTED, {"encoding": "cp1252"}),
    "of no known kind": refuses(ACCENTED, "encoding", entry={"encoding": "klingon"}),
    "utf-16 without a mark, said": reads(ACCENTED.encode("utf-16-le"), OF_ACCENTED, {"encoding": "utf-16-le"}),
    "nodes in latin-1": reads(
        {"e.csv": ACCENTED, "n.csv": "label,x\né,1\nb,2\n".encode("latin-1")},
        OF_ACCENTED,
        {"nodes": {"file": "n.csv", "encoding": "latin-1"}},
        nodes={"x": {"é": 1, "b": 2}},
    ),
    "nodes in latin-1 that say nothing": refuses(
        {"e.csv": ACCENTED, "n.csv": "label,x\né,1\nb,2\n".encode("latin-1")},
        "n.csv",
        "encoding",
        entry={"nodes": "n.csv"},
    ),
}

M_CSV = grid(MATRIX)


def with_names(content, name="names.txt"):
    return {"m.csv": M_CSV, name: content}


TO_NAMES = ROWS | {"nodes": "names.txt"}
LISTED = {
    "a plain list": reads(with_names("a\nb\nc\nd\n"), NAMED, TO_NAMES, labels=list("abcd")),
    "a plain list with empty lines": reads(with_names("a\nb\nc\nd\n\n\n"), NAMED, TO_NAMES),
    "a plain list with blanks in names": reads(
        with_names("Left A\nLeft B\nRight A\nRight B\n"),
        by_name(MATRIX, ["Left A", "Left B", "Right A", "Right B"]),
        TO_NAMES,
    ),
    "a plain list under its title": reads(with_names("label\na\nb\nc\nd\n"), NAMED, TO_NAMES),
    "a plain list of numbers": reads(
        with_names("1001\n1002\n1003\n1004\n"), by_name(MATRIX, ["1001", "1002", "1003", "1004"]), TO_NAMES
    ),
    "a plain list in a csv": reads(
        with_names("a\nb\nc\nd\n", "names.csv"), NAMED, ROWS | {"nodes": "names.csv"}, labels=list("abcd")
    ),
    "one too few": refuses(with_names("a\nb\nc\n"), "names.txt", "3", "4", entry=TO_NAMES),
    "one too many": refuses(with_names("a\nb\nc\nd\ne\n"), "names.txt", entry=TO_NAMES),
    "one twice": refuses(with_names("a\nb\nc\na\n"), "names.txt", "'a'", entry=TO_NAMES),
    "a column that is chosen": reads(
        with_names("no,region\n1,a\n2,b\n3,c\n4,d\n", "n.csv"),
        NAMED,
        ROWS | {"nodes": {"file": "n.csv", "labels": "region"}},
        nodes={"no": {"a": 1, "d": 4}},
    ),
    "a column that is not there": refuses(
        with_names("no,region\n1,a\n2,b\n3,c\n4,d\n", "n.csv"),
        "n.csv",
        "area",
        entry=ROWS | {"nodes": {"file": "n.csv", "labels": "area"}},
    ),
    "in tabs": reads(with_names("label\tx\na\t1\nb\t2\nc\t3\nd\t4\n", "n.tsv"), NAMED, ROWS | {"nodes": "n.tsv"}),
}

HOLLOW = np.array(MATRIX, float)
np.fill_diagonal(HOLLOW, np.nan)
ONE_HOLE = np.array(MATRIX, float)
ONE_HOLE[1, 1] = np.nan
OFF = np.array(MATRIX, float)
OFF[0, 1] = np.nan
MORE = HOLLOW.copy()
MORE[0, 1] = np.nan
HOLES = {
    "the whole diagonal": reads(grid(HOLLOW), NUMBERED, ROWS, says=("diagonal",)),
    "the whole diagonal of an array": reads(lambda path: np.save(path, HOLLOW), NUMBERED, ROWS, "m.npy"),
    "the whole diagonal with names": reads(grid(HOLLOW, names="abcd"), NAMED, ROWS),
    "the whole diagonal in another case": reads(grid(HOLLOW, names="abcd").replace("nan", "NaN"), NAMED, ROWS),
    "one of the diagonal": refuses(grid(ONE_HOLE, names="abcd"), entry=ROWS),
    "one beside the diagonal": refuses(grid(OFF, names="abcd"), entry=ROWS),
    "the diagonal and one more": refuses(grid(MORE, names="abcd"), entry=ROWS),
    # A list may name a NaN of every node, or be refused.
    "the whole diagonal of a list": either(
        "source,target,weight\na,a,nan\nb,b,nan\na,b,1\nb,a,2\n", {("a", "b"): 1, ("b", "a"): 2}
    ),
    "one of the diagonal of a list": refuses("source,target,weight\na,a,nan\na,b,1\nb,a,2\n"),
    "the whole diagonal as R writes it": either(grid(HOLLOW, names="abcd").replace("nan", "NA"), NAMED, entry=ROWS),
}

SHUFFLED = [2, 0, 3, 1]
MIXED = grid(np.array(LENGTHS)[np.ix_(SHUFFLED, SHUFFLED)], names=["c", "a", "d", "b"])
ORDERED = {
    "another order": reads(
        {"m.csv": grid(MATRIX, names="abcd"), "l.csv": MIXED},
        NAMED,
        ROWS | {"lengths": "l.csv"},
        lengths=by_name(LENGTHS, "abcd"),
        labels=list("abcd"),
    ),
    "another order of a list": reads(
        {"m.csv": LIST, "l.csv": "source,target,weight\nb,c,40\nb,a,30\na,b,20\n"},
        AB,
        {"lengths": "l.csv"},
        lengths={pair: 10 * w for pair, w in AB.items()},
    ),
    "other nodes": refuses(
        {"m.csv": grid(MATRIX, names="abcd"), "l.csv": grid(LENGTHS, names="abce")},
        "l.csv",
        entry=ROWS | {"lengths": "l.csv"},
    ),
    "another size": refuses(
        {"m.csv": grid(MATRIX, names="abcd"), "l.csv": grid(np.array(LENGTHS)[:3, :3], names="abc")},
        "lengths",
        entry=ROWS | {"lengths": "l.csv"},
    ),
    # Lengths without names may be taken in the order of the weights, which must be said, or be refused.
    "no names": either(
        {"m.csv": grid(MATRIX, names="abcd"), "l.csv": grid(LENGTHS)},
        NAMED,
        "lengths",
        entry=ROWS | {"lengths": "l.csv"},
        lengths=by_name(LENGTHS, "abcd"),
    ),
}

WIDE = np.array(HALVES)[:3]
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please, sign in, first</body></html>\n"
BOOK = io.BytesIO()
frame(MATRIX).to_excel(BOOK, engine="openpyxl")
SHOWN = (
    {
        "a wide table": refuses(grid(WIDE), "not square", entry=ROWS),
        "a wide table between blanks": refuses(grid(WIDE, " "), "not square", entry=ROWS, name="m.txt"),
        "a high table": refuses(
            grid(np.array(HALVES)[:, :3] + 0.25, names=None), "not square", entry=ROWS | {"layout": "matrix"}
        ),
        "a wide array": refuses(lambda path: np.save(path, WIDE), "not square", entry=ROWS, name="m.npy"),
        "a wide array of matlab": refuses(matlab(SC=WIDE), "square", entry=ROWS, name="m.mat"),
        "a spreadsheet in a csv": refuses(BOOK.getvalue(), "spreadsheet", entry=ROWS),
        "a spreadsheet in a text": refuses(BOOK.getvalue(), "spreadsheet", entry=ROWS, name="m.txt"),
        "nodes that are a page": refuses({"e.csv": LIST, "n.csv": PAGE}, "n.csv", "HTML", entry={"nodes": "n.csv"}),
        "nodes that are a pointer": refuses(
            {"e.csv": LIST, "n.csv": POINTER}, "n.csv", "LFS", entry={"nodes": "n.csv"}
        ),
    }
    | {
        f"a page in a {suffix}": refuses(PAGE, "HTML", entry=ROWS, name=f"m.{suffix}")
        for suffix in ("csv", "tsv", "txt", "mat", "npy", "graphml", "zip", "xlsx")
    }
    | {
        f"a pointer in a {suffix}": refuses(POINTER, "LFS", entry=ROWS, name=f"m.{suffix}")
        for suffix in ("csv", "tsv", "txt", "mat", "npy", "npz", "graphml", "zip", "xlsx", "nc")
    }
)


@table(REPEATED)
def test_repeated_connections_are_combined_as_asked(case, tmp_path):
    check(case, tmp_path)


@table(COLUMNS)
def test_columns_have_any_names(case, tmp_path):
    check(case, tmp_path)


@table(HEADERLESS)
def test_lists_without_header(case, tmp_path):
    check(case, tmp_path)


@table(DELIMITERS)
def test_delimiters_and_decimals(case, tmp_path):
    check(case, tmp_path)


@table(NAMES_OF_FILES)
def test_files_of_any_name(case, tmp_path):
    check(case, tmp_path)


@table(SHEETS)
def test_spreadsheets(case, tmp_path):
    check(case, tmp_path)


@table(ARROW)
def test_parquet_and_feather(case, tmp_path):
    pytest.importorskip("pyarrow")
    check(case, tmp_path)


@table(PAJEK)
def test_pajek(case, tmp_path):
    check(case, tmp_path)


@table(GRAPHS)
def test_graphs(case, tmp_path):
    check(case, tmp_path)


@table(MARKET)
def test_sparse_matrices(case, tmp_path):
    check(case, tmp_path)


@table(MATLAB)
def test_matlab(case, tmp_path):
    check(case, tmp_path)


@table(ENCODED)
def test_encodings(case, tmp_path):
    check(case, tmp_path)


@table(LISTED)
def test_names_of_nodes_from_a_list(case, tmp_path):
    check(case, tmp_path)


@table(HOLES)
def test_a_diagonal_of_nan_is_no_self_connection(case, tmp_path):
    check(case, tmp_path)


@table(ORDERED)
def test_weights_and_lengths_are_matched_by_name(case, tmp_path):
    check(case, tmp_path)


@table(SHOWN)
def test_what_is_something_else_is_called_so(case, tmp_path):
    check(case, tmp_path)


@pytest.mark.parametrize("orientation", ["source_target", "target_source"])
def test_both_kinds_of_matlab_files_give_equal_results(tmp_path, orientation):
    old, new = matlab(SC=np.array(MATRIX, float)), matlab73(SC=MATRIX)
    write(tmp_path, {"old.mat": old, "new.mat": new, "sparse.mat": matlab73(("SC",), SC=MATRIX)})
    entry = {"orientation": orientation}
    found = [load(entry | {"file": f"{name}.mat"}, "x", tmp_path) for name in ("old", "new", "sparse")]
    assert connections(found[0]) == (NUMBERED if orientation == "source_target" else turned(NUMBERED))
    for one in found[1:]:
        xr.testing.assert_equal(found[0], one)


CUBE = np.stack([np.multiply(MATRIX, k) for k in (1, 2, 3)])
LABELLED_CUBE = xr.DataArray(
    CUBE, dims=("subject", "source", "target"), coords={"source": list("abcd"), "target": list("abcd")}, name="w"
)


def cube(suffix, values, more=None):
    if suffix == "npy":
        return lambda path: np.save(path, values)
    if suffix == "npz":
        return lambda path: np.savez(path, SC=values, **(more or {}))
    return matlab73(SC=values) if suffix == "73.mat" else matlab(SC=values, **(more or {}))


# `subject_axis` counts from 0, as numpy does, in all formats.
@pytest.mark.parametrize("suffix", ["npy", "npz", "mat", "73.mat"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_subjects_in_one_array(tmp_path, suffix, axis):
    write(tmp_path, {f"m.{suffix}": cube(suffix, np.moveaxis(CUBE, 0, axis))})
    entry = {"file": f"m.{suffix}", "subject_axis": axis}
    found = load(entry | ROWS, "x", tmp_path)
    assert found.dims == ("subject", "source", "target")
    np.testing.assert_array_equal(found.values, CUBE)
    found = load(entry, "x", tmp_path, orientation="target_source")
    np.testing.assert_array_equal(found.values, CUBE.transpose(0, 2, 1))


@pytest.mark.parametrize("suffix", ["npy", "npz", "mat"])
def test_an_axis_of_subjects_that_cannot_be_told_is_asked_for(tmp_path, suffix):
    write(tmp_path, {f"four.{suffix}": cube(suffix, np.stack([*CUBE, 4 * CUBE[0]]))})
    with pytest.raises(REFUSED) as error:
        load(ROWS | {"file": f"four.{suffix}"}, "x", tmp_path)
    one_line(error.value, ("subject_axis",), [f"four.{suffix}"])
    found = load(ROWS | {"file": f"four.{suffix}", "subject_axis": 0}, "x", tmp_path)
    np.testing.assert_array_equal(found.values[:3], CUBE)


@pytest.mark.parametrize("axis", [0, 1, 3, "first"])
def test_an_axis_of_subjects_that_leaves_no_square_is_refused(tmp_path, axis):
    write(tmp_path, {"m.npy": cube("npy", np.moveaxis(CUBE, 0, 2))})
    with pytest.raises(REFUSED) as error:
        load(ROWS | {"file": "m.npy", "subject_axis": axis}, "x", tmp_path)
    one_line(error.value, (), ["m.npy"])


def test_an_axis_of_subjects_of_a_matrix_is_refused(tmp_path):
    write(tmp_path, {"m.npy": cube("npy", np.array(MATRIX))})
    with pytest.raises(REFUSED) as error:
        load(ROWS | {"file": "m.npy", "subject_axis": 0}, "x", tmp_path)
    one_line(error.value, ("subject_axis",), ["m.npy"])


def test_subjects_that_can_only_be_one_axis_are_read_or_asked_for(tmp_path):
    write(tmp_path, {"m.npy": cube("npy", np.moveaxis(CUBE, 0, 2))})
    try:
        found = load(ROWS | {"file": "m.npy"}, "x", tmp_path)
    except REFUSED as error:
        one_line(error, ("subject_axis",), ["m.npy"])
    else:
        np.testing.assert_array_equal(found.transpose("subject", "source", "target").values, CUBE)


def test_subjects_in_a_labelled_array(tmp_path):
    LABELLED_CUBE.transpose("target", "subject", "source").to_netcdf(tmp_path / "m.nc")
    found = load({"file": "m.nc"}, "x", tmp_path)
    assert found.dims == ("subject", "source", "target") and found["source"].values.tolist() == list("abcd")
    np.testing.assert_array_equal(found.values, CUBE)


def test_names_and_lengths_of_subjects_in_one_array(tmp_path):
    write(tmp_path, {"m.npz": cube("npz", CUBE, {"labels": list("abcd")}), "n.csv": "label\na\nb\nc\nd\n"})
    write(tmp_path, {"m.npy": cube("npy", CUBE), "l.npy": cube("npy", CUBE * 10)})
    found = load(ROWS | {"file": "m.npz", "subject_axis": 0}, "x", tmp_path)
    assert connections(found[0]) == NAMED
    entry = {"file": "m.npy", "subject_axis": 0, "nodes": "n.csv", "lengths": {"file": "l.npy", "subject_axis": 0}}
    found = load(ROWS | entry, "x", tmp_path)
    assert connections(found[2]) == by_name(CUBE[2], "abcd")
    np.testing.assert_array_equal(found["tract_length"].transpose("subject", "source", "target").values, CUBE * 10)


@pytest.mark.parametrize(
    "second",
    ["0,1,0,2\n3,x,4,0\n0,5,0,6\n7,0,8,0\n", "0,1,0,2\n3,0,4\n0,5,0,6\n7,0,8,0\n", "", PAGE, POINTER, grid(WIDE)],
    ids=["no number", "ragged", "empty", "a page", "a pointer", "not square"],
)
def test_an_error_in_one_of_many_subjects_names_its_file(tmp_path, second):
    write(tmp_path, {"s1.csv": M_CSV, "s2.csv": second, "s3.csv": M_CSV})
    with pytest.raises(REFUSED) as error:
        load(ROWS | {"file": "s*.csv"}, "x", tmp_path)
    assert "s2.csv" in one_line(error.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_in_one_of_many_subjects_names_its_file(tmp_path, value):
    bad = np.array(MATRIX, float)
    bad[0, 1] = value
    write(tmp_path, {f"s{k}.npy": cube("npy", bad if k == 2 else np.array(MATRIX, float)) for k in (1, 2, 3)})
    with pytest.raises(REFUSED) as error:
        load(ROWS | {"file": "s*.npy"}, "x", tmp_path)
    assert "s2.npy" in one_line(error.value)


# Home folders are looked up by the loader, not only where a study is read.
@pytest.mark.parametrize("path", ["~/net.csv", "$HOME/net.csv", "${HOME}/net.csv"])
def test_paths_from_home(tmp_path, monkeypatch, path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write(tmp_path, {"home/net.csv": LIST, "home/nodes.csv": "label\nc\nb\na\n"})
    found = load({"file": path, "nodes": path.replace("net", "nodes")}, "x", tmp_path / "elsewhere")
    assert connections(found) == AB and found["source"].values.tolist() == list("cba")


def test_a_suffix_that_is_unknown_is_said_without_the_catalogue(tmp_path):
    write(tmp_path, {"net.foo": LIST})
    with pytest.raises(REFUSED) as error:
        load({"file": str(tmp_path / "net.foo")}, "x", tmp_path)
    assert "celegans279" not in one_line(error.value, (".foo", "suffix"), ["net.foo"])
