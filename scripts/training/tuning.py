"""Score a grid of reservoir parameters on a connectome."""

import logging

from snakemake.iocontainers import Snakemake

from echolesion.dynamics import reservoir
from echolesion.records import seeds, storage
from echolesion.records.log import logged
from echolesion.training import tuning

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, name = snakemake.params, snakemake.wildcards.connectome
    connectome = storage.read(snakemake.input.connectome)["weight"]
    task = storage.read(snakemake.input.task)
    unscaled = reservoir.input_weights(connectome, task["input"], seeds.generator(params.seed, "input"))
    tuned = tuning.tune(connectome, unscaled, task, params.grid, **params.reservoir, progress=f"tuning {name}")
    best = ", ".join(f"{key.removeprefix('best_')} {value:g}" for key, value in tuned.attrs.items())
    logging.info("%s: best at %s", name, best)
    storage.write(tuned, snakemake.output[0], snakemake.config)
