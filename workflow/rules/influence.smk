rule influence:
    input:
        all_shards,
    output:
        f"{REGIME}/influence.nc",
    log:
        f"{LOGS}/influence_{{connectome}}_{{regime}}.log",
    conda:
        "../../environment.yml"
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
    conda:
        "../../environment.yml"
    params:
        code=code("contribution.py"),
    script:
        "../../scripts/contribution.py"
