# What all rules share: the checked configuration, names and folders.
from echolesion import configuration, formats
from echolesion.provenance import source_hash

BASE = Path(workflow.basedir)
# Relative, so that results do not depend on where the checkout lies.
HERE = os.path.relpath(BASE)
CATALOGUE = yaml.safe_load((BASE / "config/connectomes.yaml").read_text())
try:
    configuration.check_study(config, CATALOGUE, BASE / "workflow/schemas")
    CONNECTOMES, CATALOGUE = configuration.with_files(config, CATALOGUE, BASE)
except configuration.ConfigurationError as error:
    sys.exit(f"error in the configuration: {error}")

REGIMES = [regime["name"] for regime in config["regimes"]]
SHARDS = range(config["sweep"]["shards"])
NULLS = range(config["nulls"])
# What a sweep needs of the configuration, besides its walks.
OF_SWEEP = ("time_bins", "estimator", "lesion", "refit_readout", "rescale", "device")

# Files that are not shipped, with the checkout: they are the same for all studies.
FETCHED = os.path.normpath(f"{HERE}/data/fetched")
STUDY = f"results/{config['study']}"
NETWORK = f"{STUDY}/{{connectome}}"
REGIME = f"{NETWORK}/{{regime}}"
LOGS = f"{STUDY}/logs"
SHARD = f"{REGIME}/sweep/{{round}}-{{shard}}.nc"


wildcard_constraints:
    connectome="|".join([*CONNECTOMES, *(config["map"] or {}).get("connectomes", [])]),
    regime="|".join(REGIMES),
    shard=r"\d+",
    round=r"\d+",
    place=r"\d+",
    walks=r"\d+",
    number=r"\d+",


def code(script):
    """Return what a rule must have among its params to see changes of the code behind its script."""
    return source_hash(BASE / "scripts" / script)


def files_of(entry):
    """Return the files of a connectome that are here."""
    patterns = [entry[key] for key in formats.FILES if key in entry]
    found = [sorted(BASE.glob(pattern)) or [BASE / pattern] for pattern in patterns]
    files = [os.path.relpath(path) for paths in found for path in paths]
    return [file for file in files if "package" not in entry or os.path.exists(file)]


def steps_of(entry):
    """Return the steps of a connectome's preparation: its own, then those of the study."""
    return [*entry.get("preparation", []), *config["preparation"]]


def batches_of(shard):
    """Return the batches of walks of a shard: an even share, side by side."""
    count = config["sweep"]["batches"]
    return list(range(shard * count // len(SHARDS), (shard + 1) * count // len(SHARDS)))


def shards_until(last):
    """Return the shards of all rounds up to one."""
    return expand(SHARD, round=range(last + 1), shard=SHARDS, allow_missing=True)


def all_shards(wildcards):
    """Return the shards of as many rounds as it takes."""
    last = 0
    if config["sweep"]["until"]:
        while True:
            check = checkpoints.check.get(
                connectome=wildcards.connectome, regime=wildcards.regime, round=last
            )
            if not json.loads(Path(check.output[0]).read_text())["walks_of_next_round"]:
                break
            last += 1
    return shards_until(last)


def announcement():
    """Say how long the study takes on this machine."""
    import torch

    from echolesion import catalogue, cost

    torch.set_num_threads(1)  # as in the jobs

    try:
        sizes = {
            key: (
                CATALOGUE[key]["size"]
                if "package" in CATALOGUE[key]
                else catalogue.load(CATALOGUE[key], key, BASE).sizes["source"]
            )
            for key in [*CONNECTOMES, *(config["map"] or {}).get("connectomes", [])]
        }
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    named = config | {"connectomes": CONNECTOMES}
    minutes = cost.study_seconds(named, sizes, workflow.cores or 1) / 60
    most = " at most" if config["sweep"]["until"] else ""
    delayed = " (not counting delays)" if config["reservoir"]["velocity"] else ""
    networks = ", ".join(f"{key} ({sizes[key]} nodes)" for key in CONNECTOMES)
    return (
        f"echolesion: study '{config['study']}': {networks}; regimes {', '.join(REGIMES)}. All of it takes{most} about"
        f" {minutes:.1f} min here on {workflow.cores or 1} cores{delayed}; what is done is not done again."
    )
