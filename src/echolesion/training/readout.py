r"""Training: fit the read-out, and score it.

The read-out is linear, :math:`y(t) = \sum_j h_j(t) R_j + c`. With states and truths centred over the training
steps, and :math:`X = U S V^T` the singular value decomposition of the states, ridge regression is
:math:`R = V \, S / (S^2 + \lambda) \, U^T Y`; :math:`\lambda = 0` is the pseudo-inverse. All in float64.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from echolesion.dynamics import closed_loop, echo_state, reservoir
from echolesion.training.scores import SCORES, memory_per_output, score_error
from echolesion.training.task import SPLITS, split


def fit_readouts(states: Tensor, truth: Tensor, ridges: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Fit one read-out per ridge parameter.

    Parameters
    ----------
    states : torch.Tensor, shape (T, N), float64
        States at the scored steps of the training split.
    truth : torch.Tensor, shape (T, O), float64
        Targets at the same steps.
    ridges : sequence of float
        Ridge parameters, 0 or larger; 0 means the pseudo-inverse.

    Returns
    -------
    weights : torch.Tensor, shape (R, N, O)
        Read-out weights.
    constants : torch.Tensor, shape (R, O)
        Read-out constants.
    """
    mean, level = states.mean(dim=0), truth.mean(dim=0)
    u, s, vt = torch.linalg.svd(states - mean, full_matrices=False)
    kept = s > s[0] * max(states.shape) * torch.finfo(s.dtype).eps
    penalty = torch.tensor(list(ridges), dtype=s.dtype)[:, None]
    gain = torch.where(kept, s / torch.where(kept, s**2 + penalty, 1.0), 0.0)
    weights = torch.einsum("kn,rk,ko->rno", vt, gain, u.T @ (truth - level))
    return weights, level - torch.einsum("n,rno->ro", mean, weights)


def best_readout(
    training: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], ridges: Sequence[float], score: str
) -> tuple[int, float, Tensor, Tensor]:
    """Fit a read-out per ridge parameter and choose one by its score on other steps.

    Parameters
    ----------
    training, validation : tuple of torch.Tensor, shapes (T, N) and (T, O)
        States and truth, of the fit and of the choice.
    ridges : sequence of float
        Ridge parameters.
    score : str
        Key of `scores.SCORES`.

    Returns
    -------
    place : int
        Of the chosen ridge parameter.
    value : float
        Its score.
    weights : torch.Tensor, shape (N, O)
        Its read-out weights.
    constants : torch.Tensor, shape (O,)
        Its read-out constants.
    """
    function, larger_is_better = SCORES[score]
    weights, constants = fit_readouts(*training, ridges)
    states, truth = validation
    values = function(states @ weights + constants[:, None], truth)
    best = int(values.argmax() if larger_is_better else values.argmin())
    return best, float(values[best]), weights[best], constants[best]


def scored_steps(piece: xr.Dataset) -> tuple[np.ndarray, Tensor]:
    """Return which steps of a split are scored, shape (time,), and the truth at these, shape (T, O)."""
    scored = piece["scored"].values
    return scored, torch.from_numpy(piece["truth"].transpose("time", "output").values[scored])


def train(network: xr.Dataset, task: xr.Dataset, ridges: Sequence[float]) -> xr.Dataset:
    """Fit the read-out of a reservoir and score it on all splits.

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    task : xarray.Dataset
        From `task.make`.
    ridges : sequence of float
        Ridge parameters to choose from, by the task's score on the validation split.

    Returns
    -------
    xarray.Dataset
        ``readout (node, output)``, ``constant (output)``; ``prediction`` and ``truth (time, output)`` over the scored
        steps of the test split; ``score`` and ``score_se (split, measure)``; for the memory task ``memory_per_lag
        (output)`` on the test split; the chosen ``ridge`` as attribute. Every split is run from state 0 through its
        own washout; the attribute ``start_left`` is the largest difference that another start would make after it
        (from where the split before ended, see `echo_state.start_left`). In closed loop there is no constant; the
        validation and the test split are generated after a fit to all that comes before them, the score of the training
        split is that of the fit, and ``start_left`` compares a start from 0 with one from 1 at the end of training.

    Raises
    ------
    ValueError
        If activity overflows.
    """
    if task.attrs["loop"] == "closed":
        return _train_in_closed_loop(network, task, ridges)
    pieces = {name: split(task, name) for name in SPLITS}
    states, truths, left = {}, {}, []
    whole = reservoir.simulate(network, task["input"]).values
    if not np.isfinite(whole).all():
        raise reservoir.Overflow("the activity of the network overflows: take a smaller spectral radius")
    for name, piece in pieces.items():
        scored, truths[name] = scored_steps(piece)
        states[name] = torch.from_numpy(reservoir.simulate(network, piece["input"]).values[scored])
        left.append(echo_state.start_left(states[name].numpy()[0], whole[task["split"] == name][scored][0]))
    training, validation = ((states[name], truths[name]) for name in ("train", "validation"))
    best, _, readout, constant = best_readout(training, validation, ridges, task.attrs["score"])
    prediction = {name: states[name] @ readout + constant for name in SPLITS}
    attributes = {"ridge": float(ridges[best]), "start_left": max(left)}
    return _result(network, task, readout, constant, prediction, truths, attributes)


