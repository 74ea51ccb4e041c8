"""Make the input and the truth of the task."""

from snakemake.iocontainers import Snakemake

from echolesion import seeds, storage, task
from echolesion.provenance import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    series = task.make(snakemake.params.task, seeds.generator(snakemake.params.seed, "task"))
    storage.write(series, snakemake.output[0], snakemake.config)
