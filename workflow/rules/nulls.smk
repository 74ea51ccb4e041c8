# Nulls of every connectome, wired at random: part of a study that configures them.
rule null:
    input:
        connectome=rules.connectome.output[0],
        reservoir=expand(rules.reservoir.output, regime=REGIMES, allow_missing=True),
        task=rules.task.output[0],
    output:
        f"{NETWORK}/nulls/{{number}}.nc",
    log:
        f"{LOGS}/null_{{connectome}}_{{number}}.log",
    benchmark:
        f"{BENCHMARKS}/null_{{connectome}}_{{number}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("null"),
    params:
        code=code("null.py"),
        regimes=REGIMES,
        ridge=config["tuning"]["ridge"],
        sweep={key: config["sweep"][key] for key in OF_SWEEP}
        | {
            "batches": list(range(config["sweep"]["batches"])),
            "walks": config["sweep"]["walks_per_batch"],
        },
        seed=config["seed"],
    script:
        "../../scripts/null.py"


rule nulls:
    input:
        training=expand(rules.training.output, regime=REGIMES, allow_missing=True),
        decomposition=rules.decomposition.output[0],
        nulls=expand(rules.null.output, number=NULLS, allow_missing=True),
    output:
        f"{NETWORK}/nulls.nc",
    log:
        f"{LOGS}/nulls_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/nulls_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("nulls"),
    params:
        code=code("nulls.py"),
        regimes=REGIMES,
    script:
        "../../scripts/nulls.py"
