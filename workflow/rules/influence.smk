rule influence:
    input:
        all_shards,
    output:
        f"{REGIME}/influence.nc",
    log:
        f"{LOGS}/influence_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/influence_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("influence"),
    params:
        code=code("influence.py"),
        until=config["sweep"]["until"],
    script:
        "../../scripts/influence.py"


rule contribution:
    input:
        all_shards,
    output:
        f"{REGIME}/contribution.nc",
    log:
        f"{LOGS}/contribution_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/contribution_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("contribution"),
    params:
        code=code("contribution.py"),
    script:
        "../../scripts/contribution.py"


# On demand: `snakemake interactions`.
rule interaction:
    input:
        reservoir=rules.reservoir.output[0],
        training=rules.training.output[0],
        task=rules.task.output[0],
    output:
        f"{REGIME}/interactions.nc",
    log:
        f"{LOGS}/interactions_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/interactions_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("interaction"),
    params:
        code=code("interactions.py"),
        batches=config["sweep"]["batches"],
        interactions={
            key: config["sweep"][key]
            for key in ("lesion", "refit_readout", "rescale", "device")
        }
        | {"walks": config["interactions"]["walks_per_batch"]},
        seed=config["seed"],
    script:
        "../../scripts/interactions.py"
