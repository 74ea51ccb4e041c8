"""How large networks are is found out by a child process, once for the same files, entry, steps and code."""

import dataclasses
import json

import numpy as np
import pytest
from conftest import ROOT

from echolesion.study import networks

SCRIPT = ROOT / "scripts/connectome/measure.py"


def asked(folder, name="mine", code="x", steps=("drop_isolated",), **entry):
    entry = {"file": "m.csv", "orientation": "source_target"} | entry
    return networks.request(
        name, code, entry=entry, steps=[*steps], orientation=None, folder=str(folder), fetched=None
    ) | {"files_sha256": ["a"]}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    matrix = np.array([[0, 1, 2, 0], [3, 0, 0, 0], [0, 4, 0, 0], [0, 0, 0, 0.0]])
    np.savetxt(tmp_path / "m.csv", matrix, delimiter=",")
    return tmp_path


def test_a_network_is_measured_after_its_preparation_and_known_from_then_on(folder):
    memory, wanted = folder / "kept", asked(folder)
    assert networks.known(wanted, memory, ["a"]) is None
    networks.measure([wanted], SCRIPT, memory)
    found = networks.known(wanted, memory, ["a"])
    assert found == networks.Network(nodes=3, connections=4, read_nodes=4, read_values=16)
    assert networks.known(wanted, memory) == found  # as in a job
    assert networks.known(wanted, memory, ["b"]) is None
    for other in (
        asked(folder, code="y"), asked(folder, steps=()), asked(folder, directed=True), asked(folder, name="z"),
    ):  # fmt: skip
        assert networks.known(other, memory) is None


def test_what_cannot_be_read_is_said_in_one_line(folder):
    (folder / "m.csv").write_text("0,5,2,3\n1,x,2,3\n2,2,0,3\n3,3,3,0\n")
    with pytest.raises(ValueError, match=r"^\S*m.csv: line 2, number 2: 'x' is not a number$"):
        networks.measure([asked(folder)], SCRIPT, folder / "kept")


def test_a_process_that_is_killed_is_said_in_one_line(folder):
    script = folder / "measure.py"
    script.write_text("import os, sys\nprint('mine', flush=True)\nos.kill(os.getpid(), 9)\n")
    with pytest.raises(ValueError, match=r"^mine: reading it was ended by signal 9, as when memory is used up"):
        networks.measure([asked(folder)], script, folder / "kept")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"nodes": 1}'])
def test_what_is_damaged_is_not_known(folder, content):
    wanted = asked(folder)
    (folder / f"{wanted['key']}.json").write_text(content)
    assert networks.known(wanted, folder) is None
    whole = networks.Network(1, 2, 3, 4)
    (folder / f"{wanted['key']}.json").write_text(json.dumps(dataclasses.asdict(whole) | {"files_sha256": []}))
    assert networks.known(wanted, folder, []) == whole
