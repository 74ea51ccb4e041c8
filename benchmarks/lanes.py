"""How much faster lanes are than tensors: whole sweeps with split and read-out, in turn in one process."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from measure import SEED, interleaved, make, row, train, worm

from echolesion import shapley, sweep

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import kinds

ROOT = Path(__file__).parents[1]
STEPS = 100
#: Nodes, density, walks per batch, as many as make what a sweep does once not matter, and the ratio to reach.
RANDOM = ((36, 0.1, 1000, 2.7), (100, 0.1, 160, 3.0), (279, 0.1, 20, 2.3), (1000, 0.02, 4, 4.0))


def ratios(case: str, made: tuple[xr.Dataset, ...], walks: int, at_least: float) -> list[dict[str, Any]]:
    """Return the ratios of times of a sweep, tensors to lanes, and what a state costs in lanes."""
    size, simulated = made[0].sizes["node"], made[2].sizes["time"]
    levels = shapley.levels(size, walks)
    states = simulated * sum(level.walks * level.prefixes * (level.smallest + level.length) / 2 for level in levels)
    rows = []
    for bins in (STEPS // 2, STEPS):

        def run(engine: str, bins: int = bins) -> None:
            sweep.run(*made, seed=SEED, batches=[0], walks=walks, time_bins=bins, engine=engine)

        seconds = interleaved({engine: lambda engine=engine: run(engine) for engine in ("lanes", "torch")}, 5)
        ratio, where = seconds["torch"] / seconds["lanes"], f"{case}, {bins} bins"
        rows += [
            row("lanes against tensors, whole sweep", where, ratio, at_least=at_least),
            row("a state in lanes", where, seconds["lanes"] / states * 1e9, "ns"),
        ]
    return rows


def of_kind(kind: str, size: int = 100, walks: int = 40) -> dict[str, Any]:
    """Return the row of another kind of node, with drives of its own for every node."""
    network, trained, piece = kinds.network_of(kind, size)
    sparse = make(size, STEPS)[0]["weights"].values
    network = network.assign(weights=(("source", "target"), sparse * 0.5 / 0.9))

    def run(engine: str) -> None:
        sweep.run(network, trained, piece, seed=SEED, batches=[0], walks=walks, node=kinds.KINDS[kind], engine=engine)

    seconds = interleaved({engine: lambda engine=engine: run(engine) for engine in ("lanes", "torch")}, 5)
    case = f"{kind}, N = {size}, density 0.1, {piece.sizes['time']} steps"
    return row("lanes against tensors, other kinds of nodes", case, seconds["torch"] / seconds["lanes"])


def measure() -> list[dict[str, Any]]:
    """Return the rows of all networks, and the machine's load before and after."""
    loads, rows = [os.getloadavg()[0]], []
    for size, density, walks, at_least in RANDOM:
        rows += ratios(f"N = {size}, density {density}", make(size, STEPS, density), walks, at_least)
    rows += ratios("celegans279", train(worm("random_signed"), STEPS), 20, 2.5)
    rows += [of_kind(kind) for kind in kinds.KINDS]
    loads.append(os.getloadavg()[0])
    return [*rows, row("load of the machine before and after", "1 while it measures", np.array(loads))]
