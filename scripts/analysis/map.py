"""Put the parts of the map together, and compare the regimes that are points of it."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import parameter_map
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    parts = [storage.read(file) for file in snakemake.input]
    result = parameter_map.summarise(parts, snakemake.params.connectomes)
    storage.write(result, snakemake.output.map, snakemake.config)
    for variables, file in (
        (["mean", "low", "high", "graphs"], snakemake.output.mean),
        (["estimate", "se"], snakemake.output.networks),
        (
            ["association", "association_low", "association_high", "association_graphs", "unknown"],
            snakemake.output.association,
        ),
    ):
        storage.write_table(result[variables].to_dataframe().reset_index(), file)
    if snakemake.params.regimes:
        compared = parameter_map.compare_regimes(result, snakemake.params.regimes)
        storage.write_table(compared.to_dataframe().reset_index(), snakemake.output.regimes)
