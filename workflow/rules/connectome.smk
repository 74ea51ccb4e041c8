# Of connectomes that are not shipped; once for all studies, and on the machine where Snakemake runs, as nodes of a
# cluster often have no network.
rule fetch:
    output:
        directory(f"{FETCHED}/{{connectome}}"),
    log:
        f"{LOGS}/fetch_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/fetch_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("fetch"),
    params:
        entry=lambda wildcards: CATALOGUE[wildcards.connectome],
    script:
        "../../scripts/connectome/fetch.py"


rule connectome:
    input:
        lambda wildcards: files_of(CATALOGUE[wildcards.connectome]),
        fetched=lambda wildcards: (
            [f"{FETCHED}/{wildcards.connectome}"]
            if "package" in CATALOGUE[wildcards.connectome]
            else []
        ),
    output:
        f"{NETWORK}/connectome.nc",
    log:
        f"{LOGS}/connectome_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/connectome_{{connectome}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs("connectome"),
    params:
        code=code("connectome/connectome.py"),
        entry=lambda wildcards: CATALOGUE[wildcards.connectome],
        steps=lambda wildcards: steps_of(CATALOGUE[wildcards.connectome]),
        orientation=config["orientation"],
        weighting=config["weighting"],
        seed=config["seed"],
    script:
        "../../scripts/connectome/connectome.py"
