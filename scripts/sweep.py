"""Sweep over lesions: the batches of walks of one shard."""

from snakemake.iocontainers import Snakemake

from echolesion import seeds, storage, sweep
from echolesion.provenance import logged
from echolesion.task import split

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, wildcards = snakemake.params, snakemake.wildcards
    sums = sweep.run(
        storage.read(snakemake.input.reservoir),
        storage.read(snakemake.input.training),
        split(storage.read(snakemake.input.task), "test"),
        # A batch has the same walks in every regime, which pairs their differences, and in whatever shard it is.
        {batch: seeds.generator(params.seed, "walks", batch) for batch in params.batches},
        walks=params.sweep["walks_per_batch"],
        time_bins=params.sweep["time_bins"],
        estimator=params.sweep["estimator"],
        device=params.sweep["device"],
        progress=f"sweep {wildcards.connectome} {wildcards.regime} {wildcards.shard}",
    )
    storage.write(sums, snakemake.output[0], snakemake.config)
