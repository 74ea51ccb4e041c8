"""Estimate the contribution of every node from all shards of a sweep."""

from snakemake.iocontainers import Snakemake

from echolesion import contribution, storage, sweep
from echolesion.provenance import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    large = ("influence_sum", "direct_sum")
    result = contribution.estimate(sweep.merge([storage.read(shard, without=large) for shard in snakemake.input]))
    storage.write(result, snakemake.output[0], snakemake.config)
