"""What a job asks of a cluster: memory and time, from the size of its network and the configuration.

Memory is what Python and the libraries take, and the arrays that a rule holds at once, times `MARGIN`; time is what
the work takes on a core at the rates below, times `PATIENCE`, as a cluster's cores may be slow and shared. Every rule
writes what it really used to ``results/<study>/benchmarks``; `compare` puts the two side by side.
"""

from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path
from typing import Any

import pandas as pd

from echolesion.shapley.walks import levels

#: Pairs whose influence is kept at every step if it is averaged over bins, as in `sweep.batches`, whose import would
#: take a planning process seconds.
SAMPLED = 1000

#: Rules that run on ``sweep.device``.
ON_DEVICE = ("sweep", "map_part", "null", "noise_curve_part", "edge_cut", "interaction")
#: Memory of the two Snakemakes that start a job on a cluster, in MB.
STARTERS = 280
#: Memory of a job before its work, in MB: those, and Python with its libraries.
BASE = STARTERS + 520
#: Declared over modelled memory, and over modelled time.
MARGIN, PATIENCE = 1.3, 4.0
#: Bytes of a node, of a connection of a list and of a pair of a matrix as they are read and prepared, and of a pair of
#: nodes as it is written; seconds of a value that is read.
PER_NODE, PER_LISTED, PER_PAIR, PER_WRITTEN, PER_READ = 1e3, 600, 150, 24, 5e-5
#: Time of a job before its work, in minutes.
START = 5.0
#: Of fits of a read-out on one core: seconds of one, of a state and step, and floating-point operations per second.
FIT, PER_FITTED, FIT_RATE = 1e-4, 1e-8, 1e10
#: Of one core: multiply-adds per second of float32 products, and seconds of the rest per state and step.
RATE, PER_STATE = 2e10, 1e-8
_MB = 1e6


def time_bins(config: Mapping[str, Any]) -> int:
    """Return in how many bins a study averages influence: as many as the test split has steps, if none are set."""
    return int(config["sweep"]["time_bins"] or config["task"]["test"])


def _bytes(config: Mapping[str, Any]) -> int:
    return 8 if config["task"]["loop"] == "closed" else 4


def _values(config: Mapping[str, Any], size: int) -> float:
    """Return the bytes of an influence of every pair and time bin."""
    return size**2 * time_bins(config) * _bytes(config)


def _sampled(config: Mapping[str, Any], size: int) -> float:
    """Return the bytes of the sums of the pairs that are kept at every step, of a batch."""
    steps = config["task"]["test"]
    return min(SAMPLED, size * (size - 1)) * steps * _bytes(config) if time_bins(config) < steps else 0.0


def _powers(config: Mapping[str, Any], size: int) -> float:
    """Return the bytes of the powers of every pair, of three parts and kinds, with each batch left out."""
    return 4 * 9 * (1 + config["sweep"]["batches"]) * size**2


def _sweep_memory(config: Mapping[str, Any], size: int) -> float:
    fitted = 3 * 8 * 2**26 if config["sweep"]["refit_readout"] else 0
    steps = config["task"]["test"]
    series = 4 * 8 * steps * (size * len(levels(size, 2, config["sweep"]["estimator"])) + 2**14)
    return 4.2 * (_values(config, size) + _sampled(config, size)) + 1.5e8 + fitted + series


def _tuning_memory(config: Mapping[str, Any], size: int) -> float:
    task, tuning = config["task"], config["tuning"]
    points = len(tuning["leak"]) * len(tuning["input_scaling"])
    steps = 2 * task["washout"] + task["train"] + task["validation"]
    return 2.5 * 8 * points * steps * size


def _influence_memory(config: Mapping[str, Any], size: int) -> float:
    sampled = config["sweep"]["batches"] * _sampled(config, size)
    return 8 * _values(config, size) + 2 * _powers(config, size) + 6 * sampled


def _sweep_and_estimate_memory(config: Mapping[str, Any], size: int) -> float:
    """Return the bytes of a sweep whose batches stay in memory until they are estimated."""
    swept = config["sweep"]["batches"] * (_values(config, size) + _sampled(config, size))
    return _sweep_memory(config, size) + swept + _influence_memory(config, size)


def _influences_read(config: Mapping[str, Any], size: int) -> float:
    """Return the bytes of an estimated influence as it is read."""
    return 6 * _values(config, size) + _powers(config, size)


def _of_regimes(config: Mapping[str, Any], size: int) -> float:
    return len(config["regimes"]) * _influences_read(config, size) + 3 * _powers(config, size)


