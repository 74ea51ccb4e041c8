"""What a study will cost, from short measurements on this machine."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import torch

from echolesion.dynamics import closed_loop, reservoir
from echolesion.shapley.walks import levels
from echolesion.sweep.simulation import FITTED_AT_ONCE, STATES_AT_ONCE

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


def fit_seconds(size: int, steps: int, repeats: int = 4) -> float:
    """Measure the fit of a read-out to so many steps of a network, in closed loop, in seconds.

    Parameters
    ----------
    size : int
        Nodes of the network.
    steps : int
        That many.
    repeats : int
        Fits that are timed.
    """
    series = torch.rand((repeats, steps, size + 1), dtype=torch.float64)
    start = perf_counter()
    closed_loop.fit_readouts(series, size, 0)
    return (perf_counter() - start) / repeats


def batch_seconds(config: Mapping[str, Any], size: int, walks: int) -> float:
    """Estimate the time of one batch of walks.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    size : int
        Nodes of the network.
    walks : int
        Walks of full length.

    Returns
    -------
    float
        Seconds on one core.
    """
    task, sweep = config["task"], config["sweep"]
    closed, fitted = task["loop"] == "closed", task["train"] + task["validation"]
    steps = task["washout"] + task["test"] + (fitted if closed else 0)
    seconds = 0.0
    for level in levels(size, walks, sweep["estimator"]):
        rows, networks = STATES_AT_ONCE["cpu"] // level.length, level.walks * level.prefixes
        if sweep["refit_readout"]:
            rows = min(rows, FITTED_AT_ONCE // (fitted * level.length))
            seconds += networks * fit_seconds(level.length, fitted)
        rows = min(max(level.prefixes, rows), networks)
        step = simulation_seconds(level.length, rows, torch.float64 if closed else torch.float32)
        seconds += step * steps * networks / rows * REDUCTION
    return seconds


def study_seconds(config: Mapping[str, Any], sizes: Mapping[str, int], cores: int) -> float:
    """Estimate the time of a whole study, from nothing.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    sizes : mapping of str to int
        Nodes of each connectome, those of the map among them.
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
    for size in (sizes[key] for key in config["connectomes"]):
        tuned = tuning_steps * simulation_seconds(size, points, torch.float64)
        batch = batch_seconds(config, size, walks)
        jobs = regimes * (sweep["shards"] + 4) + 11
        if config["noise_curve"]:
            short = config["noise_curve"]["walks_per_batch"]
            once = sum(batch_seconds(config, size, number) for number in short)
            total += regimes * config["noise_curve"]["replicates"] * sweep["batches"] * once
            jobs += regimes * (len(short) + 1)
        total += tuned + regimes * sweep["batches"] * batch + jobs * JOB_OVERHEAD
        of_null = batch_seconds(config, size, sweep["walks_per_batch"]) * regimes * sweep["batches"]
        total += config["nulls"] * (of_null + JOB_OVERHEAD)
        longest = max(longest, tuned + batch * -(-sweep["batches"] // sweep["shards"]) + 6 * JOB_OVERHEAD)
    if grid := config["map"]:
        cells = len(grid["spectral_radius"]) * len(grid["loops"]) * len(grid["leak"])
        for key in grid["connectomes"] or config["connectomes"]:
            most = (grid.get("until") or grid)["walks_per_batch"]
            cell = sweep["batches"] * batch_seconds(config, sizes[key], most)
            total += cells * cell + len(grid["spectral_radius"]) * len(grid["leak"]) * JOB_OVERHEAD
    return max(longest, total / cores)
