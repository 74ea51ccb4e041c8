"""Sweep over lesions: the batches of walks of one shard."""

import logging

import torch
from snakemake.iocontainers import Snakemake

from echolesion import seeds, storage, sweep
from echolesion.provenance import logged
from echolesion.task import split

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, wildcards = snakemake.params, snakemake.wildcards
    name = f"{wildcards.connectome}, {wildcards.regime}, shard {wildcards.shard}"
    threads = torch.get_num_threads()
    logging.info("%s: %d batches on %s, %d thread", name, len(params.batches), params.sweep["device"], threads)
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
        progress=f"sweep {name}",
    )
    storage.write(sums, snakemake.output[0], snakemake.config)
