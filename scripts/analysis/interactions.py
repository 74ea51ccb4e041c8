"""Estimate the interaction of every two nodes in the contribution game."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import interaction
from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.training.task import split

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, wildcards, files = snakemake.params, snakemake.wildcards, snakemake.input
    result = interaction.interactions(
        storage.read(files.reservoir),
        storage.read(files.training),
        split(storage.read(files.task), "test"),
        seed=params.seed,
        batches=range(params.batches),
        progress=f"interactions {wildcards.connectome}, {wildcards.regime}",
        **params.interactions,
    )
    storage.write(result, snakemake.output[0], snakemake.config)