def _train_in_closed_loop(network: xr.Dataset, task: xr.Dataset, ridges: Sequence[float]) -> xr.Dataset:
    """Fit the read-out to all before the test split, which is then generated; the ridge parameter by validation."""
    truths = {name: scored_steps(split(task, name))[1] for name in SPLITS}
    function, larger_is_better = SCORES[task.attrs["score"]]
    _, generated, _ = closed_loop.generate(network, split(task, "validation"), ridges)
    values = function(generated, truths["validation"])
    best = int(values.argmax() if larger_is_better else values.argmin())
    (readout,), (test,), (fit,) = closed_loop.generate(network, split(task, "test"), [ridges[best]])
    prediction = {"train": fit[: len(truths["train"])], "validation": generated[best], "test": test}
    training = split(task, "train")["input"]
    ends = [
        reservoir.simulate(network, training, torch.full((1, network.sizes["node"]), start, dtype=torch.float64))[-1]
        for start in (0.0, 1.0)
    ]
    attributes = {"ridge": float(ridges[best]), "start_left": echo_state.start_left(ends[0].values, ends[1].values)}
    constant = torch.zeros(task.sizes["output"], dtype=torch.float64)
    return _result(network, task, readout, constant, prediction, truths, attributes)


def _result(
    network: xr.Dataset,
    task: xr.Dataset,
    readout: Tensor,
    constant: Tensor,
    prediction: Mapping[str, Tensor],
    truths: Mapping[str, Tensor],
    attributes: Mapping[str, float],
) -> xr.Dataset:
    measures = [m for m in SCORES if m != "memory_capacity" or task.attrs["task"] == "memory"]
    test = split(task, "test")
    test = test.isel(time=test["scored"].values)
    variables: dict[str, Any] = {
        "readout": (("node", "output"), readout.numpy(), {"long_name": "read-out weight"}),
        "constant": ("output", constant.numpy(), {"long_name": "read-out constant"}),
        "prediction": (("time", "output"), prediction["test"].numpy(), {"long_name": "prediction"}),
        "truth": (("time", "output"), truths["test"].numpy(), {"long_name": "truth"}),
        "score": (
            ("split", "measure"),
            [[float(SCORES[m][0](prediction[name], truths[name])) for m in measures] for name in SPLITS],
            {"long_name": "score"},
        ),
        "score_se": (
            ("split", "measure"),
            [[score_error(SCORES[m][0], prediction[name], truths[name]) for m in measures] for name in SPLITS],
            {"long_name": "standard error of the score, by blocks of time"},
        ),
    }
    if task.attrs["task"] == "memory":
        per_lag = memory_per_output(prediction["test"], truths["test"]).numpy()
        variables["memory_per_lag"] = ("output", per_lag, {"long_name": "memory capacity of the lag"})
    trained = xr.Dataset(
        variables,
        coords={
            "node": network["node"].values,
            "output": task["output"].values,
            "time": test["time"],
            "split": list(SPLITS),
            "measure": measures,
        },
        attrs={
            **attributes,
            "task": task.attrs["task"],
            "task_score": task.attrs["score"],
            "loop": task.attrs["loop"],
        },
    )
    for key, variable in trained.data_vars.items():
        variable.attrs["units"] = "standard deviations" if key in ("prediction", "truth") else "1"
    return trained
