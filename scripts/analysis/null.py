"""Train and sweep networks of equal degrees that are wired at random."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import nulls
from echolesion.records import seeds, storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, wildcards = snakemake.params, snakemake.wildcards
    connectome = storage.read(snakemake.input.connectome)["weight"]
    networks = dict(zip(params.regimes, map(storage.read, snakemake.input.reservoir), strict=True))
    null = nulls.draw(connectome, seeds.generator(params.seed, "nulls", int(wildcards.number)))
    progress = f"null {wildcards.number} of {wildcards.connectome}"
    settings = params.sweep | {"seed": params.seed, "progress": progress}
    result = nulls.study(null, networks, storage.read(snakemake.input.task), ridge=params.ridge, settings=settings)
    storage.write(result, snakemake.output[0], snakemake.config)
