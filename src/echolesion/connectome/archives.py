"""Archives: the zip of a connectivity of The Virtual Brain, as its own and as others pack it."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from echolesion.connectome import texts
from echolesion.connectome.layouts import check_labels
from echolesion.connectome.reading import Matrix, Reading
from echolesion.connectome.texts import Row, number, numbers

#: What a member is, by the last word of its name, in any case.
MEMBERS = {
    "weights": ("weights", "weight"),
    "centres": ("centres", "centers", "centre", "center"),
    "tract_lengths": ("tract_lengths", "tract_length", "tract", "tracts", "lengths", "length"),
    "hemispheres": ("hemispheres", "hemisphere"),
    "cortical": ("cortical", "cortex"),
    "areas": ("areas", "area"),
}
#: Members with a number for each node, and what it is called.
OF_NODES = {"hemispheres": ("right_hemisphere", int), "cortical": ("cortical", int), "areas": ("area", float)}
_NAME = re.compile(
    rf"(?P<prefix>.*?[_\-. ])??(?P<word>{'|'.join(word for words in MEMBERS.values() for word in words)})"
    r"\.(txt|csv)(\.bz2|\.gz)?",
    re.IGNORECASE,
)


def read_zip(path: Path, reading: Reading) -> Matrix:
    """Read a connectivity of The Virtual Brain: weights, tract lengths, centres, names, hemispheres, areas.

    Parameters
    ----------
    path : pathlib.Path
        The archive, which is read in memory.
    reading : Reading
        Of the file; ``variable`` names the folder, prefix or member that has the weights, ``labels`` the member that
        has the names.

    Returns
    -------
    Matrix

    Raises
    ------
    FormatError
        If it is none, or holds more than one.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise reading.error(f"is not a zip archive ({error})") from error
    with archive:
        contents = _contents(archive, reading)
    groups: dict[str, dict[str, dict[str, bytes]]] = {}
    for name, content in contents.items():
        folder, file = str(PurePosixPath(name).parent), PurePosixPath(name).name
        if found := _NAME.fullmatch(file):
            kind = next(kind for kind, words in MEMBERS.items() if found["word"].lower() in words)
            group = (("" if folder == "." else f"{folder}/") + (found["prefix"] or "")).rstrip("/_-. ")
            groups.setdefault(group, {}).setdefault(kind, {})[name] = content
    variable, weights = reading.name("variable"), None
    if variable is not None and (member := _member(variable, contents)):
        group = next(g for g, kinds in groups.items() if any(member in members for members in kinds.values()))
        weights = member
    else:
        with_weights = {group: kinds["weights"] for group, kinds in groups.items() if "weights" in kinds}
        if not with_weights:
            raise reading.error(
                f"has no weights.txt: it is not a connectivity of The Virtual Brain (it has {', '.join(contents)})"
            )
        names = {f"{group}/" if group else "(no folder)": group for group in with_weights}
        chosen = variable if variable is None or variable.endswith("/") else f"{variable}/"
        if chosen is None:
            held = {name: _content(groups[group]) for name, group in names.items()}
            chosen = reading.one_of("variable", "connectivities", held)[0]
        elif chosen not in names:
            raise reading.error(f"'variable: {variable}' is not among its connectivities ({', '.join(names)})")
        group = names[chosen]
        weights = _one(with_weights[group], "variable", reading)
    if variable is not None:
        reading.decide(variable=variable)
    elsewhere = [
        name
        for other, kinds in groups.items()
        if other != group and "weights" not in kinds
        for name in kinds.get("centres", [])
    ]
    if elsewhere and "centres" not in groups[group] and reading.ask("labels") is None:
        raise reading.error(
            f"has '{weights}', and '{elsewhere[0]}' in another folder: are these its nodes? say"
            f" 'labels: {elsewhere[0]}' or 'labels: none'"
        )
    return _connectivity(weights, groups[group], contents, reading)


def _content(group: Mapping[str, Mapping[str, bytes]]) -> list[tuple[str, bytes]]:
    """Return what a connectivity holds, to be compared."""
    return sorted((kind, content) for kind, members in group.items() for content in members.values())


def _member(variable: str, contents: Mapping[str, bytes]) -> str | None:
    """Return the member that is called so, with or without its folder and suffix."""
    for name in contents:
        file = PurePosixPath(name).name
        if variable in (name, file, file.partition(".")[0]):
            return name
    return None


def _one(members: Mapping[str, bytes], key: str, reading: Reading) -> str:
    """Return the member of a kind: of several, equal ones are one."""
    if len(members) == 1:
        return next(iter(members))
    return reading.one_of(key, "members of one kind", members)[0]


def _contents(archive: zipfile.ZipFile, reading: Reading) -> dict[str, bytes]:
    """Return what the members of an archive hold."""
    members = [m for m in archive.infolist() if not m.is_dir() and "__MACOSX" not in m.filename]
    members = [m for m in members if not PurePosixPath(m.filename).name.startswith(".")]
    for member in members:
        if member.filename.startswith("/") or ".." in PurePosixPath(member.filename).parts:
            raise reading.error(f"has a path outside of itself: '{member.filename}'")
    texts.check_size(sum(member.file_size for member in members), "its contents, ", reading)
    result = {}
    for member in members:
        if not member.filename.lower().endswith((".txt", ".csv", ".bz2", ".gz")):
            result[member.filename] = b""
            continue
        try:
            content = archive.read(member)
        except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise reading.error(f"{member.filename} cannot be read ({error})") from error
        result[member.filename] = texts.unpacked(content, member.filename, reading)
    return result


