"""How close the simulation is to the machine's limit."""

from typing import Any

import torch
from measure import interleaved, make, row
from torch import Tensor

from echolesion.dynamics import nodes
from echolesion.sweep import simulation

STEPS = 100


def kernel_share(size: int) -> list[dict[str, Any]]:
    """Compare the simulation of whole networks with a product of large matrices."""
    network, trained, piece = make(size, STEPS)
    problem = simulation.prepare(network, trained, piece, lesion="silence", device="cpu", dtype=torch.float32)
    padded = len(problem.weights)
    rows = simulation.STATES_AT_ONCE["cpu"] // size
    intact, silent = torch.rand((rows, padded)) < 0.5, torch.tensor(problem.node.rest)
    start = torch.full((1, rows, padded), problem.node.rest)
    sent = torch.empty_like(start)
    product, square = torch.empty(1000, 1000), torch.randn(1000, 1000)

    def lesion(signals: Tensor, _: int) -> Tensor:
        return torch.where(intact, signals, silent, out=sent)

    def simulate() -> None:
        for _ in nodes.trajectory(problem.node, problem.weights, problem.drives, start, lesion=lesion):
            pass

    def multiply() -> None:
        for _ in range(10):
            torch.mm(square, square, out=product)

    states, preactivation = torch.rand((rows, padded)), torch.empty((rows, padded))

    def product_only() -> None:
        for driven in problem.drives:
            torch.addmm(driven[0], states, problem.weights, out=preactivation)

    seconds = interleaved({"simulate": simulate, "multiply": multiply, "product": product_only}, 15)
    peak = 10 * 1000**3 / seconds["multiply"]
    done = len(problem.drives) * rows * size**2
    return [
        row("kernel, share of the product peak", f"N = {size}", done / seconds["simulate"] / peak, at_least=0.55),
        row("its product alone, share of the peak", f"N = {size}", done / seconds["product"] / peak),
    ]


def measure() -> list[dict[str, Any]]:
    """Return the rows of all sizes."""
    rows = []
    for size in (100, 200, 279, 400, 500):
        rows += kernel_share(size)
    return rows
