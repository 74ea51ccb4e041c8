"""Whether the intervals of the direct and indirect parts cover what enumeration of their definition gives.

Of small networks every coalition, and of every pair of coalitions the copy of every target, is run in plain numpy
(`tests/oracles.py`), in both loops, with all that can be done about a lesion, with delays and self-connections. Sweeps
of many seeds are compared with that: an interval should cover in 95 of 100, and errors should not lean to one side.
"""

import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from measure import row

from echolesion import connectome, sweep, training
from echolesion.analysis import influence
from echolesion.dynamics import reservoir
from echolesion.records import seeds
from echolesion.shapley import statistics
from echolesion.training import task

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import kinds
import oracles

SIZE, STEPS, SEEDS, BATCHES, WALKS = 5, 45, 1000, 8, 20
CLOSED = {
    "name": "mackey_glass", "horizon": 1, "loop": "closed", "washout": 10, "train": 60, "validation": 10, "test": STEPS,
}  # fmt: skip
FREQUENCY = CLOSED | {"name": "frequency", "periods": [5, 9], "standardise": False, "output": "tanh"}
OPEN = CLOSED | {"loop": "open"}
BOTH = {"refit": True, "rescale": True}
#: What differs from a closed loop in which nothing is done about a lesion.
CASES: dict[str, dict[str, Any]] = {
    "neither refit nor rescaled": {},
    "rescaled": {"rescale": True},
    "refit": {"refit": True},
    "both": BOTH,
    "both, leak 0.1": BOTH | {"leak": 0.1},
    "both, pseudo-inverse": BOTH | {"ridge": 0.0},
    "both, delays": BOTH | {"longest": 4},
    "both, tanh output, second channel": BOTH | {"settings": FREQUENCY},
    "forced, rescaled, leak 0.1": {"rescale": True, "loop": "forced", "leak": 0.1},
    "both, self-connections": BOTH | {"itself": True},
    "neither, self-connections, delays": {"itself": True, "longest": 4},
    "open": {"settings": OPEN},
    "open, self-connections": {"settings": OPEN, "itself": True},
    "open, self-connections, delays": {"settings": OPEN, "itself": True, "longest": 4},
    "linear node": {"kind": "linear"},
    "linear node, self-connections, delays": {"kind": "linear", "itself": True, "longest": 4},
    "linear node, held at the mean": {"kind": "linear", "lesion": "mean"},
    "oscillator": {"kind": "oscillator"},
    "oscillator, delays": {"kind": "oscillator", "longest": 4},
    "oscillator, 7 nodes": {"kind": "oscillator", "size": 7},
    "oscillator, self-connections, delays, held at the mean": {
        "kind": "oscillator", "itself": True, "longest": 3, "lesion": "mean",
    },
}  # fmt: skip


@cache
def enumerated(name: str) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset, dict[str, np.ndarray]]:
    """Return the network, read-out and split of a case, and by part what enumeration gives."""
    if "kind" in CASES[name]:
        return kinds.enumerated(**CASES[name])
    plain = {"settings": CLOSED, "leak": 0.5, "ridge": 0.01, "loop": None, "longest": None, "itself": False}
    case = plain | CASES[name]
    rng = np.random.default_rng(3)
    matrix = rng.uniform(-1, 1, (SIZE, SIZE)) * (rng.random((SIZE, SIZE)) < 0.5)
    np.fill_diagonal(matrix, rng.uniform(-1, 1, SIZE) if case["itself"] else 0)
    weights = connectome.from_matrix(matrix)
    series = task.make(case["settings"], seeds.generator(3, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(3, "input"))
    velocity = None
    if case["longest"]:
        lengths = rng.integers(1, case["longest"] + 1, (SIZE, SIZE)).astype(float)
        weights, velocity = weights.assign_coords(tract_length=(("source", "target"), lengths)), 1
    network = reservoir.build(
        weights, unscaled, spectral_radius=0.9, leak=case["leak"], input_scaling=1, bias=0.1, velocity=velocity
    )
    trained = training.train(network, series, [case["ridge"]])
    piece = task.split(series, "test")
    piece = piece.assign_attrs(loop=case["loop"] or piece.attrs["loop"])
    mended = {key: case[key] for key in ("refit", "rescale") if key in case}
    runs = oracles.all_coalitions(network, trained, piece, **mended)
    whole = oracles.exact_influence(np.array([states[1:][piece["scored"].values] for states, *_ in runs]))
    direct = oracles.exact_direct(network, piece, runs)
    return network, trained, piece, {"influence": whole, "direct": direct, "indirect": whole - direct}


def compared(name: str, chosen: Iterable[int]) -> dict[str, np.ndarray]:
    """Sweep with some seeds and return by part, over entries with an error: their number, covered ones, sum of z.

    Raises
    ------
    AssertionError
        If an entry without an error is not the truth, parts do not add up, or a direct part has no connection.
    """
    network, trained, piece, truth = enumerated(name)
    case = CASES[name]
    options = {"refit_readout": case.get("refit", False), "rescale": case.get("rescale", False)}
    options |= {"node": kinds.KINDS.get(case.get("kind")), "lesion": case.get("lesion", "silence")}
    pairs = connectome.off_diagonal(network.sizes["node"])
    quantile, result = statistics.t_quantile(BATCHES), {part: np.zeros(3) for part in truth}
    for seed in chosen:
        sums = sweep.run(
            network, trained, piece, seed=seed, batches=range(BATCHES), walks=WALKS,
            dtype=torch.float64, **options,
        )  # fmt: skip
        estimate = influence.estimate(sums)
        for part, exact in truth.items():
            error = estimate[part].values[pairs] - exact[pairs]
            deviation = estimate[f"{part}_se"].values[pairs]
            certain = deviation < 1e-9
            assert (np.abs(error[certain]) < 1e-7).all(), (name, seed, part)
            z = error[~certain] / deviation[~certain]
            result[part] += z.size, (np.abs(z) <= quantile).sum(), z.sum()
        together = estimate["direct"] + estimate["indirect"]
        np.testing.assert_allclose(together.values[pairs], estimate["influence"].values[pairs], atol=1e-12)
        unconnected = pairs & (network["weights"].values == 0)
        assert (estimate["direct"].values[unconnected] == 0).all(), (name, seed)
    return result


def coverage(name: str, chosen: range) -> dict[str, tuple[float, float]]:
    """Return by part the coverage of 95 % intervals and the mean of z over all entries and seeds of a case."""
    workers = len(os.sched_getaffinity(0))
    parts = [chosen[worker::workers] for worker in range(workers)]
    with ProcessPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        found = list(pool.map(partial(compared, name), parts))
    totals = {part: sum(each[part] for each in found) for part in found[0]}
    return {part: (covered / count, z / count) for part, (count, covered, z) in totals.items()}


def measure() -> list[dict[str, Any]]:
    """Return the rows of all cases."""
    rows = []
    for name in CASES:
        for part, (covered, z) in coverage(name, range(SEEDS)).items():
            rows.append(row(f"coverage of the {part}, {SEEDS} seeds", name, covered, at_least=0.92, at_most=0.98))
            rows.append(row(f"mean z of the {part}, {SEEDS} seeds", name, abs(z), at_most=0.05))
    return rows
