rule influence:
    input:
        all_shards,
    output:
        f"{REGIME}/influence.nc",
    log:
        f"{LOGS}/influence_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/influence_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("influence"),
    params:
        code=code("analysis/influence.py"),
        until=config["sweep"]["until"],
    script:
        "../../scripts/analysis/influence.py"


rule contribution:
    input:
        all_shards,
    output:
        f"{REGIME}/contribution.nc",
    log:
        f"{LOGS}/contribution_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/contribution_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("contribution"),
    params:
        code=code("analysis/contribution.py"),
    script:
        "../../scripts/analysis/contribution.py"


# On demand: `snakemake interactions`.
rule interaction:
    input:
        reservoir=rules.reservoir.output[0],
        training=rules.training.output[0],
        task=rules.task.output[0],
    output:
        f"{REGIME}/interactions.nc",
    log:
        f"{LOGS}/interactions_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/interactions_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("interaction"),
    params:
        code=code("analysis/interactions.py"),
        batches=config["sweep"]["batches"],
        interactions={
            key: config["sweep"][key]
            for key in ("lesion", "refit_readout", "rescale", "device")
        }
        | {"walks": config["interactions"]["walks_per_batch"]},
        seed=config["seed"],
    script:
        "../../scripts/analysis/interactions.py"


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
        code=code("analysis/decomposition.py"),
        regimes=REGIMES,
    script:
        "../../scripts/analysis/decomposition.py"


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
        code=code("analysis/edge_cuts.py"),
        connectomes=CONNECTOMES,
        regimes=REGIMES,
    script:
        "../../scripts/analysis/edge_cuts.py"


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
        code=code("analysis/topology.py"),
        regimes=REGIMES,
        surrogates=config["topology"]["surrogates"],
        seed=config["seed"],
    script:
        "../../scripts/analysis/topology.py"


# Nulls of every connectome, wired at random: part of a study that configures them.
rule null:
    input:
        connectome=rules.connectome.output[0],
        reservoir=expand(rules.reservoir.output, regime=REGIMES, allow_missing=True),
        task=rules.task.output[0],
    output:
        f"{NETWORK}/nulls/{{number}}.nc",
    log:
        f"{LOGS}/null_{{connectome}}_{{number}}.log",
    benchmark:
        f"{BENCHMARKS}/null_{{connectome}}_{{number}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("null"),
    params:
        code=code("analysis/null.py"),
        regimes=REGIMES,
        ridge=config["tuning"]["ridge"],
        sweep={key: config["sweep"][key] for key in OF_SWEEP}
        | {
            "batches": list(range(config["sweep"]["batches"])),
            "walks": config["sweep"]["walks_per_batch"],
        },
        seed=config["seed"],
    script:
        "../../scripts/analysis/null.py"


rule nulls:
    input:
        training=expand(rules.training.output, regime=REGIMES, allow_missing=True),
        decomposition=rules.decomposition.output[0],
        nulls=expand(rules.null.output, number=NULLS, allow_missing=True),
    output:
        f"{NETWORK}/nulls.nc",
    log:
        f"{LOGS}/nulls_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/nulls_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("nulls"),
    params:
        code=code("analysis/nulls.py"),
        regimes=REGIMES,
    script:
        "../../scripts/analysis/nulls.py"


# The points of the map, by radius and leak rate.
POINTS = {
    f"{radius}_{leak}": (radius, leak)
    for radius in MAP.get("spectral_radius", [])
    for leak in MAP.get("leak", [])
}

# Regimes that are one of them.
REGIMES_ON_MAP = {
    regime["name"]: (regime["spectral_radius"], regime["leak"])
    for regime in config["regimes"]
    if "leak" in regime
    and (regime["spectral_radius"], regime["leak"]) in POINTS.values()
    and regime["input_scaling"] == MAP["input_scaling"]
}


