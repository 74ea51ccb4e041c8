# Of connectomes that are not shipped; on the machine where Snakemake runs, as nodes of a cluster often have no network.
# The files are in the clone, once for all studies and working folders, several of which may look for them at the same
# time: Snakemake, which removes outputs before it makes them again, gets a note that they are there.
rule fetch:
    output:
        temp(f"{NETWORK}/fetched.txt"),
    log:
        f"{LOGS}/fetch_{{connectome}}.log",
    benchmark:
        f"{BENCHMARKS}/fetch_{{connectome}}.tsv"
    localrule: True
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
        lambda wildcards: inputs_of(
            files_of(wildcards.connectome), wildcards.connectome in SHIPPED
        ),
        fetched=lambda wildcards: (
            [f"{NETWORK}/fetched.txt"]
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
        shipped=lambda wildcards: wildcards.connectome in SHIPPED,
        files_sha256=lambda wildcards: digests_of(files_of(wildcards.connectome)),
        steps=lambda wildcards: steps_of(CATALOGUE[wildcards.connectome]),
        orientation=config["orientation"],
        weighting=config["weighting"],
        seed=config["seed"],
    script:
        "../../scripts/connectome/connectome.py"
