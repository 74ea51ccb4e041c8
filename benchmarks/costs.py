"""How far the time that a study is said to take is from what it takes: modelled over used, at five sizes.

Used is the time of a process on a core, so that others on the machine count only by what they take of its caches.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import yaml
from measure import SEED, make, row

from echolesion import sweep
from echolesion.analysis import decomposition, influence, topology
from echolesion.dynamics import reservoir
from echolesion.records import seeds
from echolesion.study import durations
from echolesion.training import task, tuning

#: Nodes, and walks of full length of a batch: enough that every pair is sampled in several of eight batches.
WALKS = {36: 20, 100: 8, 213: 6, 279: 6, 500: 4}
#: Surrogates of either kind.
SURROGATES = 5
#: Of the reservoir.
PARAMETERS: dict[str, Any] = {"bias": 0.001, "activation": "tanh"}
#: How far the model may be from what is used, in either direction.
WITHIN = 1.5


def _used(function: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[float, Any]:
    """Return the seconds of a call on a core, and what it returns."""
    start = process_time()
    result = function(*arguments, **options)
    return process_time() - start, result


def _configuration() -> dict[str, Any]:
    """Return the default study, with as few surrogates and one regime, so that every rule is called once."""
    config = copy.deepcopy(yaml.safe_load((Path(__file__).parents[1] / "config/config.yaml").read_text()))
    config["topology"]["surrogates"] = SURROGATES
    config["regimes"] = config["regimes"][:1]
    config["sweep"]["shards"] = 1
    return config


def used(config: dict[str, Any], size: int) -> dict[str, float]:
    """Return the seconds of the jobs on a network that take the most, without their start."""
    network, trained, piece = make(size, config["task"]["test"], washout=config["task"]["washout"])
    weights = network["weights"]
    series = task.make(config["task"], seeds.generator(SEED, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(SEED, "input"))
    settings = {"seed": SEED, "batches": range(config["sweep"]["batches"]), "walks": config["sweep"]["walks_per_batch"]}
    seconds = {}
    seconds["tuning"], _ = _used(tuning.tune, weights, unscaled, series, config["tuning"], **PARAMETERS)
    seconds["sweep"], sums = _used(sweep.run, network, trained, piece, **settings)
    seconds["influence"], estimate = _used(influence.estimate, sums)
    of_regimes = {"a": estimate}
    seconds["decomposition"], _ = _used(decomposition.decompose, {"a": weights}, of_regimes)
    surrogates = {"number": SURROGATES, "rng": np.random.default_rng(SEED)}
    seconds["topology"], _ = _used(topology.compare, weights, of_regimes, **surrogates)
    return seconds


def measure() -> list[dict[str, Any]]:
    """Return modelled over used time, of each rule and of all of them."""
    rows = []
    for size, walks in WALKS.items():
        config = _configuration()
        config["sweep"]["walks_per_batch"] = walks
        seconds = used(config, size)
        modelled = {rule: durations.job_seconds(rule, config, size) - durations.start_seconds(rule) for rule in seconds}
        rows += [
            row(f"modelled over used time, {rule}", f"N = {size}", modelled[rule] / seconds[rule]) for rule in seconds
        ]
        whole = sum(modelled.values()) / sum(seconds.values())
        rows.append(row("modelled over used time", f"N = {size}", whole, at_least=1 / WITHIN, at_most=WITHIN))
    return rows
