rule decomposition:
    input:
        reservoir=expand(rules.reservoir.output, regime=REGIMES, allow_missing=True),
        influence=expand(rules.influence.output, regime=REGIMES, allow_missing=True),
    output:
        f"{NETWORK}/decomposition.nc",
    log:
        f"{LOGS}/decomposition_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/decomposition_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("decomposition"),
    params:
        code=code("decomposition.py"),
        regimes=REGIMES,
    script:
        "../../scripts/decomposition.py"


rule topology:
    input:
        connectome=rules.connectome.output[0],
        influence=expand(rules.influence.output, regime=REGIMES, allow_missing=True),
    output:
        f"{NETWORK}/topology.nc",
    log:
        f"{LOGS}/topology_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/topology_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("topology"),
    params:
        code=code("topology.py"),
        regimes=REGIMES,
        surrogates=config["topology"]["surrogates"],
        seed=config["seed"],
    script:
        "../../scripts/topology.py"


# On demand: `snakemake edge_cuts`.
rule edge_cut:
    input:
        reservoir=rules.reservoir.output[0],
        task=rules.task.output[0],
    output:
        f"{REGIME}/edge_cut.nc",
    log:
        f"{LOGS}/edge_cut_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/edge_cut_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("edge_cut"),
    params:
        code=code("edge_cut.py"),
        batches=config["sweep"]["batches"],
        edge_cut={
            "walks": config["edge_cut"]["walks_per_batch"],
            "time_bins": config["sweep"]["time_bins"],
            "device": config["sweep"]["device"],
        },
        seed=config["seed"],
    script:
        "../../scripts/edge_cut.py"


rule edge_cuts:
    input:
        edge_cut=expand(rules.edge_cut.output, connectome=CONNECTOMES, regime=REGIMES),
        influence=expand(rules.influence.output, connectome=CONNECTOMES, regime=REGIMES),
    output:
        f"{STUDY}/tables/edge_cuts.csv",
    log:
        f"{LOGS}/edge_cuts.log",
    benchmark:
        f"{BENCHMARKS}/edge_cuts.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("edge_cuts"),
    params:
        code=code("edge_cuts.py"),
        connectomes=CONNECTOMES,
        regimes=REGIMES,
    script:
        "../../scripts/edge_cuts.py"
