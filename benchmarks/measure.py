"""What all benchmarks share: networks to measure with, and timings that noise of the machine does not bias."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr

from echolesion import connectome, reservoir, seeds, task, training

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


def row(benchmark: str, case: str, ratios: np.ndarray, wanted: float | None, unit: str = "") -> dict[str, Any]:
    """Return a row of the table: the median of some ratios, their quartiles and what must be reached."""
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    return {
        "benchmark": benchmark, "case": case, "value": middle, "low": low, "high": high, "wanted": wanted, "unit": unit,
    }  # fmt: skip


def make(size: int, steps: int, density: float = 0.1, washout: int = 50) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Return a random directed network, trained to predict Mackey-Glass, and the test split of so many steps."""
    rng = seeds.generator(SEED, "weights", size)
    graph = connectome.from_matrix(rng.uniform(-1, 1, (size, size)) * (rng.random((size, size)) < density))
    settings = {
        "name": "mackey_glass", "horizon": 10, "lags": 1, "washout": washout, "train": 500, "validation": 200,
        "test": steps,
    }  # fmt: skip
    series = task.make(settings, seeds.generator(SEED, "task"))
    unscaled = reservoir.input_weights(graph, series["input"], seeds.generator(SEED, "input"))
    network = reservoir.build(graph, unscaled, spectral_radius=0.9, leak=0.5, input_scaling=1, bias=0.1)
    return network, training.train(network, series, [0.01]), task.split(series, "test")
