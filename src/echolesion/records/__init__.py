"""What every other room writes with: seeds, files and their digests, origin, logs and progress.

Every use of randomness has a stream of its own, drawn from the one seed of a study, so that changing one leaves the
others as they were. A result is a netCDF file (or a table, a text, a figure) that is whole or not there, and says from
which configuration, versions and commit it is; equal studies give equal files. The files of a sweep are written batch
by batch, with checksums, and read source by source. A hash of the code behind a script tells Snakemake what to run
again. In come datasets and the configuration, out go files.

`seeds`
    `generator`, of one stream of a study
`storage`
    `read`, `write`; of a sweep `write_parts` and `opened`; `write_table`, `write_figure`, `write_text`
`origin`
    `attributes` that say where a result is from
`digests`
    `sha256_of` files, those `remembered` of files that did not change, and those `of_result`, of which it was made
`memory`
    `machine_mb`, what this machine has
`sources`
    `modules` behind a script, those `imported` by a file, and `source_hash`, a hash of the code behind a script
`compilation`
    `compiled` functions are kept `OnDisk`, in one of some `folders`
`log`
    `logged`, the log of a job and how it ends
`progress`
    `bar`
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
