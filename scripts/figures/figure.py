"""Draw one figure from results, in every format, with its caption and the source data of its panels."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from echolesion import figures
from echolesion.figures import captions, source_data
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params, output = snakemake.params, snakemake.output
    results = {
        kind: {name: storage.read(file) for name, file in zip(params.names[kind], files, strict=True)}
        for kind, files in snakemake.input.items()
    }
    figure = figures.draw(params.figure, params.title, results, params.width)
    for file in output.pictures:
        storage.write_figure(figure, file)
    storage.write_text(captions.caption(params.figure, results), output.caption)
    Path(output.source_data).mkdir()
    for panel, table in source_data.tables(figure).items():
        storage.write_table(table, Path(output.source_data, f"{panel}.csv"))
