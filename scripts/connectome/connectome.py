"""Load, check and prepare a connectome."""

import logging
from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion.connectome import catalogue, preparation
from echolesion.records import seeds, storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, name = snakemake.params, snakemake.wildcards.connectome
    clone = Path(snakemake.scriptdir).parents[1]
    fetched = catalogue.fetched(params.entry, name, clone / "data/fetched") if "package" in params.entry else None
    folder = clone if params.shipped else Path()
    measured = catalogue.connections_of(params.entry, name, folder, fetched, params.orientation)
    logging.info("%s: %s", name, measured.attrs.get("history", "made of a model"))
    if warned := measured.attrs.get("warnings"):
        logging.warning("%s: %s", name, warned)
    rng = seeds.generator(params.seed, "weights")
    weights = preparation.prepare(measured, params.steps, params.weighting, rng, name)
    of_files = {"files_sha256": " ".join(params.files_sha256)} if params.files_sha256 else {}
    storage.write(weights.to_dataset().assign_attrs(of_files), snakemake.output[0], snakemake.config)
