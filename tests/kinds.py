"""Two more kinds of nodes: as the sweep takes them, and in plain Python, written from their equations.

A linear node and a Stuart-Landau oscillator coupled by differences, both in Euler steps of D, drives u given::

    x(t) = x(t-1) + D (-x(t-1) + sum_i W_ij x_i(t-d_ij) + u(t))

    x(t) = x(t-1) + D ((A - x^2 - y^2) x - Q y + sum_i W_ij (x_i(t-d_ij) - x(t-1)) + u(t))
    y(t) = y(t-1) + D ((A - x^2 - y^2) y + Q x + v(t))

with x and y of step t - 1. A lesioned node i is in no sum (silence), or its x_i is its mean over the scored steps of
the intact network (mean). Before the first step every node was where it starts.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from math import comb
from pathlib import Path

import numpy as np
import oracles
import torch
import xarray as xr
from conftest import TASK, make_network
from numba import njit

from echolesion.dynamics.nodes import Compiled
from echolesion.dynamics.vectors import filled, fma
from echolesion.records.compilation import INNER
from echolesion.training import task

#: Names compiled code, which is kept on disk: of this text.
TEXT = sha256(Path(__file__).read_bytes()).hexdigest()[:12]
LINEAR_STEP, STEP, GROWTH, TURN = 0.4, 0.3, 0.2, 1.1


class Linear:
    start, signals, channels, scale, rest = (0.0,), 1, 1, 1.0, 0.0

    def send(self, state):
        return state

    def receive(self, state, received, out):  # noqa: ARG002
        return received

    def step(self, state, made):
        state += LINEAR_STEP * (made - state)

    def watch(self, state):
        return state[0]

    def compiled(self):
        return Compiled(f"linear-{TEXT}", linear_step, (0.0,), 0, 1, 1)


class StuartLandau:
    """It sends x and a constant 1; the third channel is the drive of y. Rows of lanes: x, 1 and y."""

    start, signals, channels, scale, rest = (0.3, -0.1), 2, 3, 1.0, 0.0

    def send(self, state):
        return torch.stack([state[0], torch.ones_like(state[0])])

    def receive(self, state, received, out):
        torch.mul(received[1], state[0], out=out[0])
        torch.sub(received[0], out[0], out=out[0])
        out[1] = received[2]
        return out

    def step(self, state, made):
        x, y = state.clone()
        grown = GROWTH - x**2 - y**2
        state[0] += STEP * (grown * x - TURN * y + made[0])
        state[1] += STEP * (grown * y + TURN * x + made[1])

    def watch(self, state):
        return state[0]

    def compiled(self):
        return Compiled(f"oscillator-{TEXT}", oscillator_step, (0.3, 1.0, -0.1), 0, 2, 3)


class Bounded(Linear):
    """It sends x / (1 + x^2) of what is watched, which is no signal itself."""

    start = (0.2,)

    def send(self, state):
        return state / (1 + state**2)

    def compiled(self):
        return Compiled(f"bounded-{TEXT}", bounded_step, (0.2, 0.2 / 1.04), 1, 1, 1)


@njit(**INNER)
def linear_step(rows, received, held, parameters):  # noqa: ARG001
    x = rows[0] + held[0]
    return (fma(LINEAR_STEP, received[0] - x, x) - held[0],)


@njit(**INNER)
def oscillator_step(rows, received, held, parameters):  # noqa: ARG001
    x, y = rows[0] + held[0], rows[2]
    grown = GROWTH - x * x - y * y
    made = received[0] - received[1] * x
    return (
        x + STEP * (grown * x - TURN * y + made) - held[0],
        filled(x, 1.0) - held[1],
        y + STEP * (grown * y + TURN * x + received[2]),
    )


@njit(**INNER)
def bounded_step(rows, received, held, parameters):  # noqa: ARG001
    x = rows[0] + held[0]
    x = fma(LINEAR_STEP, received[0] - x, x)
    return x - held[0], x / (x * x + 1.0) - held[1]


KINDS = {"linear": Linear(), "oscillator": StuartLandau()}
#: Beyond those that are enumerated.
MORE_KINDS = KINDS | {"bounded": Bounded()}


@dataclass(frozen=True)
class Plain:
    """A network in plain Python: what others send, the lesioned ones included, is a mapping to series of x."""

    kind: str
    weights: np.ndarray
    delays: np.ndarray
    drives: np.ndarray  # (T, channels, N)

    def next_state(self, j, state, heard, t):
        """Return the state of j after step t; ``heard`` are the series of x, from before the first step, of senders."""
        x, y = state
        sums = 0.0
        for i, series in heard.items():
            sent = series[max(t + 1 - self.delays[i, j], 0)]
            sums += self.weights[i, j] * (sent - x if self.kind == "oscillator" else sent)
        if self.kind == "linear":
            return x + LINEAR_STEP * (-x + sums + self.drives[t, 0, j]), y
        grown = GROWTH - x * x - y * y
        return (
            x + STEP * (grown * x - TURN * y + sums + self.drives[t, 0, j]),
            y + STEP * (grown * y + TURN * x + self.drives[t, 2, j]),
        )

    def start(self):
        return (0.0, 0.0) if self.kind == "linear" else (0.3, -0.1)

    def run(self, intact, held):
        """Return x of all nodes from before the first step on, shape (T + 1, N), held where they are lesioned."""
        size, steps = len(self.weights), len(self.drives)
        states = {j: self.start() for j in intact}
        series = {j: [states[j][0]] for j in intact} | {
            j: [m] * (steps + 1) for j, m in held.items() if j not in intact
        }
        for t in range(steps):
            states = {j: self.next_state(j, states[j], series, t) for j in intact}
            for j in intact:
                series[j].append(states[j][0])
        return np.array([series.get(j, [0.0] * (steps + 1)) for j in range(size)]).T

    def copy(self, j, intact, i, smaller, larger, held):
        """Return x of j, intact with others, that hears all as in S but i as in S + i, and itself."""
        heard = {k: smaller[:, k] for k in {*intact, *held} if k not in (i, j)}
        heard[i] = larger[:, i]
        state, series = self.start(), [self.start()[0]]
        for t in range(len(self.drives)):
            state = self.next_state(j, state, heard | {j: series}, t)
            series.append(state[0])
        return np.array(series)


def network_of(kind, size, longest=None, itself=False, seed=3):
    """Return network, read-out and split with common noise for drives."""
    network, trained, series = make_network(size, seed=seed, longest=longest)
    rng = np.random.default_rng(seed)
    piece = task.split(series, "test")
    node, steps = MORE_KINDS[kind], piece.sizes["time"]
    weights = network["weights"].values * 0.8
    if itself:
        np.fill_diagonal(weights, rng.uniform(-0.4, 0.4, size))
        if longest:
            np.fill_diagonal(network["delays"].values, rng.integers(1, longest + 1, size))
    driven = [0, 2] if kind == "oscillator" else [0]
    feed = np.zeros((node.channels, len(driven) * size, size))
    for place, channel in enumerate(driven):
        feed[channel, place * size : (place + 1) * size] = np.eye(size)
    names = [f"noise {k}" for k in range(len(driven) * size)]
    network = network.drop_vars("input_weights").drop_dims("channel", errors="ignore")
    network = network.assign(
        weights=(("source", "target"), weights),
        input_weights=xr.DataArray(feed, dims=("received", "channel", "node"), coords={"channel": names}),
    ).assign_attrs(bias=0.0)
    piece = piece.drop_dims("channel").assign(
        input=(("time", "channel"), rng.normal(0, 0.7, (steps, len(names)))),
        feeds=("channel", np.full(len(names), -1)),
    )
    trained = trained.copy(deep=True)
    trained["readout"][:] = rng.normal(size=trained["readout"].shape)
    return network, trained, piece.assign_coords(channel=names)


@cache
def enumerated(kind, size=5, longest=None, itself=False, lesion="silence"):
    """Return network, read-out, split, and by part what enumeration gives, shape (source, target, scored step)."""
    network, trained, piece = network_of(kind, size, longest, itself)
    delays = network["delays"].values.clip(1) if longest else np.ones((size, size), int)
    drives = np.einsum("tc,rcn->trn", piece["input"].values, network["input_weights"].values)
    plain, scored = Plain(kind, network["weights"].values, delays, drives), piece["scored"].values
    held = {}
    if lesion == "mean":
        held = dict(enumerate(plain.run(range(size), {})[1:][scored].mean(axis=0)))
    members = [[j for j in range(size) if code >> j & 1] for code in range(2**size)]
    runs = [plain.run(intact, held) for intact in members]
    whole = oracles.exact_influence(np.array([states[1:][scored] for states in runs]))
    direct = np.full_like(whole, np.nan)
    for i in range(size):
        for j in np.delete(np.arange(size), i):
            total = np.zeros(scored.sum())
            for code, intact in enumerate(members):
                if code >> i & 1 or not code >> j & 1:
                    continue
                copy = plain.copy(j, intact, i, runs[code], runs[code | 1 << i], held)
                difference = copy[1:][scored] - runs[code][1:, j][scored]
                total += difference / ((size - 1) * comb(size - 2, len(intact) - 1))
            direct[i, j] = total
    return network, trained, piece, {"influence": whole, "direct": direct, "indirect": whole - direct}


assert TASK["washout"] > 0  # the scored steps are not all
