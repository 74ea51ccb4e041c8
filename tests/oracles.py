"""Plain numpy, written from the equations and definitions of docs/concepts.md: what the package is compared with."""

import numpy as np
from conftest import TASK

from echolesion import shapley
from echolesion.training import task


def arriving(network, states):
    """Return what arrives at the next step, source x target, after these states; before them was what is first."""
    weights = network["weights"].values
    delays = network["delays"].values.clip(1) if "delays" in network else np.ones(weights.shape, int)
    recent = np.array(states[-delays.max() :])
    return recent[-np.minimum(delays, len(recent)), np.arange(len(weights))[:, None]] * weights


def lesioned_states(network, inputs, intact):
    """Simulate one coalition in plain numpy; states of shape (T, N)."""
    feed = network["input_weights"].values
    leak, bias = network.attrs["leak"], network.attrs["bias"]
    states = [np.zeros(feed.shape[1])]
    for u in inputs:
        z = arriving(network, states).sum(axis=0) + u @ feed + bias
        states.append(intact * ((1 - leak) * states[-1] + leak * np.tanh(z)))
    return np.array(states[1:])


def enumerate_states(network, series):
    """Return the scored test states of every coalition, shape (2^N, T, N), by code of the coalition."""
    piece = task.split(series, "test")
    size = network.sizes["node"]
    coalitions = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
    return np.stack([lesioned_states(network, piece["input"].values, c)[TASK["washout"] :] for c in coalitions])


def exact_influence(states):
    """Return Shapley values of the target games, shape (source, target, time)."""
    size = states.shape[2]
    result = np.full((size, size, states.shape[1]), np.nan)
    for target in range(size):
        others = np.delete(np.arange(size), target)

        def game(coalitions, target=target, others=others):
            return states[coalitions @ (1 << others) + (1 << target), :, target]

        result[others, target] = shapley.exact(game, size - 1)
    return result
