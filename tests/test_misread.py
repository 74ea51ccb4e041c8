"""Files with two meanings: read as their authors mean them, or refused in one line that says what decides."""

import bz2
import io
import zipfile

import numpy as np
import pytest
import scipy.io
import scipy.sparse
import xarray as xr
import yaml
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
    edge,
    either,
    graph,
    graphml,
    grid,
    key,
    load_case,
    node,
    one_line,
    reads,
    refuses,
    table,
    turned,
    write,
)

from echolesion.connectome.catalogue import load
from echolesion.connectome.preparation import prepare

BINARY = dict.fromkeys(AB, 1.0)
COUNTS = "source,target,syn_count\na,b,2\nb,a,3\nb,c,4\n"
NODES = "".join(map(node, "abc"))


def edges(name, only=None):
    return "".join(edge(*pair, **({name: w} if only is None or pair in only else {})) for pair, w in AB.items())


def zipped(**members):
    """Return a writer of a zip archive; `__` in a name is a folder's slash, a name without a suffix is of `.txt`."""

    def writer(path):
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                name = name if "/" in name else name.replace("__", "/")
                data = text if isinstance(text, bytes) else text.encode()
                archive.writestr(name if "." in name else f"{name}.txt", data)

    return writer


def blanks(matrix):
    return grid(matrix, " ")


CENTRES = "".join(f"{name} {k}.5 1.0 2.0\n" for k, name in enumerate("abcd"))
OTHER_CENTRES = "".join(f"{name} {k}.5 1.0 2.0\n" for k, name in enumerate("pqrs"))

# Weights under another name.
NAMES_OF_WEIGHTS = {
    "a column of counts": refuses(COUNTS, "variable", "syn_count"),
    "a column of counts that is chosen": reads(COUNTS, AB, {"variable": "syn_count"}, says=("syn_count",)),
    "binary on purpose": reads(COUNTS, BINARY, {"variable": "none"}, says=("syn_count",)),
    "two columns of numbers": refuses(
        "source,target,n_syn,size\na,b,2,9\nb,a,3,9\n", "variable", "n_syn", "size", name="counts.tsv.csv"
    ),
    "in a tsv": refuses(COUNTS.replace(",", "\t"), "variable", "syn_count", name="e.tsv"),
    "weight in another case": reads(LIST.replace("weight", "Weight"), AB, says=("Weight",)),
    "weight in capitals, and a column more": reads(
        "source,target,length,WEIGHT\na,b,7,2\nb,a,8,3\nb,c,9,4\n", AB, says=("WEIGHT", "length")
    ),
    "numbers beside weight are unused": reads(
        "source,target,weight,x\na,b,2,1\nb,a,3,1\nb,c,4,1\n", AB, says=("weight",)
    ),
    "no column more": reads("source,target\na,b\nb,a\nb,c\n", BINARY),
    "a column of text is no weight": reads(
        "source,target,neuropil\na,b,ME\nb,a,LO\nb,c,ME\n", BINARY, says=("neuropil",)
    ),
    "weight in two cases": refuses("source,target,weight,Weight\na,b,2,9\nb,a,3,9\n", "variable"),
    "a weight is lacking in a list": refuses("source,target,weight\na,b,2\nb,a,\nb,c,4\n", "line 3"),
    "a chosen weight is lacking in a list": refuses(
        "source,target,n\na,b,2\nb,a,\nb,c,4\n", "line 3", entry={"variable": "n"}
    ),
    "an attribute of a graph": refuses(
        graphml(key("number_of_fibers"), graph(NODES, edges("number_of_fibers"))),
        "variable",
        "number_of_fibers",
        name="g.graphml",
    ),
    "an attribute of a graph that is chosen": reads(
        graphml(key("number_of_fibers"), graph(NODES, edges("number_of_fibers"))),
        AB,
        {"variable": "number_of_fibers"},
        name="g.graphml",
        says=("number_of_fibers",),
    ),
    "a graph that is binary on purpose": reads(
        graphml(key("number_of_fibers"), graph(NODES, edges("number_of_fibers"))),
        BINARY,
        {"variable": "none"},
        name="g.graphml",
    ),
    "several attributes of a graph": refuses(
        graphml(key("fa"), key("n"), graph(NODES, edge("a", "b", fa=0.5, n=3), edge("b", "a", fa=0.4, n=2))),
        "variable",
        "fa",
        "n",
        name="g.graphml",
    ),
    "a graph whose weight is in another case": reads(
        graphml(key("Weight"), graph(NODES, edges("Weight"))), AB, name="g.graphml", says=("Weight",)
    ),
    "a graph of weights and more": reads(
        graphml(key("weight"), key("fa"), graph(NODES, *(edge(*p, weight=w, fa=0.5) for p, w in AB.items()))),
        AB,
        name="g.graphml",
        says=("weight", "fa"),
    ),
    "a graph without attributes": reads(graphml(graph(NODES, *(edge(*p) for p in AB))), BINARY, name="g.graphml"),
    "one edge of a graph lacks its weight": refuses(
        graphml(key("weight"), graph(NODES, edges("weight", [("a", "b"), ("b", "c")]))), "weight", name="g.graphml"
    ),
    "one edge lacks the attribute that is chosen": refuses(
        graphml(key("fa"), graph(NODES, edges("fa", [("a", "b"), ("b", "c")]))),
        "fa",
        entry={"variable": "fa"},
        name="g.graphml",
    ),
}
# `variable` where there is nothing to choose.
SMALL_ZIP = {"weights": blanks(MATRIX), "centres": CENTRES, "tract_lengths": blanks(LENGTHS)}
VARIABLES = {
    "graph": reads(
        graphml(
            key("weight"),
            key("length"),
            graph(NODES, *(edge(*pair, weight=9, length=w) for pair, w in AB.items())),
        ),
        AB,
        {"variable": "length"},
        name="g.graphml",
    ),
    "graph has no such attribute": refuses(
        graphml(key("weight"), graph(NODES, edges("weight"))), "variable", entry={"variable": "fa"}, name="g.graphml"
    ),
    "list": reads("source,target,weight,gap\na,b,9,2\nb,a,9,3\nb,c,9,4\n", AB, {"variable": "gap"}, says=("gap",)),
    "list has no such column": refuses(LIST, "gap", "weight", entry={"variable": "gap"}),
    "edge list": refuses("a b 2\nb a 3\nb c 4\n", "variable", entry={"variable": "fa"}, name="e.edgelist"),
    "list without header": refuses("a,b,2\nb,a,3\nb,c,4\nc,a,1\n", "variable", entry={"variable": "fa"}),
    "array": refuses(lambda path: np.save(path, MATRIX), "variable", entry=ROWS | {"variable": "SC"}, name="m.npy"),
    "table": refuses(grid(MATRIX), "variable", entry=ROWS | {"variable": "SC"}),
    "table with names": refuses(grid(MATRIX, names="abcd"), "variable", entry=ROWS | {"variable": "SC"}),
    "matlab has no such array": refuses(
        lambda path: scipy.io.savemat(path, {"SC": MATRIX}), "fa", "SC", entry=ROWS | {"variable": "fa"}, name="m.mat"
    ),
    "lengths in an archive": either(
        zipped(**SMALL_ZIP),
        by_name(LENGTHS, "abcd"),
        "variable",
        entry=ROWS | {"variable": "tract_lengths"},
        name="b.zip",
    ),
    "archive has no such member": refuses(
        zipped(**SMALL_ZIP), "variable", entry=ROWS | {"variable": "nothing"}, name="b.zip"
    ),
}
# Tract lengths out of the file of the weights.
BOTH = "source,target,weight,length\na,b,2,20\nb,a,3,30\nb,c,4,40\n"
OF_BOTH = {pair: 10 * w for pair, w in AB.items()}


def both_arrays(path):
    scipy.io.savemat(path, {"SC": MATRIX, "len": LENGTHS})


