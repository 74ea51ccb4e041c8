"""Plain numpy, written from the equations and definitions of docs/concepts.md: what the package is compared with."""

from math import comb

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


def run_coalition(network, trained, piece, intact, refit=False, rescale=False):
    """Run one coalition through all that comes before a split and the split itself, in any loop.

    Returns states (step, node) from before the first step on, what is heard (step, channel), the outputs of scored
    steps, and the factor of the weights.
    """
    intact = np.asarray(intact, float)
    there = network["weights"].values * intact[:, None] * intact
    radius = np.abs(np.linalg.eigvals(there)).max()
    scale = network.attrs["spectral_radius"] / radius if rescale and radius > 1e-9 else 1.0
    feed, leak, bias = network["input_weights"].values, network.attrs["leak"], network.attrs["bias"]
    inputs, truth, scored = (piece[name].values for name in ("input", "truth", "scored"))
    function, inverse = (np.tanh, np.arctanh) if piece.attrs["output"] == "tanh" else (np.asarray, np.asarray)
    readout, constant = trained["readout"].values, trained["constant"].values
    states, heard, outputs = [np.zeros(len(intact))], [], []
    for t, u in enumerate(inputs):
        if piece.attrs["loop"] != "open" and refit and t == int(np.argmax(scored)):
            x, y = np.array(states[1:])[piece["fitted"].values[:t]], inverse(truth[:t][piece["fitted"].values[:t]])
            inner = x.T @ x + trained.attrs["ridge"] * np.eye(len(intact))
            readout = np.linalg.pinv(x) @ y if trained.attrs["ridge"] == 0 else np.linalg.pinv(inner) @ x.T @ y
        own = scored[t] and piece.attrs["loop"] == "closed"
        last = outputs[-1] if outputs else truth[t - 1]
        heard.append(np.where(piece["feeds"].values >= 0, last[piece["feeds"].values], u) if own else u)
        z = scale * arriving(network, states).sum(axis=0) + heard[-1] @ feed + bias
        states.append(((1 - leak) * states[-1] + leak * np.tanh(z)) * intact)
        if scored[t]:
            outputs.append(function(states[-1] @ readout + constant))
    return np.array(states), np.array(heard), np.array(outputs), scale


def all_coalitions(network, trained, piece, **mended):
    """Run every coalition, by its code; see `run_coalition`."""
    codes = np.arange(2 ** network.sizes["node"])
    coalitions = codes[:, None] >> np.arange(network.sizes["node"]) & 1
    return [run_coalition(network, trained, piece, intact, **mended) for intact in coalitions]


def exact_direct(network, piece, runs):
    """Return the direct parts by their definition, shape (source, target, scored step).

    For every S with the target j and without the source i: j runs once more, from the first step of the whole run on.
    It hears what it heard in S, and every other node as in S, but for i, which it hears as i is in S + i, with the
    factor of the weights there. Its own connection, if it has one, carries what it does itself.
    """
    weights, feed = network["weights"].values, network["input_weights"].values
    leak, bias, size = network.attrs["leak"], network.attrs["bias"], len(weights)
    delays = network["delays"].values.clip(1) if "delays" in network else np.ones(weights.shape, int)
    scored = piece["scored"].values
    result = np.full((size, size, scored.sum()), np.nan)

    def sent(states, i, j, t):
        """Return what arrives of i at j at step t; before the first step it was as it was then."""
        return states[max(t + 1 - delays[i, j], 0)] * weights[i, j]

    for i in range(size):
        for j in np.delete(np.arange(size), i):
            total = np.zeros(scored.sum())
            for code, (states, heard, _, scale) in enumerate(runs):
                if code >> i & 1 or not code >> j & 1:
                    continue
                larger, _, _, larger_scale = runs[code | 1 << i]
                copy = [states[0, j]]
                for t, u in enumerate(heard):
                    others = sum(sent(states[:, k], k, j, t) for k in range(size) if k not in (i, j))
                    z = scale * (others + sent(copy, j, j, t)) + larger_scale * sent(larger[:, i], i, j, t)
                    copy.append((1 - leak) * copy[-1] + leak * np.tanh(z + u @ feed[:, j] + bias))
                difference = np.array(copy[1:])[scored] - states[1:, j][scored]
                total += difference / ((size - 1) * comb(size - 2, bin(code).count("1") - 1))
            result[i, j] = total
    return result
