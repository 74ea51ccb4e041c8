rule decomposition:
    input:
        reservoir=expand(rules.reservoir.output, regime=REGIMES, allow_missing=True),
        influence=expand(rules.influence.output, regime=REGIMES, allow_missing=True),
    output:
        f"{NETWORK}/decomposition.nc",
    log:
        f"{LOGS}/decomposition_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("decomposition.py"),
        regimes=REGIMES,
    script:
        "../../scripts/decomposition.py"


rule tables:
    input:
        decomposition=expand(rules.decomposition.output, connectome=CONNECTOMES),
        training=expand(rules.training.output, connectome=CONNECTOMES, regime=REGIMES),
        reservoir=expand(rules.reservoir.output, connectome=CONNECTOMES, regime=REGIMES),
        influence=expand(rules.influence.output, connectome=CONNECTOMES, regime=REGIMES),
    output:
        decomposition=f"{STUDY}/tables/decomposition.csv",
        scores=f"{STUDY}/tables/scores.csv",
        sweeps=f"{STUDY}/tables/sweeps.csv",
    log:
        f"{LOGS}/tables.log",
    conda:
        "../../environment.yml"
    params:
        code=code("tables.py"),
        connectomes=CONNECTOMES,
        regimes=REGIMES,
    script:
        "../../scripts/tables.py"
