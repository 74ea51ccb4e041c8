# One figure per rule. `results` of a figure are datasets by kind and name; `names` says which file has which name.
rule figure_connectome:
    input:
        connectome=expand(rules.connectome.output, allow_missing=True),
    output:
        multiext(f"{STUDY}/figures/{{connectome}}_connectome", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_connectome_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figure.py"),
        figure="connectome",
        title=lambda wildcards: wildcards.connectome,
        names={"connectome": ["all"]},
    script:
        "../../scripts/figure.py"


rule figure_tuning:
    input:
        tuning=expand(rules.tuning.output, allow_missing=True),
        reservoir=expand(rules.reservoir.output, regime=REGIMES, allow_missing=True),
    output:
        multiext(f"{STUDY}/figures/{{connectome}}_tuning", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_tuning_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figure.py"),
        figure="tuning",
        title=lambda wildcards: wildcards.connectome,
        names={"tuning": ["all"], "reservoir": REGIMES},
    script:
        "../../scripts/figure.py"


rule figure_prediction:
    input:
        training=expand(rules.training.output, regime=REGIMES, allow_missing=True),
    output:
        multiext(f"{STUDY}/figures/{{connectome}}_prediction", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_prediction_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figure.py"),
        figure="prediction",
        title=lambda wildcards: wildcards.connectome,
        names={"training": REGIMES},
    script:
        "../../scripts/figure.py"


rule figure_contribution:
    input:
        contribution=expand(
            rules.contribution.output, regime=REGIMES, allow_missing=True
        ),
    output:
        multiext(f"{STUDY}/figures/{{connectome}}_contribution", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_contribution_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figure.py"),
        figure="contribution",
        title=lambda wildcards: wildcards.connectome,
        names={"contribution": REGIMES},
    script:
        "../../scripts/figure.py"


rule figure_influence:
    input:
        influence=expand(rules.influence.output, regime=REGIMES, allow_missing=True),
    output:
        multiext(f"{STUDY}/figures/{{connectome}}_influence", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_influence_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figure.py"),
        figure="influence",
        title=lambda wildcards: wildcards.connectome,
        names={"influence": REGIMES},
    script:
        "../../scripts/figure.py"


rule figure_influence_against_weight:
    input:
        influence=expand(rules.influence.output, regime=REGIMES, allow_missing=True),
        reservoir=expand(rules.reservoir.output, regime=REGIMES, allow_missing=True),
        decomposition=expand(rules.decomposition.output, allow_missing=True),
    output:
        multiext(
            f"{STUDY}/figures/{{connectome}}_influence_against_weight", ".pdf", ".png"
        ),
    log:
        f"{LOGS}/figure_influence_against_weight_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figure.py"),
        figure="influence_against_weight",
        title=lambda wildcards: wildcards.connectome,
        names={"influence": REGIMES, "reservoir": REGIMES, "decomposition": ["all"]},
    script:
        "../../scripts/figure.py"


rule figure_shares:
    input:
        decomposition=expand(rules.decomposition.output, allow_missing=True),
        influence=expand(rules.influence.output, regime=REGIMES, allow_missing=True),
    output:
        multiext(f"{STUDY}/figures/{{connectome}}_shares", ".pdf", ".png"),
    log:
        f"{LOGS}/figure_shares_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figure.py"),
        figure="shares",
        title=lambda wildcards: wildcards.connectome,
        names={"decomposition": ["all"], "influence": REGIMES},
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
    *(
        f"{STUDY}/figures/{connectome}_{figure}.{suffix}"
        for connectome in CONNECTOMES
        for figure in (
            "connectome",
            "tuning",
            "prediction",
            "contribution",
            "influence",
            "influence_against_weight",
            "shares",
        )
        for suffix in ("pdf", "png")
    ),
]