TWO_ARRAYS = ROWS | {"variable": "SC"}
SAME_FILE = {
    "the same source": refuses(BOTH, "lengths", entry={"lengths": "e.csv"}),
    "the same source in other words": refuses(BOTH, "lengths", entry={"lengths": {"file": "e.csv"}}),
    "the same column": refuses(BOTH, "lengths", entry={"lengths": {"file": "e.csv", "variable": "weight"}}),
    "the same path in other words": refuses(BOTH, "lengths", entry={"lengths": "./e.csv"}),
    "another column": reads(
        BOTH, AB, {"lengths": {"file": "e.csv", "variable": "length"}}, lengths=OF_BOTH, says=("length",)
    ),
    "another column, both chosen": reads(
        BOTH.replace("weight", "n"),
        AB,
        {"variable": "n", "lengths": {"file": "e.csv", "variable": "length"}},
        lengths=OF_BOTH,
    ),
    "no such column": refuses(BOTH, "mm", entry={"lengths": {"file": "e.csv", "variable": "mm"}}),
    "another file": reads(
        {"e.csv": LIST, "l.csv": LIST.replace("2", "20").replace("3", "30").replace("4", "40")},
        AB,
        {"lengths": "l.csv"},
        lengths=OF_BOTH,
    ),
    "a column of another file": reads(
        {"e.csv": LIST, "l.csv": BOTH}, AB, {"lengths": {"file": "l.csv", "variable": "length"}}, lengths=OF_BOTH
    ),
    "the same array": refuses(both_arrays, "lengths", entry=TWO_ARRAYS | {"lengths": "m.mat"}, name="m.mat"),
    "another array": reads(
        both_arrays,
        NUMBERED,
        TWO_ARRAYS | {"lengths": {"file": "m.mat", "variable": "len"}},
        name="m.mat",
        lengths=by_name(LENGTHS),
    ),
    "the same unnamed matrix": refuses(grid(MATRIX), "lengths", entry=ROWS | {"lengths": "e.csv"}),
}
# Rows and header differ in cells.
AT_AB = {"file": "e.csv", "nodes": "nodes.csv"}
CELLS = {
    "a cell more in each row of a table of nodes": either(
        {"e.csv": LIST.replace("b,c,4\n", ""), "nodes.csv": "label,x\na,1,\nb,2,\n"},
        {("a", "b"): 2, ("b", "a"): 3},
        "nodes.csv",
        entry=AT_AB,
        nodes={"x": {"a": 1, "b": 2}},
    ),
    "names of rows in a table of nodes": reads(
        {"e.csv": LIST.replace("b,c,4\n", ""), "nodes.csv": '"label","x"\n"1","a",5\n"2","b",6\n'},
        {("a", "b"): 2, ("b", "a"): 3},
        AT_AB,
        nodes={"x": {"a": 5, "b": 6}},
    ),
    "a cell too few in a table of nodes": refuses(
        {"e.csv": LIST, "nodes.csv": "label,x\na,1\nb\nc,3\n"}, "nodes.csv", "line 3", entry=AT_AB
    ),
    "a cell more in one row of a table of nodes": refuses(
        {"e.csv": LIST, "nodes.csv": "label,x\na,1\nb,2,9\nc,3\n"}, "nodes.csv", "line 3", entry=AT_AB
    ),
    "an index in a table of nodes": reads(
        {"e.csv": LIST, "nodes.csv": ",label,x\n0,a,1\n1,b,2\n2,c,3\n"}, AB, AT_AB, nodes={"x": {"a": 1, "c": 3}}
    ),
    "a matrix whose header is a cell shorter": reads(
        '"a","b","c","d"\n' + grid(MATRIX, names=['"a"', '"b"', '"c"', '"d"']).split("\n", 1)[1], NAMED, ROWS
    ),
    "a matrix between blanks whose header is a cell shorter": reads(
        grid(MATRIX, " ", ['"a"', '"b"', '"c"', '"d"'], None), NAMED, ROWS, name="m.txt"
    ),
    "a list whose header is a cell shorter": reads(
        '"source","target","weight"\n"1","a","b",2\n"2","b","a",3\n"3","b","c",4\n', AB
    ),
    "a list between blanks whose header is a cell shorter": reads(
        '"source" "target" "weight"\n"1" "a" "b" 2\n"2" "b" "a" 3\n"3" "b" "c" 4\n', AB, name="e.txt"
    ),
    "a list with names of rows": reads(
        '"","source","target","weight"\n"1","a","b",2\n"2","b","a",3\n"3","b","c",4\n', AB
    ),
    "a delimiter at the end of each row": either("source,target,weight\na,b,2,\nb,a,3,\nb,c,4,\n", AB, "line 2"),
    "a delimiter at the end of each line": either("source,target,weight,\na,b,2,\nb,a,3,\nb,c,4,\n", AB, "line"),
    "a delimiter at the end of each row of a matrix": either(
        "".join(line + ",\n" for line in grid(MATRIX).splitlines()), NUMBERED, "line", entry=ROWS
    ),
    "a row too short": refuses("source,target,weight\na,b,2\nb,a\nb,c,4\n", "line 3"),
    "a row too long": refuses("source,target,weight\na,b,2\nb,a,3,9\nb,c,4\n", "line 3"),
    "a row of a matrix too short": refuses("0,1,0,2\n3,0,4\n0,5,0,6\n7,0,8,0\n", "line 2", entry=ROWS),
    "a header two cells shorter": refuses("a,b\nx,y,0,1\nu,v,1,0\n", "line"),
}
# An index of numbers.
IDS = ["1001", "1002", "1003", "1004"]
INDEXED = [[0, 1001, 1002, 1003], [1001, 0, 4, 5], [1002, 4, 0, 6], [1003, 5, 6, 0]]
INNER = by_name([[0, 4, 5], [4, 0, 6], [5, 6, 0]], ["1001", "1002", "1003"])
ONE_MORE = by_name([[0, 4], [4, 0]], ["1001", "1002"])
INDEX = {
    "corner 0": refuses("0,1001,1002\n1001,0,4\n1002,4,0\n", "header"),
    "corner 0 names": reads("0,1001,1002\n1001,0,4\n1002,4,0\n", ONE_MORE, {"header": True}),
    "corner 0 of more": refuses(grid(INDEXED), "header"),
    "corner 0 of more names": reads(grid(INDEXED), INNER, {"header": True}),
    "corner 0 of more weights": reads(grid(INDEXED), by_name(INDEXED), {"header": False}),
    "corner 0 between tabs": refuses(grid(INDEXED, "\t"), "header", name="m.tsv"),
    "corner 0 between blanks": refuses(grid(INDEXED, " "), "header", name="m.txt"),
    "corner 0 of a directed matrix": refuses("0,1,2,3\n1,0,4,5\n2,6,0,7\n3,8,9,0\n", "header", entry=ROWS),
    "corner empty": reads(grid(MATRIX, names=IDS), by_name(MATRIX, IDS), ROWS, labels=IDS),
    "corner a word": reads(grid(MATRIX, names=IDS, corner="id"), by_name(MATRIX, IDS), ROWS),
    "corner the only nan": reads(grid(MATRIX, names=IDS, corner="nan"), by_name(MATRIX, IDS), ROWS),
    "numbers of rows": reads(grid(MATRIX, names="0123"), NUMBERED, ROWS),
    "a symmetric matrix": reads(grid(SYMMETRIC), by_name(SYMMETRIC), labels=["0", "1", "2", "3"]),
    "a symmetric matrix that ascends, but not strictly": reads(
        "0,1,1,2\n1,0,4,5\n1,4,0,6\n2,5,6,0\n", by_name([[0, 1, 1, 2], [1, 0, 4, 5], [1, 4, 0, 6], [2, 5, 6, 0]])
    ),
    "a symmetric matrix that ascends, but not in whole numbers": reads(
        "0,0.5,1.5,2.5\n0.5,0,4,5\n1.5,4,0,6\n2.5,5,6,0\n",
        by_name([[0, 0.5, 1.5, 2.5], [0.5, 0, 4, 5], [1.5, 4, 0, 6], [2.5, 5, 6, 0]]),
    ),
    "first row and column differ": reads(
        "0,1,2,3\n4,0,4,5\n5,6,0,7\n6,8,9,0\n", by_name([[0, 1, 2, 3], [4, 0, 4, 5], [5, 6, 0, 7], [6, 8, 9, 0]]), ROWS
    ),
    "two rows": reads("0,5\n5,0\n", by_name([[0, 5], [5, 0]]), {"layout": "matrix"}),
    # Header: true of a table whose corner says nothing of names of rows means both.
    "header where there is none": refuses(grid(MATRIX), "header", entry=ROWS | {"header": True}),
}
# As many rows as a list has columns.
TRIPLES = "1,2,5\n2,3,4\n3,1,6\n"
OF_LIST = {("1", "2"): 5, ("2", "3"): 4, ("3", "1"): 6}
OF_FIVE = OF_LIST | {("1", "3"): 2, ("2", "1"): 7}
OF_MATRIX = by_name([[1, 2, 5], [2, 3, 4], [3, 1, 6]])
LAYOUT = {
    "three and three": refuses(TRIPLES, "layout"),
    "three and three with an orientation": refuses(TRIPLES, "layout", orientation="source_target"),
    "three and three are a list": reads(TRIPLES, OF_LIST, {"layout": "list"}),
    "three and three are a matrix": reads(TRIPLES, OF_MATRIX, ROWS | {"layout": "matrix"}),
    "three and three between blanks": refuses(TRIPLES.replace(",", " "), "layout", name="m.txt"),
    "three and three between tabs": refuses(TRIPLES.replace(",", "\t"), "layout", name="m.tsv"),
    "two and two": refuses("1,2\n2,3\n", "layout"),
    "two and two are a list": reads("1,2\n2,3\n", {("1", "2"): 1, ("2", "3"): 1}, {"layout": "list"}),
    "two and two are a matrix": reads("1,2\n2,3\n", by_name([[1, 2], [2, 3]]), {"layout": "matrix"}),
    # An orientation of the entry may or may not decide that two and two are a matrix.
    "two and two with an orientation": either("0,1\n2,0\n", by_name([[0, 1], [2, 0]]), "layout", entry=ROWS),
    "three and three of words": reads("a,b,5\nb,c,4\nc,a,6\n", {("a", "b"): 5, ("b", "c"): 4, ("c", "a"): 6}),
    "three and three under a header": reads("source,target,weight\n" + TRIPLES, OF_LIST),
    "three and three with names": reads(
        grid([[1, 2, 5], [2, 3, 4], [3, 1, 6]], names="abc"), by_name([[1, 2, 5], [2, 3, 4], [3, 1, 6]], "abc"), ROWS
    ),
    "three and three that are no names": reads(
        "0.0,1.5,0.0\n0.25,0.0,-2.25\n0.003,0.0,0.0\n",
        by_name([[0, 1.5, 0], [0.25, 0, -2.25], [0.003, 0, 0]]),
        ROWS,
    ),
    # Four lines of three numbers are a list, or three rows under a header of numbers.
    "three and four": either(TRIPLES + "1,3,2\n", OF_LIST | {("1", "3"): 2}, "layout"),
    "three and four are a list": reads(TRIPLES + "1,3,2\n", OF_LIST | {("1", "3"): 2}, {"layout": "list"}),
    "three and five": reads(TRIPLES + "1,3,2\n2,1,7\n", OF_FIVE),
    "three and two": reads("1,2,5\n2,1,4\n", {("1", "2"): 5, ("2", "1"): 4}),
    "four and four": reads(grid(MATRIX), NUMBERED, ROWS),
    "a suffix of lists": reads(TRIPLES.replace(",", " "), OF_LIST, name="e.edgelist"),
    "a list that is called a matrix": refuses(LIST, "layout", entry=ROWS | {"layout": "matrix"}),
    "a matrix that is called a list": refuses(grid(MATRIX, names="abcd"), "layout", entry={"layout": "list"}),
    "an array that is called a list": refuses(
        lambda path: np.save(path, MATRIX), "layout", entry=ROWS | {"layout": "list"}, name="m.npy"
    ),
}
# Comments and headers.
KONECT = "% asym weighted\n% 4 3\n1 2 5\n2 3 4\n3 1 6\n1 3 2\n2 1 7\n"
NOTED = {
    "directed": reads("% directed\n" + KONECT.split("\n", 2)[2], OF_FIVE, name="e.txt", says=("directed",)),
    "konect": reads(KONECT, OF_FIVE, name="e.txt", says=("asym",)),
    "konect as an edge list": reads(KONECT, OF_FIVE, name="e.edgelist", says=("asym",)),
    "command_history": reads(
        "# command_history: tck2connectome tracks.tck nodes.mif m.csv (version=3.0.4)\n" + grid(MATRIX),
        NUMBERED,
        ROWS,
        says=("command_history",),
    ),
    "command_history between blanks": reads(
        "# command_history: tck2connectome a b\n" + blanks(MATRIX), NUMBERED, ROWS, name="m.txt"
    ),
    "numpy's header": reads("# a b c d\n" + blanks(MATRIX), NAMED, ROWS, name="m.txt", labels=list("abcd")),
    "numpy's header with a name like a missing number": reads(
        "# NA b nan d\n" + blanks(MATRIX),
        by_name(MATRIX, ["NA", "b", "nan", "d"]),
        ROWS,
        name="m.txt",
        labels=["NA", "b", "nan", "d"],
    ),
    "a list without header with such a name": reads(
        "NA,b,2\nb,NA,3\nb,nan,4\nnan,b,1\n",
        {("NA", "b"): 2, ("b", "NA"): 3, ("b", "nan"): 4, ("nan", "b"): 1},
    ),
    "names of rows only, one of them such": reads(
        "NA,0,1,0\nb,2,0,3\nnan,0,4,0\n", by_name([[0, 1, 0], [2, 0, 3], [0, 4, 0]], ["NA", "b", "nan"]), ROWS
    ),
    "three by three without self-connections": reads(
        "nan,1,2\n3,nan,4\n5,6,nan\n", by_name([[0, 1, 2], [3, 0, 4], [5, 6, 0]]), ROWS
    ),
    "numpy's header between commas": reads("# a,b,c,d\n" + grid(MATRIX), NAMED, ROWS, labels=list("abcd")),
    # Two names above two rows may be asked for a layout.
    "numpy's header of two": either(
        "# a b\n0 1\n2 0\n", by_name([[0, 1], [2, 0]], "ab"), "layout", entry=ROWS, name="m.txt"
    ),
    "numpy's header of a list": reads(
        "# source target weight\na b 2\nb a 3\nb c 4\n", AB, name="e.txt", says=("weight",)
    ),
    "the last comment is the header": reads(
        "# made on Monday\n# a b c d\n" + blanks(MATRIX), NAMED, ROWS, name="m.txt", says=("Monday",)
    ),
    "the first comment is none": reads(
        "# a b c d\n# made on Monday\n" + blanks(MATRIX), NUMBERED, ROWS, name="m.txt", says=("a b c d", "Monday")
    ),
    "numbers are no header": reads("# 4 3 2 1\n" + blanks(MATRIX), NUMBERED, ROWS, name="m.txt", says=("4 3 2 1",)),
    "a number among them": reads("# a b c 4\n" + blanks(MATRIX), NUMBERED, ROWS, name="m.txt"),
    "equal words are no header": reads("# a b b c\n" + blanks(MATRIX), NUMBERED, ROWS, name="m.txt"),
    "a comment above a header": reads("# made on Monday\n" + LIST, AB, says=("Monday",)),
    "a comment above names": reads("% directed\n" + grid(MATRIX, names="abcd"), NAMED, ROWS),
    "a comment among connections": refuses("source,target,weight\na,b,2\n# note\nb,a,3\nb,c,4\n", "line 3"),
    "a comment among connections between blanks": refuses("a b 2\n# note\nb a 3\nb c 4\n", "line 2", name="e.edgelist"),
    "a comment of three words among connections": refuses("a b 2\n% c d 9\nb a 3\nb c 4\n", "line 2", name="e.txt"),
    "a comment in a matrix": refuses("0,1,0,2\n3,0,4,0\n# 0,5,0,6\n7,0,8,0\n", "line 3", entry=ROWS),
}
# One of several.
TWO_GRAPHS = graphml(
    key("weight"),
    graph(NODES, edges("weight"), name="one"),
    graph(NODES, *(edge(*p, weight=9) for p in AB), name="two"),
)
TWICE = [[9 * cell for cell in row] for row in MATRIX]
SEVERAL = {
    "two folders": refuses(
        zipped(a__weights=blanks(MATRIX), b__weights=blanks(TWICE)), "variable", "a/", "b/", entry=ROWS, name="b.zip"
    ),
    "two folders, one chosen": reads(
        zipped(a__weights=blanks(TWICE), b__weights=blanks(MATRIX)), NUMBERED, ROWS | {"variable": "b"}, name="b.zip"
    ),
    "two folders with all that they have, one chosen": reads(
        zipped(a__weights=blanks(TWICE), a__centres=OTHER_CENTRES, b__weights=blanks(MATRIX), b__centres=CENTRES),
        NAMED,
        ROWS | {"variable": "b"},
        name="b.zip",
    ),
    "two equal folders": reads(
        zipped(a__weights=blanks(MATRIX), b__weights=blanks(MATRIX)), NUMBERED, ROWS, name="b.zip"
    ),
    "no such folder": refuses(
        zipped(a__weights=blanks(MATRIX), b__weights=blanks(TWICE)),
        "variable",
        entry=ROWS | {"variable": "c"},
        name="b.zip",
    ),
    "centres of another folder": either(
        zipped(a__weights=blanks(MATRIX), b__centres=CENTRES), NUMBERED, "centres", entry=ROWS, name="b.zip"
    ),
    "lengths of another folder": either(
        zipped(a__weights=blanks(MATRIX), a__centres=CENTRES, b__tract_lengths=blanks(LENGTHS)),
        NAMED,
        "tract_lengths",
        entry=ROWS,
        name="b.zip",
    ),
    "two spellings of centres": refuses(
        zipped(weights=blanks(MATRIX), centres=CENTRES, centers=OTHER_CENTRES),
        "centres",
        "centers",
        entry=ROWS,
        name="b.zip",
    ),
    "two spellings of equal centres": reads(
        zipped(weights=blanks(MATRIX), centres=CENTRES, centers=CENTRES), NAMED, ROWS, name="b.zip"
    ),
    "packed beside other weights": refuses(
        zipped(**{"weights": blanks(MATRIX), "weights.txt.bz2": bz2.compress(blanks(TWICE).encode())}),
        "weights",
        entry=ROWS,
        name="b.zip",
    ),
    "packed beside the same weights": reads(
        zipped(**{"weights": blanks(MATRIX), "weights.txt.bz2": bz2.compress(blanks(MATRIX).encode())}),
        NUMBERED,
        ROWS,
        name="b.zip",
    ),
    "what a Mac adds": reads(
        zipped(**{"b__weights": blanks(MATRIX), "__MACOSX/b/._weights.txt": b"\x00\x05\x16\x07"}),
        NUMBERED,
        ROWS,
        name="b.zip",
    ),
    "one folder": reads(
        zipped(c__weights=blanks(MATRIX), c__centres=CENTRES, c__tract_lengths=blanks(LENGTHS)),
        NAMED,
        ROWS,
        name="b.zip",
        lengths=by_name(LENGTHS, "abcd"),
    ),
    "two graphs": refuses(TWO_GRAPHS, "variable", "one", "two", name="g.graphml"),
    "two graphs, one chosen": reads(TWO_GRAPHS, AB, {"variable": "one"}, name="g.graphml"),
    "two equal graphs": either(
        graphml(key("weight"), *(graph(NODES, edges("weight"), name=name) for name in ("one", "two"))),
        AB,
        "variable",
        name="g.graphml",
    ),
    "two arrays": refuses(
        lambda path: np.savez(path, a=MATRIX, b=TWICE), "variable", "a", "b", entry=ROWS, name="m.npz"
    ),
    "two equal arrays": reads(lambda path: np.savez(path, a=MATRIX, b=MATRIX), NUMBERED, ROWS, name="m.npz"),
    "two variables": refuses(
        lambda path: xr.Dataset(
            {name: (("source", "target"), values) for name, values in (("u", MATRIX), ("v", TWICE))}
        ).to_netcdf(path),
        "variable",
        "u",
        "v",
        name="m.nc",
    ),
}
# Orientation.
TURNED = {"orientation": "target_source"}
SKEWED = [row[:] for row in LENGTHS]
SKEWED[0][1] = 11
NEARLY = [row[:] for row in SYMMETRIC]
NEARLY[0][1] += 1e-10
FAR = [row[:] for row in SYMMETRIC]
FAR[0][1] += 1e-3
DIRECTED_GRAPH = graphml(key("weight"), graph(NODES, edges("weight")))
ORIENTED = {
    "a list in its entry": refuses(LIST, "orientation", entry=TURNED),
    "a list, as it says itself": reads(LIST, AB, ROWS),
    "a list in a study": reads(LIST, AB, orientation="target_source", says=("source", "target")),
    "a list of known names in its entry": refuses(
        LIST.replace("source,target", "pre,post"), "orientation", entry=TURNED
    ),
    "a graph in its entry": refuses(DIRECTED_GRAPH, "orientation", entry=TURNED, name="g.graphml"),
    "a graph, as it says itself": reads(DIRECTED_GRAPH, AB, ROWS, name="g.graphml"),
    "a graph in a study": reads(DIRECTED_GRAPH, AB, name="g.graphml", orientation="target_source"),
    "a labelled array in its entry": refuses(
        lambda path: xr.DataArray(MATRIX, dims=("source", "target"), name="w").to_netcdf(path),
        "orientation",
        entry=TURNED,
        name="m.nc",
    ),
    "a labelled array in a study": reads(
        lambda path: xr.DataArray(MATRIX, dims=("source", "target"), name="w").to_netcdf(path),
        NUMBERED,
        name="m.nc",
        orientation="target_source",
    ),
    "a list without header": reads("a,b,2\nb,a,3\nb,c,4\nc,a,1\n", AB | {("c", "a"): 1}, says=("source",)),
    "a list without header, turned": reads("a,b,2\nb,a,3\nb,c,4\nc,a,1\n", turned(AB | {("c", "a"): 1}), TURNED),
    "an edge list, turned": reads("a b 2\nb a 3\nb c 4\n", turned(AB), TURNED, name="e.edgelist"),
    "a matrix": refuses(grid(MATRIX), "orientation"),
    "a matrix, turned": reads(grid(MATRIX), turned(NUMBERED), TURNED),
    "a matrix in a study": reads(grid(MATRIX), turned(NUMBERED), orientation="target_source", says=("target_source",)),
    "the entry is nearer than the study": reads(grid(MATRIX), NUMBERED, ROWS, orientation="target_source"),
    "a symmetric matrix": reads(grid(SYMMETRIC), by_name(SYMMETRIC)),
    "nearly a symmetric matrix": reads(grid(NEARLY), by_name(NEARLY)),
    "not a symmetric matrix": refuses(grid(FAR), "orientation"),
    "symmetric weights and lengths": reads(
        {"e.csv": grid(SYMMETRIC), "l.csv": grid(LENGTHS)},
        by_name(SYMMETRIC),
        {"lengths": "l.csv"},
        lengths=by_name(LENGTHS),
    ),
    "symmetric weights of directed lengths": refuses(
        {"e.csv": grid(SYMMETRIC), "l.csv": grid(SKEWED)}, "orientation", entry={"lengths": "l.csv"}
    ),
    "symmetric weights of directed lengths in an archive": refuses(
        zipped(weights=blanks(SYMMETRIC), centres=CENTRES, tract_lengths=blanks(SKEWED)), "orientation", name="b.zip"
    ),
    "lengths are turned with the weights": reads(
        {"e.csv": grid(MATRIX), "l.csv": grid(SKEWED)},
        turned(NUMBERED),
        TURNED | {"lengths": "l.csv"},
        lengths=turned(by_name(SKEWED)),
    ),
}
# Quotes.
MANY = "".join(f"n{i},m{i},{i + 1}\n" for i in range(12_000))
QUOTED = {
    "not closed": refuses('source,target,weight\n"a,b,2\nb,a,3\nb,c,4\n', "line"),
    "not closed in the last cell": refuses('source,target,weight\na,b,2\nb,a,"3\nb,c,4\n', "line"),
    "not closed in a large file": refuses('source,target,weight\n"a,b,2\n' + MANY, "line"),
    "not closed late in a large file": refuses("source,target,weight\n" + MANY + '"a,b,2\nb,a,3\n', "line"),
    "closed by the next name": refuses('source,target,weight\n"a,b,2\n"b,a,3\nb,c,4\n', "line"),
    "not closed in a matrix": refuses(grid(MATRIX, names=["a", '"b', "c", "d"]), "line", entry=ROWS),
    "not closed among nodes": refuses(
        {"e.csv": LIST, "nodes.csv": 'label,x\n"a,1\nb,2\nc,3\n'}, "nodes.csv", entry=AT_AB
    ),
    "closed": reads('"source","target","weight"\n"a","b","2"\n"b","a","3"\n"b","c","4"\n', AB),
    "a comma within": reads(
        'source,target,weight\n"a, left",b,2\nb,"a, left",3\n', both_ways({("a, left", "b"): 2}) | {("b", "a, left"): 3}
    ),
    "a quote within": reads(
        'source,target,weight\n"a ""1""",b,2\nb,"a ""1""",3\n', {('a "1"', "b"): 2, ("b", 'a "1"'): 3}
    ),
    "an apostrophe": reads("source,target,weight\na',b,2\nb,a',3\n", {("a'", "b"): 2, ("b", "a'"): 3}),
    "a byte that is no text": refuses(b"source,target,weight\na,b\x00,2\nb,a,3\n"),
}
# Names and data of nodes.
FOUR = ("AVAL", "AVAR", "AVBL", "AVBR")
IGRAPH = graphml(
    key("name", "node", "string"),
    key("weight"),
    graph(
        *(node(f"n{k}", name=name) for k, name in enumerate(FOUR)),
        *(edge(f"n{i}", f"n{j}", weight=MATRIX[int(i)][int(j)]) for i, j in NUMBERED),
    ),
)
OF_FOUR = by_name(MATRIX, FOUR)
KEPT = {name: f"n{k}" for k, name in enumerate(FOUR)}


