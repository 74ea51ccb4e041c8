"""Connectomes: what they are, and which of them can be used.

A connectome is an `xarray.DataArray` of weights with dims ``(source, target)`` and the node labels as
coordinates of both, so that its orientation travels with it.
"""

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.sparse import coo_array, csgraph, csr_array

from echolesion.connectome.connections import Connections, of_matrix


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


def check_weights(connectome: xr.DataArray | Connections, name: str = "connectome", logarithms: bool = False) -> None:
    """Refuse a connectome, prepared or not, that is none.

    Parameters
    ----------
    connectome : xarray.DataArray or Connections
        Dims ``(source, target)``.
    name : str
        Used in error messages.
    logarithms : bool
        Whether -inf is let pass, the logarithm of no connection.

    Raises
    ------
    ConnectomeError
        If it is empty, has one node, NaN or infinite weights, duplicate labels, or no connection.
    """
    if isinstance(connectome, xr.DataArray):
        if connectome.size == 0:
            raise ConnectomeError(f"{name}: the matrix is empty")
        if not connectome["source"].to_index().equals(connectome["target"].to_index()):
            raise ConnectomeError(f"{name}: source and target labels differ")
    found = of_matrix(connectome)
    labels, weights = found.nodes["source"].to_index(), found.weight
    if found.size == 0:
        raise ConnectomeError(f"{name}: the matrix is empty")
    if found.size == 1:
        raise ConnectomeError(f"{name}: one node is not a network")
    if labels.has_duplicates:
        raise ConnectomeError(f"{name}: label '{labels[labels.duplicated()][0]}' stands for more than one node")
    bad = np.flatnonzero(~(np.isfinite(weights) | (np.isneginf(weights) & logarithms)))
    if len(bad):
        source, target = labels[found.source[bad[0]]], labels[found.target[bad[0]]]
        raise ConnectomeError(
            f"{name}: {len(bad)} weights are not finite, first {weights[bad[0]]} from '{source}' to '{target}':"
            " write 0 where there is no connection; of logarithms, make 'transform: exp10' (or exp) the first step of"
            " preparation"
        )
    if not weights.any():
        raise ConnectomeError(f"{name}: all weights are 0")


def check(connectome: xr.DataArray | Connections, name: str = "connectome") -> None:
    """Refuse a connectome on which no reservoir can be built.

    Parameters
    ----------
    connectome : xarray.DataArray or Connections
        Dims ``(source, target)``.
    name : str
        Used in error messages.

    Raises
    ------
    ConnectomeError
        If it fails `check_weights`, or has no cycle: without one all eigenvalues are 0 (the matrix is nilpotent) and no
        spectral radius can be set.
    """
    check_weights(connectome, name)
    found = of_matrix(connectome)
    # The eigenvalues of a nilpotent matrix come out as rounding noise rather than 0; the graph tells for sure.
    alone = not found.weight[found.self_connected].any()
    if alone and components(found, "strong").max() == found.size - 1:
        raise ConnectomeError(
            f"{name}: the network has no cycle, so its matrix is nilpotent: its spectral radius is 0 and cannot be set"
        )


def components(weights: np.ndarray | Connections, kind: Literal["weak", "strong"]) -> np.ndarray:
    """Return the connected component of every node, a number from 0 on.

    Parameters
    ----------
    weights : numpy.ndarray, shape (N, N), or Connections
        Source x target.
    kind : {"weak", "strong"}
        Whether directions do not count, or a path must lead there and back.

    Returns
    -------
    numpy.ndarray of int, shape (N,)
        Numbers of the components.
    """
    if isinstance(weights, Connections):
        there, shape = weights.weight != 0, (weights.size, weights.size)
        ends = weights.source[there], weights.target[there]
        connected = csr_array(coo_array((np.ones(len(ends[0]), dtype=bool), ends), shape=shape))
    else:
        connected = csr_array(weights != 0)
    return np.asarray(csgraph.connected_components(connected, directed=True, connection=kind)[1])


def off_diagonal(size: int) -> np.ndarray:
    """Return the mask of all ordered pairs of different nodes, shape (N, N)."""
    return ~np.eye(size, dtype=bool)


def describe(connectome: xr.DataArray | Connections) -> dict[str, int | float | str]:
    """Describe a connectome in numbers and words.

    Parameters
    ----------
    connectome : xarray.DataArray or Connections
        Dims ``(source, target)``.

    Returns
    -------
    dict
        ``nodes``, ``connections`` (to other nodes), ``density``, their share of all ordered pairs, ``reciprocity``, the
        share of them that has a counterpart, ``strong_components``, and the attributes that are texts.
    """
    found = of_matrix(connectome)
    connected = found.weighted(np.where(found.self_connected, 0, found.weight))
    whole, back = connected.with_ways_back()
    there = whole.weight != 0
    size, count = found.size, int(there.sum())
    return {
        "nodes": size,
        "connections": count,
        "density": count / (size * (size - 1)),
        "reciprocity": float((there & there[back]).sum() / max(count, 1)),
        "strong_components": int(components(connected, "strong").max()) + 1,
    } | {str(key): value for key, value in connectome.attrs.items() if key not in ("long_name", "units")}


def summary(connectome: xr.DataArray | Connections) -> dict[str, int | float | str | list[str]]:
    """Say of a connectome what a user looks at first.

    Parameters
    ----------
    connectome : xarray.DataArray or Connections
        Dims ``(source, target)``.

    Returns
    -------
    dict
        ``nodes``, ``connections``, ``density``, ``reciprocity``, ``symmetric``, ``self_connections``, ``weights``
        (their range), ``negative``, ``tract_lengths`` (their range over connections, in mm, and how many have none),
        and the ``strongest`` nodes, by the sum of magnitudes of all their connections.
    """
    found = of_matrix(connectome)
    weights, there = found.weight, found.weight != 0
    sent, received = (np.bincount(ends, np.abs(weights), found.size) for ends in (found.source, found.target))
    strength = received + sent
    labels = found.labels
    strongest = [f"{labels[k]} ({strength[k]:.4g})" for k in np.argsort(-strength, kind="stable")[:5]]
    lengths = "none"
    if "tract_length" in found.pairs:
        of_connections = found.pairs["tract_length"][there]
        known = of_connections[of_connections > 0]
        lengths = f"{known.min():.4g} to {known.max():.4g} mm" if known.size else "all 0"
        lengths += f", of {of_connections.size - known.size} connections 0 or none"
    told = describe(found)
    whole, back = found.with_ways_back()
    return {key: told[key] for key in ("nodes", "connections", "density", "reciprocity")} | {
        "symmetric": "yes" if np.array_equal(whole.weight, whole.weight[back]) else "no",
        "self_connections": int(np.count_nonzero(weights[found.self_connected])),
        "weights": f"{weights[there].min():.4g} to {weights[there].max():.4g}",
        "negative": int((weights < 0).sum()),
        "tract_lengths": lengths,
        "strongest": strongest,
    }
