"""Tasks: what the network hears and what its read-out should say.

A task is an `xarray.Dataset` with ``input (time, channel)`` and ``truth (time, output)``, cut along time into the
splits ``train``, ``validation`` and ``test``. In open loop each starts with a washout, which is run but not scored.
In closed loop one input is the true output of the step before, for which the network's own is put when it generates; a
split is then generated after all that came before it, the series having a washout at its very start only. Series come
from `reservoirpy`, a file or, for ``frequency``, a sine whose frequency follows the input.
"""

import atexit
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

SPLITS = ("train", "validation", "test")

Series = tuple[np.ndarray, np.ndarray, list[str]]

#: Amplitude, and the mean number of steps between changes of frequency, of the task `frequency`.
AMPLITUDE, STEPS_PER_CHANGE = 0.5, 100


@cache
def _datasets() -> Any:
    """Return reservoirpy's makers of series; imported here, as it makes a folder that it leaves behind."""
    import reservoirpy
    from reservoirpy import datasets

    folder = Path(reservoirpy._TEMPDIR)
    if folder.name.startswith("reservoirpy-temp-"):  # where it could make none, that of all temporary files
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return datasets


def _mackey_glass(length: int, rng: np.random.Generator, settings: Mapping[str, Any]) -> Series:
    transient = 500  # steps until the random history is forgotten
    series = _datasets().mackey_glass(transient + length + settings["horizon"], tau=17, seed=rng)
    inputs, truth = _datasets().to_forecasting(series[transient:], forecast=settings["horizon"])
    return inputs, truth, [f"x(t+{settings['horizon']})"]


def _narma10(length: int, rng: np.random.Generator, _settings: Mapping[str, Any]) -> Series:
    inputs, truth = _datasets().narma(length, order=10, seed=rng)
    if not np.isfinite(truth).all():
        raise ValueError("the NARMA-10 series diverges with this seed: choose another seed")
    return inputs[10:], truth, ["y(t)"]


def _memory(length: int, rng: np.random.Generator, settings: Mapping[str, Any]) -> Series:
    lags = settings["lags"]
    series = rng.uniform(-0.8, 0.8, length + lags)
    truth = np.stack([series[lags - lag : lags - lag + length] for lag in range(1, lags + 1)], axis=1)
    return series[lags:, None], truth, [f"u(t-{lag})" for lag in range(1, lags + 1)]


def _frequency(length: int, rng: np.random.Generator, settings: Mapping[str, Any]) -> Series:
    changes = rng.random(length) < 1 / STEPS_PER_CHANGE
    control = rng.random(length)[np.cumsum(changes)]
    shortest, longest = settings["periods"]
    phase = np.cumsum(2 * np.pi / (longest + control * (shortest - longest)))
    return control[:, None], AMPLITUDE * np.sin(phase)[:, None], ["y(t)"]


def _file(length: int, _rng: np.random.Generator, settings: Mapping[str, Any]) -> Series:
    series = np.loadtxt(settings["series"], ndmin=1)[:, None]
    if not np.isfinite(series).all():
        raise ValueError(f"{settings['series']} holds values that are not finite")
    needed = length + settings["horizon"]
    if needed > len(series):
        raise ValueError(f"{settings['series']} has {len(series)} steps: the splits with their washout need {needed}")
    inputs, truth = _datasets().to_forecasting(series[:needed], forecast=settings["horizon"])
    return inputs, truth, [f"x(t+{settings['horizon']})"]


#: Tasks by name, each with the score that judges it (a key of `scores.SCORES`).
TASKS: dict[str, tuple[Callable[[int, np.random.Generator, Mapping[str, Any]], Series], str]] = {
    "mackey_glass": (_mackey_glass, "nrmse"),
    "file": (_file, "nrmse"),
    "narma10": (_narma10, "nrmse"),
    "memory": (_memory, "memory_capacity"),
    "frequency": (_frequency, "nrmse"),
}