def _connectivity(
    weights: str, group: Mapping[str, Mapping[str, bytes]], contents: Mapping[str, bytes], reading: Reading
) -> Matrix:
    """Return the matrix of a member, with what the members beside it say of its nodes."""
    used = {weights}
    values = _numbers(weights, contents, reading)
    labels, lengths = None, None
    nodes: dict[str, np.ndarray] = {}
    centres = {name: content for name, content in group.get("centres", {}).items() if name != weights}
    wanted = reading.name("labels")
    if wanted == "none":
        centres = {}
    elif wanted is not None:
        found = _member(wanted, contents)
        if found is None:
            raise reading.error(f"has no '{wanted}' (there are {', '.join(contents)})")
        centres = {found: contents[found]}
        reading.decide(labels=wanted)
    if centres:
        name = _one(centres, "labels", reading)
        used.add(name)
        labels, nodes = _centres(_rows(name, contents, reading), len(values), reading)
        reading.say(f"'{name}' has the names and places of nodes" if labels else f"'{name}' has the places of nodes")
    own = {name: content for name, content in group.get("tract_lengths", {}).items() if name != weights}
    if own and "weight" in PurePosixPath(weights).name.lower():
        name = _one(own, "variable", reading)
        used.add(name)
        lengths = _numbers(name, contents, reading)
        if lengths.shape != values.shape:
            raise reading.error(f"tract_length has the shape {lengths.shape}, the matrix {values.shape}")
        reading.say(f"'{name}' has the tract lengths")
    for kind, (column, dtype) in OF_NODES.items():
        if members := group.get(kind):
            name = _one(members, "labels", reading)
            used.add(name)
            flags = _numbers(name, contents, reading).ravel()
            if flags.size != len(values):
                raise reading.error(f"{name} has {flags.size} numbers for {len(values)} nodes")
            nodes[column] = flags.astype(dtype)
    if values.shape[0] != values.shape[1]:
        raise reading.error(f"the matrix is not square ({values.shape[0]} x {values.shape[1]})")
    reading.say(f"'{weights}' has the weights of {len(values)} nodes")
    reading.unused("members", (name for name in contents if name not in used))
    return Matrix(values, labels, nodes, lengths)


def _rows(name: str, contents: Mapping[str, bytes], reading: Reading) -> list[Row]:
    lines = texts.lines_of(texts.decoded(contents[name], reading, name))
    begin = texts.comments(lines)
    suffix = ".csv" if ".csv" in name.lower() else ".txt"
    known = Reading(reading.path)  # an archive has no one sign between cells that could be given
    delimiter = texts.delimiter_of(lines[begin : begin + 50], suffix, known)
    rows = texts.rows_of(lines[begin:], delimiter, reading, begin + 1, PurePosixPath(name).name)
    if not rows:
        raise reading.error(f"{name} is empty")
    return rows


def _numbers(name: str, contents: Mapping[str, bytes], reading: Reading) -> np.ndarray:
    rows = _rows(name, contents, reading)
    for row in rows:
        if len(row.cells) != len(rows[0].cells):
            raise reading.error(f"{row.place} is not as long as the first ({len(row.cells)}, {len(rows[0].cells)})")
    return numbers(((row.place, row.cells) for row in rows), reading)


def _centres(rows: list[Row], size: int, reading: Reading) -> tuple[list[str] | None, dict[str, np.ndarray]]:
    """Return the names and the places of nodes: a name and three numbers in a line, or only one of the two."""
    if len(rows) == size + 1 and all(number(cell) is None for cell in rows[0].cells):
        rows = rows[1:]  # a header
    if len(rows) != size:
        raise reading.error(f"{rows[0].place.partition(',')[0]} has {len(rows)} labels for {size} rows")
    widths = {len(row.cells) for row in rows}
    if widths == {1}:
        labels, places = [row.cells[0] for row in rows], None
    elif widths == {3} and all(number(cell) is not None for row in rows for cell in row.cells):
        labels, places = None, [(row.place, row.cells) for row in rows]
    elif len(widths) == 1 and all(number(cell) is not None for row in rows for cell in row.cells[1:4]):
        labels, places = [row.cells[0] for row in rows], [(row.place, row.cells[1:4]) for row in rows]
        if widths != {4}:
            reading.say(f"{max(widths) - 4} more cells in a line of '{rows[0].place.partition(',')[0]}' are not used")
    else:  # names have blanks in them
        labels = [" ".join(row.cells[:-3]) for row in rows]
        places = [(row.place, row.cells[-3:]) for row in rows]
    if labels is not None:
        check_labels(labels, rows[0].place, reading)
    return labels, {} if places is None else dict(zip("xyz", numbers(places, reading, 1).T, strict=True))