def named_graph(*columns):
    """Return a graph of nodes n0, n1, ... with these attributes."""
    return graphml(
        *(key(name, "node", "string") for name, _ in columns),
        key("weight"),
        graph(
            *(node(f"n{k}", **{name: values[k] for name, values in columns}) for k in range(4)),
            *(edge(f"n{i}", f"n{j}", weight=MATRIX[int(i)][int(j)]) for i, j in NUMBERED),
        ),
    )


def dsi_studio(path):
    scipy.io.savemat(
        path,
        {
            "connectivity": np.array(SYMMETRIC, float),
            "name": np.frombuffer("".join(f"{name}\n" for name in FOUR).encode(), np.uint8)[None],
            "atlas": np.frombuffer(b"my atlas", np.uint8)[None],
        },
    )


OTHERS = ("left", "left", "right", "right")
OF_NODES = {
    "igraph": reads(IGRAPH, OF_FOUR, name="g.graphml", holds=KEPT, labels=set(FOUR), says=("name",)),
    "igraph, asked for": reads(IGRAPH, OF_FOUR, {"labels": "name"}, name="g.graphml", holds=KEPT),
    "no such attribute": refuses(IGRAPH, "labels", entry={"labels": "title"}, name="g.graphml"),
    "braingraph": reads(
        named_graph(("dn_name", FOUR), ("dn_hemisphere", OTHERS)),
        OF_FOUR,
        name="g.graphml",
        holds=KEPT,
        nodes={"dn_hemisphere": dict(zip(FOUR, OTHERS, strict=True))},
    ),
    "two names": refuses(
        named_graph(("name", FOUR), ("acronym", tuple("pqrs"))), "labels", "name", "acronym", name="g.graphml"
    ),
    "two names, one chosen": reads(
        named_graph(("name", tuple("pqrs")), ("acronym", FOUR)),
        OF_FOUR,
        {"labels": "acronym"},
        name="g.graphml",
        nodes={"name": dict(zip(FOUR, "pqrs", strict=True))},
    ),
    "names that are not unique": refuses(
        named_graph(("name", OTHERS)), "labels", entry={"labels": "name"}, name="g.graphml"
    ),
    "data of nodes that are no names": reads(
        named_graph(("side", OTHERS)),
        by_name(MATRIX, KEPT.values()),
        name="g.graphml",
        nodes={"side": dict(zip(KEPT.values(), OTHERS, strict=True))},
    ),
    "dsi studio": reads(dsi_studio, by_name(SYMMETRIC, FOUR), name="m.connectivity.mat", labels=list(FOUR)),
    "centers.txt and tract.txt": reads(
        zipped(weights=blanks(MATRIX), centers=CENTRES, tract=blanks(LENGTHS)),
        NAMED,
        ROWS,
        name="b.zip",
        lengths=by_name(LENGTHS, "abcd"),
        nodes={"x": {"a": 0.5, "d": 3.5}},
    ),
    "members in capitals": reads(
        zipped(**{"Weights.TXT": blanks(MATRIX), "Centres.txt": CENTRES, "TRACT_LENGTHS.txt": blanks(LENGTHS)}),
        NAMED,
        ROWS,
        name="b.zip",
        lengths=by_name(LENGTHS, "abcd"),
    ),
    "members of one subject": reads(
        zipped(
            **{
                "sub-01_weights": blanks(MATRIX),
                "sub-01_centres": CENTRES,
                "sub-01_tract_lengths": blanks(LENGTHS),
            }
        ),
        NAMED,
        ROWS,
        name="b.zip",
        lengths=by_name(LENGTHS, "abcd"),
    ),
    "columns of a table": reads(
        {"e.csv": LIST, "nodes.csv": "label,x,module,full name\na,1,m,A one\nb,2,m,B two\nc,3,k,C three\n"},
        AB,
        AT_AB,
        nodes={"x": {"a": 1, "b": 2}, "module": {"c": "k"}, "full name": {"b": "B two"}},
    ),
} | {
    f"a column {name}": either(
        {"e.csv": LIST, "nodes.csv": f"label,{name}\na,1\nb,2\nc,3\n"},
        AB,
        "nodes.csv",
        name,
        entry=AT_AB,
        holds={"a": "1", "b": "2", "c": "3"},
    )
    for name in ("source", "target", "weight", "tract_length", "subject")
}
# `id` in the table of nodes.
BY_ID = "source,target,weight\n0,1,5\n1,2,6\n2,0,7\n"
TO_NAMES = {("A", "B"): 5, ("B", "C"): 6, ("C", "A"): 7}
IDENTIFIED = {
    "another order": reads(
        {"e.csv": BY_ID, "nodes.csv": "id,label\n2,C\n0,A\n1,B\n"}, TO_NAMES, AT_AB, labels=["C", "A", "B"]
    ),
    "the same order": reads({"e.csv": BY_ID, "nodes.csv": "id,label\n0,A\n1,B\n2,C\n"}, TO_NAMES, AT_AB),
    "large ids": reads(
        {
            "e.csv": "source,target,weight\n720575940612453042,720575940612453043,5\n720575940612453043,7,1\n",
            "nodes.csv": "id,label\n7,C\n720575940612453043,B\n720575940612453042,A\n",
        },
        {("A", "B"): 5, ("B", "C"): 1},
        AT_AB,
        labels=["C", "B", "A"],
    ),
    "names in the list": reads(
        {"e.csv": LIST, "nodes.csv": "id,label\n2,c\n0,a\n1,b\n"}, AB, AT_AB, labels=["c", "a", "b"]
    ),
    "both fit and differ": refuses(
        {"e.csv": BY_ID, "nodes.csv": "id,label\n2,0\n0,1\n1,2\n"}, "nodes.csv", entry=AT_AB
    ),
    "both fit and are the same": reads(
        {"e.csv": BY_ID, "nodes.csv": "id,label\n2,2\n0,0\n1,1\n"},
        {("0", "1"): 5, ("1", "2"): 6, ("2", "0"): 7},
        AT_AB,
        labels=["2", "0", "1"],
    ),
    "one is missing": refuses({"e.csv": BY_ID, "nodes.csv": "id,label\n2,C\n0,A\n"}, "nodes.csv", "1", entry=AT_AB),
    "rows more": reads(
        {"e.csv": BY_ID, "nodes.csv": "id,label\n9,X\n2,C\n0,A\n1,B\n"}, TO_NAMES, AT_AB, labels=["X", "C", "A", "B"]
    ),
    "rows more of names": reads(
        {"e.csv": LIST, "nodes.csv": "label\nx\nc\na\nb\n"}, AB, AT_AB, labels=["x", "c", "a", "b"]
    ),
    "ids twice": refuses({"e.csv": BY_ID, "nodes.csv": "id,label\n2,C\n0,A\n1,B\n1,D\n"}, "nodes.csv", entry=AT_AB),
    "an unnamed matrix": reads(
        {"e.csv": grid(MATRIX), "nodes.csv": "id,label\n3,d\n1,b\n0,a\n2,c\n"},
        by_name(MATRIX, "dbac"),
        AT_AB | ROWS,
        labels=list("dbac"),
    ),
    "an unnamed matrix and too many rows": refuses(
        {"e.csv": grid(MATRIX), "nodes.csv": "label\na\nb\nc\nd\ne\n"}, "nodes.csv", "5", "4", entry=AT_AB | ROWS
    ),
    "a named matrix": reads(
        {"e.csv": grid(MATRIX, names="abcd"), "nodes.csv": "label\nd\nc\nb\na\n"},
        NAMED,
        AT_AB | ROWS,
        labels=list("dcba"),
    ),
}
# Undirected data.
UPPER = np.triu(SYMMETRIC, 1).tolist()
LOWER = np.tril(SYMMETRIC).tolist()
WHOLE = by_name(SYMMETRIC)
PAIRS = {("a", "b"): 2, ("b", "c"): 3, ("c", "a"): 4}
ONCE = "source,target,weight\na,b,2\nb,c,3\nc,a,4\n"
UNDIRECTED = {"directed": False}
AS_IS = {"directed": True}


