"""Write the numbers of a study as tables."""

from itertools import product

import pandas as pd
from snakemake.iocontainers import Snakemake

from echolesion import connectome
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

OF_A_DECOMPOSITION = [
    "connectome", "regime", "measure", "estimate", "se", "low", "high", "known", "chance", "ceiling", "meaning",
]  # fmt: skip
OF_A_SWEEP = (
    "lesion", "loop", "refit_readout", "rescale", "estimator", "engine", "batches", "walks_per_batch",
    "reliability_target", "walks_needed", "ended_by", "bounded_lesioned_share",
)  # fmt: skip

with logged(snakemake.log[0]):
    params, files = snakemake.params, snakemake.input
    described = {
        key: connectome.describe(storage.read(file)["weight"])
        for key, file in zip(params.connectomes, files.connectome, strict=True)
    }
    storage.write_table(
        pd.DataFrame.from_dict(described, orient="index").rename_axis("connectome").reset_index(),
        snakemake.output.connectomes,
    )

    for kind in ("decomposition", "topology", *(["nulls"] if files.nulls else [])):
        parts = [storage.read(file).to_dataframe().reset_index() for file in files[kind]]
        table = pd.concat(parts, keys=params.connectomes, names=["connectome", None]).reset_index("connectome")
        if kind == "decomposition":
            table = table[OF_A_DECOMPOSITION]
        storage.write_table(table, snakemake.output[kind])

    scores, sweeps = [], []
    networks = product(params.connectomes, params.regimes)
    for key, *paths in zip(networks, files.reservoir, files.training, files.influence, strict=True):
        network, trained, influence = map(storage.read, paths)
        names = dict(zip(("connectome", "regime"), key, strict=True))
        table = trained[["score", "score_se"]].to_dataframe().reset_index()
        parameters = {name: network.attrs[name] for name in ("spectral_radius", "leak", "input_scaling")}
        parameters |= {name: trained.attrs[name] for name in ("ridge", "start_left")}
        scores.append(table.assign(**names, **parameters))
        reliable = {"power_reliability": float(influence["power_reliability"])}
        sweeps.append(names | reliable | {name: influence.attrs[name] for name in OF_A_SWEEP})
    table = pd.concat(scores)
    storage.write_table(table[["connectome", "regime", *table.columns.drop([*names])]], snakemake.output.scores)
    storage.write_table(pd.DataFrame(sweeps), snakemake.output.sweeps)
