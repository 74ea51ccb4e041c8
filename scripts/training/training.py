"""Fit the read-out of a reservoir and score it."""

import logging

from snakemake.iocontainers import Snakemake

from echolesion import training
from echolesion.dynamics import echo_state
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    network, task = storage.read(snakemake.input.reservoir), storage.read(snakemake.input.task)
    trained = training.train(network, task, snakemake.params.ridge)
    test = ", ".join(
        f"{float(score):.4g} ({score['measure'].values!s})" for score in trained["score"].sel(split="test")
    )
    name = f"{snakemake.wildcards.connectome}, {snakemake.wildcards.regime}"
    logging.info("%s: test score %s", name, test)
    if (left := trained.attrs["start_left"]) > echo_state.FORGOTTEN:
        logging.warning(
            "%s: not an echo state network: its start still changes states by %.0f %% after the washout",
            name,
            100 * left,
        )
    storage.write(trained, snakemake.output[0], snakemake.config)