def gephi(*kinds):
    return "Source,Target,Type,Weight\n" + "".join(
        f"{s},{t},{kind},{w}\n" for kind, ((s, t), w) in zip(kinds, PAIRS.items(), strict=True)
    )


def half(default):
    return graphml(key("weight"), graph(NODES, *(edge(*pair, weight=w) for pair, w in PAIRS.items()), default=default))


SAID = {
    "an upper triangle": refuses(grid(UPPER), "directed", entry=ROWS),
    "a lower triangle with names": refuses(grid(LOWER, names="abcd"), "directed", entry=ROWS),
    "a triangle in an array": refuses(lambda path: np.save(path, UPPER), "directed", entry=ROWS, name="m.npy"),
    "a triangle with a diagonal": refuses(grid(np.triu(SYMMETRIC) + np.eye(4, dtype=int)), "directed", entry=ROWS),
    "a triangle that is half of it": reads(grid(UPPER), WHOLE, ROWS | UNDIRECTED),
    # Half of an undirected matrix needs no orientation.
    "a triangle that is half of it, without orientation": reads(grid(LOWER), WHOLE, UNDIRECTED),
    "a triangle that is all": reads(grid(UPPER), by_name(UPPER), ROWS | AS_IS),
    "a diagonal is not doubled": reads(
        grid(np.triu(SYMMETRIC) + np.eye(4, dtype=int)), by_name(np.array(SYMMETRIC) + np.eye(4)), ROWS | UNDIRECTED
    ),
    "a symmetric matrix stays": reads(grid(SYMMETRIC), WHOLE, UNDIRECTED),
    "a directed matrix that is called undirected": refuses(grid(TWICE), "directed", entry=ROWS | UNDIRECTED),
    "a list of each pair once": reads(ONCE, both_ways(PAIRS), UNDIRECTED, says=("directed",)),
    "a list of each pair once that says nothing": reads(ONCE, PAIRS, warns="directed"),
    "a list that says that it is directed": reads(ONCE, PAIRS, AS_IS, warns=""),
    "a list in which a pair stands both ways": reads(LIST, AB, warns=""),
    "a list of each pair twice": reads(ONCE + "b,a,2\nc,b,3\na,c,4\n", both_ways(PAIRS), UNDIRECTED),
    "a list of some pairs twice": reads(ONCE + "b,a,2\n", both_ways(PAIRS), UNDIRECTED),
    "different weights": refuses(ONCE + "b,a,9\n", "directed", entry=UNDIRECTED),
    "different weights, combined": reads(
        ONCE + "b,a,9\n", both_ways(PAIRS | {("a", "b"): 9}), UNDIRECTED | {"combine": "max"}
    ),
    "a self-connection is not doubled": reads(ONCE + "a,a,9\n", both_ways(PAIRS) | {("a", "a"): 9}, UNDIRECTED),
    "an edge list": reads("a b 2\nb c 3\nc a 4\n", both_ways(PAIRS), UNDIRECTED, name="e.edgelist"),
    "triangular lengths under symmetric weights": reads(
        {"e.csv": grid(SYMMETRIC), "l.csv": grid(np.triu(LENGTHS))},
        WHOLE,
        {"lengths": "l.csv"},
        lengths=by_name(LENGTHS),
        says=("lengths",),
    ),
    "triangular weights and lengths": reads(
        {"e.csv": grid(UPPER), "l.csv": grid(np.triu(LENGTHS))},
        WHOLE,
        UNDIRECTED | ROWS | {"lengths": "l.csv"},
        lengths=by_name(LENGTHS),
    ),
    "triangular weights of whole lengths": reads(
        {"e.csv": grid(LOWER), "l.csv": grid(LENGTHS)},
        WHOLE,
        UNDIRECTED | ROWS | {"lengths": "l.csv"},
        lengths=by_name(LENGTHS),
    ),
    "triangular lengths in an archive": reads(
        zipped(weights=blanks(SYMMETRIC), centres=CENTRES, tract_lengths=blanks(np.tril(LENGTHS))),
        by_name(SYMMETRIC, "abcd"),
        name="b.zip",
        lengths=by_name(LENGTHS, "abcd"),
    ),
    "a graph that is undirected": reads(half("undirected"), both_ways(PAIRS), name="g.graphml"),
    "a graph that is directed": reads(half("directed"), PAIRS, name="g.graphml"),
    "an undirected graph that is called directed": either(
        half("undirected"), both_ways(PAIRS), "directed", entry=AS_IS, name="g.graphml"
    ),
    "a graph that is called undirected in agreement": reads(
        half("undirected"), both_ways(PAIRS), UNDIRECTED, name="g.graphml"
    ),
    "an edge that is undirected": either(
        graphml(key("weight"), graph(NODES, edge("a", "b", weight=2), edge("b", "c", ' directed="false"', weight=3))),
        {("a", "b"): 2, ("b", "c"): 3, ("c", "b"): 3},
        name="g.graphml",
    ),
    "Gephi's undirected": reads(gephi(*["Undirected"] * 3), both_ways(PAIRS), says=("Type",)),
    "Gephi's directed": reads(gephi(*["Directed"] * 3), PAIRS),
    "Gephi's of both types": either(gephi("Directed", "Undirected", "Directed"), PAIRS | {("c", "b"): 3}, "Type"),
    "Pajek's edges": reads(
        '*Vertices 3\n1 "a"\n2 "b"\n3 "c"\n*Edges\n1 2 2\n2 3 3\n3 1 4\n', both_ways(PAIRS), name="n.net"
    ),
    "Pajek's arcs": reads('*Vertices 3\n1 "a"\n2 "b"\n3 "c"\n*Arcs\n1 2 2\n2 3 3\n3 1 4\n', PAIRS, name="n.net"),
}


