"""Draw figures from results, each in every format, with its caption and the source data of its panels."""

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
        kind: {
            name: storage.read(file, without=params.without)
            for name, file in zip(params.names[kind], files, strict=True)
        }
        for kind, files in snakemake.input.items()
    }
    for name, caption, folder in zip(params.figures, output.captions, output.source_data, strict=True):
        shown = {kind: results[kind] for kind in params.figures[name]}
        figure = figures.draw(name, params.titles[name], shown, params.widths[name])
        for file in output.pictures:
            if Path(file).stem == Path(caption).stem:
                storage.write_figure(figure, file)
        storage.write_text(captions.caption(name, shown), caption)
        Path(folder).mkdir()
        for panel, table in source_data.tables(figure).items():
            storage.write_table(table, Path(folder, f"{panel}.csv"))
