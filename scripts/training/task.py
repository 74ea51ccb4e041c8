"""Make the input and the truth of the task."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion.records import seeds, storage
from echolesion.records.log import logged
from echolesion.training import task

snakemake: Snakemake

with logged(snakemake.log[0]):
    settings = dict(snakemake.params.task)
    if settings["series"]:
        folder = Path(snakemake.scriptdir).parents[1] if snakemake.params.shipped else Path()
        settings["series"] = folder / snakemake.params.series
    series = task.make(settings, seeds.generator(snakemake.params.seed, "task"))
    if snakemake.params.files_sha256:
        series = series.assign_attrs(files_sha256=" ".join(snakemake.params.files_sha256))
    storage.write(series, snakemake.output[0], snakemake.config)
