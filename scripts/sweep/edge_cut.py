"""Estimate what every influence loses when its connection is cut."""

from snakemake.iocontainers import Snakemake

from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.sweep import edge_cut
from echolesion.training.task import split

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, wildcards, files = snakemake.params, snakemake.wildcards, snakemake.input
    result = edge_cut.estimate(
        storage.read(files.reservoir),
        split(storage.read(files.task), "test"),
        seed=params.seed,
        batches=range(params.batches),
        progress=f"edge cuts {wildcards.connectome}, {wildcards.regime}",
        **params.edge_cut,
    )
    storage.write(result, snakemake.output[0], snakemake.config)
