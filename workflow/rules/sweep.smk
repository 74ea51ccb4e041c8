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
        code=code("sweep/sweep.py"),
        batches=lambda wildcards: batches_of(int(wildcards.shard)),
        sweep={key: config["sweep"][key] for key in OF_SWEEP}
        | {"walks": config["sweep"]["walks_per_batch"]},
        seed=config["seed"],
    script:
        "../../scripts/sweep/sweep.py"


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
        code=code("sweep/check.py"),
        until=config["sweep"]["until"],
    script:
        "../../scripts/sweep/check.py"


# On demand: `snakemake edge_cuts`.
rule edge_cut:
    input:
        reservoir=rules.reservoir.output[0],
        task=rules.task.output[0],
    output:
        f"{REGIME}/edge_cut.nc",
    log:
        f"{LOGS}/edge_cut_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/edge_cut_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("edge_cut"),
    params:
        code=code("sweep/edge_cut.py"),
        batches=config["sweep"]["batches"],
        edge_cut={
            "walks": config["edge_cut"]["walks_per_batch"],
            "time_bins": config["sweep"]["time_bins"],
            "device": config["sweep"]["device"],
        },
        seed=config["seed"],
    script:
        "../../scripts/sweep/edge_cut.py"
