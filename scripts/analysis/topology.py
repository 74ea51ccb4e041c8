"""Compare the influence of every regime with the topology of a connectome."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import topology
from echolesion.records import seeds, storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params = snakemake.params
    weights = storage.read(snakemake.input.connectome)["weight"]
    influence = {name: storage.read(file) for name, file in zip(params.regimes, snakemake.input.influence, strict=True)}
    rng = seeds.generator(params.seed, "surrogates")
    progress = f"surrogates of {snakemake.wildcards.connectome}"
    result = topology.compare(weights, influence, number=params.surrogates, rng=rng, progress=progress)
    storage.write(result, snakemake.output[0], snakemake.config)
