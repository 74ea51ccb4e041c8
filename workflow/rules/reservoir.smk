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
        code=code("tuning.py"),
        grid=config["tuning"],
        reservoir=config["reservoir"],
        seed=config["seed"],
    script:
        "../../scripts/tuning.py"


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
        code=code("reservoir.py"),
        regime=lambda wildcards: configuration.regime(config, wildcards.regime),
        reservoir=config["reservoir"],
        seed=config["seed"],
    script:
        "../../scripts/reservoir.py"
