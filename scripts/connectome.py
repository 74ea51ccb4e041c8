"""Load, check and weight a connectome."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion import connectome, seeds, storage
from echolesion.provenance import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, name = snakemake.params, snakemake.wildcards.connectome
    measured = connectome.load(params.entry, name, Path(snakemake.scriptdir).parent)
    rng = seeds.generator(params.seed, "weights")
    weights = connectome.prepare(measured, params.weighting, params.threshold, rng, name)
    storage.write(weights.to_dataset(), snakemake.output[0], snakemake.config)
