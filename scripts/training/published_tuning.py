"""Tune the published network as its authors did, over all draws of its weights, and others of its kind likewise."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
from snakemake.iocontainers import Snakemake

from echolesion.connectome.published import SEED
from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.training import published_tuning

snakemake: Snakemake

OF_A_TUNING = ("best_draw", "best_spectral_radius", "at_end", "tuning_error", "validation_error")

with logged(snakemake.log[0]):
    params, output = snakemake.params, snakemake.output
    folder = Path(snakemake.scriptdir).parents[1] if params.shipped else Path()
    series = np.loadtxt(folder / params.series)
    asked = {key: {"seed": SEED} | parameters for key, parameters in params.networks.items()}
    tunings = {}
    for seed in dict.fromkeys([SEED, *(parameters["seed"] for parameters in asked.values())]):
        tunings[seed] = published_tuning.tune(series, seed)
        logging.info(
            "published tuning of the graph %d: draw %d, spectral radius %.4f, tuning error %.3g, validation error %.5f",
            seed,
            *(tunings[seed].attrs[name] for name in OF_A_TUNING if name != "at_end"),
        )
    storage.write(tunings[SEED], output.tuning, snakemake.config)
    rows = [
        {"connectome": key} | parameters | {name: tunings[parameters["seed"]].attrs[name] for name in OF_A_TUNING}
        for key, parameters in asked.items()
    ]
    storage.write_table(pd.DataFrame(rows), output.draws)
