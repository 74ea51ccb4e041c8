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
        code=code("study/tables.py"),
        connectomes=CONNECTOMES,
        regimes=REGIMES,
    script:
        "../../scripts/study/tables.py"


# What the study asks for, before it does: `./run.sh plan`.
rule plan:
    log:
        f"{LOGS}/plan.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        sizes=lambda wildcards: {key: size_of(key) for key in CONNECTOMES},
        read=lambda wildcards: read_of_all(),
        here=lambda wildcards: workflow.local_exec,
    script:
        "../../scripts/study/plan.py"


# What this machine has, and whether the study fits on it: `./run.sh doctor`.
rule doctor:
    log:
        f"{LOGS}/doctor.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        sizes=lambda wildcards: {key: size_of(key) for key in CONNECTOMES},
        read=lambda wildcards: read_of_all(),
        here=lambda wildcards: workflow.local_exec,
        seconds=lambda wildcards: seconds_of_study(len(os.sched_getaffinity(0))),
    script:
        "../../scripts/study/doctor.py"
