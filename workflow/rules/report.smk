# What a reader sees first: the explorer of every network, and the report of the study.
rule explorer:
    input:
        reservoir=expand(rules.reservoir.output, regime=REGIMES, allow_missing=True),
        influence=expand(rules.influence.output, regime=REGIMES, allow_missing=True),
    output:
        f"{NETWORK}/explorer.html",
    log:
        f"{LOGS}/explorer_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/explorer_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("explorer"),
    params:
        code=code("report/explorer.py"),
        templates=templates(),
        regimes=REGIMES,
    script:
        "../../scripts/report/explorer.py"


rule report:
    input:
        connectome=expand(rules.connectome.output, connectome=CONNECTOMES),
        decomposition=expand(rules.decomposition.output, connectome=CONNECTOMES),
        reservoir=expand(rules.reservoir.output, connectome=CONNECTOMES, regime=REGIMES),
        training=expand(rules.training.output, connectome=CONNECTOMES, regime=REGIMES),
        influence=expand(rules.influence.output, connectome=CONNECTOMES, regime=REGIMES),
        contribution=expand(
            rules.contribution.output, connectome=CONNECTOMES, regime=REGIMES
        ),
        explorers=expand(rules.explorer.output, connectome=CONNECTOMES),
        # The report shows the study as a whole: its runtime is that of all of it.
        tables=rules.tables.output,
        pictures=[f"{STUDY}/figures/{name}.png" for name in DRAWN],
        captions=[f"{STUDY}/figures/{name}.txt" for name in DRAWN],
    output:
        f"{STUDY}/report.html",
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{BENCHMARKS}/report.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("report"),
    params:
        code=code("report/report.py"),
        templates=templates(),
        connectomes=CONNECTOMES,
        regimes=REGIMES,
        explorers=[f"{name}/explorer.html" for name in CONNECTOMES],
    script:
        "../../scripts/report/report.py"
