"""The echo state property: whether a network forgets its start."""

import numpy as np

#: Largest `start_left` at which a reservoir counts as having forgotten its start.
FORGOTTEN = 0.05


def start_left(states: np.ndarray, others: np.ndarray) -> float:
    """Return how much of its start a reservoir remembers: nothing, if it has the echo state property (Jaeger 2001).

    Parameters
    ----------
    states, others : numpy.ndarray, shape (..., N)
        States of one reservoir after the same input from different starts.

    Returns
    -------
    float
        Largest difference over the largest state; 0 when the start is forgotten.
    """
    return float(np.abs(states - others).max() / np.abs(states).max().clip(np.finfo(float).tiny))
