"""Time to an influence map of a given error, against msapy's ``estimate_causal_influences``.

Both estimate the same Shapley values of the same network: the activity of every target at all steps. msapy plays one
game per target, so a few targets are timed and scaled. Its setting is the best of those it has: lazily evaluated games
in one process, and an objective function that simulates the sub-network of the intact nodes only. Errors are relative
root-mean-square errors against a long sweep of ours.
"""

from time import perf_counter
from typing import Any

import numpy as np
import torch
import xarray as xr
from measure import SEED, make, row
from msapy import msa

from echolesion import influence, reservoir, sweep

STEPS = 500
PERMUTATIONS = 100
#: Permutations that are timed, of those; and walks of the long sweep, per batch.
CASES = {100: (10, 200)}


def activity_of(complements: tuple[int, ...], index: int, weights: np.ndarray, drives: np.ndarray, leak: float) -> Any:
    """Return the activity of a target when the complements are silent, in plain numpy, for msapy."""
    intact = np.delete(np.arange(len(weights)), list(complements))
    weights, drives = weights[np.ix_(intact, intact)], drives[:, intact]
    state, target = np.zeros(len(intact)), int(np.searchsorted(intact, index))
    series = np.empty(len(drives))
    for t, drive in enumerate(drives):
        state = (1 - leak) * state + leak * np.tanh(state @ weights + drive)
        series[t] = state[target]
    return series


def peer_influence(
    network: xr.Dataset, piece: xr.Dataset, targets: list[int], permutations: int
) -> tuple[np.ndarray, float]:
    """Return msapy's influence of all nodes on some targets, shape (targets, nodes, steps), and its seconds."""
    size = network.sizes["node"]
    parameters = {
        "weights": network["weights"].values,
        "drives": reservoir.drive(network, piece["input"]).numpy(),
        "leak": network.attrs["leak"],
    }
    estimates, start = [], perf_counter()
    for target in targets:
        table, _ = msa.causal_influence_single_element(
            elements=list(range(size)), objective_function=activity_of, objective_function_params=dict(parameters),
            n_permutations=permutations, n_parallel_games=1, multiprocessing_method="joblib", permutation_seed=SEED,
            index=target, element=target, lazy=True,
        )  # fmt: skip
        values = np.zeros((size, piece.sizes["time"]))
        for node in table.columns:
            values[node] = table[node].to_numpy()
        estimates.append(values)
    return np.stack(estimates), perf_counter() - start


def our_influence(networks: tuple[xr.Dataset, ...], walks: int, seed: int) -> tuple[np.ndarray, float]:
    """Return our influence of all nodes on all, shape (sources, targets, steps), from one batch, and its seconds."""
    start = perf_counter()
    sums = sweep.run(*networks, seed=seed, batches=[0], walks=walks, time_bins=STEPS)
    estimate = sums["influence_sum"].values[0] / np.maximum(sums["influence_weight"].values[0], 1e-12)[..., None]
    return estimate, perf_counter() - start


def error(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Return the relative root-mean-square error."""
    return float(np.sqrt(((estimate - truth) ** 2).mean() / (truth**2).mean()))


def measure() -> list[dict[str, Any]]:
    """Return one row per size of network."""
    rows = []
    for size, (timed, long) in CASES.items():
        networks = make(size, STEPS, washout=0)
        truth = influence.estimate(sweep.run(*networks, seed=SEED + 1, walks=long, time_bins=STEPS))["influence"]
        truth = np.nan_to_num(truth.values)
        diagonal = np.eye(size, dtype=bool)
        targets = [size // 3, 2 * size // 3]
        theirs, seconds = peer_influence(networks[0], networks[2], targets, timed)
        wanted = error(theirs, truth[:, targets].transpose(1, 0, 2)) * np.sqrt(timed / PERMUTATIONS)
        peer = seconds * size / len(targets) * PERMUTATIONS / timed

        walks, reached = 2, np.inf
        while reached > wanted:
            estimates = [our_influence(networks, walks, seed) for seed in range(3)]
            for estimate, _ in estimates:
                estimate[diagonal] = 0
            reached = float(np.mean([error(estimate, truth) for estimate, _ in estimates]))
            print(
                size,
                "walks",
                walks,
                "error",
                reached,
                "wanted",
                wanted,
                [t for _, t in estimates],
                "peer",
                peer,
                flush=True,
            )
            walks = int(np.ceil(walks * max(1.15, min(4, 1.05 * (reached / wanted) ** 2))))
        ours = np.array([seconds for _, seconds in estimates])
        rows.append(row(f"influence map, {PERMUTATIONS} permutations of msapy", f"N = {size}", peer / ours, None, "x"))
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    for values in measure():
        print(values)
