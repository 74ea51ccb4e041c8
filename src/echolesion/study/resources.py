"""What the jobs of a study ask for, in a table before it, and beside what they used after it.

Memory and disk are those of `memory`, time that of `durations`. Every rule writes what it really used to
``results/<study>/benchmarks``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from echolesion.study.durations import job_seconds, jobs_of_network, minutes
from echolesion.study.memory import NAMES, STARTERS, disk_mb, memory_mb


def plan(
    config: Mapping[str, Any], sizes: Mapping[str, int], read: Mapping[str, tuple[int, int]] | None = None
) -> pd.DataFrame:
    """Say what the jobs of a study ask for and write, before any of them is sent.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    sizes : mapping of str to int
        Nodes of every network; of one that is not known 0, and it has no rows.
    read : mapping of str to tuple of int, optional
        What is read of each, see `memory_mb`.

    Returns
    -------
    pandas.DataFrame
        A row per network and rule: ``connectome``, ``nodes``, ``rule``, ``jobs``, ``memory_mb`` and
        ``minutes`` that one asks for (of a sweep in rounds, the first), ``work_minutes`` that one is modelled to take
        on a core of the machine of docs/scaling.md, ``disk_mb`` that all of them write.
    """
    rows = [
        {
            "connectome": key,
            "nodes": size,
            "rule": rule,
            "jobs": count,
            "memory_mb": memory_mb(rule, config, size, (read or {}).get(key)),
            "minutes": minutes(rule, config, size, (read or {}).get(key)),
            "work_minutes": round(job_seconds(rule, config, size, (read or {}).get(key)) / 60, 3),
            "disk_mb": round(count * disk_mb(rule, config, size), 1),
        }
        for key, size in sizes.items()
        for rule, count in jobs_of_network(config).items()
        if count and size
    ]
    columns = ["connectome", "nodes", "rule", "jobs", "memory_mb", "minutes", "work_minutes", "disk_mb"]
    return pd.DataFrame(rows, columns=columns)


def compare(folder: Path, config: Mapping[str, Any], sizes: Mapping[str, int]) -> pd.DataFrame:
    """Put what jobs asked for beside what they used.

    Parameters
    ----------
    folder : pathlib.Path
        ``results/<study>/benchmarks``.
    config : mapping
        The configuration of the study.
    sizes : mapping of str to int
        Nodes of its networks.

    Returns
    -------
    pandas.DataFrame
        A row per job: ``rule``, ``job``, ``used_mb`` (with `STARTERS`), ``declared_mb``, ``used_minutes``,
        ``declared_minutes``.
    """
    rows = []
    for file in sorted(folder.glob("*.tsv")):
        measured = pd.read_csv(file, sep="\t", na_values="-").iloc[0]
        names = [name for name in NAMES if file.stem == name or file.stem.startswith(f"{name}_")]
        if not names:  # left by a version that had another rule
            continue
        rule = max(names, key=len)
        size = max((n for key, n in sizes.items() if f"_{key}_" in f"_{file.stem}_"), default=max(sizes.values()))
        rows.append(
            {
                "rule": rule,
                "job": file.stem,
                "used_mb": measured["max_rss"] + STARTERS,
                "declared_mb": memory_mb(rule, config, size),
                "used_minutes": measured["s"] / 60,
                "declared_minutes": minutes(rule, config, size),
            }
        )
    return pd.DataFrame(rows)
