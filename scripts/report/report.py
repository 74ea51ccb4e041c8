"""Write the report of a study."""

from pathlib import Path

import xarray as xr
from snakemake.iocontainers import Snakemake

from echolesion import report
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

#: What the report does not need of an influence, and what takes most of its memory.
LARGE = [
    f"{part}{what}" for part in ("influence", "direct", "indirect") for what in ("", "_se", "_power", "_raw_power")
]

with logged(snakemake.log[0]):
    params, files = snakemake.params, snakemake.input
    of_networks: dict[str, dict[str, xr.Dataset]] = {
        kind: dict(zip(params.connectomes, map(storage.read, files[kind]), strict=True))
        for kind in ("connectome", "decomposition")
    }
    of_regimes: dict[str, dict[str, dict[str, xr.Dataset]]] = {}
    for kind in ("reservoir", "training", "influence", "contribution"):
        results = iter([storage.read(file, without=LARGE) for file in files[kind]])
        of_regimes[kind] = {name: {regime: next(results) for regime in params.regimes} for name in params.connectomes}
    sizes = {name: dataset.sizes["source"] for name, dataset in of_networks["connectome"].items()}
    page = report.render(
        Path(snakemake.scriptdir).parents[1] / "workflow/report/report.html.j2",
        study=snakemake.config["study"],
        config=snakemake.config,
        networks=report.networks(of_networks, of_regimes),
        sections=report.by_question(
            [Path(file) for file in files.pictures], [Path(file) for file in files.captions], params.connectomes
        ),
        explorers=dict(zip(params.connectomes, params.explorers, strict=True)),
        cost=report.cost(Path(snakemake.output[0]).parent / "benchmarks", snakemake.config, sizes),
        provenance=report.provenance(next(iter(of_networks["decomposition"].values()))),
    )
    storage.write_text(page, snakemake.output[0])
