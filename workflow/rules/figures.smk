# A job draws all figures of a network, and another those of the study: to start Python takes longer than to draw one.
# Each is written as pictures, a caption and the source data of its panels. A figure gets datasets by kind and name;
# `names` says which file of a kind has which name.
NETWORK_FIGURES = {
    "connectome": ["connectome"],
    "tuning": ["tuning", "reservoir"],
    "prediction": ["training"],
    "contribution": ["contribution"],
    "influence": ["influence"],
    "influence_against_weight": ["influence", "reservoir", "decomposition"],
    "shares": ["influence", "decomposition"],
    "topology": ["topology"],
    **({"noise_curve": ["noise_curve"]} if NOISE else {}),
}
OF_NETWORK = ("connectome", "tuning", "decomposition", "topology")
OF_REGIMES = ("reservoir", "training", "influence", "contribution", "noise_curve")


rule network_figures:
    input:
        connectome=rules.connectome.output,
        tuning=rules.tuning.output,
        decomposition=rules.decomposition.output,
        topology=rules.topology.output,
        reservoir=expand(rules.reservoir.output, regime=REGIMES, allow_missing=True),
        training=expand(rules.training.output, regime=REGIMES, allow_missing=True),
        influence=expand(rules.influence.output, regime=REGIMES, allow_missing=True),
        contribution=expand(
            rules.contribution.output, regime=REGIMES, allow_missing=True
        ),
        noise_curve=(
            expand(rules.noise_curve.output, regime=REGIMES, allow_missing=True)
            if NOISE
            else []
        ),
    output:
        **files_of_figures([f"{{connectome}}_{name}" for name in NETWORK_FIGURES]),
    log:
        f"{LOGS}/network_figures_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/network_figures_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("network_figures"),
    params:
        code=code("figures/figures.py"),
        figures=NETWORK_FIGURES,
        titles=lambda wildcards: dict.fromkeys(NETWORK_FIGURES, wildcards.connectome),
        widths=widths_of(NETWORK_FIGURES),
        names={kind: ["all"] for kind in OF_NETWORK}
        | {
            kind: REGIMES if NOISE or kind != "noise_curve" else []
            for kind in OF_REGIMES
        },
        without=[],
    script:
        "../../scripts/figures/figures.py"


# Figures of the whole study, those that it has: of what, and what stands above them.
MAPPED = f"Study {config['study']}: {len(MAP_CONNECTOMES)} networks"
STUDY_FIGURES = {
    "summary": (
        ["connectome", "decomposition", "nulls", "training"],
        f"Does the wiring explain influence? Study {config['study']}",
    ),
    "layouts": (
        ["connectome", "influence"],
        f"The strongest influences of all, regime {REGIMES[0]}. Study {config['study']}",
    ),
    **(
        {"parameter_map": (["map"], MAPPED), "map_against_score": (["map"], MAPPED)}
        if MAP
        else {}
    ),
    **(
        {
            "published_tuning": (
                ["published_tuning"],
                f"Study {config['study']}: the published tuning",
            )
        }
        if PUBLISHED
        else {}
    ),
}


rule study_figures:
    input:
        connectome=expand(rules.connectome.output, connectome=CONNECTOMES),
        decomposition=expand(rules.decomposition.output, connectome=CONNECTOMES),
        nulls=expand(rules.nulls.output, connectome=CONNECTOMES) if NULLS else [],
        training=expand(rules.training.output, connectome=CONNECTOMES, regime=REGIMES),
        influence=expand(
            rules.influence.output, connectome=CONNECTOMES, regime=REGIMES[0]
        ),
        map=[rules.map.output.map] if MAP else [],
        published_tuning=[rules.published_tuning.output.tuning] if PUBLISHED else [],
    output:
        **files_of_figures(STUDY_FIGURES),
    log:
        f"{LOGS}/study_figures.log",
    benchmark:
        f"{BENCHMARKS}/study_figures.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("study_figures"),
    params:
        code=code("figures/figures.py"),
        figures={name: kinds for name, (kinds, _) in STUDY_FIGURES.items()},
        titles={name: title for name, (_, title) in STUDY_FIGURES.items()},
        widths=widths_of(STUDY_FIGURES),
        names={
            "connectome": CONNECTOMES,
            "decomposition": CONNECTOMES,
            "nulls": CONNECTOMES if NULLS else [],
            "training": expand(
                "{connectome} {regime}", connectome=CONNECTOMES, regime=REGIMES
            ),
            "influence": CONNECTOMES,
            "map": ["all"] if MAP else [],
            "published_tuning": ["all"] if PUBLISHED else [],
        },
        # Of many networks, the courses of influence over time would take much memory; these figures show none.
        without=[
            f"{part}{kind}"
            for part in ("influence", "direct", "indirect")
            for kind in ("", "_se")
        ],
    script:
        "../../scripts/figures/figures.py"


# Everything that is drawn, by the files' names.
DRAWN = [
    *STUDY_FIGURES,
    *expand("{connectome}_{figure}", connectome=CONNECTOMES, figure=[*NETWORK_FIGURES]),
]


# Draw again what changed, without what it is drawn from: `snakemake figures --rerun-triggers mtime`.
rule figures:
    input:
        pictures=files_of_figures(DRAWN)["pictures"],
        captions=files_of_figures(DRAWN)["captions"],
    localrule: True
