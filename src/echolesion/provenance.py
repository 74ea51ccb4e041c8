"""Where a result comes from: configuration, code, versions; and a log of every job."""

import ast
import hashlib
import json
import logging
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
RECORDED = (
    "numpy",
    "scipy",
    "torch",
    "xarray",
    "netCDF4",
    "networkx",
    "reservoirpy",
    "snakemake",
)


def attributes(config: Mapping[str, Any]) -> dict[str, str | int]:
    """Return what every result file says about its origin.

    Parameters
    ----------
    config : mapping
        The checked configuration of the study.

    Returns
    -------
    dict
        Configuration, seed, versions and git commit as netCDF attributes. There is no time or host in it: equal
        studies give equal files.
    """
    return {
        "study_configuration": json.dumps(config, sort_keys=True),
        "study_seed": config["seed"],
        "versions": json.dumps({name: metadata.version(name) for name in RECORDED}),
        "git_commit": _git_commit(),
    }


def _git_commit() -> str:
    """Return the commit of the code, "-dirty" behind it if files were changed, "unknown" outside a checkout."""
    command = ["git", "-C", str(PACKAGE), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return answer.stdout.strip() or "unknown"


def source_hash(script: Path) -> str:
    """Return a hash of a script and of every module of this package that it imports, directly or not.

    Snakemake sees changes of a script but not of what it imports; this hash as a parameter of the rule makes it see.

    Parameters
    ----------
    script : pathlib.Path
        A Python file.

    Returns
    -------
    str
        Changes when the code of any of those files does, and only then; comments and docstrings are not code.
    """
    waiting, meanings = [script, PACKAGE / "__init__.py"], {}
    while waiting:
        file = waiting.pop()
        if file not in meanings:
            meanings[file], imported = _parsed(file)
            waiting.extend(imported)
    sources = sorted((file.name, meaning) for file, meaning in meanings.items())
    return hashlib.sha256(repr(sources).encode()).hexdigest()[:16]


@cache
def _parsed(file: Path) -> tuple[str, list[Path]]:
    """Return the code of a file without comments, layout and docstrings, and the modules that it imports."""
    tree = ast.parse(file.read_bytes())
    imported = list(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree), imported


def _imported(tree: ast.Module) -> Iterator[Path]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            module = PACKAGE / (name.removeprefix("echolesion.") + ".py")
            if name.startswith("echolesion.") and module.exists():
                yield module


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Write the log of a job to a file and to the terminal; end it with one line if its input is bad.

    Parameters
    ----------
    path : path-like
        The log file. It also gets the traceback of an error and, in its first line, what results do not say as they
        would differ without it: when and where the job ran.

    Raises
    ------
    SystemExit
        In place of a `ValueError` or `OSError`, whose message then stands on the terminal without a traceback.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    Path(path).write_text(
        f"# {started} on {platform.node()}, {platform.machine()}, Python {platform.python_version()}\n"
    )
    to_file, to_terminal = logging.FileHandler(path), logging.StreamHandler()
    to_terminal.addFilter(lambda record: not record.exc_info)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[to_file, to_terminal], force=True)
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells what it does with every table of a font
    try:
        yield
    except (ValueError, OSError) as error:
        logging.exception("stopped")
        sys.exit(f"error: {error}")
    except Exception:
        logging.exception("stopped by an error of the program")
        raise
