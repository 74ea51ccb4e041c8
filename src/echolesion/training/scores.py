"""Scores of a prediction, and their standard errors."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from echolesion.shapley import statistics

# Whoever only asks which of two scores is better, as captions do, needs no torch.
if TYPE_CHECKING:
    from torch import Tensor


def nrmse(prediction: "Tensor", truth: "Tensor") -> "Tensor":
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


def mse(prediction: "Tensor", truth: "Tensor") -> "Tensor":
    """Mean squared error, averaged over outputs. Shapes as in `nrmse`; 0 is perfect."""
    return (prediction - truth).square().mean(dim=(-2, -1))


def r2(prediction: "Tensor", truth: "Tensor") -> "Tensor":
    """Coefficient of determination, averaged over outputs. Shapes as in `nrmse`; 1 is perfect."""
    error = (prediction - truth).square().mean(dim=-2)
    return (1 - error / truth.var(dim=0, correction=0)).mean(dim=-1)


def memory_per_output(prediction: "Tensor", truth: "Tensor") -> "Tensor":
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
    import torch

    p = prediction - prediction.mean(dim=-2, keepdim=True)
    d = truth - truth.mean(dim=0)
    covariance = (p * d).sum(dim=-2).square()
    variances = p.square().sum(dim=-2) * d.square().sum(dim=0)
    # A constant prediction remembers nothing; rounding in its variance must not make that 0 / 0.
    varies = p.square().sum(dim=-2) > 1e-20 * d.square().sum(dim=0)
    return torch.where(varies, covariance / variances.clamp_min(torch.finfo(p.dtype).tiny), 0.0)


def memory_capacity(prediction: "Tensor", truth: "Tensor") -> "Tensor":
    """Sum of `memory_per_output` over the outputs (lags). Shapes as in `nrmse`; larger is better."""
    return memory_per_output(prediction, truth).sum(dim=-1)


#: Scores by name: the function and whether larger is better.
SCORES: dict[str, tuple[Callable[["Tensor", "Tensor"], "Tensor"], bool]] = {
    "nrmse": (nrmse, False),
    "mse": (mse, False),
    "r2": (r2, True),
    "memory_capacity": (memory_capacity, True),
}


def score_error(score: Callable[["Tensor", "Tensor"], "Tensor"], prediction: "Tensor", truth: "Tensor") -> float:
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
    import torch

    block = np.arange(len(truth)) * statistics.TIME_BLOCKS // len(truth)
    kept = [torch.from_numpy(block != b) for b in range(statistics.TIME_BLOCKS)]
    replicates = np.array([float(score(prediction[k], truth[k])) for k in kept])
    return float(statistics.jackknife_interval(replicates.mean(), replicates)[0])
