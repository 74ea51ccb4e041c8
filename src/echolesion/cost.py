"""What a study will cost, from short measurements on this machine."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import torch

from echolesion import reservoir, shapley
from echolesion.simulation import STATES_AT_ONCE

#: Time a job takes besides its work (start of Python and Snakemake, reading, writing), in seconds.
JOB_OVERHEAD = 5.0
#: Measured: a whole sweep, sums and mediated split included, against its simulation alone.
REDUCTION = 1.6


def simulation_seconds(size: int, rows: int, dtype: torch.dtype, repeats: int = 20) -> float:
    """Measure one step of a batch of networks.

    Parameters
    ----------
    size : int
        Nodes of a network.
    rows : int
        Networks in the batch.
    dtype : torch.dtype
        Type of the simulation.
    repeats : int
        Steps that are timed.

    Returns
    -------
    float
        Seconds a step, on the threads torch uses now.
    """
    weights = torch.rand((size, size), dtype=dtype) / size
    zero = torch.zeros((rows, size), dtype=dtype)
    steps = reservoir.trajectory(weights, torch.zeros((repeats + 1, size), dtype=dtype), 0.5, "sigmoid", zero)
    next(steps)
    start = perf_counter()
    for _ in steps:
        pass
    return (perf_counter() - start) / repeats


def sweep_seconds(size: int, walks: int, estimator: str, steps: int) -> float:
    """Estimate the time of one batch of walks.

    Parameters
    ----------
    size : int
        Nodes of the network.
    walks, estimator
        As for `shapley.levels`.
    steps : int
        Simulated steps, washout included.

    Returns
    -------
    float
        Seconds on one core.
    """
    seconds = 0.0
    for level in shapley.levels(size, walks, estimator):
        rows = max(level.prefixes, STATES_AT_ONCE["cpu"] // level.length)
        step = simulation_seconds(level.length, rows, torch.float32)
        seconds += step * steps * level.walks * level.prefixes / rows
    return seconds * REDUCTION


def study_seconds(config: Mapping[str, Any], sizes: Mapping[str, int], cores: int) -> float:
    """Estimate the time of a whole study, from nothing.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    sizes : mapping of str to int
        Nodes of each connectome.
    cores : int
        Processes side by side.

    Returns
    -------
    float
        Seconds.
    """
    task, tuning, sweep, regimes = config["task"], config["tuning"], config["sweep"], len(config["regimes"])
    walks = (sweep["until"] or sweep)["walks_per_batch"]  # at most
    points = len(tuning["leak"]) * len(tuning["input_scaling"])
    tuning_steps = len(tuning["spectral_radius"]) * (2 * task["washout"] + task["train"] + task["validation"])
    longest, total = 0.0, 0.0
    for size in sizes.values():
        tuned = tuning_steps * simulation_seconds(size, points, torch.float64)
        batch = sweep_seconds(size, walks, sweep["estimator"], task["washout"] + task["test"])
        jobs = regimes * (sweep["shards"] + 4) + 8
        total += tuned + regimes * sweep["batches"] * batch + jobs * JOB_OVERHEAD
        longest = max(longest, tuned + batch * -(-sweep["batches"] // sweep["shards"]) + 6 * JOB_OVERHEAD)
    return max(longest, total / cores)
