"""Build the reservoir of a regime."""

from snakemake.iocontainers import Snakemake

from echolesion.dynamics import reservoir
from echolesion.records import seeds, storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params = snakemake.params
    connectome = storage.read(snakemake.input.connectome)["weight"]
    task = storage.read(snakemake.input.task)
    best = storage.read(snakemake.input.tuning).attrs
    # The same draw for every regime: only the parameters differ.
    unscaled = reservoir.input_weights(connectome, task["input"], seeds.generator(params.seed, "input"))
    given = {key: params.regime.get(key, best[f"best_{key}"]) for key in ("spectral_radius", "leak", "input_scaling")}
    network = reservoir.build(connectome, unscaled, **given, **params.reservoir)
    storage.write(network, snakemake.output[0], snakemake.config)
