"""Write the numbers of a study as tables."""

from itertools import product

import pandas as pd
from snakemake.iocontainers import Snakemake

from echolesion import storage
from echolesion.provenance import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, files = snakemake.params, snakemake.input
    splits = [storage.read(file).to_dataframe().reset_index() for file in files.decomposition]
    split = pd.concat(splits, keys=params.connectomes, names=["connectome", None]).reset_index("connectome")
    columns = ["connectome", "regime", "measure", "estimate", "se", "low", "high", "chance", "meaning"]
    storage.write_table(split[columns], snakemake.output.decomposition)

    rows = []
    networks = zip(product(params.connectomes, params.regimes), files.reservoir, files.training, strict=True)
    for (connectome, regime), reservoir, training in networks:
        network, trained = storage.read(reservoir), storage.read(training)
        table = trained[["score", "score_se"]].to_dataframe().reset_index()
        parameters = {key: network.attrs[key] for key in ("spectral_radius", "leak", "input_scaling")}
        parameters |= {key: trained.attrs[key] for key in ("ridge", "start_left")}
        rows.append(table.assign(connectome=connectome, regime=regime, **parameters))
    names = ["connectome", "regime"]
    scores = pd.concat(rows)
    storage.write_table(scores[names + list(scores.columns.drop(names))], snakemake.output.scores)
