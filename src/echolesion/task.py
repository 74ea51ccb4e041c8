"""Tasks: what the network hears and what its read-out should say.

A task is an `xarray.Dataset` with ``input (time, channel)`` and ``truth (time, output)``, cut along time into the
splits ``train``, ``validation`` and ``test``. Each split starts with a washout, which is run but not scored.
Series come from `reservoirpy`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from reservoirpy import datasets

SPLITS = ("train", "validation", "test")

Series = tuple[np.ndarray, np.ndarray, list[str]]


def _mackey_glass(length: int, rng: np.random.Generator, settings: Mapping[str, Any]) -> Series:
    transient = 500  # steps until the random history is forgotten
    series = datasets.mackey_glass(transient + length + settings["horizon"], tau=17, seed=rng)
    inputs, truth = datasets.to_forecasting(series[transient:], forecast=settings["horizon"])
    return inputs, truth, [f"x(t+{settings['horizon']})"]


def _narma10(length: int, rng: np.random.Generator, _settings: Mapping[str, Any]) -> Series:
    inputs, truth = datasets.narma(length, order=10, seed=rng)
    if not np.isfinite(truth).all():
        raise ValueError("the NARMA-10 series diverges with this seed: choose another seed")
    return inputs[10:], truth, ["y(t)"]


def _memory(length: int, rng: np.random.Generator, settings: Mapping[str, Any]) -> Series:
    lags = settings["lags"]
    series = rng.uniform(-0.8, 0.8, length + lags)
    truth = np.stack([series[lags - lag : lags - lag + length] for lag in range(1, lags + 1)], axis=1)
    return series[lags:, None], truth, [f"u(t-{lag})" for lag in range(1, lags + 1)]


#: Tasks by name, each with the score that judges it (a key of `training.SCORES`).
TASKS: dict[str, tuple[Callable[[int, np.random.Generator, Mapping[str, Any]], Series], str]] = {
    "mackey_glass": (_mackey_glass, "nrmse"),
    "narma10": (_narma10, "nrmse"),
    "memory": (_memory, "memory_capacity"),
}


def make(settings: Mapping[str, Any], rng: np.random.Generator) -> xr.Dataset:
    """Make the input and the truth of a task.

    Parameters
    ----------
    settings : mapping
        ``name`` (key of `TASKS`); ``washout``, ``train``, ``validation`` and ``test`` in steps; ``horizon`` in steps
        for ``mackey_glass``; ``lags``, a number, for ``memory``.
    rng : numpy.random.Generator
        Source of the series.

    Returns
    -------
    xarray.Dataset
        ``input (time, channel)`` and ``truth (time, output)``, each scaled to mean 0 and standard deviation 1 over the
        scored steps of the training split; coordinates ``split`` and ``scored`` along time; attribute ``score``.

    Raises
    ------
    ValueError
        If the series diverges.
    """
    series, score = TASKS[settings["name"]]
    washout = settings["washout"]
    pieces = [(split, washout + settings[split]) for split in SPLITS]
    inputs, truth, outputs = series(sum(length for _, length in pieces), rng, settings)
    split = np.repeat([name for name, _ in pieces], [length for _, length in pieces])
    scored = np.concatenate([np.arange(length) >= washout for _, length in pieces])
    reference = scored & (split == "train")
    task = xr.Dataset(
        {
            "input": (("time", "channel"), _standardise(inputs, reference)),
            "truth": (("time", "output"), _standardise(truth, reference)),
        },
        coords={
            "time": ("time", np.arange(split.size), {"long_name": "time", "units": "step"}),
            "channel": ["u"],
            "output": outputs,
            "split": ("time", split),
            "scored": ("time", scored),
        },
        attrs={"task": settings["name"], "score": score},
    )
    for name in ("input", "truth"):
        task[name].attrs = {"long_name": name, "units": "standard deviations"}
    return task


def _standardise(series: np.ndarray, reference: np.ndarray) -> np.ndarray:
    return (series - series[reference].mean(axis=0)) / series[reference].std(axis=0)


def split(task: xr.Dataset, name: str) -> xr.Dataset:
    """Return one split of a task, with its washout.

    Parameters
    ----------
    task : xarray.Dataset
        From `make`.
    name : {"train", "validation", "test"}
        The split.

    Returns
    -------
    xarray.Dataset
        The same variables; time counts on from the split's first scored step as 0, the washout is negative.
    """
    piece = task.isel(time=np.flatnonzero(task["split"] == name))
    first = int(np.argmax(piece["scored"].values))
    return piece.assign_coords(time=piece["time"].copy(data=np.arange(piece.sizes["time"]) - first))
