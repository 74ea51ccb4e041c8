"""Write how much of the influence connections carry, by cutting them."""

from itertools import product

import pandas as pd
from snakemake.iocontainers import Snakemake

from echolesion.analysis import decomposition
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, files = snakemake.params, snakemake.input
    tables = [
        decomposition.edge_cut(storage.read(cut), storage.read(influence)).to_dataframe()
        for cut, influence in zip(files.edge_cut, files.influence, strict=True)
    ]
    keys = list(product(params.connectomes, params.regimes))
    table = pd.concat(tables, keys=keys, names=["connectome", "regime"]).reset_index()
    columns = ["connectome", "regime", "measure", "estimate", "se", "low", "high", "known", "meaning"]
    storage.write_table(table[columns], snakemake.output[0])