#: Bytes that a rule holds beyond `BASE`; of those that are not here, next to nothing.
MEMORY: dict[str, Callable[[Mapping[str, Any], int], float]] = {
    "tuning": _tuning_memory,
    "training": lambda config, size: 6 * 8 * size * sum(config["task"][s] for s in ("train", "validation", "test")),
    "sweep": _sweep_memory,
    "check": _influence_memory,
    "influence": _influence_memory,
    "contribution": lambda config, size: 6 * 8 * config["sweep"]["batches"] * 6 * size * config["task"]["test"],
    "decomposition": _of_regimes,
    "topology": _of_regimes,
    "null": _sweep_and_estimate_memory,
    "map_part": _sweep_and_estimate_memory,
    "noise_curve_part": _sweep_and_estimate_memory,
    "tables": lambda config, size: 1.5 * _influences_read(config, size),
    "edge_cut": lambda config, size: 1.5e8 + config["sweep"]["batches"] * 4 * _values(config, size),
    "interaction": _sweep_memory,
    "explorer": lambda config, size: _of_regimes(config, size) + 20 * size**2 * len(config["regimes"]) * 8,
    "network_figures": lambda config, size: len(config["regimes"]) * _influences_read(config, size),
    "study_figures": lambda config, size: len(config["connectomes"]) * _powers(config, size),
}
#: All rules that ask for resources.
NAMES = (
    *MEMORY, "connectome", "fetch", "task", "reservoir", "nulls", "map", "noise_curve", "noise_curves",
    "published_tuning", "edge_cuts", "report",
)  # fmt: skip


def _reading(nodes: int, values: int, size: int) -> float:
    """Return the bytes of what is read of files, and of the matrix that is written."""
    per_value = PER_PAIR if values >= nodes**2 else PER_LISTED
    return PER_NODE * nodes + per_value * values + PER_WRITTEN * size**2


def _work_memory(rule: str, config: Mapping[str, Any], size: int, read: tuple[int, int] | None) -> float:
    if rule == "connectome":
        return _reading(*(read or (size, size**2)), size)
    return MEMORY[rule](config, size) if rule in MEMORY else 0.0


def memory_mb(rule: str, config: Mapping[str, Any], size: int, read: tuple[int, int] | None = None) -> int:
    """Return the memory that a job of a rule asks for.

    Parameters
    ----------
    rule : str
        Its name.
    config : mapping
        The checked configuration.
    size : int
        Nodes of its network, or of the largest of the study.
    read : tuple of int, optional
        Of the rule that reads a connectome: nodes in its files, and values of connections, or of pairs of a matrix.

    Returns
    -------
    int
        MB.
    """
    return ceil(BASE + MARGIN * _work_memory(rule, config, size, read) / _MB)


def here_mb(declared: float) -> float:
    """Return the memory that a job takes as modelled, in MB, of what it asks a cluster for: see `memory_mb`.

    That is without the margin, and without the two Snakemakes that start it there.
    """
    return BASE - STARTERS + (declared - BASE) / MARGIN


def sweep_seconds(config: Mapping[str, Any], size: int, walks: int) -> float:
    """Return the modelled time of one batch of walks on one core, see `RATE`.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    size : int
        Nodes of the network, or of the largest of the study.
    walks : int
        Walks of full length.

    Returns
    -------
    float
        Seconds.
    """
    task, sweep = config["task"], config["sweep"]
    closed = task["loop"] == "closed"
    steps = task["washout"] + task["test"] + (task["train"] + task["validation"] if closed else 0)
    states = [
        (level.length, level.walks * level.prefixes * level.length) for level in levels(size, walks, sweep["estimator"])
    ]
    precision = 2 if closed else 1
    simulated = sum(precision * steps * count * (length / RATE + PER_STATE) for length, count in states)
    fitted = task["train"] + task["validation"]
    fits = [(length, count / length) for length, count in states if sweep["refit_readout"]]
    return simulated + sum(count * _fit_seconds(length, fitted) for length, count in fits)


def _fit_seconds(size: int, steps: int) -> float:
    """Return the modelled time of a fit of a read-out to so many steps, a triangle and its singular values."""
    return FIT + PER_FITTED * steps * size + (2 * steps * size**2 + 20 * size**3) / FIT_RATE


def tuning_seconds(config: Mapping[str, Any], size: int) -> float:
    """Return the modelled time of the tuning of a network on one core, see `RATE`.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    size : int
        Nodes of the network.

    Returns
    -------
    float
        Seconds.
    """
    task, tuning = config["task"], config["tuning"]
    points = len(tuning["spectral_radius"]) * len(tuning["leak"]) * len(tuning["input_scaling"])
    return points * (2 * task["washout"] + task["train"] + task["validation"]) * size * (3 * size / RATE + PER_STATE)


