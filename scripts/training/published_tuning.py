"""Tune the published network as its authors did, over all draws of its weights."""

import logging
from pathlib import Path

import numpy as np
from snakemake.iocontainers import Snakemake

from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.training import published_tuning

snakemake: Snakemake

with logged(snakemake.log[0]):
    folder = Path(snakemake.scriptdir).parents[1] if snakemake.params.shipped else Path()
    series = np.loadtxt(folder / snakemake.params.series)
    tuned = published_tuning.tune(series)
    logging.info(
        "published tuning: draw %d, spectral radius %.4f, tuning error %.3g, validation error %.5f",
        *(tuned.attrs[name] for name in ("best_draw", "best_spectral_radius", "tuning_error", "validation_error")),
    )
    storage.write(tuned, snakemake.output[0], snakemake.config)
