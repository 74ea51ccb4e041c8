"""Whether correlations and shares without noise, and their intervals, are what they say.

Two studies. The first makes the batches of a sweep up: series that follow the weights, are unrelated to them, or are
none, and seven patterns of noise, at five shares of noise in the final estimate and three numbers of batches. How many
runs report a number, how many of their intervals cover the truth, how many find what is not there. `noise.csv` has
every cell. The second enumerates all coalitions of small networks in both loops, and takes everything that
`decomposition` says of sweeps with few and with many walks.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from measure import make, row
from split import BATCHES, CASES, SIZE, STEPS, enumerated

from echolesion import sweep
from echolesion.analysis import decomposition, influence
from echolesion.connectome.graph import off_diagonal
from echolesion.shapley import power, statistics

NODES, TIMES, RUNS = 20, 10, 1000
SIGNALS = ("follows", "unrelated", "none")
PATTERNS = ("equal", "by pair", "with |W|", "against |W|", "one mode", "four modes", "heavy tails")
NOISE_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
NUMBERS = (8, 16, 32)
#: Share of an influence on a connected pair that is direct, and spread of what is constant in time.
DIRECT, CONSTANT = 0.6, 1.0
#: Measures that are 0 where influence is unrelated to the weights; mean squares have a constant part that by chance is
#: not unrelated.
ZERO = ("correlation with |W|", "correlation with W^2", "correlation with |W|, connected")
#: Reports of a cell from which its coverage is judged by itself; others are pooled.
ENOUGH = 300
FILE = Path("results/benchmarks/noise.csv")
#: Enumerated networks, and walks per batch.
NETWORKS = ("open", "open, self-connections, delays", "neither refit nor rescaled", "both, leak 0.1")
WALKS, SEEDS = (4, 20, 80), 500


def weights_of(rng: np.random.Generator) -> np.ndarray:
    """Return magnitudes of weights, a fifth of the pairs connected, shape (pairs,)."""
    pairs = NODES * (NODES - 1)
    return np.where(rng.random(pairs) < 0.2, rng.uniform(0, 0.5, pairs), 0)


def signal(kind: str, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the true power of every pair, of mean 1, shape (pairs,)."""
    if kind == "none":
        return np.zeros_like(weight)
    if kind == "follows":
        true = weight**2 * rng.gamma(4, 0.25, weight.size) + 0.01 * rng.gamma(1, 1, weight.size)
        return true / true.mean()
    # Nothing of the weights is in it, in this draw either: neither |W| nor W^2, nor whether there is a connection.
    connected = weight > 0
    structure = np.stack([weight, weight**2, connected, np.ones_like(weight)], axis=1)
    true = rng.gamma(1, 1, weight.size)
    for _ in range(1000):
        true = true - structure @ np.linalg.lstsq(structure, true - true.mean(), rcond=None)[0]
        if true.min() >= -1e-9:
            break
        true = np.maximum(true, 0)
    return np.maximum(true, 0) / true.mean()


