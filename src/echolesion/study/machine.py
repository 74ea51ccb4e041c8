"""What this machine has, and whether a study fits on it."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from echolesion.records import origin
from echolesion.records.memory import machine_mb
from echolesion.study import memory, resources


def describe(folder: Path) -> dict[str, str]:
    """Say what this machine has.

    Parameters
    ----------
    folder : pathlib.Path
        Where results go.

    Returns
    -------
    dict
        Texts by what they are about.
    """
    import torch  # whoever asks whether a job fits, at the start of a study, should not wait for it

    free = shutil.disk_usage(folder).free
    gpus = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
    return {
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "cores": str(cores()),
        "memory": f"{machine_mb() / 1e3:.1f} GB",
        "disk": f"{free / 1e9:.1f} GB free for results",
        "GPU": ", ".join(gpus) or "none that torch sees",
        "SLURM": _slurm(),
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {metadata.version(name)}" for name in origin.RECORDED),
    }


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _slurm() -> str:
    if not shutil.which("sinfo"):
        return "none (there is no sinfo)"
    command = ["sinfo", "-h", "-o", "%P: %D nodes, %c cores, %m MB, %G"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return f"does not answer ({answer.stderr.splitlines()[0]})"
    return "; ".join(answer.stdout.splitlines())


def refusal(job: str, declared: float, config: Mapping[str, Any]) -> str | None:
    """Say that a job takes more memory than this machine has.

    Parameters
    ----------
    job : str
        What it is.
    declared : float
        Memory that it asks a cluster for, in MB; counted is what it takes without the margin, `memory.here_mb`.
    config : mapping
        The checked configuration.

    Returns
    -------
    str or None
        One line with the numbers and what can be done; None if it fits.
    """
    needed, there = memory.here_mb(declared), machine_mb()
    if needed <= there:
        return None
    return (
        f"{job} takes {needed / 1e3:,.1f} GB of memory, more than the {there / 1e3:,.1f} GB of this machine: keep"
        f" fewer nodes (preparation: subset), set sweep.time_bins to fewer than {memory.time_bins(config)}, or run"
        " on a cluster (--profile slurm, docs/scaling.md)"
    )


def refusal_of(plan: pd.DataFrame, config: Mapping[str, Any]) -> str | None:
    """Say that the largest job of a plan, from `resources.plan`, takes more memory than this machine has, if so."""
    if plan.empty:
        return None
    largest = plan.iloc[int(plan["memory_mb"].argmax())]
    job = f"{largest['rule']} of {largest['connectome']} ({largest['nodes']} nodes)"
    return refusal(job, float(largest["memory_mb"]), config)


def troubles(
    config: Mapping[str, Any],
    sizes: Mapping[str, int],
    folder: Path,
    read: Mapping[str, tuple[int, int]] | None = None,
    here: bool = True,
) -> list[str]:
    """Say why a study would not run well here.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    sizes : mapping of str to int
        Nodes of its networks.
    folder : pathlib.Path
        Where results go.
    read : mapping of str to tuple of int, optional
        What is read of each network, see `memory.memory_mb`.
    here : bool
        Whether jobs run here, so that the memory of this machine counts.

    Returns
    -------
    list of str
        Sentences with a remedy; none if nothing stands in the way.
    """
    plan = resources.plan(config, sizes, read)
    found = []
    largest, there, at_once = int(plan["memory_mb"].max() if len(plan) else 0), machine_mb(), cores()
    if here and (refused := refusal_of(plan, config)):
        found.append(refused)
    elif here and largest * at_once > there:
        found.append(
            f"{at_once} of the largest jobs side by side ask for {largest * at_once / 1e3:.1f} GB of memory:"
            f" run with --cores {max(1, int(there // largest))}."
        )
    needed, free = plan["disk_mb"].sum(), shutil.disk_usage(folder).free / 1e6
    if needed > free:
        found.append(
            f"results take {needed / 1e3:.1f} GB of disk, and {free / 1e3:.1f} GB are free: results can be a link to"
            " another disk."
        )
    device = config["sweep"]["device"]
    if device.startswith("cuda") and not _cuda_is_available():
        found.append(
            f"sweep.device is {device}, and torch sees no such GPU here: on a cluster the nodes may have one;"
            " otherwise take cpu."
        )
    return found


def _cuda_is_available() -> bool:
    import torch

    return torch.cuda.is_available()
