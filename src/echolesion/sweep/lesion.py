"""Lesions: what a node does while it is lesioned.

Every kind but one holds lesioned nodes at an activity that does not depend on the others, known before anything is
simulated. So of a walk's coalitions only the sub-network of the walk's nodes need be simulated; what the nodes outside
send is part of the drive. A node whose outgoing connections are cut listens on: it has no say in any other node's
activity, but its own is read out. Cutting a node's outgoing connections and silencing it are so the same for the
influence between nodes and differ for contributions to the read-out.
"""

import numpy as np
import xarray as xr

from echolesion.dynamics import reservoir

#: Kinds of lesion and what a lesioned node does.
LESIONS = {
    "silence": "its activity is 0",
    "mean": "its activity is held at its mean over the scored steps of the intact network",
    "outgoing": "its outgoing connections are cut; it receives and is read out as before",
    "incoming": "its incoming connections are cut; it gets the input, sends and is read out as before",
}


def held_activity(network: xr.Dataset, piece: xr.Dataset, lesion: str) -> np.ndarray:
    """Return what lesioned nodes send.

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    piece : xarray.Dataset
        A split of the task, from `task.split`.
    lesion : str
        Key of `LESIONS`.

    Returns
    -------
    numpy.ndarray, shape (T + 1, node)
        Activity before the first step and after each of the T steps.

    Raises
    ------
    ValueError
        If the kind of lesion is unknown.
    """
    if lesion not in LESIONS:
        raise ValueError(f"unknown lesion '{lesion}' (allowed: {', '.join(LESIONS)})")
    held = np.zeros((piece.sizes["time"] + 1, network.sizes["node"]))
    if lesion == "mean":
        states = reservoir.simulate(network, piece["input"]).values
        held[:] = states[piece["scored"].values].mean(axis=0)
    elif lesion == "incoming":
        held[1:] = _unconnected(network, piece)
    return held


def read_out_activity(network: xr.Dataset, piece: xr.Dataset, lesion: str) -> np.ndarray:
    """Return the activity that is read out when all nodes are lesioned, shape (T, node).

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    piece : xarray.Dataset
        A split of the task.
    lesion : str
        Key of `LESIONS`.
    """
    if lesion == "outgoing":
        return _unconnected(network, piece)
    return held_activity(network, piece, lesion)[1:]


def _unconnected(network: xr.Dataset, piece: xr.Dataset) -> np.ndarray:
    """Return the activity of nodes that hear nothing but the input."""
    alone = network.assign(weights=xr.zeros_like(network["weights"]))
    return reservoir.simulate(alone, piece["input"]).values
