# How large networks are, and what the jobs on them ask for.
from functools import cache

from echolesion.study import durations, memory, networks


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


def seconds_of_study(at_once):
    """Return the modelled time of the study, so many jobs side by side; networks that nobody knows take none."""
    sizes = {key: size_of(key) for key in [*CONNECTOMES, *MAP_CONNECTOMES]}
    named = config | {"connectomes": CONNECTOMES}
    return durations.study_seconds(named, sizes, at_once)


def read_of_all():
    """Return what is read of each network: nodes, and values of connections or pairs."""
    found = {key: network_of(key) for key in CONNECTOMES}
    return {key: (each.read_nodes, each.read_values) for key, each in found.items()}


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
            # Of one that nobody knows, next to nothing is asked; an attempt more is more.
            return attempt * resource(name, config, max(largest.nodes, 2), read)

        return asked_for

    on_gpu = name in memory.ON_DEVICE and config["sweep"]["device"] != "cpu"
    return {
        "mem_mb": of(memory.memory_mb),
        "runtime": of(durations.minutes),
        "gpu": 1 if on_gpu else 0,
    }
