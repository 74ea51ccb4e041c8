"""Compare a connectome with networks of equal degrees that are wired at random."""

from snakemake.iocontainers import Snakemake

from echolesion.analysis import nulls
from echolesion.records import storage
from echolesion.records.log import logged

snakemake: Snakemake

with logged(snakemake.log[0]):
    files = snakemake.input
    trained = dict(zip(snakemake.params.regimes, map(storage.read, files.training), strict=True))
    result = nulls.compare(trained, storage.read(files.decomposition), [storage.read(file) for file in files.nulls])
    storage.write(result, snakemake.output[0], snakemake.config)
