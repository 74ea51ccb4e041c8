"""Layouts: rows of cells are a matrix, with or without names, or a list of connections, if they can be only one."""

import itertools
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from echolesion.connectome.reading import CALLED, Links, Matrix, Reading
from echolesion.connectome.texts import Row, number, numbers, whole, word

#: Names of the columns of source and target that are known, in any case.
ENDS = (
    ("source", "target"), ("pre_root_id", "post_root_id"), ("bodyid_pre", "bodyid_post"), ("pre", "post"),
    ("from", "to"),
)  # fmt: skip
#: Names that results use themselves.
RESERVED = ("source", "target", "weight", "weights", "tract_length", "subject", "node", "time", "output", "batch")
#: What tables of sums call their last row and column.
TOTALS = ("all", "total", "totals", "grand total", "sum", "sums")
_ROUNDED = re.compile(r"\d\.\d+[eE]\+?(1[5-9]|[2-9]\d)")


def interpret(
    rows: list[Row],
    reading: Reading,
    header: Sequence[str] | None = None,
    directed: bool | None = None,
    only_list: bool = False,
    first_has_names: bool | None = None,
) -> Matrix | Links:
    """Take a table for the matrix or the list of connections that it is.

    Parameters
    ----------
    rows : list of Row
        Equally long, at least one.
    reading : Reading
        Of the file; it is asked for ``layout``, ``header``, ``source``, ``target``, ``variable`` and ``orientation``.
    header : sequence of str, optional
        Names of the columns that do not stand in the rows.
    directed : bool, optional
        What the file says of itself.
    only_list : bool
        Whether the file can only be a list.
    first_has_names : bool, optional
        Whether the first row has the names of the columns, if that is known.

    Returns
    -------
    Matrix or Links

    Raises
    ------
    FormatError
        If it is neither, or could be both.
    """
    layout = reading.ask("layout")
    given = reading.ask("header") if first_has_names is None else first_has_names
    columns = rows[0].cells if header is None else header
    has_ends = given is not False and ends_of(columns, reading) is not None
    if layout is None and (only_list or (reading.given.get("source") is not None)):
        layout = "list"
    if (layout or _layout(rows, header, given, has_ends, reading)) == "matrix":
        reading.asked -= {"source", "target"}
        return _matrix(rows, header, given, reading)
    if header is not None:
        return _list(rows, header, "the comment before it", directed, reading)
    if has_ends or given or (given is None and not only_list and _first_has_names(rows, reading)):
        return _list(rows[1:], rows[0].cells, rows[0].place, directed, reading)
    return _list(rows, None, "", directed, reading)


def ends_of(columns: Sequence[str], reading: Reading) -> tuple[int, int] | None:
    """Return which columns have source and target: those that are given, or a pair that is known."""
    named = [reading.name(key) for key in ("source", "target")]
    if any(named):
        if not all(named):
            raise reading.error("needs both 'source: COLUMN' and 'target: COLUMN'")
        if named[0] == named[1]:
            raise reading.error(f"'source: {named[0]}' and 'target: {named[1]}' are one column")
        source, target = (column(columns, str(name)) for name in named)
        return None if source is None or target is None else (source, target)
    lower = [cell.lower() for cell in columns]
    found = [pair for pair in ENDS if set(pair) <= set(lower)]
    if len(found) > 1 or any(lower.count(name) > 1 for pair in found for name in pair):
        raise reading.error(f"which columns are source and target ({', '.join(columns)})? 'source: A' and 'target: B'")
    return (lower.index(found[0][0]), lower.index(found[0][1])) if found else None


def column(columns: Sequence[str], name: str) -> int | None:
    """Return the place of a column, in any case if only one is called so."""
    same = [k for k, called in enumerate(columns) if called == name]
    same = same or [k for k, called in enumerate(columns) if called.lower() == name.lower()]
    return same[0] if len(same) == 1 else None


def _layout(rows: list[Row], header: Sequence[str] | None, given: bool | None, has_ends: bool, reading: Reading) -> str:
    """Return ``matrix`` or ``list``; ask if the table could be both."""
    body = [row.cells for row in rows]
    if _named_on_both_sides(body):
        return "matrix"
    if has_ends:
        return "list"
    matrix = _may_be_matrix(body)
    listed = _may_be_list(body[1:] if given else body)
    # Of more columns than three nobody knows which is the weight: a matrix comes first.
    if matrix and listed and len(body[0]) < 4 and not (given and header is None):
        raise reading.error(
            f"{len(body)} rows of {len(body[0])} cells can be a matrix or a list of connections: 'layout: matrix' or"
            " 'layout: list'"
        )
    # What is neither is refused as what it is like: a table with words above its columns is a list.
    return "matrix" if matrix or not (listed or _words(header or body[0])) else "list"


