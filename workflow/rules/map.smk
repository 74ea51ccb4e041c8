LEAKS = range(len(MAP.get("leak", [])))
PUBLISHED = config["task"]["series"] and any(
    CATALOGUE[key].get("model") == "published" for key in CONNECTOMES
)


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
        code=code("map_part.py"),
        grid=lambda wildcards: {
            "spectral_radius": MAP["spectral_radius"],
            "leak": [MAP["leak"][int(wildcards.place)]],
            "loops": MAP["loops"],
            "ridge": config["tuning"]["ridge"],
        },
        reservoir=config["reservoir"] | {"input_scaling": MAP.get("input_scaling")},
        sweep={key: config["sweep"][key] for key in OF_SWEEP}
        | {
            "batches": list(range(config["sweep"]["batches"])),
            "walks": MAP.get("walks_per_batch"),
        },
        seed=config["seed"],
    script:
        "../../scripts/map_part.py"


rule map:
    input:
        expand(rules.map_part.output, connectome=MAP_CONNECTOMES, place=LEAKS),
    output:
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
        code=code("map.py"),
        connectomes=[key for key in MAP_CONNECTOMES for _ in LEAKS],
    script:
        "../../scripts/map.py"


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
        code=code("noise_curve_part.py"),
        sweep={key: config["sweep"][key] for key in OF_SWEEP}
        | {
            "batches": config["sweep"]["batches"],
            "replicates": NOISE.get("replicates"),
        },
        seed=config["seed"],
    script:
        "../../scripts/noise_curve_part.py"


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
        code=code("noise_curve.py"),
    script:
        "../../scripts/noise_curve.py"


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
        code=code("noise_curves.py"),
        connectomes=CONNECTOMES,
        regimes=REGIMES,
    script:
        "../../scripts/noise_curves.py"


# The tuning by which the published network was chosen, over all draws of its weights.
rule published_tuning:
    output:
        f"{STUDY}/published_tuning.nc",
    log:
        f"{LOGS}/published_tuning.log",
    benchmark:
        f"{BENCHMARKS}/published_tuning.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("published_tuning"),
    params:
        code=code("published_tuning.py"),
        series=config["task"]["series"],
    script:
        "../../scripts/published_tuning.py"
