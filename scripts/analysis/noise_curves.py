"""Write the noise curves of all regimes as a table."""

from itertools import product

import pandas as pd
from snakemake.iocontainers import Snakemake

from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    tables = {}
    names = product(snakemake.params.connectomes, snakemake.params.regimes)
    for key, file in zip(names, snakemake.input, strict=True):
        curve = storage.read(file)
        final = curve[["final", "final_se"]].rename(final="mean", final_se="se").expand_dims(walks=[curve.final_walks])
        parts = [part.to_dataframe().reset_index() for part in (curve[["mean", "sd", "se"]], final)]
        tables[key] = pd.concat(parts).assign(kind=["short"] * len(parts[0]) + ["long"] * len(parts[1]))
    table = pd.concat(tables, names=["connectome", "regime", None]).reset_index(["connectome", "regime"])
    storage.write_table(table, snakemake.output[0])
