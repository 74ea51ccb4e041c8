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
}
RESULTS = {
    "connectome": rules.connectome.output,
    "tuning": rules.tuning.output,
    "decomposition": rules.decomposition.output,
    "topology": rules.topology.output,
    "reservoir": rules.reservoir.output,
    "training": rules.training.output,
    "influence": rules.influence.output,
    "contribution": rules.contribution.output,
}
OF_REGIMES = ("reservoir", "training", "influence", "contribution")


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
        conda:
            "../../environment.yml"
        params:
            code=code("figure.py"),
            figure=figure,
            title=lambda wildcards: wildcards.connectome,
            names={kind: REGIMES if kind in OF_REGIMES else ["all"] for kind in kinds},
        script:
            "../../scripts/figure.py"


rule figure_summary:
    input:
        decomposition=expand(rules.decomposition.output, connectome=CONNECTOMES),
        training=expand(rules.training.output, connectome=CONNECTOMES, regime=REGIMES),
    output:
        multiext(f"{STUDY}/figures/summary", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_summary.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figure.py"),
        figure="summary",
        title=f"Does the wiring explain influence? Study {config['study']}",
        names={
            "decomposition": CONNECTOMES,
            "training": [
                f"{connectome} {regime}"
                for connectome in CONNECTOMES
                for regime in REGIMES
            ],
        },
    script:
        "../../scripts/figure.py"


FIGURES = [
    *rules.figure_summary.output,
    *expand(
        f"{STUDY}/figures/{{connectome}}_{{figure}}.{{suffix}}",
        connectome=CONNECTOMES,
        figure=NETWORK_FIGURES,
        suffix=("pdf", "png"),
    ),
]