# The wrong array.
def matlab(**arrays):
    return lambda path: scipy.io.savemat(path, arrays)


SPARSE = scipy.sparse.csc_array(np.array(MATRIX, float))
CELL = np.empty((1, 1), object)
CELL[0, 0] = np.array(MATRIX, float)
XYZ = np.arange(12.0).reshape(4, 3)
ARRAYS = {
    "sparse": refuses(matlab(SC=SPARSE, dist=LENGTHS), "variable", "SC", "dist", entry=ROWS, name="m.mat"),
    "sparse, chosen": reads(matlab(SC=SPARSE, dist=LENGTHS), NUMBERED, ROWS | {"variable": "SC"}, name="m.mat"),
    "in a struct": refuses(
        matlab(data={"SC": MATRIX}, dist=LENGTHS), "variable", "data", "dist", entry=ROWS, name="m.mat"
    ),
    "in a struct, chosen": reads(
        matlab(data={"SC": MATRIX}, dist=LENGTHS), NUMBERED, ROWS | {"variable": "data.SC"}, name="m.mat"
    ),
    "in cells": refuses(matlab(SC=CELL, dist=LENGTHS), "variable", "dist", entry=ROWS, name="m.mat"),
    "two dense": refuses(
        matlab(SC=np.array(MATRIX, float), dist=LENGTHS), "variable", "SC", "dist", "4", entry=ROWS, name="m.mat"
    ),
    "two dense in npz": refuses(
        lambda path: np.savez(path, SC=MATRIX, dist=LENGTHS), "variable", "SC", "dist", entry=ROWS, name="m.npz"
    ),
    "other shapes": reads(matlab(SC=MATRIX, xyz=XYZ, tr=2.0), NUMBERED, ROWS, name="m.mat", says=("xyz", "SC")),
    "other shapes in npz": reads(
        lambda path: np.savez(path, w=MATRIX, xyz=XYZ), NUMBERED, ROWS, name="m.npz", says=("xyz",)
    ),
    "sparse beside other shapes": reads(matlab(SC=SPARSE, xyz=XYZ), NUMBERED, ROWS, name="m.mat"),
    "the only one, in a struct": reads(matlab(data={"SC": MATRIX}), NUMBERED, ROWS, name="m.mat", says=("data.SC",)),
}
# Lines that are no connections.
NO_NODES = {
    "a sum": refuses(LIST + "Total,,9\n", "line 5"),
    "no source": refuses(LIST + ",b,9\n", "line 5"),
    "blanks": refuses(LIST + "a,  ,9\n", "line 5"),
    "B": refuses("source,target,weight\na,b,2\nB,,2\nb,a,3\n", "line 3"),
    "a comment": refuses(LIST + "#C,D,9\n", "line 5"),
    "only delimiters": either(LIST + ",,\n", AB, "line 5"),
    "without weights": refuses("source,target\na,b\nb,a\nc,\n", "line 4"),
    "a sum below a matrix": refuses(grid(MATRIX, names="abcd") + "Total,10,6,12,8\n", entry=ROWS),
    "sums below and beside a matrix": refuses(
        ",a,b,c,Total\na,0,1,2,3\nb,4,0,5,9\nc,6,7,0,13\nTotal,10,8,7,25\n", "Total", entry=ROWS
    ),
    "pandas' margins": refuses(",a,b,c,All\na,0,1,2,3\nb,4,0,5,9\nc,6,7,0,13\nAll,10,8,7,25\n", "'All'", entry=ROWS),
    "a column without a name": refuses(grid(MATRIX, names=["a", "", "c", "d"]), "line", entry=ROWS),
    "a row of nodes without a name": refuses(
        {"e.csv": LIST, "nodes.csv": 'label\na\n""\nb\nc\n'}, "nodes.csv", entry=AT_AB
    ),
    "a row of nodes without a name and with data": refuses(
        {"e.csv": LIST, "nodes.csv": "label,x\na,1\n,2\nb,3\nc,4\n"}, "nodes.csv", "line 3", entry=AT_AB
    ),
    "empty lines": reads("source,target,weight\n\na,b,2\n\nb,a,3\nb,c,4\n\n", AB),
    "a node that is called so": reads(
        "source,target,weight\nTotal,a,2\na,Total,3\n", {("Total", "a"): 2, ("a", "Total"): 3}
    ),
    "a node of a matrix that is called so": reads(
        grid(MATRIX, names=["a", "b", "c", "Total"]), by_name(MATRIX, ["a", "b", "c", "Total"]), ROWS
    ),
    "names that look like nothing": reads(
        "source,target,weight\nNA,nan,2\nnan,None,3\n", {("NA", "nan"): 2, ("nan", "None"): 3}
    ),
}
# Defaults.
DEFAULTS = {
    "of a weight": reads(
        graphml(key("weight", default=7), graph(NODES, edges("weight", [("a", "b"), ("b", "c")]))),
        AB | {("b", "a"): 7},
        name="g.graphml",
    ),
    "of all weights": reads(
        graphml(key("weight", default=7), graph(NODES, edges("weight", []))), dict.fromkeys(AB, 7.0), name="g.graphml"
    ),
    "of an attribute that is chosen": reads(
        graphml(key("fa", default=0.5), graph(NODES, edges("fa", [("a", "b")]))),
        {("a", "b"): 2, ("b", "a"): 0.5, ("b", "c"): 0.5},
        {"variable": "fa"},
        name="g.graphml",
    ),
    "of a node": reads(
        graphml(
            key("weight"),
            key("side", "node", "string", default="left"),
            graph(node("a", side="right"), node("b"), node("c"), edges("weight")),
        ),
        AB,
        name="g.graphml",
        nodes={"side": {"a": "right", "b": "left", "c": "left"}},
    ),
}
# Numbers.
FLOAT_IDS = np.array([720575940612453042, 720575940612453043, 720575940612453044, 720575940612453045])


