# What all rules share: the checked configuration, names and folders.
from functools import cache
from hashlib import sha256

from echolesion.connectome import catalogue, formats
from echolesion.records import digests
from echolesion.records.sources import source_hash
from echolesion.study import configuration, lock, networks, resources
from echolesion.study.configfile import check_file

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
    for file in FILES if workflow.is_main_process else ():
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
OF_SWEEP = ("time_bins", "estimator", "lesion", "refit_readout", "rescale", "device")

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


def folder_of(connectome):
    """Return where the paths of a connectome start: shipped ones are in the clone, all others in the working folder."""
    return BASE if connectome in SHIPPED else Path()


def files_of(connectome):
    """Return the files of a connectome as the working folder sees them; of one out of a package, those that are here."""
    entry = CATALOGUE[connectome]
    found = [
        str(file)
        for pattern in formats.files(entry).values()
        for file in catalogue.found(pattern, folder_of(connectome))
    ]
    return [file for file in found if "package" not in entry or os.path.exists(file)]


def series_files():
    """Return the file of the series as the working folder sees it, if the task has one."""
    return [str(BASE / SERIES) if SERIES_SHIPPED else SERIES] if SERIES else []


def can_be_input(file, shipped):
    """Return whether a file is an input of the rule that reads it, which a rule of another workflow may make.

    Shipped files are none, as inputs have paths, and results must not depend on where the clone lies; nor are files with
    braces in their path, which would be wildcards.
    """
    return not shipped and not set("{}") & set(file)


def inputs_of(files, shipped):
    """Return those files that are inputs; a module's prefix is not for them.

    What they hold decides, by the digests among the params, and not when they were written; what a rule makes is left
    to Snakemake.
    """
    hook_into_start()
    inputs = [file for file in files if can_be_input(file, shipped)]
    for file in inputs:
        if not made_here(file):
            check_exists(file)
    return [local(file if made_here(file) else ancient(file)) for file in inputs]


def check_exists(file):
    """Stop if a file is missing; jobs do not look again."""
    if workflow.is_main_process and not os.path.exists(file):
        sys.exit(
            f"error: there is no file '{file}' (paths start in the working folder, {Path.cwd()})"
        )


# What was found out about files, by content, so that it is found out once: in the working folder.
MEMORY = Path(".snakemake/echolesion")


def made_here(path):
    """Return whether a rule of this workflow, or of one that it is a part of, makes a file."""
    return any(rule.is_producer(path) for rule in workflow.rules)


def digests_of(paths):
    """Return the sha256 of files, which a rule that reads them must have among its params."""
    return digests.remembered(
        [path for path in paths if os.path.exists(path) and not made_here(path)],
        MEMORY / "digests.json",
    )


def say_if_changed(result, paths):
    """Say that a result is of files that are others now; triggers that leave out params would hide it."""
    files = [path for path in paths if os.path.exists(path) and not made_here(path)]
    known = digests.of_result(result)
    if known is not None and known != digests_of(files):
        print(
            f"echolesion: {result} is of other contents of {', '.join(paths)}: it is made again, unless"
            " --rerun-triggers leaves out params",
            file=sys.stderr,
        )


def steps_of(entry):
    """Return the steps of a connectome's preparation: its own, then those of the study."""
    return [*entry.get("preparation", []), *config["preparation"]]


def asked_of(connectome):
    """Return what decides how large a network is, besides what its files hold."""
    entry = CATALOGUE[connectome]
    fetched = (
        catalogue.fetched(entry, connectome, BASE / "data/fetched")
        if "package" in entry
        else None
    )
    return networks.request(
        connectome,
        code("connectome/measure.py"),
        entry=entry,
        steps=steps_of(entry),
        orientation=config["orientation"],
        folder=str(folder_of(connectome)),
        fetched=fetched and str(fetched),
    )


def measure_networks():
    """Read and prepare all networks whose files are here, if that was not done before; stop if one cannot be used."""
    wanted = []
    for key in dict.fromkeys([*CONNECTOMES, *MAP_CONNECTOMES]):
        asked, files = asked_of(key), files_of(key)
        if asked["fetched"]:
            if not os.path.isdir(asked["fetched"]):
                continue
        elif not all(map(os.path.exists, files)):
            continue  # another rule may make it; if none does, Snakemake says so
        try:
            sha256 = digests.remembered(files, MEMORY / "digests.json")
        except OSError as error:
            sys.exit(f"error: {error.filename}: cannot be read ({error.strerror})")
        if networks.known(asked, MEMORY / "networks", sha256) is None:
            wanted.append(asked | {"files_sha256": sha256})
    try:
        if wanted:
            script = BASE / "scripts" / "connectome/measure.py"
            networks.measure(wanted, script, MEMORY / "networks")
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


@cache
def network_of(connectome):
    """Return a network in numbers: as it was measured; else of the entry's size, or of none if nobody knows it."""
    known = networks.known(asked_of(connectome), MEMORY / "networks")
    size = CATALOGUE[connectome].get("size", 0)
    return known or networks.Network(size, size**2, size, size**2)


def size_of(connectome):
    """Return the number of nodes of a connectome after its preparation; 0 if it is not known."""
    return network_of(connectome).nodes


