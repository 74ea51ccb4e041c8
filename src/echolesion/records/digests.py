"""Digests of files: what tells a file that changed from one that was only touched, whatever its time says."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

import h5py

_BLOCK = 2**20


def sha256_of(paths: Iterable[str | Path]) -> str:
    """Return the sha256 of the contents of files, one after the other, in hexadecimal digits.

    Parameters
    ----------
    paths : iterable of path-like
        The files, which are read in blocks.

    Returns
    -------
    str
        64 digits; of one file what ``sha256sum`` says.

    Raises
    ------
    OSError
        If one cannot be read.
    """
    total = hashlib.sha256()
    for path in paths:
        with Path(path).open("rb") as file:
            while block := file.read(_BLOCK):
                total.update(block)
    return total.hexdigest()


def remembered(paths: Iterable[str | Path], memory: Path) -> list[str]:
    """Return the sha256 of each of some files, read again only if it is another file or was written to.

    Parameters
    ----------
    paths : iterable of path-like
        The files.
    memory : pathlib.Path
        A JSON file of digests by device, inode, size and times of change. It is only there to save time: one that
        cannot be read or written is done without.

    Returns
    -------
    list of str
        One per file.

    Raises
    ------
    OSError
        If one cannot be read.
    """
    known = _read(memory)
    found, new = [], {}
    for path in paths:
        status = Path(path).stat()
        # The time of the last change of the inode is there because cp -p, rsync and unzip set that of the contents.
        key = " ".join(map(str, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)))
        if key not in known:
            known[key] = new[key] = sha256_of([path])
        found.append(known[key])
    if new:
        _write(_read(memory) | new, memory)
    return found


def of_result(path: str | Path) -> list[str] | None:
    """Return the digests of the files that a result was made of, from its attribute ``files_sha256``.

    Parameters
    ----------
    path : path-like
        A netCDF file.

    Returns
    -------
    list of str or None
        None if it is not there, is damaged, or does not say.
    """
    try:
        with h5py.File(path) as result:
            kept = result.attrs.get("files_sha256")
    except OSError:
        return None
    if kept is None:
        return None
    return (kept.decode() if isinstance(kept, bytes) else str(kept)).split()


def _read(memory: Path) -> dict[str, str]:
    try:
        known = json.loads(memory.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(known: dict[str, str], memory: Path) -> None:
    temporary = memory.with_name(f".{memory.name}.{os.uname().nodename}.{os.getpid()}")
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known, indent=0))
        temporary.replace(memory)
    except OSError:  # a folder that cannot be written to, or a full disk
        return
