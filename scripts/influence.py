"""Estimate the influence of every node on every other from all shards of a sweep."""

import logging

from snakemake.iocontainers import Snakemake

from echolesion import influence, storage, sweep
from echolesion.provenance import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    name = f"{snakemake.wildcards.connectome}, {snakemake.wildcards.regime}"
    sums = sweep.merge([storage.read(shard) for shard in snakemake.input])
    result = influence.estimate(sums, progress=name)
    logging.info("%s: split-half reliability of influence %.3f", name, result["reliability"])
    if result["reliability"] < influence.RELIABLE:
        logging.warning("%s: reliability below %.1f: take more walks (sweep.walks_per_batch)", name, influence.RELIABLE)
    storage.write(result, snakemake.output[0], snakemake.config)
