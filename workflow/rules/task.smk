rule task:
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
        code=code("task.py"),
        task=config["task"],
        seed=config["seed"],
    script:
        "../../scripts/task.py"
