"""Make the input and the truth of the task."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion import seeds, storage, task
from echolesion.provenance import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    settings = dict(snakemake.params.task)
    if settings["series"]:
        settings["series"] = Path(snakemake.scriptdir).parent / settings["series"]
    series = task.make(settings, seeds.generator(snakemake.params.seed, "task"))
    storage.write(series, snakemake.output[0], snakemake.config)
