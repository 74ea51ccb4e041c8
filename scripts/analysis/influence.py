"""Estimate the influence of every node on every other from all shards of a sweep."""

import logging

import numpy as np
from snakemake.iocontainers import Snakemake

from echolesion.analysis import influence
from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.shapley import power

snakemake: Snakemake

with logged(snakemake.log[0]):
    name = f"{snakemake.wildcards.connectome}, {snakemake.wildcards.regime}"
    until = snakemake.params.until
    target = until["reliability"] if until else influence.RELIABLE
    with storage.opened(snakemake.input) as shards:
        result = influence.estimate(*shards, progress=f"influence {name}")
    reliability, walks = float(result["power_reliability"]), result.attrs["walks_per_batch"]
    spread = result["power_spread"].sel(kind="variance", pairs="all").values
    needed = power.walks_needed(spread, walks, target)
    ended_by = "target" if until and reliability >= target else "budget" if until else "fixed number of walks"
    about = "a number that is not known" if np.isnan(needed) else f"about {max(needed, 1):.0f}"
    logging.info(
        "%s: reliability of power %.3f with %d walks per batch (ended by: %s); %.2f needs about %s",
        *(name, reliability, walks, ended_by, target, about),
    )
    if not reliability >= target:
        logging.warning(
            "%s: reliability below %.2f, or not known: take more walks (sweep.walks_per_batch)", name, target
        )
    if bounded := result.attrs["bounded_lesioned_share"]:
        logging.info("%s: the output of %.1f %% of lesioned networks ran away and was bounded", name, 100 * bounded)
    result = result.assign_attrs(ended_by=ended_by, reliability_target=target, walks_needed=needed)
    storage.write(result, snakemake.output[0], snakemake.config)
