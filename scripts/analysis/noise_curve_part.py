"""Repeat a short sweep of a regime."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import noise_curve
from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.training.task import split

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, wildcards, files = snakemake.params, snakemake.wildcards, snakemake.input
    name = f"{wildcards.connectome}, {wildcards.regime}, {wildcards.walks} walks"
    result = noise_curve.measured(
        storage.read(files.reservoir),
        storage.read(files.training),
        split(storage.read(files.task), "test"),
        seed=params.seed,
        walks=int(wildcards.walks),
        progress=f"noise curve {name} per batch",
        **params.sweep,
    )
    storage.write(result, snakemake.output[0], snakemake.config)
