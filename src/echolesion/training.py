r"""Training: fit the read-out, score it, and tune the reservoir's parameters.

The read-out is linear, :math:`y(t) = \sum_j h_j(t) R_j + c`. With states and truths centred over the training
steps, and :math:`X = U S V^T` the singular value decomposition of the states, ridge regression is
:math:`R = V \, S / (S^2 + \lambda) \, U^T Y`; :math:`\lambda = 0` is the pseudo-inverse. All in float64.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from tqdm import tqdm

from echolesion import generation, reservoir, statistics
from echolesion.task import SPLITS, split

#: Places of the training split from which it is run anew, to see whether its start is forgotten.
STARTS = 10


def nrmse(prediction: Tensor, truth: Tensor) -> Tensor:
    """Root mean squared error over the standard deviation of the truth, averaged over outputs.

    Parameters
    ----------
    prediction : torch.Tensor, shape (..., T, O)
        Any leading dims.
    truth : torch.Tensor, shape (T, O)
        The truth.

    Returns
    -------
    torch.Tensor, shape (...)
        0 is perfect, 1 is as good as the mean.
    """
    error = (prediction - truth).square().mean(dim=-2).sqrt()
    return (error / truth.std(dim=0, correction=0)).mean(dim=-1)


def mse(prediction: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error, averaged over outputs. Shapes as in `nrmse`; 0 is perfect."""
    return (prediction - truth).square().mean(dim=(-2, -1))


def r2(prediction: Tensor, truth: Tensor) -> Tensor:
    """Coefficient of determination, averaged over outputs. Shapes as in `nrmse`; 1 is perfect."""
    error = (prediction - truth).square().mean(dim=-2)
    return (1 - error / truth.var(dim=0, correction=0)).mean(dim=-1)


def memory_per_output(prediction: Tensor, truth: Tensor) -> Tensor:
    """Squared correlation of prediction and truth (Jaeger 2001), for every output.

    Parameters
    ----------
    prediction : torch.Tensor, shape (..., T, O)
        Any leading dims.
    truth : torch.Tensor, shape (T, O)
        Output k is the input k steps ago.

    Returns
    -------
    torch.Tensor, shape (..., O)
        Between 0 and 1; 0 where the prediction does not vary.
    """
    p = prediction - prediction.mean(dim=-2, keepdim=True)
    d = truth - truth.mean(dim=0)
    covariance = (p * d).sum(dim=-2).square()
    variances = p.square().sum(dim=-2) * d.square().sum(dim=0)
    # A constant prediction remembers nothing; rounding in its variance must not make that 0 / 0.
    varies = p.square().sum(dim=-2) > 1e-20 * d.square().sum(dim=0)
    return torch.where(varies, covariance / variances.clamp_min(torch.finfo(p.dtype).tiny), 0.0)


def memory_capacity(prediction: Tensor, truth: Tensor) -> Tensor:
    """Sum of `memory_per_output` over the outputs (lags). Shapes as in `nrmse`; larger is better."""
    return memory_per_output(prediction, truth).sum(dim=-1)


#: Scores by name: the function and whether larger is better.
SCORES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], bool]] = {
    "nrmse": (nrmse, False),
    "mse": (mse, False),
    "r2": (r2, True),
    "memory_capacity": (memory_capacity, True),
}


def score_error(score: Callable[[Tensor, Tensor], Tensor], prediction: Tensor, truth: Tensor) -> float:
    """Return the standard error of a score by a jackknife over blocks of time.

    Parameters
    ----------
    score : callable
        Function of a prediction and the truth.
    prediction, truth : torch.Tensor, shape (T, O)
        What it is computed of; T of at least `statistics.TIME_BLOCKS` steps.

    Returns
    -------
    float
        From leaving out each of `statistics.TIME_BLOCKS` blocks of consecutive steps in turn. Too small where they are
        shorter than the series' memory.
    """
    block = np.arange(len(truth)) * statistics.TIME_BLOCKS // len(truth)
    kept = [torch.from_numpy(block != b) for b in range(statistics.TIME_BLOCKS)]
    replicates = np.array([float(score(prediction[k], truth[k])) for k in kept])
    return float(statistics.jackknife_interval(replicates.mean(), replicates)[0])


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


def _best_readout(
    training: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], ridges: Sequence[float], score: str
) -> tuple[int, float, Tensor, Tensor]:
    """Fit a read-out per ridge parameter on (states, truth) and choose one by its score on others of these.

    Returns the place of its ridge parameter, its score, its weights (node, output) and its constants (output).
    """
    function, larger_is_better = SCORES[score]
    weights, constants = fit_readouts(*training, ridges)
    states, truth = validation
    values = function(states @ weights + constants[:, None], truth)
    best = int(values.argmax() if larger_is_better else values.argmin())
    return best, float(values[best]), weights[best], constants[best]


