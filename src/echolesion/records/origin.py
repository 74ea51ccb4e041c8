"""Where a result comes from: the configuration of the study, versions, and the commit of the code."""

import json
import os
import subprocess
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

#: The package's folder, of whose code the commit is asked for.
PACKAGE = Path(__file__).parents[1]
#: Packages whose versions are recorded.
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
    """Return the commit of the code, "-dirty" behind it if files were changed.

    Outside of a checkout of this project, in another repository too, it is "unknown", with the version, and why if a
    checkout could not be asked.
    """
    own = "src/echolesion/records/origin.py"
    unknown = f"unknown, version {_version()}"
    try:
        # Of a file of this project, the path from the top of the repository that has it.
        listed = _git("ls-files", "--full-name", "--error-unmatch", "--", own)
        if listed.returncode == 0 and listed.stdout.strip() == own:
            described = _git("describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")
            return described.stdout.strip() or unknown
    except FileNotFoundError:
        return f"{unknown} (there is no git)"
    if "ownership" in listed.stderr or "unsafe repository" in listed.stderr:
        return f"{unknown} (git refuses a clone of another owner)"
    return unknown


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(PACKAGE.parents[1]), *arguments]
    environment = os.environ | {"LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def _version() -> str:
    """Return the version of the code: beside it, or of the package that is installed."""
    project = PACKAGE.parents[1] / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text())["project"]["version"])
    try:
        return metadata.version("echolesion")
    except metadata.PackageNotFoundError:
        return "unknown"
