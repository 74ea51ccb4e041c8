"""Split the influence of every regime by structure and compare the regimes."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import decomposition
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    regimes = snakemake.params.regimes
    weights = {
        name: storage.read(file)["weights"] for name, file in zip(regimes, snakemake.input.reservoir, strict=True)
    }
    influence = {name: storage.read(file) for name, file in zip(regimes, snakemake.input.influence, strict=True)}
    storage.write(decomposition.decompose(weights, influence), snakemake.output[0], snakemake.config)
