"""The lock of a study: a folder in its results, as mkdir succeeds once on every disk, those of clusters too.

Snakemake's own is of the working folder, and whoever ends takes away that of all; so it is not used.
"""

import atexit
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path


def hold(study: str | Path) -> None:
    """Lock a study until this process ends.

    Parameters
    ----------
    study : path-like
        The folder of its results.

    Raises
    ------
    ValueError
        If another process holds the lock, or held it and was killed: in one line who, and what to do.
    """
    lock = Path(study, ".lock").absolute()
    lock.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(20):
        with suppress(FileExistsError):
            lock.mkdir()
            break
        if _holder(lock):
            raise ValueError(_held(lock))
        time.sleep(0.1)  # it is just taken, or left
    else:
        raise ValueError(_held(lock))
    (lock / "holder").write_text(_process(os.getpid()))
    atexit.register(_release, lock, os.getpid())


def unlock(study: str | Path) -> None:
    """Remove the lock of a study whose process was killed.

    Parameters
    ----------
    study : path-like
        The folder of its results.

    Raises
    ------
    ValueError
        If the process runs on this machine.
    """
    lock = Path(study, ".lock").absolute()
    if lock.exists() and _runs(_holder(lock)):
        raise ValueError(_held(lock))
    shutil.rmtree(lock, ignore_errors=True)


def _release(lock: Path, process: int) -> None:
    """Remove a lock that this process holds, if it is the one that took it, not a child that inherited what ends it."""
    if os.getpid() == process and _holder(lock) == _process(process).split():
        shutil.rmtree(lock, ignore_errors=True)


def _process(number: int) -> str:
    """Return host, number and start of a process; empty for the start if there is none. Numbers come again."""
    try:
        # The name, which stands in brackets, may hold blanks.
        start = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        start = ""
    return f"{os.uname().nodename} {number} {start}"


def _holder(lock: Path) -> list[str]:
    try:
        return (lock / "holder").read_text().split()
    except OSError:
        return []  # killed before it wrote this


def _runs(holder: list[str]) -> bool:
    return len(holder) == 3 and holder == _process(int(holder[1])).split()


def _held(lock: Path) -> str:
    holder = _holder(lock)
    host, number = [*holder, "", ""][:2]
    if _runs(holder):
        return f"{lock.parent}: process {number} on this machine ({host}) computes this study: wait until it has ended"
    remedy = f"./run.sh study --unlock, with the study's other arguments, or rm -r '{lock}'; then start again"
    if holder and host != os.uname().nodename:
        return f"{lock.parent}: locked by process {number} on {host}; if that is not running any more: {remedy}"
    return f"{lock.parent}: locked by a process that is gone, killed say ({number or 'unknown'}); to go on: {remedy}"