def _scored(piece: xr.Dataset) -> tuple[np.ndarray, Tensor]:
    scored = piece["scored"].values
    return scored, torch.from_numpy(piece["truth"].transpose("time", "output").values[scored])


def tune(
    connectome: xr.DataArray,
    unscaled_input: xr.DataArray,
    task: xr.Dataset,
    grid: Mapping[str, Sequence[float]],
    *,
    bias: float,
    activation: str,
    velocity: float | None = None,
    progress: str | None = None,
) -> xr.Dataset:
    """Score every point of a grid of reservoir parameters on the validation split.

    Parameters
    ----------
    connectome, unscaled_input : xarray.DataArray
        As for `reservoir.build`.
    task : xarray.Dataset
        From `task.make`.
    grid : mapping
        Lists ``spectral_radius``, ``leak``, ``input_scaling`` and ``ridge``.
    bias, activation, velocity
        As for `reservoir.build`.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``score`` (NaN where activity overflows), the best ``ridge``, ``start_left`` and ``forgets`` at every point,
        dims ``(spectral_radius, leak, input_scaling)``. The attributes ``best_spectral_radius``, ``best_leak`` and
        ``best_input_scaling`` name the best of the points that forget their start within the washout: ``start_left``,
        see `reservoir.start_left`, compares a start from 0 with one from the end of the training split, and, from
        `STARTS` places of the training split, with the run that goes through it. In closed loop
        the validation split is generated, and the start is compared at the end of the training split.

    Raises
    ------
    ValueError
        If no point forgets its start.
    """
    axes = {name: list(grid[name]) for name in ("spectral_radius", "leak", "input_scaling")}
    points = list(product(axes["leak"], axes["input_scaling"]))
    leak = torch.tensor([[a] for a, _ in points], dtype=torch.float64)
    scaling = torch.tensor([[v] for _, v in points], dtype=torch.float64)
    zero = torch.zeros((len(points), connectome.sizes["target"]), dtype=torch.float64)
    pieces = [split(task, name) for name in ("train", "validation")]
    (train, train_truth), (validation, validation_truth) = (_scored(piece) for piece in pieces)
    first = int(np.argmax(validation))

    def run(network: xr.Dataset, piece: xr.Dataset, start: Tensor) -> Tensor:
        """Return the states of all points at one spectral radius, shape (point, time, node)."""
        weights = reservoir.by_delay(torch.from_numpy(network["weights"].values), reservoir.delays(network))
        # An input scaling of 1 serves all: the drive is linear in it.
        drives = reservoir.drive(network, piece["input"])[:, None] * scaling + bias
        steps = reservoir.trajectory(weights, drives, leak, activation, start)
        return torch.stack([state.clone() for state, _ in steps], dim=1)

    def in_open_loop(network: xr.Dataset) -> tuple[list[float], list[int], list[float]]:
        """Return score, place of the ridge parameter and `start_left` of every point at one spectral radius."""
        states = [run(network, piece, zero) for piece in pieces]
        others = run(network, pieces[1].isel(time=slice(first + 1)), states[0][:, -1])[:, first]
        left = list(map(reservoir.start_left, states[1][:, first].numpy(), others.numpy()))
        for start in np.linspace(0, len(train) - first - 1, STARTS).astype(int):
            # The training split is one long run; here it starts anew.
            anew = run(network, pieces[0].isel(time=slice(start, start + first + 1)), zero)[:, first]
            at_once = states[0][:, start + first]
            left = [
                max(a, reservoir.start_left(*pair))
                for a, *pair in zip(left, at_once.numpy(), anew.numpy(), strict=True)
            ]
        values, chosen = [np.nan] * len(points), [0] * len(points)
        for point in range(len(points)):
            if all(split_states[point].isfinite().all() for split_states in states):
                chosen[point], values[point], _, _ = _best_readout(
                    (states[0][point, train], train_truth),
                    (states[1][point, validation], validation_truth),
                    grid["ridge"],
                    task.attrs["score"],
                )
        return values, chosen, left

    def in_closed_loop(network: xr.Dataset) -> tuple[list[float], list[int], list[float]]:
        """Return the same; every point is a batch of networks that differ in their ridge parameter."""
        states = run(network, pieces[0], zero)
        others = run(network, pieces[0], states[:, -1])
        left = list(map(reservoir.start_left, states[:, -1].numpy(), others[:, -1].numpy()))
        if not states.isfinite().all():
            return [np.nan] * len(points), [0] * len(points), left
        series = generation.loop(network, pieces[1])
        assert series.feedback is not None
        fitted = torch.cat([states[:, train], series.truth.expand(len(points), -1, -1)], dim=-1)
        fits = [generation.fit_readouts(fitted, states.shape[-1], ridge) for ridge in grid["ridge"]]
        weights = torch.from_numpy(network["weights"].values).expand(len(points), -1, -1)
        past = states.transpose(0, 1)[:, :, None].expand(-1, -1, len(fits), -1)
        steps = generation.free_run(
            reservoir.by_delay(weights, reservoir.delays(network)),
            series.drives[:, None, None] * scaling[:, None] + bias, leak[:, None], activation,
            past[-1], None, past=past[:-1], feedback=series.feedback * scaling[:, None],
            last_output=series.last_output.expand(len(points), len(fits), -1), readout=torch.stack(fits, dim=1),
            bound=series.bound, output=series.output,
        )  # fmt: skip
        function, larger_is_better = SCORES[task.attrs["score"]]
        values = function(torch.stack([output for _, _, output in steps], dim=2), validation_truth)
        best = values.max(dim=1) if larger_is_better else values.min(dim=1)
        return best.values.tolist(), best.indices.tolist(), left

    scores: list[float] = []
    ridges: list[float] = []
    left: list[float] = []
    at_one_radius = in_closed_loop if task.attrs["loop"] == "closed" else in_open_loop
    for radius in tqdm(
        axes["spectral_radius"],
        desc=progress,
        disable=None if progress else True,
        mininterval=2,
        delay=2,
        unit="radius",
    ):
        network = reservoir.build(
            connectome, unscaled_input, spectral_radius=radius, leak=1, input_scaling=1, activation=activation,
            velocity=velocity,
        )  # fmt: skip
        values, chosen, starts = at_one_radius(network)
        scores += values
        ridges += [grid["ridge"][k] if np.isfinite(value) else np.nan for k, value in zip(chosen, values, strict=True)]
        left += starts
    shape = [len(values) for values in axes.values()]
    tuned = xr.Dataset(
        {
            "score": (
                tuple(axes),
                np.reshape(scores, shape),
                {"long_name": f"validation {task.attrs['score']}"},
            ),
            "ridge": (tuple(axes), np.reshape(ridges, shape), {"long_name": "ridge parameter of that score"}),
            "start_left": (
                tuple(axes),
                np.reshape(left, shape),
                {"long_name": "difference that the start makes after the washout, relative to the largest state"},
            ),
        },
        coords=axes,
    )
    for variable in tuned.variables.values():
        variable.attrs.setdefault("units", "1")
    tuned["forgets"] = (tuned["start_left"] <= reservoir.FORGOTTEN).assign_attrs(
        long_name="whether the start is forgotten within the washout", units="1"
    )
    eligible = tuned["score"].where(tuned["forgets"])
    if eligible.isnull().all():
        raise ValueError(
            "no point of the tuning grid forgets its start within the washout:"
            " take smaller spectral radii or a longer washout"
        )
    larger_is_better = SCORES[task.attrs["score"]][1]
    best_point = tuned.isel(eligible.argmax(...) if larger_is_better else eligible.argmin(...))
    return tuned.assign_attrs({f"best_{name}": float(best_point[name]) for name in axes})


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
        (from where the split before ended, see `reservoir.start_left`). In closed loop there is no constant; the
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
        scored, truths[name] = _scored(piece)
        states[name] = torch.from_numpy(reservoir.simulate(network, piece["input"]).values[scored])
        left.append(reservoir.start_left(states[name].numpy()[0], whole[task["split"] == name][scored][0]))
    training, validation = ((states[name], truths[name]) for name in ("train", "validation"))
    best, _, readout, constant = _best_readout(training, validation, ridges, task.attrs["score"])
    prediction = {name: states[name] @ readout + constant for name in SPLITS}
    attributes = {"ridge": float(ridges[best]), "start_left": max(left)}
    return _result(network, task, readout, constant, prediction, truths, attributes)


def _train_in_closed_loop(network: xr.Dataset, task: xr.Dataset, ridges: Sequence[float]) -> xr.Dataset:
    """Fit the read-out to all before the test split, which is then generated; the ridge parameter by validation."""
    truths = {name: _scored(split(task, name))[1] for name in SPLITS}
    function, larger_is_better = SCORES[task.attrs["score"]]
    _, generated, _ = generation.generate(network, split(task, "validation"), ridges)
    values = function(generated, truths["validation"])
    best = int(values.argmax() if larger_is_better else values.argmin())
    (readout,), (test,), (fit,) = generation.generate(network, split(task, "test"), [ridges[best]])
    prediction = {"train": fit[: len(truths["train"])], "validation": generated[best], "test": test}
    training = split(task, "train")["input"]
    ends = [
        reservoir.simulate(network, training, torch.full((1, network.sizes["node"]), start, dtype=torch.float64))[-1]
        for start in (0.0, 1.0)
    ]
    attributes = {"ridge": float(ridges[best]), "start_left": reservoir.start_left(ends[0].values, ends[1].values)}
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
