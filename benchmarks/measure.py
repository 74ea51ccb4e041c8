"""What all benchmarks share: networks to measure with, timings that noise of the machine does not bias, peak memory."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import psutil
import xarray as xr
import yaml

from echolesion import connectome, training
from echolesion.connectome import catalogue, preparation
from echolesion.dynamics import reservoir
from echolesion.records import seeds
from echolesion.training import task

ROOT = Path(__file__).parents[1]
SEED = 2022


def interleaved(functions: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, np.ndarray]:
    """Time functions in turn, round after round.

    What slows the machine down for a while slows all of them down, so their ratios in a round can be trusted.

    Parameters
    ----------
    functions : mapping of str to callable
        What to time; each is called once before.
    rounds : int
        Number of rounds.

    Returns
    -------
    dict of str to numpy.ndarray, shape (rounds,)
        Seconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            start = perf_counter()
            function()
            seconds[name].append(perf_counter() - start)
    return {name: np.array(values) for name, values in seconds.items()}


def run_process(command: Sequence[str]) -> tuple[float, float]:
    """Run a command and return its seconds and the largest memory (GiB) that all its processes held at once."""
    start, peak = perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None:
        total = 0
        for each in (psutil.Process(os.getpid()), *psutil.Process(os.getpid()).children(recursive=True))[1:]:
            try:
                total += each.memory_full_info().pss
            except psutil.Error:  # it has just ended
                continue
        peak = max(peak, total)
        try:
            process.wait(0.25)
        except subprocess.TimeoutExpired:
            continue
    seconds = perf_counter() - start
    _, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{errors}")
    return seconds, peak / 2**30


def row(
    benchmark: str, case: str, values: np.ndarray | float, unit: str = "", at_least: float | None = None,
    at_most: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return a row of the table: the median of some values, their quartiles and what must be reached."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return {
        "benchmark": benchmark, "case": case, "median": middle, "quartile_1": low, "quartile_3": high, "unit": unit,
        "at_least": at_least, "at_most": at_most,
        "met": None if at_least is None and at_most is None else (at_least or 0) <= middle <= (at_most or np.inf),
    }  # fmt: skip


def make(
    size: int, steps: int, density: float = 0.1, washout: int = 50, spectral_radius: float = 0.9
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Return a random directed network, trained to predict Mackey-Glass, and the test split of so many steps."""
    rng = seeds.generator(SEED, "weights", size)
    graph = connectome.from_matrix(rng.uniform(-1, 1, (size, size)) * (rng.random((size, size)) < density))
    return train(graph, steps, washout, spectral_radius)


def worm(weighting: str) -> xr.DataArray:
    """Return the connectome of celegans279, prepared as in the default study but for its weights."""
    entry = yaml.safe_load((ROOT / "config/connectomes.yaml").read_text())["celegans279"]
    measured = catalogue.load(entry, "celegans279", ROOT)
    steps = ["drop_self_connections", "drop_isolated"]
    return preparation.prepare(measured, steps, weighting, seeds.generator(SEED, "weights"))


def train(
    graph: xr.DataArray, steps: int, washout: int = 50, spectral_radius: float = 0.9
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Return what `make` does, of a network with these connections and weights."""
    settings = {
        "name": "mackey_glass", "horizon": 10, "lags": 1, "washout": washout, "train": 500, "validation": 200,
        "test": steps,
    }  # fmt: skip
    series = task.make(settings, seeds.generator(SEED, "task"))
    unscaled = reservoir.input_weights(graph, series["input"], seeds.generator(SEED, "input"))
    network = reservoir.build(graph, unscaled, spectral_radius=spectral_radius, leak=0.5, input_scaling=1, bias=0.1)
    return network, training.train(network, series, [0.01]), task.split(series, "test")