def noise(pattern: str, weight: np.ndarray, batches: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise of mean variance 1 over pairs and time, shape (batches, pairs, TIMES)."""
    pairs, time = weight.size, np.arange(TIMES) * 2 * np.pi / TIMES
    variance = {
        "by pair": rng.lognormal(0, 1, pairs),
        "with |W|": 1 + 9 * weight / weight.max(),
        "against |W|": np.where(weight > 0, 0.3, 1),
    }.get(pattern, np.ones(pairs))
    if pattern == "one mode":
        drawn = rng.normal(size=(batches, pairs, 1)) * np.sqrt(2) * np.sin(time)
    elif pattern == "four modes":
        modes = [np.sin(time), np.cos(time), np.sin(2 * time), np.cos(2 * time)]
        drawn = rng.normal(size=(batches, pairs, 4)) @ np.array(modes) / np.sqrt(2)
    elif pattern == "heavy tails":
        drawn = rng.standard_t(3, size=(batches, pairs, TIMES)) / np.sqrt(3 * (1 - 1 / TIMES))
    else:
        drawn = rng.normal(size=(batches, pairs, TIMES)) / np.sqrt(1 - 1 / TIMES)
    return drawn * np.sqrt(variance / variance.mean())[:, None]


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Pearson's correlation, 0 if the second is nothing."""
    return float(np.corrcoef(first, second)[0, 1]) if second.any() else 0.0


def study(
    weight: np.ndarray,
    kind: str,
    pattern: str,
    share: float,
    batches: int,
    rng: np.random.Generator,
    *,
    in_full: bool = True,
) -> dict[str, tuple[np.ndarray, float]]:
    """Return, by measure, what the estimators say of a sweep, shape (1 + batches,), and the truth."""
    true, connected, pairs = signal(kind, weight, rng), weight > 0, weight.size
    course = rng.normal(size=(pairs, TIMES))
    course -= course.mean(axis=1, keepdims=True)
    course /= course.std(axis=1, keepdims=True)
    level = CONSTANT * rng.normal(size=(pairs, 1))
    series = np.sqrt(true)[:, None] * (course + level)
    of_part = np.where(connected, DIRECT, 0)[:, None]
    # Of the variance over time of the mean of all batches, so much is noise.
    scale = np.sqrt(batches * (share / (1 - share) if kind != "none" else 1.0))
    disturbed = series + scale * noise(pattern, weight, batches, rng)
    varying, whole = power.products(disturbed)
    powers, total = power.powers(varying), power.powers(varying.sum(axis=0))

    def spread(products: np.ndarray) -> np.ndarray:
        return power.spread(power.squares(products).mean(axis=-1), products.mean(axis=0))[2]

    every, both = spread(varying), np.stack([weight, weight**2])
    all_pairs = decomposition.correlations(both, powers, every)
    unconnected = powers[:, ~connected].sum(axis=1)
    truth = true[~connected].sum() / true.sum() if true.any() else np.nan
    found = {
        "correlation with |W|": (all_pairs[:, 0], correlation(weight, true)),
        "share on unconnected pairs": (power.shares(unconnected, total), truth),
    }
    if not in_full:
        return found
    squares, mean_square = power.powers(whole), true * (1 + level[:, 0] ** 2)
    direct = of_part * (series + scale * noise(pattern, weight, batches, rng))
    indirect = power.powers(power.products(disturbed - direct)[0].sum(axis=0))
    all_squares, nothing = squares.sum(axis=1), not true.any()
    found |= {
        "correlation with W^2": (all_pairs[:, 1], correlation(weight**2, true)),
        "correlation with |W|, connected": (
            decomposition.correlations(weight[None, connected], powers[:, connected], spread(varying[connected]))[:, 0],
            correlation(weight[connected], true[connected]),
        ),
        "correlation of mean square with |W|": (
            decomposition.correlations(weight[None], squares, spread(whole))[:, 0],
            correlation(weight, mean_square),
        ),
    }
    of_indirect = (true * np.where(connected, (1 - DIRECT) ** 2, 1)).sum()
    return found | {
        "share that is indirect": (
            power.shares(indirect, total),
            np.nan if nothing else of_indirect / true.sum(),
        ),
        "share that is constant": (
            power.shares(all_squares - total, all_squares),
            np.nan if nothing else 1 - true.sum() / mean_square.sum(),
        ),
    }


def cell(case: tuple[str, str, float, int], runs: int = RUNS) -> list[dict[str, Any]]:
    """Return a row per measure of one combination of signal, pattern of noise, share of noise and batches."""
    kind, pattern, share, batches = case
    rng = np.random.default_rng([SIGNALS.index(kind), PATTERNS.index(pattern), int(100 * share), batches])
    values: dict[str, list[tuple[float, ...]]] = {}
    for _ in range(runs):
        weight = weights_of(rng)
        found = study(weight, kind, pattern, share, batches, rng)
        other = study(weight, "follows", "equal", share, batches, rng, in_full=False)
        for name in ("correlation with |W|", "share on unconnected pairs"):
            found[f"difference of {name}"] = found[name][0] - other[name][0], found[name][1] - other[name][1]
        for name, (estimates, truth) in found.items():
            bound = 1.0 if "correlation" in name and "difference" not in name else np.inf
            estimate, error, low, high = statistics.jackknife(estimates, (-bound, bound))
            values.setdefault(name, []).append((float(estimate), float(error), float(low), float(high), truth))
    rows = []
    for name, of_runs in values.items():
        estimate, error, low, high, truth = np.array(of_runs).T
        known = np.isfinite(estimate)
        number = int(known.sum())
        deviation = np.std((estimate - truth)[known]) if number > 1 else np.nan
        rows.append(
            {
                "measure": name, "signal": kind, "noise": pattern, "noise_share": share, "batches": batches,
                "runs": runs, "reports": number,
                "covered": int(((low <= truth) & (truth <= high))[known].sum()),
                "significant": int(((low > 0) | (high < 0))[known].sum()),
                "mean_error": float(np.mean((estimate - truth)[known])) if number else np.nan,
                "half_interval": float(np.mean((high - low)[known]) / 2) if number else np.nan,
                "se_over_sd": float(np.mean(error[known]) / deviation) if number > 1 and deviation else np.nan,
            }
        )  # fmt: skip
    return rows


def pool() -> ProcessPoolExecutor:
    """Return a process per core."""
    return ProcessPoolExecutor(len(os.sched_getaffinity(0)), initializer=torch.set_num_threads, initargs=(1,))


def of_cells(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Return the rows that say in short what the cells say."""
    table = table.assign(coverage=table["covered"] / table["reports"])
    where = table[["signal", "noise", "noise_share", "batches"]].astype(str).agg(", ".join, axis=1)
    for measure, rows in table.groupby("measure", sort=False):
        there = rows[rows["signal"] != "none"]
        judged = there[there["reports"] >= ENOUGH]
        few = there[there["reports"] < ENOUGH]
        worst = judged["coverage"].idxmin()
        yield row(f"{measure}: lowest coverage of a cell", where[worst], judged["coverage"][worst], at_least=0.92)
        if few["reports"].sum():
            case = f"pooled, cells of fewer than {ENOUGH} reports ({few['reports'].sum()} reports)"
            yield row(f"{measure}: coverage", case, few["covered"].sum() / few["reports"].sum(), at_least=0.92)
        wide = f"share of {len(judged)} cells"
        yield row(f"{measure}: above a coverage of 0.98", wide, (judged["coverage"] > 0.98).mean())
        yield row(f"{measure}: mean standard error / real s.d.", "cells", judged["se_over_sd"].dropna().values)
        leaning = (judged["mean_error"].abs() / judged["half_interval"]).max()
        yield row(f"{measure}: largest mean error / half of the interval", "cells", leaning, at_most=0.5)
        for name in ("follows", "unrelated"):
            chosen = there[(there["noise_share"] == 0.3) & (there["signal"] == name)]
            least = chosen["reports"].idxmin()
            reported = chosen["reports"][least] / chosen["runs"][least]
            yield row(f"{measure}: fewest reports at noise share 0.3, {name}", where[least], reported, at_least=0.95)
        if measure in ZERO:
            nothing = rows[rows["signal"] != "follows"]
            most = (nothing["significant"] / nothing["runs"]).idxmax()
            found = nothing["significant"][most] / nothing["runs"][most]
            yield row(f"{measure}: most often significant", where[most], found, at_most=0.07)
        else:
            most = rows["reports"][rows["signal"] == "none"].idxmax()
            yield row(f"{measure}: most reports of nothing", where[most], rows["reports"][most] / rows["runs"][most])


@cache
def truths(name: str) -> dict[str, float]:
    """Return what enumeration says of a network, by measure."""
    network, *_, exact = enumerated(name)
    pairs = off_diagonal(SIZE)
    weight = np.abs(network["weights"].transpose("source", "target").values[pairs])
    series = {part: values[pairs] for part, values in exact.items()}
    found = {}
    for kind in ("power", "mean_square"):
        size = {
            part: values.var(axis=1) if kind == "power" else (values**2).mean(axis=1) for part, values in series.items()
        }
        for group, chosen in (("all", weight >= 0), ("connected", weight > 0)):
            for key, values in (("weight", weight), ("squared_weight", weight**2)):
                found[f"{kind}_{key}_correlation_{group}"] = correlation(values[chosen], size["influence"][chosen])
        total = size["influence"].sum()
        found[f"{kind}_structural_indirect_share"] = size["influence"][weight == 0].sum() / total
        for part in ("direct", "indirect"):
            found[f"{kind}_mediated_{part}_share"] = size[part].sum() / total
    square = (series["influence"] ** 2).mean(axis=1).sum()
    found["constant_share"] = 1 - series["influence"].var(axis=1).sum() / square
    return found


def swept(case: tuple[str, int], chosen: range) -> dict[str, np.ndarray]:
    """Return reports and covered ones, by measure, of the sweeps of an enumerated network with some seeds."""
    name, walks = case
    network, trained, piece, _ = enumerated(name)
    options = {"refit_readout": CASES[name].get("refit", False), "rescale": CASES[name].get("rescale", False)}
    result = {measure: np.zeros(2) for measure in truths(name)}
    for seed in chosen:
        sums = sweep.run(
            network, trained, piece, seed=seed, batches=range(BATCHES), walks=walks, time_bins=STEPS,
            dtype=torch.float64, **options,
        )  # fmt: skip
        split = decomposition.decompose({"": network["weights"]}, {"": influence.estimate(sums)}).isel(regime=0)
        for measure, truth in truths(name).items():
            value: xr.Dataset = split.sel(measure=measure)
            if value["known"]:
                # Powers are kept in single precision.
                covered = float(value["low"]) - 1e-6 <= truth <= float(value["high"]) + 1e-6
                result[measure] += 1, covered
    return result


def of_networks() -> Iterator[dict[str, Any]]:
    """Yield the rows of enumerated networks."""
    for name, walks in product(NETWORKS, WALKS):
        with pool() as workers:
            parts = [range(start, SEEDS, 4) for start in range(4)]
            found = list(workers.map(partial(swept, (name, walks)), parts))
        total = {measure: sum(each[measure] for each in found) for measure in found[0]}
        covered = {measure: c / n for measure, (n, c) in total.items() if n >= 100}
        case = f"{name}, {walks} walks per batch, {SEEDS} seeds"
        if covered:
            worst = min(covered, key=lambda measure: covered[measure])
            # 0.92, less two standard errors of so many seeds, as this is the lowest of many.
            bound = 0.92 - 2 * np.sqrt(0.92 * 0.08 / total[worst][0])
            yield row(f"lowest coverage of a measure ({worst})", case, covered[worst], at_least=bound)
            yield row("coverage of measures", case, np.array(list(covered.values())))
            most = max(covered, key=lambda measure: covered[measure])
            yield row(f"highest coverage of a measure ({most})", case, covered[most])
        reports = np.array([n / SEEDS for n, _ in total.values()])
        yield row("share of reports of measures", case, reports)
        yield row("lowest share of reports of a measure", case, reports.min())


def shares_from(walks: int, seed: int) -> np.ndarray:
    """Return the share of power on unconnected pairs of a network of 100 nodes, noise-free and raw, and the ends."""
    network, trained, piece = make(100, 200, density=0.1)
    sums = sweep.run(network, trained, piece, seed=seed, batches=range(BATCHES), walks=walks, time_bins=200)
    split = decomposition.decompose({"": network["weights"]}, {"": influence.estimate(sums)}).isel(regime=0)
    free = split.sel(measure="power_structural_indirect_share")
    raw = split["estimate"].sel(measure="raw_structural_indirect_share")
    return np.array([float(each) for each in (free["estimate"], free["low"], free["high"], raw)])


def of_few_walks() -> Iterator[dict[str, Any]]:
    """Yield how far the mean share of many sweeps of few walks is from that of many walks, in standard errors."""
    with pool() as workers:
        long = np.array(list(workers.map(partial(shares_from, 400), (1000, 1001))))[:, 0]
        case = "100 nodes, 2 sweeps of 400 walks per batch"
        yield row("share on unconnected pairs", case, long)
        for walks, sweeps in ((2, 40), (6, 40), (20, 20)):
            found = np.array(list(workers.map(partial(shares_from, walks), range(sweeps))))
            case = f"100 nodes, {sweeps} sweeps of {walks} walks per batch"
            error = found[:, 0].std(ddof=1) / np.sqrt(sweeps)
            yield row("share on unconnected pairs", case, found[:, 0].mean())
            yield row(
                "the same, less that of many walks, in standard errors of the mean",
                case,
                abs(found[:, 0].mean() - long.mean()) / error,
                at_most=3,
            )
            yield row("share on unconnected pairs, raw", case, found[:, 3].mean())
            covered = (found[:, 1] <= long.mean()) & (long.mean() <= found[:, 2])
            yield row("coverage of the share on unconnected pairs", case, covered.mean(), at_least=0.9)


def measure() -> list[dict[str, Any]]:
    """Write the table of all cells, and return what it says in short, and what real networks say."""
    cases = [case for case in product(SIGNALS, PATTERNS, NOISE_SHARES, NUMBERS) if case[0] != "none" or case[2] == 0.5]
    with pool() as workers:
        table = pd.DataFrame([each for rows in workers.map(cell, cases) for each in rows])
    table.to_csv(FILE, index=False, float_format="%.4g")
    return [*of_cells(table), *of_networks(), *of_few_walks()]
