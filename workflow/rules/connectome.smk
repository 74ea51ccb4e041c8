rule connectome:
    input:
        lambda wildcards: [
            BASE / CATALOGUE[wildcards.connectome]["folder"] / table
            for table in ("edges.csv", "nodes.csv")
            if "folder" in CATALOGUE[wildcards.connectome]
        ],
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
        base=str(BASE),
    script:
        "../../scripts/connectome.py"