def _named_on_both_sides(body: list[list[str]]) -> bool:
    """Return whether a square table has the same names in its first row and column, or is a matrix of distances."""
    if not len(body) == len(body[0]) > 2:
        return False
    top, side = body[0][1:], [cells[0] for cells in body[1:]]
    corner = number(body[0][0])
    if sorted(top) != sorted(side):
        return False
    if corner is None or np.isnan(corner) or not _numeric([top]):
        return True
    # A list of three connections, one of them of weight 0, would not be symmetric.
    values = [[number(cell) for cell in cells] for cells in body]
    turned = [list(cells) for cells in zip(*values, strict=True)]
    return values == turned and all(values[k][k] == 0 for k in range(len(values)))


def _may_be_matrix(body: list[list[str]]) -> bool:
    height, width = len(body), len(body[0])
    if height == width:
        return height > 1 and _numeric([cells[1:] for cells in body[1:]])
    if height == width + 1:
        return _numeric(body[1:]) and _may_be_names(body[0])
    return height == width - 1 and _numeric([cells[1:] for cells in body]) and _words(["", *(c[0] for c in body)])


def _may_be_list(body: list[list[str]]) -> bool:
    """Return whether rows are connections: two names of nodes, and perhaps a number."""
    width = len(body[0]) if body else 0
    weights = [cell for cells in body for cell in cells[2:]]
    if width < 2 or any(map(word, weights)) or (width > 3 and _numeric([body[0][:2]])):
        return False  # of more columns than three, numbers could be anything
    ends = [[cells[k] for cells in body] for k in (0, 1)]
    if not all(cell and (word(cell) or whole(cell)) for cells in ends for cell in cells):
        return False
    # Only words on one side and only numbers on the other are names and weights.
    kinds = [{word(cell) for cell in cells} for cells in ends]
    return kinds[0] == kinds[1] or len(kinds[0]) + len(kinds[1]) > 2


def _may_be_names(cells: Sequence[str]) -> bool:
    """Return whether nodes can be called so: all differently, and not by fractions."""
    return len(set(cells)) == len(cells) and all(word(cell) or whole(cell) for cell in cells)


def _numeric(rows: Sequence[Sequence[str]]) -> bool:
    return all(number(cell) is not None for cells in rows for cell in cells)


