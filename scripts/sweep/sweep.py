"""Sweep over lesions: the batches of walks of one shard of one round."""

import json
import logging
from pathlib import Path

import torch
from snakemake.iocontainers import Snakemake

from echolesion import shapley, sweep
from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.training.task import split

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, wildcards, files = snakemake.params, snakemake.wildcards, snakemake.input
    settings = dict(params.sweep)
    if files.check:
        settings["walks"] = json.loads(Path(files.check).read_text())["walks_of_next_round"]
    name = f"{wildcards.connectome}, {wildcards.regime}, shard {wildcards.round}-{wildcards.shard}"
    settings["walks"] = shapley.in_pairs(settings["walks"])
    logging.info(
        "%s: %d batches of %d walks on %s, %d thread",
        *(name, len(params.batches), settings["walks"], settings["device"], torch.get_num_threads()),
    )
    network, trained = storage.read(files.reservoir), storage.read(files.training)
    piece = split(storage.read(files.task), "test")
    # A batch has the same walks in every regime, which pairs their differences, and in whatever shard it is.
    batches = (
        sweep.run(
            network,
            trained,
            piece,
            seed=params.seed,
            batches=[batch],
            round_number=int(wildcards.round),
            progress=f"sweep {name}, batch {place} of {len(params.batches)}",
            **settings,
        )
        for place, batch in enumerate(params.batches, 1)
    )
    storage.write_parts(batches, snakemake.output[0], snakemake.config)
