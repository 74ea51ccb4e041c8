"""What a study is made of, what it will cost, how it is kept.

In comes the configuration, as read from YAML, and the catalogue; every value is checked before anything runs, and what
is wrong is said in one line with its key. From nodes, walks and steps follow what a job asks a cluster for (MB,
minutes), what a study takes (seconds, by a model of one core) and whether it fits. Out go these before
a study, and after it an RO-Crate, a zip of results, inputs and code with their formats and licences.

`configuration`
    `check_study`, by `check`, which raise `ConfigurationError`; `with_files`, `series_file`, `from_clone`;
    `is_file`, `key_of`, `regime`
`networks`
    `Network`, in numbers: `request` what they are, `measure` them in a process of its own, and what is `known`
`memory`
    `memory_mb` and `disk_mb` of a job, by `time_bins`; `here_mb`, without the margin
`durations`
    `job_seconds`, by `start_seconds`, `sweep_seconds` (of the `Engine`, by `engine_of`) and `tuning_seconds`, and the
    `minutes` that a job asks for; `jobs_of_network`, and all together `study_seconds`
`resources`
    `plan` of a study; `compare` with what was used
`machine`
    `machine.describe` this one, its `cores`, `troubles` that a study would have, the `refusal` of a
    job, and `refusal_of` the largest of a plan
`configfile`
    `check_file`, of what YAML would take in silence, before a study; `main` of those that Snakemake's arguments name
`lock`
    `hold` a study while it is computed, `unlock` one whose process was killed
`archive`
    `archive.write`
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
