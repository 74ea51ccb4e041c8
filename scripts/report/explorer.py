"""Write the influence explorer of a network."""

from pathlib import Path

from plotly.offline import get_plotlyjs
from snakemake.iocontainers import Snakemake

from echolesion import report
from echolesion.records import storage
from echolesion.records.log import logged
from echolesion.report import explorer

snakemake: Snakemake

with logged(snakemake.log[0]):
    files, regimes = snakemake.input, snakemake.params.regimes
    networks, influence = (
        dict(zip(regimes, map(storage.read, files[kind]), strict=True)) for kind in ("reservoir", "influence")
    )
    page = report.render(
        Path(snakemake.scriptdir).parents[1] / "workflow/report/explorer.html.j2",
        name=snakemake.wildcards.connectome,
        library=get_plotlyjs(),
        data=explorer.contents(networks, influence),
    )
    storage.write_text(page, snakemake.output[0])
