"""What the numbers of walks per level, and places that are spread over them, save in time at the same error.

Batches of walks by the rule of `shapley.levels` and by the one before are simulated in turn: there, a level of length L
had n / L times as many walks as the first, every pair of them drawn independently. Squared errors are those of the
influence of all pairs and of the contribution of all nodes, against a long sweep. A batch's error is that of its part
in a ratio of sums over many batches: its sums less what is to be expected of its weights. Time is processor time.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
import xarray as xr
from measure import SEED, make, row, train, worm

from echolesion import shapley
from echolesion.connectome.graph import off_diagonal
from echolesion.records import seeds
from echolesion.sweep import simulation
from echolesion.sweep.engines import Tensors

STEPS, WASHOUT, BINS = 20, 20, 10
#: Lengths of walks, and what a state costs there beside one in a long walk, where walks are lanes of vectors.
DEAR = (8, 64), (3, 1)
#: Draws of which quartiles of a ratio are taken.
RESAMPLED = 1000
ROOT = Path(__file__).parents[1]


#: By name: networks, walks per batch, batches of either rule, and walks of a batch of the long sweep for one of these.
CASES: dict[str, tuple[Callable[[], tuple[xr.Dataset, xr.Dataset, xr.Dataset]], int, int, int]] = {
    "N = 36": (lambda: make(36, STEPS, washout=WASHOUT), 60, 200, 20),
    "N = 100": (lambda: make(100, STEPS, washout=WASHOUT), 20, 60, 8),
    "N = 100, radius 1.2": (lambda: make(100, STEPS, washout=WASHOUT, spectral_radius=1.2), 20, 60, 8),
    "N = 279": (lambda: make(279, STEPS, washout=WASHOUT), 20, 16, 3),
    "N = 279, radius 1.2": (lambda: make(279, STEPS, washout=WASHOUT, spectral_radius=1.2), 20, 16, 3),
    "celegans279": (lambda: train(worm("rank_signed"), STEPS, WASHOUT), 20, 16, 3),
}


def before(size: int, walks: int) -> list[shapley.Level]:
    """Return the levels of the rule before."""
    plan = []
    for level in shapley.levels(size, walks):
        drawn = 2 * int(np.ceil(walks * size / (2 * level.length)))
        plan.append(shapley.Level(level.length, level.smallest, drawn, walks / drawn))
    return plan


def independent(level: shapley.Level, size: int, rng: np.random.Generator, chunk: int) -> Iterator[shapley.Walks]:
    """Draw the walks of a level one pair by itself, as `shapley.sample` did."""
    forward = rng.permuted(np.tile(np.arange(size), (level.walks // 2, 1)), axis=1)[:, : level.length]
    order = np.stack([forward, forward[:, ::-1]], axis=1).reshape(level.walks, level.length)
    for start in range(0, level.walks, chunk):
        yield shapley.walks.prefixes(level, order[start : start + chunk])


RULES = {"before": (before, independent), "now": (shapley.levels, shapley.sample)}


def level_sums(problem: simulation.Problem, level: shapley.Level, sample: Any, rng: np.random.Generator) -> tuple:
    """Return sums and weights of the influence of all pairs, of contributions, and the seconds of a level's walks."""
    start, engine = process_time(), Tensors(problem, BINS)
    sums = engine.empty(1)
    for chunk in sample(level, problem.size, rng, engine.walks_at_once(level)):
        engine.add(sums, 0, level, chunk)
    seconds, size = process_time() - start, problem.size
    pairs = off_diagonal(size)
    influence = (sums.influence[:, :size, :size] * engine.scale).permute(1, 2, 0).double().numpy()[pairs]
    weight = sums.influence_weight[:size, :size].numpy()[pairs]
    return influence, weight, sums.contribution[0, ..., 0].numpy(), sums.contribution_weight[0].numpy(), seconds


