# What all rules share: the checked configuration, names and folders.
from hashlib import sha256

from echolesion.records.sources import source_hash
from echolesion.study import configuration, lock
from echolesion.study.configfile import OF_PROJECT, check_file

if not Path(configuration.__file__).samefile(
    BASE / "src/echolesion/study/configuration.py"
):
    sys.exit(
        f"error: the code is that of another clone, {Path(configuration.__file__).parents[3]}, not of {BASE}: use one"
        " clone in a workflow"
    )

SHIPPED = yaml.safe_load((BASE / "config/connectomes.yaml").read_text())
try:
    # Of a module, the configuration is what the other workflow made of its files.
    FILES = workflow.overwrite_configfiles if MAIN else []
    if workflow.is_main_process:
        for file in [*(BASE / file for file in OF_PROJECT), *FILES]:
            check_file(file)
    configuration.check_study(config, SHIPPED, BASE / "workflow/schemas")
    FROM_CLONE = configuration.from_clone(config, FILES, BASE)
    CONNECTOMES, CATALOGUE = configuration.with_files(config, SHIPPED, BASE, FROM_CLONE)
    SERIES, SERIES_SHIPPED = configuration.series_file(config, BASE, FROM_CLONE)
except configuration.ConfigurationError as error:
    sys.exit(f"error in the configuration: {error}")
except ValueError as error:
    sys.exit(f"error: {error}")

REGIMES = [regime["name"] for regime in config["regimes"]]
SHARDS = range(config["sweep"]["shards"])
NULLS = range(config["nulls"])
# The map of parameters and the noise curve: part of a study that configures them.
MAP = config["map"] or {}
NOISE = config["noise_curve"] or {}
MAP_CONNECTOMES = MAP.get("connectomes") or CONNECTOMES
# What a sweep needs of the configuration, besides its walks.
OF_SWEEP = (
    "time_bins",
    "estimator",
    "lesion",
    "refit_readout",
    "rescale",
    "device",
    "engine",
)

STUDY = f"results/{config['study']}"
NETWORK = f"{STUDY}/{{connectome}}"
REGIME = f"{NETWORK}/{{regime}}"
LOGS = f"{STUDY}/logs"
BENCHMARKS = f"{STUDY}/benchmarks"
SHARD = f"{REGIME}/sweep/{{round}}-{{shard}}.nc"
if "--unlock" in sys.argv:
    try:
        lock.unlock(STUDY)
    except ValueError as error:
        sys.exit(f"error: {error}")


wildcard_constraints:
    connectome="|".join(dict.fromkeys([*CONNECTOMES, *MAP_CONNECTOMES])),
    regime="|".join(REGIMES),
    shard=r"\d+",
    round=r"\d+",
    place=r"[^/]+",
    walks=r"\d+",
    number=r"\d+",


def code(script):
    """Return what a rule must have among its params to see changes of the code behind its script."""
    return source_hash(BASE / "scripts" / script)


def templates():
    """Return a hash of the pages' templates, which rules have among their params to see that they changed.

    They are no inputs, as these have paths, and results must not depend on where the checkout lies.
    """
    files = sorted((BASE / "workflow/report").iterdir())
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def files_of_figures(names):
    """Return the files of figures: pictures, captions, and the source data of their panels."""
    suffixes = sorted({"png", *config["figures"]["formats"]})
    folder = f"{STUDY}/figures"
    return {
        "pictures": [
            f"{folder}/{name}.{suffix}" for name in names for suffix in suffixes
        ],
        "captions": [f"{folder}/{name}.txt" for name in names],
        "source_data": [directory(f"{folder}/source_data/{name}") for name in names],
    }


def widths_of(figures):
    """Return the widths of figures in mm."""
    settings = config["figures"]
    narrow = settings["in_one_column"]
    return {
        name: settings["one_column" if name in narrow else "two_columns"]
        for name in figures
    }


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
