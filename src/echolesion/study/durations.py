"""How long a job takes, and a study: by a model of one core of the machine of docs/scaling.md.

A job starts, which is most of the time of many, and then works: a sweep simulates states, each of which takes a time of
its own and a product with the weights, both of the engine that simulates (`ENGINES`). What is asked of a cluster is
that times `PATIENCE`, as its cores may be slow and shared. Nothing is timed, so that it is said at once: no torch, no
xarray. ``benchmarks/costs.py`` holds the model against what is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from echolesion.shapley.walks import levels
from echolesion.study.memory import time_bins
from echolesion.sweep.choice import configured_reason


@dataclass(frozen=True)
class Engine:
    """What simulates lesioned networks, on one core.

    Attributes
    ----------
    per_state : float
        Seconds of a state of a node at a step, besides products: activation, sums, the split.
    rate : float
        Multiply-adds per second of the products of states and weights.
    per_step : float
        Seconds of a step of all walks of a level, however few they are.
    fits : float
        Time of fits of a read-out to that of torch.
    """

    per_state: float
    rate: float
    per_step: float
    fits: float


#: Engines by the name that ``sweep.engine`` has for them.
ENGINES = {
    "torch": Engine(per_state=7.2e-9, rate=5e10, per_step=1e-4, fits=1.0),
    "lanes": Engine(per_state=3.5e-9, rate=4e11, per_step=2e-5, fits=0.1),
}
#: Seconds of a job besides its work: Python, its libraries, Snakemake; and of those that import torch, what is more.
START, WITH_TORCH = 1.6, 0.8
#: Rules that import torch.
ON_TORCH = (
    "tuning", "reservoir", "training", "sweep", "null", "nulls", "map_part", "map", "noise_curve_part", "noise_curve",
    "edge_cut", "interaction", "published_tuning",
)  # fmt: skip
#: Seconds of a figure, in two formats, and how many there are of a network and of a study.
PER_FIGURE, OF_NETWORK, OF_STUDY = 0.8, 8, 2
#: Seconds of a value that is read from a connectome's files.
PER_READ = 5e-5
#: Seconds of a step of the tuning of one radius, however small the network.
PER_TUNED = 2e-5
#: Seconds of fits of a read-out: of one, of a state and step, and floating-point operations per second.
FIT, PER_FITTED, FIT_RATE = 1e-4, 1e-8, 1e10
#: Seconds of a pair of nodes and bin of time as an influence is estimated, and as one is read and compared.
PER_ESTIMATED, PER_COMPARED = 3.5e-7, 5e-8
#: Minutes that a cluster is asked for besides those of a job; declared over modelled time.
SPARE, PATIENCE = 5.0, 4.0


def engine_of(config: Mapping[str, Any]) -> str:
    """Return the name of the engine that simulates a study's sweeps."""
    return "torch" if config["sweep"]["engine"] == "torch" or configured_reason(config) else "lanes"


def sweep_seconds(config: Mapping[str, Any], size: int, walks: int) -> float:
    """Return the modelled time of one batch of walks on one core.

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
    of = ENGINES[engine_of(config)]
    per_step = sum(count * (length / of.rate + of.per_state) + of.per_step for length, count in states)
    fitted = task["train"] + task["validation"]
    fits = [(length, count / length) for length, count in states if sweep["refit_readout"]]
    return precision * steps * per_step + of.fits * sum(count * _fit_seconds(length, fitted) for length, count in fits)


def _fit_seconds(size: int, steps: int, rate: float = FIT_RATE) -> float:
    """Return the modelled time of a fit of a read-out to so many steps, a triangle and its singular values."""
    return FIT + PER_FITTED * steps * size + (2 * steps * size**2 + 20 * size**3) / rate


def tuning_seconds(config: Mapping[str, Any], size: int) -> float:
    """Return the modelled time of the tuning of a network on one core.

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
    radii = len(tuning["spectral_radius"])
    points = radii * len(tuning["leak"]) * len(tuning["input_scaling"])
    steps, of = 2 * task["washout"] + task["train"] + task["validation"], ENGINES["torch"]
    # In double precision; the points of a radius step together.
    simulated = 2 * points * steps * size * (3 * size / of.rate + of.per_state) + radii * steps * PER_TUNED
    return simulated + points * _fit_seconds(size, task["train"], of.rate)  # of products, not of triangles


