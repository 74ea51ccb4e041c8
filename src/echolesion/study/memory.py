"""How much memory a job takes, and how much disk: from the size of its network and the configuration.

Memory is what Python and the libraries take, and the arrays that a rule holds at once, times `MARGIN`. It is imported
by whoever plans a study: no torch, no xarray.
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

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
#: Declared over modelled memory.
MARGIN = 1.3
#: Bytes of a node, of a connection of a list and of a pair of a matrix as they are read and prepared, and of a pair of
#: nodes as it is written.
PER_NODE, PER_LISTED, PER_PAIR, PER_WRITTEN = 1e3, 600, 150, 24
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