def make(settings: Mapping[str, Any], rng: np.random.Generator) -> xr.Dataset:
    """Make the input and the truth of a task.

    Parameters
    ----------
    settings : mapping
        ``name`` (key of `TASKS`); ``washout``, ``train``, ``validation`` and ``test`` in steps; ``horizon`` in steps
        for ``mackey_glass`` and ``file``; ``lags``, a number, for ``memory``; ``series``, a text file with a value per
        line, for ``file``; ``periods``, the shortest and the longest in steps, for ``frequency``; ``loop``, "open"
        (default) or "closed"; ``standardise``, true by default; ``output``, key of `closed_loop.OUTPUTS`.
    rng : numpy.random.Generator
        Source of the series.

    Returns
    -------
    xarray.Dataset
        ``input (time, channel)`` and ``truth (time, output)``, each scaled to mean 0 and standard deviation 1 over the
        scored steps of the training split (what is fed back as the truth); coordinates ``split`` and ``scored`` along
        time, and ``feeds (channel)``, the output that is fed back on the channel or -1; attributes ``score``, ``loop``
        and ``output``.

    Raises
    ------
    ValueError
        If the series diverges, is too short or does not vary, the loop of such a task cannot be closed, or the truth is
        not in the range of the output.
    """
    series, score = TASKS[settings["name"]]
    closed = settings.get("loop", "open") == "closed"
    predicts_input = settings["name"] in ("mackey_glass", "file")
    if closed and not (settings["name"] == "frequency" or (predicts_input and settings["horizon"] == 1)):
        raise ValueError("the loop can be closed if the task is to predict the next step of its input (horizon: 1)")
    washout = settings["washout"]
    pieces = [(split, settings[split] + (washout if split == "train" or not closed else 0)) for split in SPLITS]
    length = sum(steps for _, steps in pieces)
    feeds = [0 if closed else -1]
    if closed and not predicts_input:
        inputs, truth, outputs = series(length + 1, rng, settings)
        inputs, truth, feeds = np.hstack([truth[:-1], inputs[1:]]), truth[1:], [0, -1]
    else:
        inputs, truth, outputs = series(length, rng, settings)
    split = np.repeat([name for name, _ in pieces], [steps for _, steps in pieces])
    scored = np.concatenate([np.arange(steps) >= steps - settings[split] for split, steps in pieces])
    if settings.get("standardise", True):
        reference = scored & (split == "train")
        mean, deviation = truth[reference].mean(axis=0), truth[reference].std(axis=0)
        level, scale = inputs[reference].mean(axis=0), inputs[reference].std(axis=0)
        for channel, output in enumerate(feeds):
            if output >= 0:  # scaled as the output that it is
                level[channel], scale[channel] = mean[output], deviation[output]
        if (scale < 1e-9).any():
            raise ValueError("the input does not vary over the training split: make it longer")
        inputs = (inputs - level) / scale
        truth = (truth - mean) / deviation
    function = settings.get("output", "identity")
    if function == "tanh" and np.abs(truth).max() >= 1:
        raise ValueError("the truth of a tanh output must lie between -1 and 1")
    task = xr.Dataset(
        {"input": (("time", "channel"), inputs), "truth": (("time", "output"), truth)},
        coords={
            "time": ("time", np.arange(split.size), {"long_name": "time", "units": "step"}),
            "channel": ["u"] if len(feeds) == 1 else ["y", "u"],
            "feeds": ("channel", feeds),
            "output": outputs,
            "split": ("time", split),
            "scored": ("time", scored),
        },
        attrs={
            "task": settings["name"],
            "score": "mse" if closed else score,  # a free run is compared with the truth step by step
            "loop": "closed" if closed else "open",
            "output": function,
        },
    )
    for name in ("input", "truth"):
        task[name].attrs = {
            "long_name": name, "units": "standard deviations" if settings.get("standardise", True) else "1",
        }  # fmt: skip
    return task


def split(task: xr.Dataset, name: str) -> xr.Dataset:
    """Return one split of a task, with its washout; in closed loop with all that comes before it.

    Parameters
    ----------
    task : xarray.Dataset
        From `make`.
    name : {"train", "validation", "test"}
        The split.

    Returns
    -------
    xarray.Dataset
        The same variables; time counts on from the split's first scored step as 0, what comes before is negative. In
        closed loop ``fitted`` along time are the scored steps of the splits before.
    """
    if task.attrs["loop"] == "open":
        piece = task.isel(time=np.flatnonzero(task["split"] == name))
    else:
        own = task["split"].values == name
        piece = task.isel(time=slice(int(np.flatnonzero(own)[-1]) + 1))
        own = own[: piece.sizes["time"]]
        scored = piece["scored"].values
        piece = piece.assign_coords(fitted=("time", scored & ~own), scored=("time", scored & own))
    first = int(np.argmax(piece["scored"].values))
    return piece.assign_coords(time=piece["time"].copy(data=np.arange(piece.sizes["time"]) - first))
