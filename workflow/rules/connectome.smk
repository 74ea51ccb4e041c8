rule connectome:
    input:
        lambda wildcards: files_of(CATALOGUE[wildcards.connectome]),
    output:
        f"{NETWORK}/connectome.nc",
    log:
        f"{LOGS}/connectome_{{connectome}}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("connectome.py"),
        entry=lambda wildcards: CATALOGUE[wildcards.connectome],
        weighting=config["weighting"],
        threshold=config["threshold"],
        seed=config["seed"],
    script:
        "../../scripts/connectome.py"
