"""Connectomes: what they are, and which of them can be used.

A connectome is an `xarray.DataArray` of weights with dims ``(source, target)`` and the node labels as
coordinates of both, so that its orientation travels with it.
"""

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.sparse import csgraph, csr_array


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


def check_weights(connectome: xr.DataArray, name: str = "connectome") -> None:
    """Refuse a connectome, prepared or not, that is none.

    Parameters
    ----------
    connectome : xarray.DataArray
        Dims ``(source, target)``.
    name : str
        Used in error messages.

    Raises
    ------
    ConnectomeError
        If it is empty, has one node, NaN or infinite weights, duplicate labels, or no connection.
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
            f"{name}: {len(bad)} weights are not finite, first {weights[i, j]} from '{labels[i]}' to '{labels[j]}':"
            " write 0 where there is no connection"
        )
    if not weights.any():
        raise ConnectomeError(f"{name}: all weights are 0")


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
        If it fails `check_weights`, or has no cycle: without one all eigenvalues are 0 (the matrix is nilpotent) and no
        spectral radius can be set.
    """
    check_weights(connectome, name)
    weights = connectome.transpose("source", "target").values
    # The eigenvalues of a nilpotent matrix come out as rounding noise rather than 0; the graph tells for sure.
    if not np.diag(weights).any() and components(weights, "strong").max() == len(weights) - 1:
        raise ConnectomeError(
            f"{name}: the network has no cycle, so its matrix is nilpotent: its spectral radius is 0 and cannot be set"
        )


def components(weights: np.ndarray, kind: Literal["weak", "strong"]) -> np.ndarray:
    """Return the connected component of every node, a number from 0 on.

    Parameters
    ----------
    weights : numpy.ndarray, shape (N, N)
        Source x target.
    kind : {"weak", "strong"}
        Whether directions do not count, or a path must lead there and back.

    Returns
    -------
    numpy.ndarray of int, shape (N,)
        Numbers of the components.
    """
    return np.asarray(csgraph.connected_components(csr_array(weights != 0), directed=True, connection=kind)[1])


def off_diagonal(size: int) -> np.ndarray:
    """Return the mask of all ordered pairs of different nodes, shape (N, N)."""
    return ~np.eye(size, dtype=bool)


def describe(connectome: xr.DataArray) -> dict[str, int | float | str]:
    """Describe a connectome in numbers and words.

    Parameters
    ----------
    connectome : xarray.DataArray
        Dims ``(source, target)``.

    Returns
    -------
    dict
        ``nodes``, ``connections`` (to other nodes), ``density``, their share of all ordered pairs, ``reciprocity``, the
        share of them that has a counterpart, ``strong_components``, and the attributes that are texts.
    """
    connected = connectome.transpose("source", "target").values != 0
    connected &= ~np.eye(len(connected), dtype=bool)
    size, count = len(connected), int(connected.sum())
    return {
        "nodes": size,
        "connections": count,
        "density": count / (size * (size - 1)),
        "reciprocity": float((connected & connected.T).sum() / max(count, 1)),
        "strong_components": int(components(connected, "strong").max()) + 1,
    } | {str(key): value for key, value in connectome.attrs.items() if key not in ("long_name", "units")}
