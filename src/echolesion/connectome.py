"""Connectomes: load, generate, check and weight them.

A connectome is an `xarray.DataArray` of weights with dims ``(source, target)`` and the node labels as
coordinates of both, so that its orientation travels with it.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from echolesion import formats, published

#: Graph models that a catalogue entry may name, by the word for each there; of networkx, but for the published ones.
GENERATORS: dict[str, Callable[..., Any]] = {
    "small_world": nx.connected_watts_strogatz_graph,
    "ring_lattice": nx.watts_strogatz_graph,
    "erdos_renyi": nx.gnp_random_graph,
    "scale_free": nx.barabasi_albert_graph,
    "modular": nx.planted_partition_graph,
    "published": published.small_world,
    "frequency_generator": published.frequency_generator,
}
WEIGHTINGS = ("own", "random_signed", "rank_signed")

log = logging.getLogger(__name__)


class ConnectomeError(ValueError):
    """A connectome that cannot be used, with the reason in one line."""


def from_matrix(weights: ArrayLike, labels: ArrayLike | None = None, name: str = "connectome") -> xr.DataArray:
    """Make a labelled connectome of a matrix and check it.

    Parameters
    ----------
    weights : array_like, shape (N, N)
        ``weights[i, j]`` is the weight of the connection from node i (source) to node j (target).
    labels : array_like of str, shape (N,), optional
        Node labels; "0", "1", ... by default.
    name : str
        Used in error messages.

    Returns
    -------
    xarray.DataArray
        Dims ``(source, target)``, float64, checked by `check`.

    Raises
    ------
    ConnectomeError
        If the matrix or its labels are not usable; see `check`.
    """
    try:
        matrix = np.asarray(weights, dtype=float)
    except (TypeError, ValueError) as error:
        raise ConnectomeError(f"{name}: the weights are not real numbers ({error})") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        shape = " x ".join(map(str, matrix.shape))
        raise ConnectomeError(f"{name}: the matrix is not square ({shape})")
    size = matrix.shape[0]
    names = np.arange(size).astype(str) if labels is None else np.asarray(labels).astype(str)
    if names.shape != (size,):
        raise ConnectomeError(f"{name}: {names.size} labels for {size} nodes")
    connectome = xr.DataArray(
        matrix,
        dims=("source", "target"),
        coords={"source": names, "target": names},
        name="weight",
        attrs={"long_name": "weight of the connection from source to target", "units": "1"},
    )
    check(connectome, name)
    return connectome


def check(connectome: xr.DataArray, name: str = "connectome") -> None:
    """Refuse a connectome on which no reservoir can be built.

    Parameters
    ----------
    connectome : xarray.DataArray
        Dims ``(source, target)``.
    name : str
        Used in error messages.

    Raises
    ------
    ConnectomeError
        If it is empty, has one node, NaN or infinite weights, duplicate labels, no connection, or no cycle: without
        a cycle all eigenvalues are 0 (the matrix is nilpotent) and no spectral radius can be set.
    """
    weights = connectome.transpose("source", "target").values
    labels = connectome["source"].to_index()
    if weights.size == 0:
        raise ConnectomeError(f"{name}: the matrix is empty")
    if len(weights) == 1:
        raise ConnectomeError(f"{name}: one node is not a network")
    if not labels.equals(connectome["target"].to_index()):
        raise ConnectomeError(f"{name}: source and target labels differ")
    if labels.has_duplicates:
        raise ConnectomeError(f"{name}: label '{labels[labels.duplicated()][0]}' stands for more than one node")
    bad = np.argwhere(~np.isfinite(weights))
    if len(bad):
        i, j = bad[0]
        raise ConnectomeError(
            f"{name}: {len(bad)} weights are not finite, first {weights[i, j]} from '{labels[i]}' to '{labels[j]}'"
        )
    if not weights.any():
        raise ConnectomeError(f"{name}: all weights are 0")
    # The eigenvalues of a nilpotent matrix come out as rounding noise rather than 0; the graph tells for sure.
    if nx.is_directed_acyclic_graph(nx.from_numpy_array(weights != 0, create_using=nx.DiGraph)):
        raise ConnectomeError(
            f"{name}: the network has no cycle, so its matrix is nilpotent: its spectral radius is 0 and cannot be set"
        )


def read_edges(edges: Path, nodes: Path, name: str) -> xr.DataArray:
    """Read a connectome from a table of connections and a table of nodes.

    Parameters
    ----------
    edges : pathlib.Path
        CSV with the columns ``source``, ``target`` (labels) and ``weight``.
    nodes : pathlib.Path
        CSV with the column ``label``; it fixes the order of the nodes. Other columns become coordinates.
    name : str
        Used in error messages.

    Returns
    -------
    xarray.DataArray
        Dims ``(source, target)``, checked by `check`.

    Raises
    ------
    ConnectomeError
        If a connection names an unknown node or stands twice, or the matrix fails `check`.
    FileNotFoundError
        If a file is missing.
    """
    # As text: a node may be called "NA" or "007".
    node_table, edge_table = (pd.read_csv(file, dtype=str, keep_default_na=False) for file in (nodes, edges))
    for table, file, columns in (
        (node_table, nodes, {"label"}),
        (edge_table, edges, {"source", "target", "weight"}),
    ):
        if missing := columns - set(table.columns):
            raise ConnectomeError(f"{name}: {file.name} has no column '{min(missing)}'")
    labels = pd.Index(node_table["label"])
    if labels.has_duplicates:
        raise ConnectomeError(f"{name}: label '{labels[labels.duplicated()][0]}' stands for more than one node")
    place = {end: labels.get_indexer(pd.Index(edge_table[end])) for end in ("source", "target")}
    for end, index in place.items():
        if (index < 0).any():
            raise ConnectomeError(f"{name}: {end} '{edge_table[end][index < 0].iloc[0]}' is not in {nodes.name}")
    if edge_table.duplicated(["source", "target"]).any():
        twice = edge_table[edge_table.duplicated(["source", "target"])].iloc[0]
        raise ConnectomeError(f"{name}: the connection from '{twice.source}' to '{twice.target}' stands twice")
    weight = pd.to_numeric(edge_table["weight"], errors="coerce").to_numpy(float)
    matrix = np.zeros((len(labels), len(labels)))
    matrix[place["source"], place["target"]] = weight
    connectome = from_matrix(matrix, labels, name)
    properties = {column: ("source", node_table[column]) for column in node_table.columns if column != "label"}
    return connectome.assign_coords(properties)


def generate(model: str, parameters: Mapping[str, Any], name: str) -> xr.DataArray:
    """Generate a connectome from a seeded graph model of networkx.

    Parameters
    ----------
    model : str
        Key of `GENERATORS`.
    parameters : mapping
        Arguments of the networkx function, e.g. ``n``, ``k``, ``p``, ``seed``.
    name : str
        Used in error messages.

    Returns
    -------
    xarray.DataArray
        Weights 0 and 1, but of ``published``; an undirected edge stands in both directions.

    Raises
    ------
    ConnectomeError
        If the parameters do not fit the model or the graph fails `check`.
    """
    try:
        graph = GENERATORS[model](**parameters)
    except (TypeError, ValueError, nx.NetworkXException) as error:
        raise ConnectomeError(f"{name}: {model} does not take {dict(parameters)} ({error})") from error
    connectome = from_matrix(nx.to_numpy_array(graph), name=name)
    properties = pd.DataFrame.from_dict(dict(graph.nodes(data=True)), orient="index")
    return connectome.assign_coords({str(name): ("source", properties[name]) for name in properties})


def load(entry: Mapping[str, Any], name: str, folder: Path) -> xr.DataArray:
    """Load or generate the connectome of a catalogue entry.

    Parameters
    ----------
    entry : mapping
        An entry of ``config/connectomes.yaml``: ``folder`` (with ``edges.csv`` and ``nodes.csv``), ``file`` (see
        `formats.read`; perhaps with ``orientation`` and ``variable``), or ``model`` and ``parameters``.
    name : str
        Its key, used in error messages.
    folder : pathlib.Path
        Where relative paths start.

    Returns
    -------
    xarray.DataArray
        The connectome as measured, dims ``(source, target)``.

    Raises
    ------
    ConnectomeError, FileNotFoundError, formats.FormatError
        See `read_edges`, `generate` and `formats.read`.
    """
    if "file" in entry:
        connectome = formats.read(folder / entry["file"], entry.get("orientation"), entry.get("variable"))
        check(connectome, name)
        return connectome
    if "model" in entry:
        return generate(entry["model"], entry["parameters"], name)
    return read_edges(folder / entry["folder"] / "edges.csv", folder / entry["folder"] / "nodes.csv", name)


def prepare(
    measured: xr.DataArray,
    weighting: str,
    threshold: float,
    rng: np.random.Generator,
    name: str = "connectome",
) -> xr.DataArray:
    """Drop self-connections and weak connections, then weight the rest.

    Parameters
    ----------
    measured : xarray.DataArray
        Weights as measured, dims ``(source, target)``.
    weighting : {"own", "random_signed", "rank_signed"}
        ``own`` keeps the measured weights. The other two draw a value from the uniform distribution on
        [-0.5, 0.5] for every connection. ``random_signed`` leaves them where they fall; ``rank_signed`` sorts
        them by magnitude, so that the strongest measured connection gets the largest magnitude (ties at
        random) and signs stay random.
    threshold : float
        Connections with a measured magnitude below it are dropped; 0 keeps all.
    rng : numpy.random.Generator
        Source of the drawn values.
    name : str
        Used in error messages.

    Returns
    -------
    xarray.DataArray
        Same dims; every change is told in the attribute ``history``.

    Raises
    ------
    ConnectomeError
        If the weighting is unknown or nothing usable is left.
    """
    if weighting not in WEIGHTINGS:
        raise ConnectomeError(f"{name}: unknown weighting '{weighting}' (allowed: {', '.join(WEIGHTINGS)})")
    weights = measured.transpose("source", "target").values.copy()
    loops = np.count_nonzero(np.diag(weights))
    np.fill_diagonal(weights, 0)
    weak = (weights != 0) & (np.abs(weights) < threshold)
    weights[weak] = 0
    connected = weights != 0
    if weighting != "own":
        drawn = rng.uniform(-0.5, 0.5, int(connected.sum()))
        if weighting == "rank_signed":
            magnitude = np.abs(weights[connected])
            # A random second key breaks ties: equal measured weights must not be ordered by node number.
            order = np.lexsort((rng.random(magnitude.size), magnitude))
            ranked = np.empty_like(drawn)
            ranked[order] = drawn[np.argsort(np.abs(drawn))]
            drawn = ranked
        weights[connected] = drawn
    steps = [
        f"dropped {loops} self-connections",
        f"dropped {int(weak.sum())} connections below {threshold:g}",
        f"weighted {int(connected.sum())} connections: {weighting}",
    ]
    prepared = measured.copy(data=weights).assign_attrs(history="; ".join(steps))
    log.info("%s: %d nodes, %s", name, len(weights), prepared.attrs["history"])
    check(prepared, name)
    return prepared
