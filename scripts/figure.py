"""Draw one figure from results, as PDF and PNG."""

from snakemake.iocontainers import Snakemake

from echolesion import figures, storage
from echolesion.provenance import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    params = snakemake.params
    results = {
        kind: {name: storage.read(file) for name, file in zip(params.names[kind], files, strict=True)}
        for kind, files in snakemake.input.items()
    }
    figure = figures.draw(params.figure, params.title, results)
    for file in snakemake.output:
        storage.write_figure(figure, file)
