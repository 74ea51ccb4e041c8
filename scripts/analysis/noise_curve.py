"""Put short sweeps of a regime beside the long one."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import noise_curve
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    short = [storage.read(file) for file in snakemake.input.short]
    weights = storage.read(snakemake.input.reservoir)["weights"]
    result = noise_curve.gather(short, weights, storage.read(snakemake.input.influence))
    storage.write(result, snakemake.output[0], snakemake.config)