def workbook(rows):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book.save


def excel(*rows):
    return lambda path: workbook(rows)(path)


BROKEN = {
    f"{cell} is no number": refuses(f"source,target,weight\na,b,2\nb,a,{cell}\nb,c,4\n", "line 3", cell)
    for cell in ("1_5", "0x10", "1d3", "1 5", "--", "1.2.3", "TRUE")
} | {
    f"{cell} in a matrix is no number": refuses(
        grid(MATRIX, names="abcd").replace("c,0", f"c,{cell}"), "line 4", cell, entry=ROWS
    )
    for cell in ("1_5", "x", "O")
}
DIGITS = BROKEN | {
    "infinity": refuses(LIST.replace("3", "inf"), "inf"),
    "nan": refuses(LIST.replace("3", "nan"), "nan"),
    "numbers as they are written": reads("source,target,weight\na,b, 2\nb,a,3e0\nb,c,+4.0\n", AB),
    "large ids as floats": refuses(
        lambda path: np.savez(path, w=MATRIX, labels=FLOAT_IDS.astype(float)), entry=ROWS, name="m.npz"
    ),
    "large ids as floats that differ": refuses(
        lambda path: np.savez(path, w=MATRIX, labels=np.array(FLOAT_IDS * [1, 0.9, 0.8, 0.7])),
        entry=ROWS,
        name="m.npz",
    ),
    "large ids": reads(
        lambda path: np.savez(path, w=MATRIX, labels=FLOAT_IDS),
        by_name(MATRIX, FLOAT_IDS.astype(str)),
        ROWS,
        name="m.npz",
    ),
    "large ids as text": reads(grid(MATRIX, names=FLOAT_IDS.astype(str)), by_name(MATRIX, FLOAT_IDS.astype(str)), ROWS),
    "large ids out of a spreadsheet": refuses(
        excel(
            ("source", "target", "weight"),
            (7205759406124530, 7205759406124531, 2),
            (7205759406124531, 7205759406124530, 3),
        ),
        name="e.xlsx",
    ),
    "large ids as text in a spreadsheet": reads(
        excel(
            ("source", "target", "weight"),
            ("720575940612453042", "720575940612453043", 2),
            ("720575940612453043", "x", 3),
        ),
        {("720575940612453042", "720575940612453043"): 2, ("720575940612453043", "x"): 3},
        name="e.xlsx",
    ),
    "small ids out of a spreadsheet": reads(
        excel(("source", "target", "weight"), (1001, 1002, 2), (1002, 1001, 3)),
        {("1001", "1002"): 2, ("1002", "1001"): 3},
        name="e.xlsx",
    ),
    "bytes": reads(
        lambda path: np.savez(path, w=MATRIX, labels=np.array(list("abcd"), "S")),
        NAMED,
        ROWS,
        name="m.npz",
        labels=list("abcd"),
    ),
    "numeric labels of matlab": reads(
        matlab(SC=MATRIX, labels=[1001.0, 1002.0, 1003.0, 1004.0]), by_name(MATRIX, IDS), ROWS, name="m.mat", labels=IDS
    ),
    "large numeric labels of matlab": refuses(
        matlab(SC=MATRIX, labels=FLOAT_IDS.astype(float)), entry=ROWS, name="m.mat"
    ),
    "a broken number in the first line": refuses("0,x,0,2\n3,0,4,0\n0,5,0,6\n7,0,8,0\n", "line 1", "'x'", entry=ROWS),
    "a letter in the first line": refuses("0,O,0,2\n3,0,4,0\n0,5,0,6\n7,0,8,0\n", "line 1", "'O'", entry=ROWS),
    "an empty cell in the first line": refuses("0,1,,2\n3,0,4,0\n0,5,0,6\n7,0,8,0\n", "line 1", entry=ROWS),
    "a header": reads(
        "V1,V2,5,7A\n" + grid(MATRIX), by_name(MATRIX, ["V1", "V2", "5", "7A"]), ROWS, labels=["V1", "V2", "5", "7A"]
    ),
    "a header of five": reads(
        "V1,V2,5,7A,24\n" + grid(np.pad(MATRIX, (0, 1)) + np.eye(5, dtype=int)),
        by_name(np.pad(MATRIX, (0, 1)) + np.eye(5), ["V1", "V2", "5", "7A", "24"]),
        ROWS,
    ),
    # A header of numbers alone may have to be confirmed.
    "a header of numbers": either(
        "11,12,13,14\n" + grid(MATRIX), by_name(MATRIX, ["11", "12", "13", "14"]), "header", entry=ROWS
    ),
    "complex numbers": refuses(lambda path: np.save(path, np.array(MATRIX) * 1j), "complex", entry=ROWS, name="m.npy"),
}


