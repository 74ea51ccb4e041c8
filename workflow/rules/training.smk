# Networks that are drawn as the published one, by what they are drawn with.
DRAWN_AS_PUBLISHED = {
    key: CATALOGUE[key]["parameters"]
    for key in dict.fromkeys([*CONNECTOMES, *MAP_CONNECTOMES])
    if CATALOGUE[key].get("model") == "published"
}
PUBLISHED = config["task"]["series"] and {*CONNECTOMES} & {*DRAWN_AS_PUBLISHED}


rule task:
    input:
        lambda _: inputs_of(series_files(), SERIES_SHIPPED),
    output:
        f"{STUDY}/task.nc",
    log:
        f"{LOGS}/task.log",
    benchmark:
        f"{BENCHMARKS}/task.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("task"),
    params:
        code=code("training/task.py"),
        task=config["task"],
        series=SERIES,
        shipped=SERIES_SHIPPED,
        files_sha256=lambda _: digests_of(series_files()),
        seed=config["seed"],
    script:
        "../../scripts/training/task.py"


rule tuning:
    input:
        connectome=rules.connectome.output[0],
        task=rules.task.output[0],
    output:
        f"{NETWORK}/tuning.nc",
    log:
        f"{LOGS}/tuning_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/tuning_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("tuning"),
    params:
        code=code("training/tuning.py"),
        grid=config["tuning"],
        reservoir=config["reservoir"],
        seed=config["seed"],
    script:
        "../../scripts/training/tuning.py"


rule reservoir:
    input:
        connectome=rules.connectome.output[0],
        task=rules.task.output[0],
        tuning=rules.tuning.output[0],
    output:
        f"{REGIME}/reservoir.nc",
    log:
        f"{LOGS}/reservoir_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/reservoir_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("reservoir"),
    params:
        code=code("training/reservoir.py"),
        regime=lambda wildcards: configuration.regime(config, wildcards.regime),
        reservoir=config["reservoir"],
        seed=config["seed"],
    script:
        "../../scripts/training/reservoir.py"


rule training:
    input:
        reservoir=rules.reservoir.output[0],
        task=rules.task.output[0],
    output:
        f"{REGIME}/training.nc",
    log:
        f"{LOGS}/training_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/training_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("training"),
    params:
        code=code("training/training.py"),
        ridge=config["tuning"]["ridge"],
    script:
        "../../scripts/training/training.py"


# The tuning by which the published network was chosen, over all draws of its weights; and which draw it chooses of the
# graph of every network of its kind.
rule published_tuning:
    input:
        lambda _: inputs_of(series_files(), SERIES_SHIPPED),
    output:
        tuning=f"{STUDY}/published_tuning.nc",
        draws=f"{STUDY}/tables/published_draws.csv",
    log:
        f"{LOGS}/published_tuning.log",
    benchmark:
        f"{BENCHMARKS}/published_tuning.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("published_tuning"),
    params:
        code=code("training/published_tuning.py"),
        networks=DRAWN_AS_PUBLISHED,
        series=SERIES,
        shipped=SERIES_SHIPPED,
        files_sha256=lambda _: digests_of(series_files()),
    script:
        "../../scripts/training/published_tuning.py"