def start_seconds(rule: str) -> float:
    """Return the modelled time that a job of a rule takes before its work, in seconds."""
    return START + WITH_TORCH * (rule in ON_TORCH)


def job_seconds(rule: str, config: Mapping[str, Any], size: int, read: tuple[int, int] | None = None) -> float:
    """Return the modelled time of a job on one core, its start included.

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
    float
        Seconds.
    """
    return start_seconds(rule) + _work_seconds(rule, config, size, read)


def _work_seconds(rule: str, config: Mapping[str, Any], size: int, read: tuple[int, int] | None = None) -> float:
    if rule == "task":
        return 0.0
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
        return 2 * config["topology"]["surrogates"] * (5e-9 * size**3 + 4.5e-6 * size**2)
    if rule in ("network_figures", "study_figures"):
        return PER_FIGURE * (OF_NETWORK if rule == "network_figures" else OF_STUDY)
    per_value = PER_ESTIMATED if rule in ("influence", "check") else PER_COMPARED * regimes
    return per_value * size**2 * time_bins(config)


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
    return ceil(SPARE + PATIENCE * job_seconds(rule, config, size, read) / 60)


def jobs_of_network(config: Mapping[str, Any]) -> dict[str, int]:
    """Return how many jobs of each rule a study has for one network, of a sweep in rounds those of the first."""
    regimes, nulls = len(config["regimes"]), config["nulls"]
    curves = config["noise_curve"]
    return {
        "connectome": 1,
        "tuning": 1,
        "reservoir": regimes,
        "training": regimes,
        "sweep": regimes * config["sweep"]["shards"],
        "influence": regimes,
        "contribution": regimes,
        "decomposition": 1,
        "topology": 1,
        "null": nulls,
        "nulls": min(nulls, 1),
        "noise_curve_part": regimes * len(curves["walks_per_batch"]) if curves else 0,
        "noise_curve": regimes if curves else 0,
        "network_figures": 1,
        "explorer": 1,
    }


def study_seconds(config: Mapping[str, Any], sizes: Mapping[str, int], cores: int) -> float:
    """Estimate the time of a whole study, from nothing.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    sizes : mapping of str to int
        Nodes of each connectome, those of the map among them; 0 of one that is not known, which takes no time.
    cores : int
        Processes side by side.

    Returns
    -------
    float
        Seconds: of all jobs, as if cores were never idle, or of the longest way through them.
    """
    chain = ("connectome", "tuning", "reservoir", "training", "sweep", "influence", "decomposition", "topology")
    known = {key: sizes[key] for key in config["connectomes"] if sizes[key]}
    largest = max(known.values(), default=2)
    of_study = sum(job_seconds(rule, config, largest) for rule in ("task", "tables", "study_figures", "report"))
    total, longest = of_study, 0.0
    counts = {rule: count for rule, count in jobs_of_network(config).items() if count}
    for size in known.values():
        seconds = {rule: job_seconds(rule, config, size) for rule in counts}
        total += sum(count * seconds[rule] for rule, count in counts.items())
        longest = max(longest, sum(seconds[rule] for rule in (*chain, "network_figures")) + of_study)
    if grid := config["map"]:
        points = len(grid["spectral_radius"]) * len(grid["leak"])
        mapped = [sizes[key] for key in grid["connectomes"] or config["connectomes"]]
        total += sum(points * job_seconds("map_part", config, size) for size in mapped if size)
    return max(longest, total / cores)
