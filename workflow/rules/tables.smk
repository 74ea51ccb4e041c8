rule tables:
    input:
        connectome=expand(rules.connectome.output, connectome=CONNECTOMES),
        topology=expand(rules.topology.output, connectome=CONNECTOMES),
        decomposition=expand(rules.decomposition.output, connectome=CONNECTOMES),
        nulls=expand(rules.nulls.output, connectome=CONNECTOMES) if NULLS else [],
        training=expand(rules.training.output, connectome=CONNECTOMES, regime=REGIMES),
        reservoir=expand(rules.reservoir.output, connectome=CONNECTOMES, regime=REGIMES),
        influence=expand(rules.influence.output, connectome=CONNECTOMES, regime=REGIMES),
    output:
        **{
            table: f"{STUDY}/tables/{table}.csv"
            for table in (
                "connectomes",
                "decomposition",
                "topology",
                "scores",
                "sweeps",
                *(["nulls"] if NULLS else []),
            )
        },
    log:
        f"{LOGS}/tables.log",
    benchmark:
        f"{BENCHMARKS}/tables.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("tables"),
    params:
        code=code("tables.py"),
        connectomes=CONNECTOMES,
        regimes=REGIMES,
    script:
        "../../scripts/tables.py"