rule map_part:
    input:
        connectome=rules.connectome.output[0],
        task=rules.task.output[0],
    output:
        f"{NETWORK}/map/{{place}}.nc",
    log:
        f"{LOGS}/map_{{connectome}}_{{place}}.log",
    benchmark:
        f"{BENCHMARKS}/map_{{connectome}}_{{place}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("map_part"),
    params:
        code=code("analysis/map_part.py"),
        grid=lambda wildcards: {
            "spectral_radius": [POINTS[wildcards.place][0]],
            "leak": [POINTS[wildcards.place][1]],
            "loops": MAP["loops"],
            "ridge": config["tuning"]["ridge"],
        },
        reservoir=config["reservoir"] | {"input_scaling": MAP.get("input_scaling")},
        until=MAP.get("until"),
        sweep={key: config["sweep"][key] for key in OF_SWEEP}
        | {
            "batches": list(range(config["sweep"]["batches"])),
            "walks": MAP.get("walks_per_batch"),
        },
        seed=config["seed"],
    script:
        "../../scripts/analysis/map_part.py"


rule map:
    input:
        expand(rules.map_part.output, connectome=MAP_CONNECTOMES, place=POINTS),
    output:
        **({"regimes": f"{STUDY}/tables/map_regimes.csv"} if REGIMES_ON_MAP else {}),
        map=f"{STUDY}/map.nc",
        mean=f"{STUDY}/tables/map.csv",
        networks=f"{STUDY}/tables/map_networks.csv",
        association=f"{STUDY}/tables/map_association.csv",
    log:
        f"{LOGS}/map.log",
    benchmark:
        f"{BENCHMARKS}/map.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("map"),
    params:
        code=code("analysis/map.py"),
        connectomes=[key for key in MAP_CONNECTOMES for _ in POINTS],
        regimes=REGIMES_ON_MAP,
    script:
        "../../scripts/analysis/map.py"


rule noise_curve_part:
    input:
        reservoir=rules.reservoir.output[0],
        training=rules.training.output[0],
        task=rules.task.output[0],
    output:
        f"{REGIME}/noise_curve/{{walks}}.nc",
    log:
        f"{LOGS}/noise_curve_{{connectome}}_{{regime}}_{{walks}}.log",
    benchmark:
        f"{BENCHMARKS}/noise_curve_{{connectome}}_{{regime}}_{{walks}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("noise_curve_part"),
    params:
        code=code("analysis/noise_curve_part.py"),
        sweep={key: config["sweep"][key] for key in OF_SWEEP}
        | {
            "batches": config["sweep"]["batches"],
            "replicates": NOISE.get("replicates"),
        },
        seed=config["seed"],
    script:
        "../../scripts/analysis/noise_curve_part.py"


rule noise_curve:
    input:
        short=expand(
            rules.noise_curve_part.output,
            walks=NOISE.get("walks_per_batch", []),
            allow_missing=True,
        ),
        reservoir=rules.reservoir.output[0],
        influence=rules.influence.output[0],
    output:
        f"{REGIME}/noise_curve.nc",
    log:
        f"{LOGS}/noise_curve_{{connectome}}_{{regime}}.log",
    benchmark:
        f"{BENCHMARKS}/noise_curve_{{connectome}}_{{regime}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("noise_curve"),
    params:
        code=code("analysis/noise_curve.py"),
    script:
        "../../scripts/analysis/noise_curve.py"


rule noise_curves:
    input:
        expand(rules.noise_curve.output, connectome=CONNECTOMES, regime=REGIMES),
    output:
        f"{STUDY}/tables/noise_curves.csv",
    log:
        f"{LOGS}/noise_curves.log",
    benchmark:
        f"{BENCHMARKS}/noise_curves.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("noise_curves"),
    params:
        code=code("analysis/noise_curves.py"),
        connectomes=CONNECTOMES,
        regimes=REGIMES,
    script:
        "../../scripts/analysis/noise_curves.py"
