"""Graphs: files of nodes and edges with attributes. What networkx would lose of them is found first, and refused."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from echolesion.connectome import texts
from echolesion.connectome.layouts import check_labels, column
from echolesion.connectome.reading import CALLED, Links, Reading

#: What networkx makes of the picture of a graph.
_OF_PICTURES = ("viz", "shape", "graphics")


def read_graphml(path: Path, reading: Reading) -> Links:
    """Read GraphML; of several graphs, the one that ``variable`` names (``graph``, or ``graph.attribute``)."""
    root = _xml(path, "GraphML", reading)
    found = [node for node in root.iter() if _tag(node) == "graph"]
    if not found:
        raise reading.error("is not GraphML (it has no graph)")
    for tag in ("hyperedge", "port"):
        if any(_tag(node) == tag for node in root.iter()):
            raise reading.error(f"has a {tag}, which is no connection between two nodes")
    if any(_tag(inner) == "graph" and inner is not graph for graph in found for inner in graph.iter()):
        raise reading.error("has a graph inside a node: take it out")
    graphs = _parsed(lambda: list(nx.readwrite.graphml.GraphMLReader()(path=path)), "GraphML", reading)
    names = [graph.get("id") or f"graph{k}" for k, graph in enumerate(found, 1)]
    variable, which = _graph_of(names, reading)
    graph = graphs[which]
    # networkx keeps the values for what has none beside the graph.
    for key, value in graph.graph.get("node_default", {}).items():
        for _, of_node in graph.nodes(data=True):
            of_node.setdefault(key, value)
    for key, value in graph.graph.get("edge_default", {}).items():
        for *_, of_edge in graph.edges(data=True):
            of_edge.setdefault(key, value)
    return _links(graph, variable, {}, reading)


def _graph_of(names: list[str], reading: Reading) -> tuple[str | None, int]:
    """Return the attribute that is asked for, and the number of the graph."""
    variable = reading.name("variable")
    if len(names) == 1:
        return variable, 0
    wanted, _, attribute = (variable, "", "") if variable in names else (variable or "").partition(".")
    if wanted not in names:
        raise reading.error(f"holds {len(names)} graphs ({', '.join(names)}): say which with 'variable: NAME'")
    reading.unused("graphs", (name for name in names if name != wanted))
    return attribute or None, names.index(str(wanted))


def read_gexf(path: Path, reading: Reading) -> Links:
    """Read GEXF, as Gephi writes it; an edge without a weight has, by its definition, the weight 1."""
    root = _xml(path, "GEXF", reading)
    found = [node for node in root.iter() if _tag(node) == "graph"]
    if len(found) != 1:
        raise reading.error(f"has {len(found)} graphs, not one")
    usual = found[0].get("defaultedgetype", "undirected")
    kinds = {edge.get("type", usual) for edge in root.iter() if _tag(edge) == "edge"}
    if len(kinds) > 1 or "mutual" in kinds:
        raise reading.error(
            f"has edges of several kinds ({', '.join(sorted(kinds))}): take one, directed or undirected"
        )
    graph = _parsed(lambda: nx.read_gexf(path), "GEXF", reading)
    if any("weight" in of_edge for *_, of_edge in graph.edges(data=True)):
        for *_, of_edge in graph.edges(data=True):
            of_edge.setdefault("weight", 1.0)
    return _links(graph, reading.name("variable"), {"id": "edges"}, reading, "label")


def read_gml(path: Path, reading: Reading) -> Links:
    """Read GML."""
    text = texts.decoded(path.read_bytes(), reading)
    graph = _parsed(lambda: nx.parse_gml(text, label="id"), "GML", reading)
    graph = nx.relabel_nodes(graph, str)
    return _links(graph, reading.name("variable"), {}, reading, "label")


def read_pajek(path: Path, reading: Reading) -> Links:
    """Read a network of Pajek."""
    lines = texts.lines_of(texts.decoded(path.read_bytes(), reading))
    sections = [match[1].lower() for line in lines if (match := re.match(r"\s*\*\s*(\w+)", line))]
    known = {"network", "vertices", "arcs", "edges"}
    if "vertices" not in sections or not {"arcs", "edges"} & set(sections):
        raise reading.error(f"is not a network of Pajek with *Vertices and *Arcs or *Edges ({', '.join(sections)})")
    if sections.count("vertices") > 1:
        raise reading.error("has a second network: take it out")
    if other := sorted(set(sections) - known):
        raise reading.error(f"has a section *{other[0]}, which is not read: write *Arcs or *Edges")
    if {"arcs", "edges"} <= set(sections):
        raise reading.error("has *Arcs and *Edges, directed and undirected connections: take one kind")
    begin = next(k for k, line in enumerate(lines) if re.match(r"\s*\*\s*vertices", line, re.IGNORECASE))
    names, ids = [], []
    for line in lines[begin + 1 :]:
        if line.lstrip().startswith("*"):
            break
        if (row := re.match(r'\s*(\d+)(?:\s+(?:"([^"]*)"|(\S+)))?', line)) and row[1]:
            ids.append(row[1])
            names.append(row[2] if row[2] is not None else row[3] or row[1])
    if len(set(names)) < len(names):
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise reading.error(f"two nodes are called '{twice}', of whose connections nothing tells whose they are")
    if both := sorted((set(names) & set(ids)) - {n for n, i in zip(names, ids, strict=True) if n == i}):
        raise reading.error(f"'{both[0]}' is the name of one node and the number of another")
    graph = _parsed(lambda: nx.parse_pajek([line for line in lines if line.strip()]), "a network of Pajek", reading)
    if set(graph.nodes) != set(names):
        raise reading.error("has names of nodes that cannot be told apart from numbers or words between blanks")
    ordered = type(graph)()
    ordered.add_nodes_from((name, graph.nodes[name]) for name in names)
    ordered.add_edges_from(graph.edges(data=True))
    return _links(ordered, reading.name("variable"), {"id": "nodes"}, reading)


def _xml(path: Path, what: str, reading: Reading) -> ET.Element:
    with path.open("rb") as file:
        if b"<!ENTITY" in file.read(2000):
            raise reading.error("defines entities of XML, which are not read")
    return _parsed(lambda: ET.parse(path).getroot(), what, reading)


def _parsed(parse: Callable[[], Any], what: str, reading: Reading) -> Any:
    try:
        return parse()
    except Exception as error:  # of the parser, of networkx, or of a conversion
        raise reading.error(f"is not {what} ({error})") from error


def _tag(node: ET.Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _links(
    graph: Any, variable: str | None, dropped: Mapping[str, str], reading: Reading, labelled: str | None = None
) -> Links:
    """Return the connections of a graph of networkx; `labelled` is the attribute that its format has for names."""
    reading.says_its_direction()
    ids = list(map(str, graph.nodes))
    place = {node: k for k, node in enumerate(graph.nodes)}
    edges = list(graph.edges(data=True))
    attributes = list(dict.fromkeys(key for *_, of_edge in edges for key in of_edge))
    weight = _weight_of(edges, attributes, variable, reading)
    of_weight = "1 for each" if weight is None else f"'{weight}'"
    direction = "directed" if graph.is_directed() else "undirected"
    reading.say(f"a graph of {len(ids)} nodes, {direction} by what the file says of itself, weight {of_weight}")
    reading.unused("attributes of edges", (str(a) for a in attributes if a != weight and dropped.get(a) != "edges"))
    nodes: dict[str, list[Any]] = {}
    for key in dict.fromkeys(key for _, of_node in graph.nodes(data=True) for key in of_node):
        values = [of_node.get(key) for _, of_node in graph.nodes(data=True)]
        if any(isinstance(value, dict | list | tuple) for value in values) or key in _OF_PICTURES:
            reading.unused("attributes of nodes", [key])
        elif dropped.get(key) != "nodes":
            nodes[key] = values
    labels = _labels_of(nodes, ids, labelled, reading)
    if labels != ids:
        nodes.setdefault("id", ids)
    check_labels(labels, "a node", reading)
    ends = np.array([(place[s], place[t]) for s, t, _ in edges], dtype=int).reshape(-1, 2)
    weights = np.ones(len(edges)) if weight is None else np.array([float(of_edge[weight]) for *_, of_edge in edges])
    places = [f"edge {k} ('{labels[a]}', '{labels[b]}')" for k, (a, b) in enumerate(ends.tolist(), 1)]
    described = {key: _column(values) for key, values in nodes.items()}
    return Links(ends, weights, labels, places, described, directed=graph.is_directed())


def _weight_of(edges: list[Any], attributes: list[str], variable: str | None, reading: Reading) -> str | None:
    """Return the attribute of edges that has the weights, None if they have none."""

    def is_number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    if variable is not None:
        k = column(attributes, variable)
        if k is None and variable.lower() != "none":
            raise reading.error(f"'variable: {variable}' is no attribute of edges ({', '.join(attributes) or 'none'})")
        reading.decide(variable=reading.name("variable"))
        chosen = None if k is None else attributes[k]
    else:
        called = [name for name in attributes if name.lower() in CALLED[reading.quantity]]
        numeric = called or [
            name
            for name in attributes
            if name != "id" and all(is_number(value) for *_, e in edges if (value := e.get(name)) is not None)
        ]
        if len(numeric) == 1 and reading.quantity == "length":
            called = numeric
        if len(called) != 1 and numeric:
            raise reading.error(
                f"which attribute of edges is the weight ({', '.join(numeric)})? say 'variable: {numeric[0]}', or"
                " 'variable: none' if each is 1"
            )
        chosen = called[0] if called else None
        if reading.given.get("variable") is None:
            reading.decide(variable=chosen or "none")
    for source, target, of_edge in edges if chosen is not None else []:
        if not is_number(of_edge.get(chosen)):
            what = f"is '{of_edge[chosen]}', not a number" if chosen in of_edge else "is missing"
            raise reading.error(f"the {chosen} of the edge from '{source}' to '{target}' {what}")
    return chosen


def _labels_of(nodes: Mapping[str, list[Any]], ids: list[str], labelled: str | None, reading: Reading) -> list[str]:
    """Return what nodes are called: by the attribute ``labels``, by the only unique one, or by their ids."""
    unique = {
        key: list(map(str, values))
        for key, values in nodes.items()
        if None not in values and len(set(map(str, values))) == len(values)
    }
    wanted = reading.name("labels")
    if wanted in unique:
        reading.decide(labels=wanted)
        reading.say(f"nodes are called by their '{wanted}'")
        return unique[str(wanted)]
    if wanted == "id":
        reading.decide(labels="id")
        reading.say("nodes are called by their ids")
        return ids
    if wanted is not None:
        what = "is not different for every node" if wanted in nodes else "is no attribute of nodes"
        raise reading.error(f"'labels: {wanted}' {what} (these are: {', '.join(unique) or 'id'})")
    if labelled and labelled in nodes and labelled not in unique:
        values = list(map(str, nodes[labelled]))
        twice = next((value for k, value in enumerate(values) if value in values[:k]), "")
        raise reading.error(f"two nodes have the label '{twice}': they can be called by their ids, 'labels: id'")
    called = {k: v for k, v in unique.items() if v != ids and all(isinstance(value, str) for value in nodes[k])}
    words = {k: v for k, v in called.items() if all(map(texts.word, v))} or called
    different = {tuple(values): key for key, values in reversed(words.items())}
    if len(different) == 1:
        ((labels, key),) = different.items()
        reading.decide(labels=key)
        reading.say(f"nodes are called by their '{key}'")
        return list(labels)
    if different:
        listed = " or ".join(f"'labels: {key}'" for key in different.values())
        raise reading.error(f"what are its nodes called: {listed}, or 'labels: id'?")
    return ids


def _column(values: list[Any]) -> np.ndarray:
    """Return what nodes have of an attribute: numbers, if all have one, or texts."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values)
    return np.array(["" if value is None else str(value) for value in values])
