# One rule per figure, which writes pictures, a caption and the source data of its panels. A figure gets datasets by kind and name; `names` says which file of a kind has which name.
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
            **files_of_figure(f"{{connectome}}_{figure}"),
        log:
            f"{LOGS}/figure_{figure}_{{connectome}}.log",
        benchmark:
            f"{BENCHMARKS}/figure_{figure}_{{connectome}}.tsv"
        conda:
            "../../environment.yml"
        resources:
            **needs("figure"),
        params:
            code=code("figures/figure.py"),
            figure=figure,
            width=width_of(figure),
            title=lambda wildcards: wildcards.connectome,
            names={kind: REGIMES if kind in OF_REGIMES else ["all"] for kind in kinds},
        script:
            "../../scripts/figures/figure.py"


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
        **files_of_figure("summary"),
    log:
        f"{LOGS}/figure_summary.log",
    benchmark:
        f"{BENCHMARKS}/figure_summary.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("figure"),
    params:
        code=code("figures/figure.py"),
        figure="summary",
        width=width_of("summary"),
        title=f"Does the wiring explain influence? Study {config['study']}",
        names={
            "connectome": CONNECTOMES,
            "decomposition": CONNECTOMES,
            "nulls": CONNECTOMES if NULLS else [],
            "training": OF_NETWORKS,
        },
    script:
        "../../scripts/figures/figure.py"


rule figure_layouts:
    input:
        connectome=expand(rules.connectome.output, connectome=CONNECTOMES),
        influence=expand(
            rules.influence.output, connectome=CONNECTOMES, regime=REGIMES[0]
        ),
    output:
        **files_of_figure("layouts"),
    log:
        f"{LOGS}/figure_layouts.log",
    benchmark:
        f"{BENCHMARKS}/figure_layouts.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("figure"),
    params:
        code=code("figures/figure.py"),
        figure="layouts",
        width=width_of("layouts"),
        title=f"The strongest influences of all, regime {REGIMES[0]}. Study {config['study']}",
        names={"connectome": CONNECTOMES, "influence": CONNECTOMES},
    script:
        "../../scripts/figures/figure.py"


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
            **files_of_figure(figure),
        log:
            f"{LOGS}/figure_{figure}.log",
        benchmark:
            f"{BENCHMARKS}/figure_{figure}.tsv"
        conda:
            "../../environment.yml"
        resources:
            **needs("figure"),
        params:
            code=code("figures/figure.py"),
            figure=figure,
            width=width_of(figure),
            title=f"Study {config['study']}: {title}",
            names={"result": ["all"]},
        script:
            "../../scripts/figures/figure.py"


# Everything that is drawn, by the files' names.
DRAWN = [
    "summary",
    "layouts",
    *(["parameter_map", "map_against_score"] if MAP else []),
    *(["published_tuning"] if PUBLISHED else []),
    *expand(
        "{connectome}_{figure}",
        connectome=CONNECTOMES,
        figure=[name for name in NETWORK_FIGURES if NOISE or name != "noise_curve"],
    ),
]


# Draw again what changed, without what it is drawn from: `snakemake figures --rerun-triggers mtime`.
rule figures:
    input:
        pictures=[files_of_figure(name)["pictures"] for name in DRAWN],
        captions=[files_of_figure(name)["caption"] for name in DRAWN],
    localrule: True
