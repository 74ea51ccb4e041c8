"""Fit the read-out of a reservoir and score it."""

import logging

from snakemake.iocontainers import Snakemake

from echolesion import storage, training
from echolesion.provenance import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    network, task = storage.read(snakemake.input.reservoir), storage.read(snakemake.input.task)
    trained = training.train(network, task, snakemake.params.ridge)
    test = ", ".join(
        f"{float(score):.4g} ({score['measure'].values!s})" for score in trained["score"].sel(split="test")
    )
    logging.info("%s, %s: test score %s", snakemake.wildcards.connectome, snakemake.wildcards.regime, test)
    storage.write(trained, snakemake.output[0], snakemake.config)