def read_of_all():
    """Return what is read of each network: nodes, and values of connections or pairs."""
    found = {key: network_of(key) for key in CONNECTOMES}
    return {key: (each.read_nodes, each.read_values) for key, each in found.items()}


def too_large():
    """Return why a job of this study does not fit on this machine, if jobs run here and one does not."""
    if not workflow.is_main_process or workflow.non_local_exec_or_dryrun:
        return None  # in a job it is too late; of a cluster this machine does not tell
    from echolesion.study import machine

    asked = {
        " of ".join([job.rule.name, *job.wildcards]): job.resources["mem_mb"]
        for job in workflow.dag.needrun_jobs()
        if Path(job.rule.snakefile).is_relative_to(BASE)
        and "mem_mb" in job.resources.keys()
    }
    largest = max(asked, key=asked.get, default=None)
    return largest and machine.refusal(largest, asked[largest], config)


def needs(name):
    """Return the resources of a rule; a profile with retries gives more of them to every attempt."""

    def of(resource):
        def asked_for(wildcards, attempt):
            key = getattr(wildcards, "connectome", None)
            if key:
                networks_of_job = [network_of(key)]
            else:
                networks_of_job = map(network_of, {*CONNECTOMES, *MAP_CONNECTOMES})
            largest = max(networks_of_job, key=lambda network: network.nodes)
            read = (largest.read_nodes, largest.read_values)
            asked = getattr(resources, resource)
            # Of one that nobody knows, next to nothing is asked; an attempt more is more.
            return attempt * asked(name, config, max(largest.nodes, 2), read)

        return asked_for

    on_gpu = name in resources.ON_DEVICE and config["sweep"]["device"] != "cpu"
    return {
        "mem_mb": of("memory_mb"),
        "runtime": of("minutes"),
        "gpu": 1 if on_gpu else 0,
    }


def files_of_figure(name):
    """Return the files of a figure: pictures, caption, and the source data of its panels."""
    suffixes = {"png", *config["figures"]["formats"]}
    return {
        "pictures": [f"{STUDY}/figures/{name}.{suffix}" for suffix in sorted(suffixes)],
        "caption": f"{STUDY}/figures/{name}.txt",
        "source_data": directory(f"{STUDY}/figures/source_data/{name}"),
    }


def width_of(figure):
    """Return the width of a figure in mm."""
    narrow = figure in config["figures"]["in_one_column"]
    return config["figures"]["one_column" if narrow else "two_columns"]


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


def lock_study():
    """Lock the study until Snakemake ends, and say who has if another did; not for jobs that only say something."""
    if {job.rule.name for job in workflow.dag.needrun_jobs()} <= {"plan", "doctor"}:
        return
    try:
        lock.hold(STUDY)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


def announcement():
    """Say how long the study takes on a machine like that of docs/scaling.md."""
    from echolesion.study import cost

    sizes = {
        key: size_of(key) for key in dict.fromkeys([*CONNECTOMES, *MAP_CONNECTOMES])
    }
    if unknown := [key for key, size in sizes.items() if not size]:
        return (
            f"echolesion: study '{config['study']}': {', '.join(CONNECTOMES)}; how long it takes is known when there is"
            f" {', '.join(unknown)}."
        )
    named = config | {"connectomes": CONNECTOMES}
    limits = workflow.resource_settings
    at_once = limits.cores or limits.nodes or 1
    minutes = cost.study_seconds(named, sizes, at_once) / 60
    where = (
        f"here on {at_once} cores"
        if limits.cores
        else f"with {at_once} jobs at once, not counting the queue"
    )
    most = " at most" if config["sweep"]["until"] else ""
    delayed = " (not counting delays)" if config["reservoir"]["velocity"] else ""
    names = zip(CONNECTOMES, config["connectomes"], strict=True)
    networks = ", ".join(
        f"{key} ({'' if key == name else f'{name}, '}{sizes[key]} nodes)"
        for key, name in names
    )
    return (
        f"echolesion: study '{config['study']}': {networks}; regimes {', '.join(REGIMES)}. All of it takes{most} about"
        f" {minutes:.1f} min {where}{delayed}; what is done is not done again."
    )


def before_jobs():
    """Do what comes before the first job of a run, but not of a dry run, of this workflow or of one that it is a part of."""
    if refused := too_large():
        sys.exit(f"error: {refused}")
    if MAIN:  # a workflow that this is a part of has its own lock
        lock_study()
    print(announcement())


@cache
def hook_into_start():
    """Let `before_jobs` run in a module too, of which Snakemake leaves out `onstart`.

    This is called by input functions, when all Snakefiles have been read, so that it is known what the other workflow
    does at its start.
    """
    if not MAIN:
        of_other = workflow._onstart

        def start(log):
            before_jobs()
            of_other(log)

        workflow._onstart = start


# What is looked at whenever the workflow is read, by dry runs and in a module too, but not again by every job.
if workflow.is_main_process:
    if MAIN:  # else another workflow may make them, which `inputs_of` finds out
        for connectome in dict.fromkeys([*CONNECTOMES, *MAP_CONNECTOMES]):
            for file in files_of(connectome):
                check_exists(file)
        for file in series_files():
            check_exists(file)
    if SERIES_SHIPPED and ("task", "series") not in FROM_CLONE:
        print(
            f"echolesion: task.series: '{SERIES}' is not in the working folder, and is taken from {BASE}",
            file=sys.stderr,
        )
