rule influence:
    input:
        expand(rules.sweep.output, shard=SHARDS, allow_missing=True),
    output:
        f"{REGIME}/influence.nc",
    log:
        f"{LOGS}/influence_{{connectome}}_{{regime}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("influence.py"),
    script:
        "../../scripts/influence.py"


rule contribution:
    input:
        expand(rules.sweep.output, shard=SHARDS, allow_missing=True),
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
