"""What a study will cost in time, by the model of `resources`: nothing is timed, so that it is said at once."""

from collections.abc import Mapping
from typing import Any

from echolesion.study.resources import sweep_seconds, tuning_seconds

#: Time a job takes besides its work (start of Python and Snakemake, reading, writing), in seconds.
JOB_OVERHEAD = 5.0


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
        Seconds.
    """
    sweep, regimes = config["sweep"], len(config["regimes"])
    walks = (sweep["until"] or sweep)["walks_per_batch"]  # at most
    longest, total = 0.0, 0.0
    for size in filter(None, (sizes[key] for key in config["connectomes"])):
        tuned, batch = tuning_seconds(config, size), sweep_seconds(config, size, walks)
        jobs = regimes * (sweep["shards"] + 4) + 11
        if config["noise_curve"]:
            short = config["noise_curve"]["walks_per_batch"]
            once = sum(sweep_seconds(config, size, number) for number in short)
            total += regimes * config["noise_curve"]["replicates"] * sweep["batches"] * once
            jobs += regimes * (len(short) + 1)
        total += tuned + regimes * sweep["batches"] * batch + jobs * JOB_OVERHEAD
        of_null = sweep_seconds(config, size, sweep["walks_per_batch"]) * regimes * sweep["batches"]
        total += config["nulls"] * (of_null + JOB_OVERHEAD)
        longest = max(longest, tuned + batch * -(-sweep["batches"] // sweep["shards"]) + 6 * JOB_OVERHEAD)
    if grid := config["map"]:
        cells = len(grid["spectral_radius"]) * len(grid["loops"]) * len(grid["leak"])
        for size in filter(None, (sizes[key] for key in grid["connectomes"] or config["connectomes"])):
            most = (grid.get("until") or grid)["walks_per_batch"]
            cell = sweep["batches"] * sweep_seconds(config, size, most)
            total += cells * cell + len(grid["spectral_radius"]) * len(grid["leak"]) * JOB_OVERHEAD
    return max(longest, total / cores)
