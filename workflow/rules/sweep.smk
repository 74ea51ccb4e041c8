rule sweep:
    input:
        reservoir=rules.reservoir.output[0],
        training=rules.training.output[0],
        task=rules.task.output[0],
    output:
        f"{REGIME}/sweep/{{shard}}.nc",
    log:
        f"{LOGS}/sweep_{{connectome}}_{{regime}}_{{shard}}.log",
    conda:
        "../../environment.yml"
    resources:
        gpu=0 if config["sweep"]["device"] == "cpu" else 1,
    params:
        code=code("sweep.py"),
        batches=lambda wildcards: batches_of(int(wildcards.shard)),
        sweep={
            key: config["sweep"][key]
            for key in ("walks_per_batch", "time_bins", "estimator", "device")
        },
        seed=config["seed"],
    script:
        "../../scripts/sweep.py"
