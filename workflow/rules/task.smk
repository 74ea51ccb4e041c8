rule task:
    output:
        f"{STUDY}/task.nc",
    log:
        f"{LOGS}/task.log",
    conda:
        "../../environment.yml"
    params:
        code=code("task.py"),
        task=config["task"],
        seed=config["seed"],
    script:
        "../../scripts/task.py"
