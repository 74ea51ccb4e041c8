"""Train and sweep the networks of one connectome at one point of the map, in every loop."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import parameter_map
from echolesion.dynamics import reservoir
from echolesion.records import seeds, storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, key = snakemake.params, snakemake.wildcards.connectome
    connectome = storage.read(snakemake.input.connectome)["weight"]
    task = storage.read(snakemake.input.task)
    unscaled = reservoir.input_weights(connectome, task["input"], seeds.generator(params.seed, "input"))
    result = parameter_map.explore(
        connectome,
        unscaled,
        task,
        **params.grid,
        parameters=params.reservoir,
        settings=params.sweep | {"seed": params.seed},
        until=params.until,
        progress=f"map {key}, radius {params.grid['spectral_radius'][0]:g}, leak {params.grid['leak'][0]:g}",
    )
    storage.write(result, snakemake.output[0], snakemake.config)