@table(NAMES_OF_WEIGHTS)
def test_weights_are_what_is_called_so_or_what_is_chosen(case, tmp_path):
    check(case, tmp_path)


@table(VARIABLES)
def test_a_choice_is_obeyed_or_refused(case, tmp_path):
    check(case, tmp_path)


@table(SAME_FILE)
def test_lengths_are_not_the_weights_again(case, tmp_path):
    check(case, tmp_path)


@table(CELLS)
def test_columns_do_not_shift(case, tmp_path):
    check(case, tmp_path)


@table(INDEX)
def test_an_index_of_numbers_is_no_node(case, tmp_path):
    check(case, tmp_path)


@table(LAYOUT)
def test_as_many_rows_as_columns_of_a_list(case, tmp_path):
    check(case, tmp_path)


@table(NOTED)
def test_comments_are_no_nodes(case, tmp_path):
    check(case, tmp_path)


@table(SEVERAL)
def test_one_of_several_is_chosen_by_the_user(case, tmp_path):
    check(case, tmp_path)


@table(ORIENTED)
def test_an_orientation_turns_only_what_does_not_say_its_own(case, tmp_path):
    check(case, tmp_path)


@table(QUOTED)
def test_quotes_do_not_swallow_lines(case, tmp_path):
    check(case, tmp_path)


@table(OF_NODES)
def test_what_is_known_of_nodes_is_kept(case, tmp_path):
    check(case, tmp_path)


@table(IDENTIFIED)
def test_nodes_are_found_by_label_or_id_not_by_row(case, tmp_path):
    check(case, tmp_path)


@table(SAID)
def test_undirected_data_have_both_directions(case, tmp_path):
    check(case, tmp_path)


@table(ARRAYS)
def test_no_other_array_is_taken_for_the_weights(case, tmp_path):
    check(case, tmp_path)


@table(NO_NODES)
def test_lines_that_are_no_connections(case, tmp_path):
    check(case, tmp_path)


@table(DEFAULTS)
def test_defaults_of_a_graph_are_taken(case, tmp_path):
    check(case, tmp_path)


@table(DIGITS)
def test_numbers_and_labels_are_what_stands_there(case, tmp_path):
    check(case, tmp_path)


SMALL = [[0, 1], [2, 0]]


