"""Where a result comes from: the configuration of the study, versions, and the commit of the code."""

import json
import subprocess
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
    """Return the commit of the code, "-dirty" behind it if files were changed, "unknown" outside a checkout."""
    command = ["git", "-C", str(PACKAGE), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return answer.stdout.strip() or "unknown"
