"""How close the simulation is to the machine's limit, and how much of a sweep is simulation."""

from typing import Any

import torch
from measure import SEED, interleaved, make, row

from echolesion import shapley, sweep
from echolesion.dynamics import reservoir
from echolesion.records import seeds
from echolesion.sweep import simulation
from echolesion.sweep.sums import walks_at_once

STEPS = 100


def kernel_share(size: int) -> list[dict[str, Any]]:
    """Compare the simulation of whole networks with a product of large matrices."""
    network, trained, piece = make(size, STEPS)
    problem = simulation.prepare(network, trained, piece, lesion="silence", device="cpu", dtype=torch.float32)
    padded = len(problem.weights)
    rows = simulation.STATES_AT_ONCE["cpu"] // size
    intact = torch.rand((rows, padded)) < 0.5
    start = torch.full((rows, padded), problem.rest)
    product, square = torch.empty(1000, 1000), torch.randn(1000, 1000)

    def simulate() -> None:
        for _ in reservoir.trajectory(
            problem.weights, problem.drives, problem.leak * intact, problem.activation, start
        ):
            pass

    def multiply() -> None:
        for _ in range(10):
            torch.mm(square, square, out=product)

    states, preactivation = torch.rand((rows, padded)), torch.empty((rows, padded))

    def product_only() -> None:
        for driven in problem.drives:
            torch.addmm(driven, states, problem.weights, out=preactivation)

    seconds = interleaved({"simulate": simulate, "multiply": multiply, "product": product_only}, 15)
    peak = 10 * 1000**3 / seconds["multiply"]
    done = len(problem.drives) * rows * size**2
    return [
        row("kernel, share of the product peak", f"N = {size}", done / seconds["simulate"] / peak, at_least=0.55),
        row("its product alone, share of the peak", f"N = {size}", done / seconds["product"] / peak),
    ]


def sweep_share(size: int, walks: int) -> list[dict[str, Any]]:
    """Compare a whole sweep with the simulation of its coalitions."""
    network, trained, piece = make(size, STEPS)
    options = {"time_bins": STEPS // 2, "seed": SEED}
    problem = simulation.prepare(network, trained, piece, lesion="silence", device="cpu", dtype=torch.float32)

    def simulate() -> None:
        rng = seeds.generator(SEED, "walks", 0, 0)
        for level in shapley.levels(size, walks):
            for chunk in shapley.sample(level, size, rng, walks_at_once(problem, level)):
                _simulate(problem, level, chunk)

    def whole() -> None:
        sweep.run(network, trained, piece, batches=[0], walks=walks, **options)

    seconds = interleaved({"simulate": simulate, "whole": whole}, 7)
    return [
        row("sweep, share of the kernel's speed", f"N = {size}", seconds["simulate"] / seconds["whole"], at_least=0.6)
    ]


def _simulate(problem: Any, level: shapley.Level, walks: shapley.Walks) -> None:
    whole = level.length == problem.size
    members = torch.from_numpy(walks.coalitions(len(problem.weights)) if whole else walks.intact)
    nodes = torch.from_numpy(walks.nodes)
    weights = problem.weights if whole else problem.weights[nodes[:, :, None], nodes[:, None, :]]
    members = members.flatten(0, 1) if whole else members
    start = torch.full(members.shape, problem.rest)
    drives = problem.drives if whole else (driven[nodes][:, None] for driven in problem.drives)
    for _ in reservoir.trajectory(weights, drives, problem.leak * members, problem.activation, start):
        pass


def measure() -> list[dict[str, Any]]:
    """Return the rows of all sizes."""
    rows = []
    for size in (100, 200, 279, 400, 500):
        rows += kernel_share(size)
    for size, walks in ((36, 200), (100, 60), (279, 12), (500, 4)):  # enough to fill the chunks
        rows += sweep_share(size, walks)
    return rows
