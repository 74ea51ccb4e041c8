"""How close lanes come to the machine's limit: the kernel alone, and whole sweeps, in units of their dense product."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import torch
from measure import SEED, interleaved, make, row

from echolesion import shapley, sweep
from echolesion.records import seeds
from echolesion.shapley.walks import sample
from echolesion.sweep import kernels, lanes, plans, simulation

STEPS = 100
SQUARE, PRODUCT = torch.randn(1000, 1000, generator=torch.Generator().manual_seed(SEED)), torch.empty(1000, 1000)
#: States of the chunk of walks that the kernel alone is timed with.
STATES = 2**21
#: Nodes, walks per batch, and how many times the time of its dense product at the peak a sweep may take.
WHOLE = ((100, 160, 3.2), (279, 20, 1.7))
#: Nodes, with 30 connections each, over which the exponent of a sweep's time is taken, and walks per batch.
SIZES = {279: 8, 500: 4, 1000: 4, 1500: 2, 3000: 2}


def peak() -> None:
    """Multiply large matrices: 10^10 products."""
    for _ in range(10):
        torch.mm(SQUARE, SQUARE, out=PRODUCT)


def kernel(size: int) -> tuple[Callable[[], None], float]:
    """Return a function that simulates prefixes of walks of all nodes, without what follows, and its dense products."""
    network, trained, piece = make(size, STEPS, density=1)
    problem = simulation.prepare(network, trained, piece, lesion="silence", device="cpu", dtype=torch.float32)
    engine = lanes.Lanes(problem, time_bins=1)
    engine.empty(1)
    prefixes = shapley.levels(size, 2)[0].prefixes
    level = shapley.levels(size, max(2, STATES // (prefixes * size) // 2 * 2))[0]
    walks = next(iter(sample(level, size, seeds.generator(SEED, "walks"), level.walks)))
    planned = lanes._plan(engine.made, level, walks, np.zeros((size, size)))
    planned = planned._replace(copy=np.zeros_like(planned.copy))
    room = lanes._room(engine.made, planned)
    # All is washout: nothing is read out, or added to sums.
    schedule = lanes.schedule(STEPS, np.zeros(1, int))
    sums = (engine.batch.influence, engine.batch.direct, engine.batch.sampled)
    totals = plans.Totals(*sums, np.zeros(16, np.float32), engine.made.bins, engine.made.steps)
    advance = kernels.kernel(engine.made.kind, planned.together, dense=True)

    def run() -> None:
        advance(engine.made.network, planned, schedule, room, totals, 0, len(schedule.first_bin) - 1)

    return run, float(STEPS * level.walks * level.prefixes * size**2)


def kernel_share(size: int) -> dict[str, Any]:
    """Return the row of the kernel at density 1."""
    run, products = kernel(size)
    seconds = interleaved({"kernel": run, "peak": peak}, 15)
    share = products / seconds["kernel"] / (1e10 / seconds["peak"])
    return row("kernel on prefixes, share of the product peak", f"N = {size}, density 1", share, at_least=0.6)


def whole(size: int, walks: int, at_most: float) -> dict[str, Any]:
    """Return the row of a whole sweep in units of its dense product at the peak."""
    made = make(size, STEPS)
    simulated = made[2].sizes["time"]
    products = simulated * sum(of.walks * of.prefixes * of.length**2 for of in shapley.levels(size, walks))
    seconds = interleaved(
        {"sweep": lambda: sweep.run(*made, seed=SEED, batches=[0], walks=walks, time_bins=STEPS // 2), "peak": peak}, 9
    )
    units = seconds["sweep"] / (products / (1e10 / seconds["peak"]))
    return row("whole sweep in units of its dense product", f"N = {size}, density 0.1", units, "x", at_most=at_most)


def exponent() -> list[dict[str, Any]]:
    """Return the rows of the time per walk of full length over the number of nodes, and its exponent."""
    times = {}
    for size, walks in SIZES.items():
        made = make(size, STEPS, density=30 / size)

        def run(made: Any = made, walks: int = walks) -> float:
            start = perf_counter()
            sweep.run(*made, seed=SEED, batches=[0], walks=walks, time_bins=50)
            return (perf_counter() - start) / walks

        run()
        times[size] = np.array([run() for _ in range(3)])
    logs = np.log([[size, time] for size, of in times.items() for time in of])
    slope = np.polyfit(logs[:, 0], logs[:, 1], 1)[0]
    rows = [row("time per walk, 30 connections a node, 50 bins", f"N = {size}", of, "s") for size, of in times.items()]
    return [*rows, row("exponent of that time in N", "N = 279 to 3,000", slope, at_most=2.15)]


def measure() -> list[dict[str, Any]]:
    """Return the rows of all sizes."""
    rows = [kernel_share(size) for size in (100, 200, 279, 400, 500)]
    return [*rows, *(whole(*case) for case in WHOLE), *exponent()]
