"""How large the networks of a study are: found out once, by a process of its own, and kept.

Whoever plans a study must know it before anything is read by a job. Reading takes the memory and the libraries that it
takes, so that a child process does it; what it finds is kept by the entry, the steps and the code, with the digests of
the files, and is measured again if these are others.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Network:
    """A network in numbers.

    Attributes
    ----------
    nodes, connections : int
        After preparation.
    read_nodes, read_values : int
        Nodes in its files, and what is read of them: connections of a list, all pairs of a matrix, of all subjects.
    """

    nodes: int
    connections: int
    read_nodes: int
    read_values: int


def request(name: str, code: str, **asked: Any) -> dict[str, Any]:
    """Return what is asked of the process that measures.

    Parameters
    ----------
    name : str
        Of the connectome, used in error messages.
    code : str
        A hash of what measures.
    **asked
        ``entry``, ``steps`` and ``orientation``, which decide what comes out; ``folder`` and ``fetched``, where paths
        start.

    Returns
    -------
    dict
        With ``key``, by which the answer is kept.
    """
    decides = [name, code, asked["entry"], asked["steps"], asked["orientation"]]
    key = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:32]
    return {"name": name, "key": key} | asked


def known(asked: Mapping[str, Any], memory: Path, files_sha256: Iterable[str] | None = None) -> Network | None:
    """Return a network that was measured.

    Parameters
    ----------
    asked : mapping
        From `request`.
    memory : pathlib.Path
        Folder of what is kept.
    files_sha256 : iterable of str, optional
        Digests of its files; of any by default, as in a job, whose planner knows them.

    Returns
    -------
    Network or None
        None if it was not measured, or of other files.
    """
    try:
        kept = json.loads((memory / f"{asked['key']}.json").read_text())
        if files_sha256 is not None and kept.pop("files_sha256") != [*files_sha256]:
            return None
        kept.pop("files_sha256", None)
        return Network(**kept)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def measure(wanted: list[dict[str, Any]], script: Path, memory: Path) -> None:
    """Measure networks in a child process.

    Parameters
    ----------
    wanted : list of dict
        From `request`, with ``files_sha256``.
    script : pathlib.Path
        That which measures.
    memory : pathlib.Path
        Folder in which it keeps what it finds.

    Raises
    ------
    ValueError
        In one line, if one cannot be read or prepared.
    """
    memory.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(script), str(memory)]
    answer = subprocess.run(command, input=json.dumps(wanted), capture_output=True, text=True, check=False)
    if answer.returncode < 0:
        name = (answer.stdout.split() or [wanted[0]["name"]])[-1]
        raise ValueError(
            f"{name}: reading it was ended by signal {-answer.returncode}, as when memory is used up: run on a machine"
            " that has more"
        )
    if answer.returncode != 0:
        raise ValueError((answer.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("error: "))
