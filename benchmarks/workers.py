"""Two processes, as Snakemake starts them, against one."""

from multiprocessing import get_context
from typing import Any

import torch
from measure import SEED, interleaved, make, row

from echolesion import sweep

WALKS, STEPS = 6, 100


def work(batch: int) -> None:
    """Sweep one batch of a network of the size of a worm's."""
    torch.set_num_threads(1)
    sweep.run(*make(279, STEPS), seed=SEED, batches=[batch], walks=WALKS, time_bins=STEPS // 2)


def measure() -> list[dict[str, Any]]:
    """Return the row."""
    with get_context("spawn").Pool(2) as pool:
        seconds = interleaved(
            {"one": lambda: pool.apply(work, (0,)), "two": lambda: pool.map(work, (0, 1), chunksize=1)}, 9
        )
    return [row("two processes, speed of one", "N = 279", 2 * seconds["one"] / seconds["two"], "x", at_least=1.8)]
