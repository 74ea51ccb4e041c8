rule sweep:
    input:
        reservoir=rules.reservoir.output[0],
        training=rules.training.output[0],
        task=rules.task.output[0],
        # Of the first round the configuration says how many walks it has, of later ones what came before.
        check=lambda wildcards: (
            []
            if wildcards.round == "0"
            else f"{REGIME}/sweep/{int(wildcards.round) - 1}.json"
        ),
    output:
        SHARD,
    log:
        f"{LOGS}/sweep_{{connectome}}_{{regime}}_{{round}}-{{shard}}.log",
    benchmark:
        f"{BENCHMARKS}/sweep_{{connectome}}_{{regime}}_{{round}}-{{shard}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("sweep"),
    params:
        code=code("sweep.py"),
        batches=lambda wildcards: batches_of(int(wildcards.shard)),
        sweep={key: config["sweep"][key] for key in OF_SWEEP}
        | {"walks": config["sweep"]["walks_per_batch"]},
        seed=config["seed"],
    script:
        "../../scripts/sweep.py"


# With a target (sweep.until), a sweep goes on in rounds until a check says that it is enough.
checkpoint check:
    input:
        lambda wildcards: shards_until(int(wildcards.round)),
    output:
        f"{REGIME}/sweep/{{round}}.json",
    log:
        f"{LOGS}/check_{{connectome}}_{{regime}}_{{round}}.log",
    benchmark:
        f"{BENCHMARKS}/check_{{connectome}}_{{regime}}_{{round}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("check"),
    params:
        code=code("check.py"),
        until=config["sweep"]["until"],
    script:
        "../../scripts/check.py"
