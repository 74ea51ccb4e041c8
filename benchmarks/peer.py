"""Time to an influence map of a given error, against msapy's ``estimate_causal_influences``.

Both estimate the same Shapley values of the same network: the activity of every target at all steps. msapy plays one
game per target, so a few targets are timed and scaled. Its setting is the best of those it has: lazily evaluated games
in one process, and an objective function that simulates the sub-network of the intact nodes only. Errors are relative
root-mean-square errors against a long sweep of ours, whose own error is taken out.
"""

import io
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import xarray as xr
from measure import SEED, interleaved, make, row
from msapy import msa

from echolesion import sweep
from echolesion.analysis import influence
from echolesion.dynamics import reservoir

PERMUTATIONS = 100
#: By number of nodes: steps; of the permutations, those that are timed and scaled; walks of the long sweep, per batch.
CASES = {36: (500, 50, 400), 100: (500, 10, 150), 279: (100, 2, 60)}
#: Targets of msapy whose error is taken, and rounds of timing.
TARGETS, ROUNDS = 9, 5


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


def peer_influence(network: xr.Dataset, piece: xr.Dataset, target: int, permutations: int, seed: int) -> np.ndarray:
    """Return msapy's influence of all nodes on a target, shape (nodes, steps)."""
    size = network.sizes["node"]
    parameters = {
        "weights": network["weights"].values,
        "drives": reservoir.drive(network, piece["input"])[:, 0].numpy(),
        "leak": network.attrs["leak"],
    }
    with redirect_stdout(io.StringIO()):  # its progress bars
        table, _ = msa.causal_influence_single_element(
            elements=list(range(size)), objective_function=activity_of, objective_function_params=parameters,
            n_permutations=permutations, n_parallel_games=1, multiprocessing_method="joblib", permutation_seed=seed,
            index=target, element=target, lazy=True,
        )  # fmt: skip
    values = np.zeros((size, piece.sizes["time"]))
    for node in table.columns:
        values[node] = table[node].to_numpy()
    return values


def our_influence(networks: tuple[xr.Dataset, ...], walks: int, seed: int) -> np.ndarray:
    """Return our influence of all nodes on all, shape (sources, targets, steps), from one batch."""
    steps = int(networks[2]["scored"].sum())
    sums = sweep.run(*networks, seed=seed, batches=[0], walks=walks, time_bins=steps)
    estimate = sums["influence_sum"].values[0] / np.maximum(sums["influence_weight"].values[0], 1e-12)[..., None]
    estimate[np.diag_indices(len(estimate))] = 0
    return estimate


def error(estimate: np.ndarray, truth: np.ndarray, noise: float) -> float:
    """Return the relative root-mean-square error, that of the truth taken out."""
    return float(np.sqrt(max(0.0, ((estimate - truth) ** 2).mean() - noise) / (truth**2).mean()))


def measure() -> list[dict[str, Any]]:
    """Return the rows of all sizes."""
    return [row for size, settings in CASES.items() for row in _measure(size, *settings)]


def _measure(size: int, steps: int, timed: int, long: int) -> list[dict[str, Any]]:
    networks = make(size, steps, washout=0)
    result = influence.estimate(sweep.run(*networks, seed=SEED + 1, walks=long, time_bins=steps))
    targets = [(2 * k + 1) * size // (2 * TARGETS) for k in range(TARGETS)]
    truth = np.nan_to_num(result["influence"].values)[:, targets]
    noise = float((np.nan_to_num(result["influence_se"].values)[:, targets] ** 2).mean())
    theirs = [peer_influence(networks[0], networks[2], target, timed, seed) for seed, target in enumerate(targets, 1)]
    wanted = error(np.stack(theirs, axis=1), truth, noise) * np.sqrt(timed / PERMUTATIONS)

    # The error falls with the root of the number of walks; what it really is, is measured.
    walks, reached = 16, np.inf
    while True:
        reached = np.mean([error(our_influence(networks, walks, seed)[:, targets], truth, noise) for seed in range(3)])
        if reached <= wanted:
            break
        walks = 2 * int(np.ceil(walks * max(1.02, (reached / wanted) ** 2) / 2))

    seeds = iter(range(1, 1000))
    seconds = interleaved(
        {
            "msapy": lambda: peer_influence(
                networks[0], networks[2], targets[next(seeds) % TARGETS], timed, next(seeds)
            ),
            "ours": lambda: our_influence(networks, walks, next(seeds)),
        },
        ROUNDS,
    )
    ratio = seconds["msapy"] * size * PERMUTATIONS / timed / seconds["ours"]
    case = f"N = {size}, T = {steps}"
    return [
        row("msapy, time to the same error", case, ratio, "x", at_least=1000 if size == 100 else None),
        row("that error, relative", case, wanted),
        row("our relative error", case, reached),
        row("our time", case, seconds["ours"], "s"),
        row("our walks", case, walks),
    ]