def truth(problem: simulation.Problem, walks: int) -> tuple[np.ndarray, float, list[np.ndarray]]:
    """Return influence from 8 batches of so many walks, its squared error, and contributions by level."""
    plan = shapley.levels(problem.size, walks)
    batches = [
        [
            level_sums(problem, level, shapley.sample, seeds.generator(SEED, "walks", b, 1, k))
            for k, level in enumerate(plan)
        ]
        for b in range(8)
    ]
    sums, weights = (np.array([sum(level[part] for level in batch) for batch in batches]) for part in (0, 1))
    pseudo = shapley.pseudo_values(sums, weights[..., None])
    contribution = [
        sum(batch[k][2] for batch in batches) / sum(batch[k][3] for batch in batches)[:, None] for k in range(len(plan))
    ]
    return pseudo.mean(axis=0), float((shapley.standard_error(pseudo) ** 2).mean()), contribution


def compared(name: str) -> list[dict[str, Any]]:
    """Return the rows of a case."""
    networks, walks, batches, longer = CASES[name]
    nets = networks()
    pairs = np.array([], dtype=int), np.array([], dtype=int)
    problem = simulation.prepare(
        *nets, time_bins=BINS, sampled=pairs, lesion="silence", device="cpu", dtype=torch.float32
    )
    size = problem.size
    influence, noise, contribution = truth(problem, longer * walks)
    plans = {rule: levels(size, walks) for rule, (levels, _) in RULES.items()}
    count = len(plans["now"])
    # By rule and batch: squared errors of influence and contribution. By rule, batch and level: seconds.
    error = {rule: np.zeros((2, batches)) for rule in RULES}
    seconds = {rule: np.zeros((batches, count)) for rule in RULES}
    # By rule and level: sums over batches of errors, and their mean squares.
    drift: dict[str, list[Any]] = {rule: [0.0] * count for rule in RULES}
    square = {rule: np.zeros(count) for rule in RULES}
    for batch in range(batches):
        for place, (rule, (_, sample)) in enumerate(RULES.items()):
            total, of_nodes = 0.0, 0.0
            for k, level in enumerate(plans[rule]):
                rng = seeds.generator(SEED, "walks", batch, 2 + place, k)
                sums, weight, read, read_weight, seconds[rule][batch, k] = level_sums(problem, level, sample, rng)
                excess = ((sums - influence * weight[:, None]) * size / walks).astype(np.float32)
                drift[rule][k] = drift[rule][k] + excess
                square[rule][k] += np.mean(excess**2)
                total = total + excess
                # The share of a level times the error of its ratio: the share cancels.
                of_nodes = of_nodes + (read - contribution[k] * read_weight[:, None]) / walks
            error[rule][:, batch] = (total**2).mean() - noise, (of_nodes**2).mean()
    rng = np.random.default_rng(SEED)
    chosen = {rule: rng.integers(0, batches, (RESAMPLED, batches)) for rule in RULES}
    of_error = np.divide(*(error[rule][:, chosen[rule]].mean(axis=-1) for rule in ("now", "before")))
    rows = [
        row("squared error of influence, of that before", name, of_error[0]),
        row("squared error of contribution, of that before", name, of_error[1]),
    ]
    costs = {
        rule: {
            "time": np.median(seconds[rule], axis=0),
            "states": np.array([level.walks * level.prefixes * level.length for level in plan]),
        }
        for rule, plan in plans.items()
    }
    lengths = np.array([level.length for level in plans["now"]])
    for spent in costs.values():
        spent["states, short ones dear"] = spent["states"] * np.interp(lengths, *DEAR)
    for cost in costs["now"]:
        ratio = costs["now"][cost].sum() / costs["before"][cost].sum()
        rows += [
            row(f"{cost}, of those before", name, ratio),
            row(f"squared error x {cost}, of those before", name, of_error[0] * ratio, at_most=0.9),
        ]
    for rule in RULES:
        variance = (square[rule] - [np.mean(each**2) / batches for each in drift[rule]]) / (batches - 1)
        logging.info("%s, %s: of variance, by level, %s", name, rule, np.round(variance / variance.sum(), 3))
        for cost, spent in costs[rule].items():
            best = np.sqrt(variance * spent).sum() ** 2 / (variance.sum() * spent.sum())
            rows.append(row(f"least variance x {cost}, of that with the numbers {rule}", name, best))
            logging.info("%s, %s: of %s, by level, %s", name, rule, cost, np.round(spent / spent.sum(), 3))
    return rows


def measure() -> list[dict[str, Any]]:
    """Return the rows of all cases."""
    return [each for name in CASES for each in compared(name)]
