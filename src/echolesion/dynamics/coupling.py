r"""Where nodes meet: what they send along weighted, perhaps delayed connections is what others receive.

Of signal m, node j receives its drive u and what the nodes i sent,
:math:`r_{m,j}(t) = u_{m,j}(t) + \sum_i W_{ij} \, s_{m,i}(t - d_{ij})`. All delays d are 1 step unless the lengths of
tracts and a velocity set them. A delayed network takes a product for every different delay.
"""

from collections.abc import Mapping

import numpy as np
import torch
import xarray as xr
from torch import Tensor

#: Weights, source x target, of one network or a batch; those of every delay apart if there are several.
Weights = Tensor | Mapping[int, Tensor]


def delays(network: xr.Dataset) -> Tensor | None:
    """Return the delay of every connection in steps, shape (N, N), or None if all are 1."""
    if "delays" not in network:
        return None
    return torch.from_numpy(network["delays"].transpose("source", "target").values)


def by_delay(weights: Tensor, delays: Tensor | None) -> Weights:
    """Take weights of different delays apart.

    Parameters
    ----------
    weights : torch.Tensor, shape (..., N, N)
        Source x target.
    delays : torch.Tensor of int, shape (..., N, N), optional
        Delay of every connection, 1 or more steps; all are 1 by default.

    Returns
    -------
    torch.Tensor or dict of int to torch.Tensor
        The weights, or those of every delay, ascending.
    """
    if delays is None:
        return weights
    found = torch.unique(delays[weights != 0]).tolist() or [1]
    return {delay: torch.where(delays == delay, weights, 0) for delay in found}


def parts(weights: Weights) -> Mapping[int, Tensor]:
    """Return weights by delay, which is 1 step if they were not taken apart."""
    return weights if isinstance(weights, Mapping) else {1: weights}


def received(sent: np.ndarray, weights: np.ndarray, delays: Tensor | None) -> np.ndarray:
    """Return what is received of known signals.

    Parameters
    ----------
    sent : numpy.ndarray, shape (T + 1, ..., N)
        Signals before the first step, as they ever were before, and after each of T steps.
    weights : numpy.ndarray, shape (N, N)
        Source x target.
    delays : torch.Tensor of int, shape (N, N), optional
        As for `by_delay`.

    Returns
    -------
    numpy.ndarray, shape (T, ..., N)
        At every step.
    """
    before = np.arange(1, len(sent))
    total = np.zeros((len(sent) - 1, *sent.shape[1:]))
    for delay, part in parts(by_delay(torch.from_numpy(weights), delays)).items():
        carried = sent[np.maximum(before - delay, 0)]
        # As one product, not one for every step.
        total += (carried.reshape(-1, len(weights)) @ part.numpy()).reshape(total.shape)
    return total
