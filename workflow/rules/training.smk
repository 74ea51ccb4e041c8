rule training:
    input:
        reservoir=rules.reservoir.output[0],
        task=rules.task.output[0],
    output:
        f"{REGIME}/training.nc",
    log:
        f"{LOGS}/training_{{connectome}}_{{regime}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("training.py"),
        ridge=config["tuning"]["ridge"],
    script:
        "../../scripts/training.py"
