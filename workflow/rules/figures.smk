# One rule per figure. A figure gets datasets by kind and name; `names` says which file of a kind has which name.
NETWORK_FIGURES = {
    "connectome": ["connectome"],
    "tuning": ["tuning", "reservoir"],
    "prediction": ["training"],
    "contribution": ["contribution"],
    "influence": ["influence"],
    "influence_against_weight": ["influence", "reservoir", "decomposition"],
    "shares": ["influence", "decomposition"],
    "topology": ["topology"],
    "noise_curve": ["noise_curve"],
}
RESULTS = {
    "connectome": rules.connectome.output,
    "tuning": rules.tuning.output,
    "decomposition": rules.decomposition.output,
    "topology": rules.topology.output,
    "noise_curve": rules.noise_curve.output,
    "reservoir": rules.reservoir.output,
    "training": rules.training.output,
    "influence": rules.influence.output,
    "contribution": rules.contribution.output,
}
OF_REGIMES = ("reservoir", "training", "influence", "contribution", "noise_curve")


for figure, kinds in NETWORK_FIGURES.items():

    rule:
        name:
            f"figure_{figure}"
        input:
            **{
                kind: expand(RESULTS[kind], regime=REGIMES, allow_missing=True)
                for kind in kinds
            },
        output:
            multiext(f"{STUDY}/figures/{{connectome}}_{figure}", ".pdf", ".png"),
        log:
            f"{LOGS}/figure_{figure}_{{connectome}}.log",
        benchmark:
            f"{BENCHMARKS}/figure_{figure}_{{connectome}}.tsv"
        conda:
            "../../environment.yml"
        resources:
            **needs("figure"),
        params:
            code=code("figure.py"),
            figure=figure,
            title=lambda wildcards: wildcards.connectome,
            names={kind: REGIMES if kind in OF_REGIMES else ["all"] for kind in kinds},
        script:
            "../../scripts/figure.py"


# Figures of all networks of the study.
OF_NETWORKS = [
    f"{connectome} {regime}" for connectome in CONNECTOMES for regime in REGIMES
]


rule figure_summary:
    input:
        connectome=expand(rules.connectome.output, connectome=CONNECTOMES),
        decomposition=expand(rules.decomposition.output, connectome=CONNECTOMES),
        nulls=expand(rules.nulls.output, connectome=CONNECTOMES) if NULLS else [],
        training=expand(rules.training.output, connectome=CONNECTOMES, regime=REGIMES),
    output:
        multiext(f"{STUDY}/figures/summary", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_summary.log",
    benchmark:
        f"{BENCHMARKS}/figure_summary.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("figure"),
    params:
        code=code("figure.py"),
        figure="summary",
        title=f"Does the wiring explain influence? Study {config['study']}",
        names={
            "connectome": CONNECTOMES,
            "decomposition": CONNECTOMES,
            "nulls": CONNECTOMES if NULLS else [],
            "training": OF_NETWORKS,
        },
    script:
        "../../scripts/figure.py"


rule figure_layouts:
    input:
        connectome=expand(rules.connectome.output, connectome=CONNECTOMES),
        influence=expand(
            rules.influence.output, connectome=CONNECTOMES, regime=REGIMES[0]
        ),
    output:
        multiext(f"{STUDY}/figures/layouts", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_layouts.log",
    benchmark:
        f"{BENCHMARKS}/figure_layouts.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("figure"),
    params:
        code=code("figure.py"),
        figure="layouts",
        title=f"The strongest influences of all, regime {REGIMES[0]}. Study {config['study']}",
        names={"connectome": CONNECTOMES, "influence": CONNECTOMES},
    script:
        "../../scripts/figure.py"


# Figures of the whole study, each of one result; those that the study has.
STUDY_FIGURES = {
    "parameter_map": (rules.map.output.map, f"{len(MAP_CONNECTOMES)} networks"),
    "map_against_score": (rules.map.output.map, f"{len(MAP_CONNECTOMES)} networks"),
    "published_tuning": (rules.published_tuning.output[0], "the published tuning"),
}


for figure, (result, title) in STUDY_FIGURES.items():

    rule:
        name:
            f"figure_{figure}"
        input:
            result=[result],
        output:
            multiext(f"{STUDY}/figures/{figure}", ".pdf", ".png"),
        log:
            f"{LOGS}/figure_{figure}.log",
        benchmark:
            f"{BENCHMARKS}/figure_{figure}.tsv"
        conda:
            "../../environment.yml"
        resources:
            **needs("figure"),
        params:
            code=code("figure.py"),
            figure=figure,
            title=f"Study {config['study']}: {title}",
            names={"result": ["all"]},
        script:
            "../../scripts/figure.py"


FIGURES = [
    *rules.figure_summary.output,
    *rules.figure_layouts.output,
    *(rules.figure_parameter_map.output if MAP else []),
    *(rules.figure_map_against_score.output if MAP else []),
    *(rules.figure_published_tuning.output if PUBLISHED else []),
    *expand(
        f"{STUDY}/figures/{{connectome}}_{{figure}}.{{suffix}}",
        connectome=CONNECTOMES,
        figure=[name for name in NETWORK_FIGURES if NOISE or name != "noise_curve"],
        suffix=("pdf", "png"),
    ),
]
