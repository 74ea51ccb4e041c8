"""Lesions: what a node does while it is lesioned.

Every kind but one holds lesioned nodes at an activity that does not depend on the others, known before anything is
simulated. So of a walk's coalitions only the sub-network of the walk's nodes need be simulated; what the nodes outside
send is part of the drive. A node whose outgoing connections are cut listens on: it has no say in any other node's
activity, but its own is read out. Cutting a node's outgoing connections and silencing it are so the same for the
influence between nodes and differ for contributions to the read-out.
"""

import numpy as np
import xarray as xr

from echolesion.dynamics import coupling, nodes, reservoir

#: Kinds of lesion and what a lesioned node does.
LESIONS = {
    "silence": "its activity is 0",
    "mean": "its activity is held at its mean over the scored steps of the intact network",
    "outgoing": "its outgoing connections are cut; it receives and is read out as before",
    "incoming": "its incoming connections are cut; it gets the input, sends and is read out as before",
}


def held(
    network: xr.Dataset, piece: xr.Dataset, lesion: str, node: nodes.NodeDynamics
) -> tuple[np.ndarray, np.ndarray]:
    """Return what lesioned nodes send, and the activity they are held at.

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    piece : xarray.Dataset
        A split of the task, from `task.split`.
    lesion : str
        Key of `LESIONS`.
    node : nodes.NodeDynamics
        The kind of the nodes.

    Returns
    -------
    signals : numpy.ndarray, shape (T + 1, M, node)
        Before the first step and after each of the T steps.
    activity : numpy.ndarray, shape (T + 1, node)
        The same of what is watched.

    Raises
    ------
    ValueError
        If the kind of lesion is unknown.
    """
    if lesion not in LESIONS:
        raise ValueError(f"unknown lesion '{lesion}' (allowed: {', '.join(LESIONS)})")
    steps, size = piece.sizes["time"], network.sizes["node"]
    signals, activity = np.zeros((steps + 1, node.signals, size)), np.zeros((steps + 1, size))
    if lesion == "mean":
        scored = piece["scored"].values
        sent, watched = _run(network, piece, node)
        signals[:], activity[:] = sent[1:][scored].mean(axis=0), watched[scored].mean(axis=0)
    elif lesion == "incoming":
        signals, activity[1:] = _run(_unconnected(network), piece, node)
    return signals, activity


def read_out_activity(network: xr.Dataset, piece: xr.Dataset, lesion: str, node: nodes.NodeDynamics) -> np.ndarray:
    """Return the activity that is read out when all nodes are lesioned, shape (T, node).

    Parameters
    ----------
    network, piece, lesion, node
        As for `held`.
    """
    if lesion == "outgoing":
        return _run(_unconnected(network), piece, node)[1]
    return held(network, piece, lesion, node)[1][1:]


def _unconnected(network: xr.Dataset) -> xr.Dataset:
    """Return nodes that hear nothing but the input."""
    return network.assign(weights=xr.zeros_like(network["weights"]))


def _run(network: xr.Dataset, piece: xr.Dataset, node: nodes.NodeDynamics) -> tuple[np.ndarray, np.ndarray]:
    weights = network["weights"].transpose("source", "target").values
    return nodes.run_intact(node, weights, coupling.delays(network), reservoir.drive(network, piece["input"]))
