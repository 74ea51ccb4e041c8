"""Estimate the contribution of every node from all shards of a sweep."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import contribution
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    with storage.opened(snakemake.input) as shards:
        result = contribution.estimate(*shards)
    storage.write(result, snakemake.output[0], snakemake.config)