@pytest.mark.parametrize("suffix", ["npy", "csv", "mat"])
def test_subjects_of_different_size_are_refused(tmp_path, suffix):
    def one(matrix):
        if suffix == "csv":
            return grid(matrix)
        return matlab(SC=matrix) if suffix == "mat" else lambda path: np.save(path, matrix)

    files = {f"s1.{suffix}": one(MATRIX), f"s2.{suffix}": one(np.array(MATRIX)[:3, :3] + 0.5)}
    write(tmp_path, files | {"nodes.csv": "label\na\nb\nc\nd\n", "three.csv": "label\na\nb\nc\n"})
    entry = ROWS | {"file": f"s*.{suffix}", "layout": "matrix"} if suffix == "csv" else ROWS | {"file": f"s*.{suffix}"}
    for more in ({}, {"nodes": "nodes.csv"}, {"nodes": "three.csv"}):
        with pytest.raises(REFUSED) as error:
            load(entry | more, "x", tmp_path)
        one_line(error.value, (), [*files, "nodes.csv", "three.csv"])


def test_subjects_of_one_size_and_lists_that_lack_a_node_are_read(tmp_path):
    write(tmp_path, {"nodes.csv": "label\nd\nc\nb\na\n", "s1.csv": LIST, "s2.csv": LIST + "d,a,9\n"})
    found = load({"file": "s*.csv", "nodes": "nodes.csv"}, "x", tmp_path)
    assert found.dims == ("subject", "source", "target") and found["source"].values.tolist() == list("dcba")
    assert connections(found[0]) == AB and connections(found[1]) == AB | {("d", "a"): 9}
    write(tmp_path, {f"m{k}.npy": lambda path, k=k: np.save(path, np.multiply(MATRIX, k)) for k in (1, 2)})
    found = load(ROWS | {"file": "m*.npy", "nodes": "nodes.csv"}, "x", tmp_path)
    assert connections(found[1]) == by_name(np.multiply(MATRIX, 2), "dcba")


LOGARITHMS = [[0, -1, 0, -2], [1, 0, 2, 0], [0, -3, 0, 0.5], [2, 0, 1, 0]]


def prepared(found, *steps):
    return prepare(found, list(steps), "own", np.random.default_rng(0), "x")


def test_negative_weights_are_counted(tmp_path):
    found = load_case(reads(grid(LOGARITHMS), {}, ROWS), tmp_path)
    said = (found.attrs["history"] + found.attrs.get("warnings", "")).lower()
    assert connections(found) == by_name(LOGARITHMS)
    assert "3" in said and "negative" in said and "magnitude" in said
    found = load_case(reads(grid(MATRIX), {}, ROWS), tmp_path)
    assert "negative" not in found.attrs.get("warnings", "").lower()


@pytest.mark.parametrize(("name", "base"), [("exp10", 10.0), ("exp", np.e)])
def test_logarithms_are_brought_back_on_connections_only(tmp_path, name, base):
    found = prepared(load_case(reads(grid(LOGARITHMS), {}, ROWS), tmp_path), {"transform": name})
    logs = np.array(LOGARITHMS)
    np.testing.assert_allclose(found.values, np.where(logs == 0, 0, base**logs))


def infinite(entry):
    text = grid(np.where(np.array(LOGARITHMS) == 0, -np.inf, LOGARITHMS).tolist())
    return reads(text, {}, ROWS | entry)


@pytest.mark.parametrize("name", ["exp10", "exp"])
def test_minus_infinity_is_no_connection_where_logarithms_are_brought_back_first(tmp_path, name):
    steps = [{"transform": name}, "drop_self_connections"]
    found = prepared(load_case(infinite({"preparation": steps}), tmp_path), *steps)
    base = 10.0 if name == "exp10" else np.e
    logs = np.array(LOGARITHMS)
    np.testing.assert_allclose(found.values, np.where(logs == 0, 0, base**logs))


@pytest.mark.parametrize(
    "steps",
    [[], ["drop_self_connections", {"transform": "exp10"}], [{"transform": "rank"}], [{"threshold_weight": 1}]],
)
def test_minus_infinity_is_refused_elsewhere(tmp_path, steps):
    case = infinite({"preparation": steps} if steps else {})
    with pytest.raises(REFUSED) as error:
        prepared(load_case(case, tmp_path), *steps)
    one_line(error.value, (), case.files)


@pytest.mark.parametrize("value", ["inf", "nan"])
def test_infinity_and_nan_are_refused_even_there(tmp_path, value):
    steps = [{"transform": "exp10"}]
    case = reads(grid(LOGARITHMS).replace("-3", value), {}, ROWS | {"preparation": steps})
    with pytest.raises(REFUSED):
        prepared(load_case(case, tmp_path), *steps)


def of_labels(labels, tmp_path, **columns):
    ring = "".join(f'"{a}","{b}",1\n"{b}","{a}",2\n' for a, b in zip(labels, labels[1:] + labels[:1], strict=True))
    rows = "".join(f'"{label}",{",".join(v[k] for v in columns.values())}\n' for k, label in enumerate(labels))
    write(
        tmp_path, {"e.csv": "source,target,weight\n" + ring, "nodes.csv": ",".join(["label", *columns]) + "\n" + rows}
    )
    return load({"file": "e.csv"} | ({"nodes": "nodes.csv"} if columns else {}), "x", tmp_path)


@pytest.mark.parametrize(
    ("labels", "wanted", "kept"),
    [
        (["007", "NO", "010", "7", "8"], "['007', 'NO', '010']", ["007", "NO", "010"]),
        (["007", "NO", "010", "7", "8"], "['7', '8', '010']", ["7", "8", "010"]),
        (["7", "8", "9", "a"], "[7, 8, 9]", ["7", "8", "9"]),
        (["1001", "1002", "x"], "[1002, 1001]", ["1002", "1001"]),
        (["1.5", "2.5", "x"], "[1.5, 2.5]", ["1.5", "2.5"]),
        (["-1", "0", "x"], "[-1, 0]", ["-1", "0"]),
        (["a b", "c", "x"], "[a b, c]", ["a b", "c"]),
    ],
)
def test_labels_that_yaml_reads_as_they_are(tmp_path, labels, wanted, kept):
    found = prepared(of_labels(labels, tmp_path), {"subset": yaml.safe_load(wanted)})
    assert found["source"].values.tolist() == kept


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        (["007", "NO", "010", "7", "8"], "[007, NO, 010]"),
        (["007", "7", "8"], "[7, 8]"),
        (["010", "8", "7"], "[010, 7]"),
        (["007", "010", "x"], "[007, 010]"),
        (["7", "8", "0x7"], "[0x7, 8]"),
        (["NO", "YES", "x"], "[NO, YES]"),
        (["False", "True", "x"], "[NO, YES]"),
        (["False", "True", "x"], "[False, True]"),
        (["None", "null", "x"], "[null, x]"),
        (["1.50", "1.5", "x"], "[1.5, x]"),
        (["1.50", "2", "x"], "[1.50, 2]"),
        (["1e3", "1000.0", "x"], "[1000.0, x]"),
        (["1_000", "1000", "x"], "[1_000, x]"),
        (["2020-01-01", "b", "x"], "[2020-01-01, b]"),
    ],
)  # fmt: skip
def test_labels_that_yaml_changes_are_wanted_in_quotes(tmp_path, labels, wanted):
    with pytest.raises(REFUSED) as error:
        prepared(of_labels(labels, tmp_path), {"subset": yaml.safe_load(wanted)})
    one_line(error.value, ("quotes",))


def test_values_of_columns_that_yaml_changes_are_wanted_in_quotes(tmp_path):
    found = of_labels(["a", "b", "c"], tmp_path, module=["1", "1", "2"], side=["NO", "NO", "YES"])
    assert prepared(found, {"subset": {"module": 1}})["source"].values.tolist() == ["a", "b"]
    assert prepared(found, {"subset": {"side": "NO"}})["source"].values.tolist() == ["a", "b"]
    with pytest.raises(REFUSED) as error:
        prepared(found, {"subset": yaml.safe_load("side: NO")})
    one_line(error.value, ("quotes",))


def test_what_a_parser_says_is_one_line(tmp_path):
    """Cut and mixed up, a file gives a result or one line."""
    packed = io.BytesIO()
    zipped(weights=blanks(MATRIX), centres=CENTRES)(packed)
    whole = {"g.graphml": IGRAPH.encode(), "b.zip": packed.getvalue(), "e.csv": ('"' + LIST).encode()}
    for name, content in whole.items():
        for end in range(0, len(content), 37):
            write(tmp_path, {name: content[:end]})
            try:
                load(ROWS | {"file": name}, "x", tmp_path)
            except REFUSED as error:
                one_line(error, (), [name])