def _work_seconds(rule: str, config: Mapping[str, Any], size: int, read: tuple[int, int] | None = None) -> float:
    if rule == "connectome":
        return PER_READ * sum(read or (size, size**2))
    sweep, regimes = config["sweep"], len(config["regimes"])
    # In rounds, one may have all walks of the budget.
    walks = (sweep["until"] or sweep)["walks_per_batch"]
    batch = sweep_seconds(config, size, walks)
    per_walk = batch / walks
    if rule in ("sweep", "null"):
        count = -(-sweep["batches"] // sweep["shards"]) if rule == "sweep" else regimes * sweep["batches"]
        return count * batch
    if rule == "map_part":
        grid = config["map"]
        most = (grid.get("until") or grid)["walks_per_batch"]
        return sweep["batches"] * len(grid["loops"]) * most * per_walk
    if rule == "noise_curve_part":
        curve = config["noise_curve"]
        return sweep["batches"] * curve["replicates"] * max(curve["walks_per_batch"]) * per_walk
    if rule == "edge_cut":
        return 2 * sweep["batches"] * config["edge_cut"]["walks_per_batch"] * size**2 * per_walk
    if rule == "interaction":
        return 4 * sweep["batches"] * config["interactions"]["walks_per_batch"] * per_walk
    if rule == "tuning":
        return tuning_seconds(config, size)
    if rule == "topology":
        return 2 * config["topology"]["surrogates"] * (5e-9 * size**3 + 6e-6 * size**2)
    return 1e-6 * size**2 * time_bins(config)


def minutes(rule: str, config: Mapping[str, Any], size: int, read: tuple[int, int] | None = None) -> int:
    """Return the time that a job of a rule asks for.

    Parameters
    ----------
    rule : str
        Its name.
    config : mapping
        The checked configuration.
    size : int
        Nodes of the network, or of the largest of the study.
    read : tuple of int, optional
        As for `memory_mb`.

    Returns
    -------
    int
        Minutes.
    """
    return ceil(START + PATIENCE * _work_seconds(rule, config, size, read) / 60)


def disk_mb(rule: str, config: Mapping[str, Any], size: int) -> float:
    """Return the size of what a job of a rule writes.

    Parameters
    ----------
    rule : str
        Its name.
    config : mapping
        The checked configuration.
    size : int
        Nodes of the network, or of the largest of the study.

    Returns
    -------
    float
        MB.
    """
    batches = config["sweep"]["batches"]
    values, powers = _values(config, size), _powers(config, size)
    # Of the direct parts, next to nothing is left of what has no connection.
    written = {
        "sweep": (values + _sampled(config, size)) * batches / config["sweep"]["shards"]
        + 8 * batches * size * config["task"]["test"],
        "influence": 4.5 * values + powers,
    }
    return written.get(rule, 0.0) / _MB


def plan(
    config: Mapping[str, Any], sizes: Mapping[str, int], read: Mapping[str, tuple[int, int]] | None = None
) -> pd.DataFrame:
    """Say what the jobs of a study ask for and write, before any of them is sent.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    sizes : mapping of str to int
        Nodes of every network; of one that is not known 0, and it has no rows.
    read : mapping of str to tuple of int, optional
        What is read of each, see `memory_mb`.

    Returns
    -------
    pandas.DataFrame
        A row per network and rule that counts: ``connectome``, ``nodes``, ``rule``, ``jobs``, ``memory_mb`` and
        ``minutes`` that one asks for (of a sweep in rounds, the first), ``work_minutes`` that one is modelled to take
        on a core of the machine of docs/scaling.md, ``disk_mb`` that all of them write.
    """
    regimes = len(config["regimes"])
    jobs = {"connectome": 1, "tuning": 1, "sweep": regimes * config["sweep"]["shards"], "influence": regimes}
    jobs |= {"contribution": regimes, "decomposition": 1, "topology": 1, "null": config["nulls"]}
    rows = [
        {
            "connectome": key,
            "nodes": size,
            "rule": rule,
            "jobs": count,
            "memory_mb": memory_mb(rule, config, size, (read or {}).get(key)),
            "minutes": minutes(rule, config, size, (read or {}).get(key)),
            "work_minutes": round(_work_seconds(rule, config, size, (read or {}).get(key)) / 60, 2),
            "disk_mb": round(count * disk_mb(rule, config, size), 1),
        }
        for key, size in sizes.items()
        for rule, count in jobs.items()
        if count and size
    ]
    columns = ["connectome", "nodes", "rule", "jobs", "memory_mb", "minutes", "work_minutes", "disk_mb"]
    return pd.DataFrame(rows, columns=columns)


def compare(folder: Path, config: Mapping[str, Any], sizes: Mapping[str, int]) -> pd.DataFrame:
    """Put what jobs asked for beside what they used.

    Parameters
    ----------
    folder : pathlib.Path
        ``results/<study>/benchmarks``.
    config : mapping
        The configuration of the study.
    sizes : mapping of str to int
        Nodes of its networks.

    Returns
    -------
    pandas.DataFrame
        A row per job: ``rule``, ``job``, ``used_mb`` (with `STARTERS`), ``declared_mb``, ``used_minutes``,
        ``declared_minutes``.
    """
    rows = []
    for file in sorted(folder.glob("*.tsv")):
        measured = pd.read_csv(file, sep="\t", na_values="-").iloc[0]
        names = [name for name in NAMES if file.stem == name or file.stem.startswith(f"{name}_")]
        if not names:  # left by a version that had another rule
            continue
        rule = max(names, key=len)
        size = max((n for key, n in sizes.items() if f"_{key}_" in f"_{file.stem}_"), default=max(sizes.values()))
        rows.append(
            {
                "rule": rule,
                "job": file.stem,
                "used_mb": measured["max_rss"] + STARTERS,
                "declared_mb": memory_mb(rule, config, size),
                "used_minutes": measured["s"] / 60,
                "declared_minutes": minutes(rule, config, size),
            }
        )
    return pd.DataFrame(rows)