def _words(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and all(map(word, cells[1:]))


def _first_has_names(rows: list[Row], reading: Reading) -> bool:
    """Return whether the first row of a list has the names of its columns; ask if it may."""
    first = rows[0].cells
    if len(first) > 2 and _numeric([first[2:]]):
        return False
    if len(first) != 2:
        return True
    others = {cell for row in rows[1:] for cell in row.cells}
    if others & set(first) or all(whole(cell) for cell in first):
        return False
    raise reading.error(
        f"is {rows[0].place}, '{first[0]}' and '{first[1]}', a connection ('header: false'), or are these the names of"
        " columns ('source: A' and 'target: B')?"
    )


def _matrix(rows: list[Row], header: Sequence[str] | None, given: bool | None, reading: Reading) -> Matrix:
    """Return the matrix of a table, with or without names."""
    height, width = len(rows), len(rows[0].cells)
    first, side = rows[0].cells, [row.cells[0] for row in rows]
    with_header = height == width and header is None and (_has_names(rows, reading) if given is None else given)
    if with_header:
        labels, body, skipped = first[1:], rows[1:], 1
        if labels != side[1:]:
            if sorted(labels) != sorted(side[1:]) or len(set(labels)) != len(labels):
                k = next(k for k, (a, b) in enumerate(zip(labels, side[1:], strict=True)) if a != b)
                raise reading.error(
                    f"{body[k].place} is called '{side[k + 1]}', its column '{labels[k]}' (or are these no names,"
                    " 'header: false'?)"
                )
            place = {label: k for k, label in enumerate(labels)}
            order = [place[label] for label in side[1:]]
            labels = side[1:]
            body = [Row(row.place, ["", *(row.cells[1 + k] for k in order)]) for row in body]
            reading.say("its columns are brought into the order of its rows, by name")
        said = "named by its first row and column"
    elif height == width + 1 and given is not False and header is None and (given or _may_be_names(first)):
        labels, body, skipped, said = list(first), rows[1:], 0, "named by its first row"
    elif height == width - 1 and given is not False and _words(["", *side]):
        labels, body, skipped, said = side, rows, 1, "named by its first column"
    elif height == width:
        labels, body, skipped = list(header or []), rows, 0
        said = "named by the comment before it" if header else "without names"
    else:
        raise reading.error(f"the matrix is not square ({height} x {width})")
    cells = [(row.place, row.cells[skipped:]) for row in body]
    if len(cells) > 1 and all(row[k] == "" for k, (_, row) in enumerate(cells)):
        cells = [(place, [*row[:k], "nan", *row[k + 1 :]]) for k, (place, row) in enumerate(cells)]
    values = numbers(cells, reading, skipped)
    if labels:
        check_labels(labels, rows[0].place, reading)
        _no_sums(labels, values, reading)
    reading.say(f"a matrix of {len(values)} nodes, {said}")
    reading.decide(layout="matrix")
    if header is None:
        reading.decide(header=bool(labels))
    return Matrix(values, labels or None)


def _no_sums(labels: Sequence[str], values: np.ndarray, reading: Reading) -> None:
    """Refuse a row and column of sums, which would be the strongest node."""
    for k, label in enumerate(labels):
        others = np.arange(len(labels)) != k
        sums = [values[others].sum(axis=0), values[:, others].sum(axis=1)]
        if label.lower() in TOTALS and all(
            np.allclose(total[others], given[others])
            for total, given in zip(sums, (values[k], values[:, k]), strict=True)
        ):
            raise reading.error(f"'{label}' is no node but the sums of the others: take its row and column out")


def _has_names(rows: list[Row], reading: Reading) -> bool:
    """Return whether a square table has names in its first row and column; ask if these could be weights."""
    top, side = rows[0].cells[1:], [row.cells[0] for row in rows[1:]]
    if not top:
        return False
    corner = number(rows[0].cells[0])
    if corner is None:
        # A first cell that is no number is a name only if there are names.
        return rows[0].cells[0] == "" or top == side or sorted(top) == sorted(side) or not _numeric([top])
    diagonal = [number(row.cells[k]) for k, row in enumerate(rows)][1:]
    if np.isnan(corner) and not any(value is not None and np.isnan(value) for value in diagonal):
        return True
    if top == side and not _numeric([top]):
        return True
    ascending = all(whole(cell) for cell in top) and all(int(a) < int(b) for a, b in itertools.pairwise(top))
    if corner == 0 and len(rows) > 2 and top == side and ascending:
        raise reading.error(
            f"are {', '.join(top[:3])}, ... in its first row and column names ('header: true') or weights"
            " ('header: false')?"
        )
    return False


def _list(rows: list[Row], header: Sequence[str] | None, place: str, directed: bool | None, reading: Reading) -> Links:
    """Return the list of connections of a table, whose columns are called 1, 2, ... if it has no header."""
    width = len(rows[0].cells) if rows else len(header or [])
    columns = [str(k) for k in range(1, width + 1)] if header is None else list(header)
    check_header(columns, place, reading)
    ends = ends_of(columns, reading)
    if ends is None and header is not None:
        asked = " and ".join(f"'{key}: {reading.name(key)}'" for key in ("source", "target") if reading.name(key))
        raise reading.error(
            f"{place}: which columns are source and target ({', '.join(columns)}"
            + (f"; not {asked})?" if asked else ")? say 'source: A' and 'target: B';")
            + " or 'header: false' if these are no names of columns; or 'layout: matrix'"
        )
    if ends is None:
        if width < 2:
            raise reading.error(f"{rows[0].place} has one cell: a connection has a source and a target")
        ends = (0, 1)
        if reading.given.get("orientation") == "target_source":
            ends = (1, 0)
            reading.decide(orientation="target_source")
        reading.asked.add("orientation")
        reading.decide(header=False)
    else:
        reading.says_its_direction()
        reading.decide(source=columns[ends[0]], target=columns[ends[1]])
    weight = _weight_column(columns, rows, ends, header is None, reading)
    reading.decide(layout="list")
    reading.complete = False
    of_weight = "1 for each" if weight is None else f"'{columns[weight]}'"
    said = [f"source '{columns[ends[0]]}'", f"target '{columns[ends[1]]}'", f"weight {of_weight}"]
    reading.say(f"a list of connections{'' if header else ' without header'}: {', '.join(said)}")
    kind = column(columns, "type") if header else None
    if kind is not None and rows and {row.cells[kind].lower() for row in rows} <= {"directed", "undirected"}:
        kinds = {row.cells[kind].lower() for row in rows}
        if len(kinds) > 1:
            raise reading.error("has directed and undirected connections in its column 'Type': take one kind")
        directed = kinds == {"directed"}
        reading.say(f"all are {kinds.pop()}, by the column '{columns[kind]}'")
    else:
        kind = None
    reading.unused("columns", (columns[k] for k in range(width) if k not in (*ends, weight, kind)))
    for row in rows:
        for end, k in zip(("source", "target"), ends, strict=True):
            if row.cells[k] == "":
                raise reading.error(f"{row.place} has no {end}")
    # Nodes are numbered as they appear: the source of the first line, its target, that of the second, ...
    cells = np.array([[row.cells[k] for k in ends] for row in rows], dtype=object).reshape(-1, 2)
    numbered, labels = pd.factorize(cells.ravel())
    check_labels(list(labels), "a connection", reading)
    weights = np.ones(len(rows))
    if weight is not None:
        weights = numbers(((row.place, row.cells[weight : weight + 1]) for row in rows), reading, weight).ravel()
    return Links(numbered.reshape(-1, 2), weights, list(labels), [row.place for row in rows], directed=directed)


def _weight_column(
    columns: list[str], rows: list[Row], ends: tuple[int, int], headerless: bool, reading: Reading
) -> int | None:
    """Return which column has the weights: None if all are 1."""
    wanted = reading.name("variable")
    if wanted is not None:
        found = column(columns, wanted)
        if found is None and wanted.lower() != "none":
            raise reading.error(f"'variable: {wanted}' is none of its columns ({', '.join(columns)})")
        reading.decide(variable=wanted)
        return found
    called = [k for k, name in enumerate(columns) if name.lower() in CALLED[reading.quantity]]
    if headerless and len(columns) == 3:
        return 2
    if headerless and len(columns) > 3:
        raise reading.error(
            f"has {len(columns)} columns without names: say which has the {reading.quantity}s, 'variable: 3', or"
            " 'variable: none' if each is 1"
        )
    others = [k for k in range(len(columns)) if k not in ends and rows and not (columns[k] == "" and counts(rows, k))]
    numeric = called or [k for k in others if all(number(row.cells[k]) is not None for row in rows)]
    if len(numeric) == 1 and (called or reading.quantity == "length"):
        reading.decide(variable=columns[numeric[0]])
        return numeric[0]
    if numeric:
        listed = ", ".join(columns[k] for k in numeric)
        raise reading.error(
            f"which column has the {reading.quantity}s ({listed})? say 'variable: {columns[numeric[0]]}', or"
            " 'variable: none' if each is 1"
        )
    reading.decide(variable="none")
    return None


def counts(rows: list[Row], k: int) -> bool:
    """Return whether a column counts the rows, as in tables that are written with their index."""
    cells = [row.cells[k] for row in rows]
    return any(cells == [str(i + start) for i in range(len(cells))] for start in (0, 1))


def check_header(columns: Sequence[str], place: str, reading: Reading) -> None:
    """Refuse a header in which two columns have one name.

    Parameters
    ----------
    columns : sequence of str
        Their names.
    place : str
        Of the header.
    reading : Reading
        Of the file.

    Raises
    ------
    FormatError
        With the name.
    """
    if twice := next((name for k, name in enumerate(columns) if name and name in columns[:k]), None):
        raise reading.error(f"{place}: two columns are called '{twice}'")


def check_labels(labels: Sequence[str], places: Sequence[str] | str, reading: Reading) -> None:
    """Refuse names of nodes that are none, or that a spreadsheet has rounded.

    Parameters
    ----------
    labels : sequence of str
        The names.
    places : str or sequence of str
        Where they stand, all of them or each.
    reading : Reading
        Of the file.

    Raises
    ------
    FormatError
        With the place.
    """
    for k, label in enumerate(labels):
        if label == "" or _ROUNDED.fullmatch(label):
            wrong = f"'{label}' is an id that a spreadsheet has rounded: write ids as text"
            place = places if isinstance(places, str) else places[k]
            raise reading.error(f"{place}: {wrong if label else 'a node has no name'}")


def check_columns(names: Sequence[str], reading: Reading) -> None:
    """Refuse a column of nodes that results could not carry along.

    Raises
    ------
    FormatError
        With the name of the column.
    """
    for name in names:
        if name in RESERVED or "/" in name or name != name.strip() or not name.isprintable():
            raise reading.error(f"a column of nodes is called '{name}', which results cannot carry along: rename it")
