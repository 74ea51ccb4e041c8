"""Cases of reading: small files, the entry, and what must come out, or what the one line of a refusal must name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echolesion.connectome import ConnectomeError
from echolesion.connectome.catalogue import load
from echolesion.connectome.formats import FormatError

REFUSED = (ConnectomeError, FormatError)
#: A matrix that is neither symmetric nor a triangle, a symmetric one, and tract lengths.
MATRIX = [[0, 1, 0, 2], [3, 0, 4, 0], [0, 5, 0, 6], [7, 0, 8, 0]]
SYMMETRIC = [[0, 5, 3, 2], [5, 0, 1, 4], [3, 1, 0, 6], [2, 4, 6, 0]]
LENGTHS = [[0, 20, 10, 30], [20, 0, 40, 50], [10, 40, 0, 60], [30, 50, 60, 0]]
ROWS = {"orientation": "source_target"}


@dataclass(frozen=True)
class Case:
    files: Mapping[str, Any]
    entry: Mapping[str, Any]
    weights: Mapping[tuple[str, str], float] | None = None
    refusal: tuple[str, ...] | None = None
    labels: list | set | None = None
    lengths: Mapping[tuple[str, str], float] | None = None
    nodes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    holds: Mapping[str, str] | None = None
    says: tuple[str, ...] = ()
    warns: str | None = None
    orientation: str | None = None


def _case(content, name, entry, **more) -> Case:
    files = content if isinstance(content, dict) else {name: content}
    return Case(files, {"file": next(iter(files))} | (entry or {}), **more)


def reads(content, weights, entry=None, name="e.csv", **more) -> Case:
    """Return a case that must be read: these weights, of no other labels."""
    return _case(content, name, entry, weights=weights, **more)


def refuses(content, *fragments, entry=None, name="e.csv", **more) -> Case:
    """Return a case that must be refused in a line that has these fragments."""
    return _case(content, name, entry, refusal=fragments, **more)


def either(content, weights, *fragments, entry=None, name="e.csv", **more) -> Case:
    """Return a case that may be refused, but if it is read, then so."""
    return _case(content, name, entry, weights=weights, refusal=fragments, **more)


def table(cases: Mapping[str, Case]) -> Any:
    return pytest.mark.parametrize("case", list(cases.values()), ids=list(cases))


def write(folder: Path, files: Mapping[str, Any]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_bytes(content.encode())
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content(path)


def by_name(matrix: Any, labels: Any = None) -> dict[tuple[str, str], float]:
    """Return the connections of a matrix, rows are sources."""
    matrix = np.asarray(matrix)
    names = [str(k) for k in range(len(matrix))] if labels is None else list(labels)
    return {(names[i], names[j]): float(matrix[i, j]) for i, j in np.argwhere(matrix)}


#: A list of connections, and the matrix above with names and without.
AB = {("a", "b"): 2.0, ("b", "a"): 3.0, ("b", "c"): 4.0}
LIST = "source,target,weight\na,b,2\nb,a,3\nb,c,4\n"
NAMED = by_name(MATRIX, "abcd")
NUMBERED = by_name(MATRIX)


def turned(weights: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    return {(target, source): weight for (source, target), weight in weights.items()}


def both_ways(weights: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    return turned(weights) | dict(weights)


def grid(matrix: Any, sep: str = ",", names: Any = None, corner: str | None = "", index: bool = True) -> str:
    """Return a matrix as text; with names in a header, and in a column unless `index` is false."""
    rows = [[str(cell) for cell in row] for row in np.asarray(matrix).tolist()]
    if names is not None:
        if index:
            rows = [[name, *row] for name, row in zip(names, rows, strict=True)]
        rows = [[*([corner] if index and corner is not None else []), *names], *rows]
    return "".join(sep.join(row) + "\n" for row in rows)


def connections(found: Any) -> dict[tuple[str, str], float]:
    found = found.transpose("source", "target")
    assert all(isinstance(label, str) for label in found["source"].values.tolist())
    assert found["source"].values.tolist() == found["target"].values.tolist()
    return by_name(found.values, found["source"].values.tolist())


def one_line(error: ValueError, fragments: tuple[str, ...] = (), files: Any = ()) -> str:
    """Check that an error is one line that names a file or the connectome, and these fragments."""
    message = str(error)
    assert message.strip() and len(message.splitlines()) == 1, message
    assert "Traceback" not in message and "Error(" not in message, message
    names = [Path(name).name for name in files]
    assert not names or message.startswith("x:") or any(name in message for name in names), message
    for fragment in fragments:
        assert fragment.lower() in message.lower(), f"{fragment!r} is not in: {message}"
    return message


def load_case(case: Case, folder: Path) -> Any:
    write(folder, case.files)
    more = {} if case.orientation is None else {"orientation": case.orientation}
    return load(case.entry, "x", folder, **more)


def check(case: Case, folder: Path) -> None:
    """Check that a case is read right or refused, as it says."""
    try:
        found = load_case(case, folder)
    except REFUSED as error:
        assert case.refusal is not None, f"refused: {error}"
        one_line(error, case.refusal, case.files)
        return
    assert case.weights is not None, f"read, not refused: {connections(found)}"
    assert found.dims == ("source", "target") and found.dtype == float
    assert connections(found) == pytest.approx(case.weights, rel=1e-12)
    labels = found["source"].values.tolist()
    expected = case.labels if case.labels is not None else {name for pair in case.weights for name in pair}
    assert (labels if isinstance(expected, list) else set(labels)) == expected
    if case.lengths is not None:
        assert connections(found["tract_length"]) == pytest.approx(case.lengths, rel=1e-12)
    for name, values in case.nodes.items():
        assert found[name].dims == ("source",), f"{name} is not a coordinate of nodes"
        for label, value in values.items():
            of_node = found[name].sel(source=label).item()
            assert (float(of_node) if isinstance(value, int | float) else str(of_node)) == value
    if case.holds is not None:
        of_nodes = [c for key, c in found.coords.items() if c.dims == ("source",) and key != "source"]
        wanted = [case.holds[label] for label in labels]
        assert wanted in [[str(value) for value in c.values] for c in of_nodes], "no coordinate keeps the other names"
    for fragment in case.says:
        assert fragment.lower() in found.attrs["history"].lower(), f"{fragment!r} is not in: {found.attrs['history']}"
    if case.warns is not None:
        warnings = found.attrs.get("warnings", "")
        assert (case.warns.lower() in warnings.lower()) if case.warns else not warnings


def key(name: str, of: str = "edge", kind: str = "double", default: Any = None) -> str:
    """Return a key of GraphML."""
    inner = "" if default is None else f"<default>{default}</default>"
    return f'<key id="{of}_{name}" for="{of}" attr.name="{name}" attr.type="{kind}">{inner}</key>'


def node(name: str, /, **data: Any) -> str:
    return f'<node id="{name}">' + "".join(f'<data key="node_{k}">{v}</data>' for k, v in data.items()) + "</node>"


def edge(source: str, target: str, more: str = "", /, **data: Any) -> str:
    inner = "".join(f'<data key="edge_{k}">{v}</data>' for k, v in data.items())
    return f'<edge source="{source}" target="{target}"{more}>{inner}</edge>'


def graph(*parts: str, name: str = "G", default: str = "directed") -> str:
    return f'<graph id="{name}" edgedefault="{default}">{"".join(parts)}</graph>'


def graphml(*parts: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        + "".join(parts)
        + "</graphml>"
    )
