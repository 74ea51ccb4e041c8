r"""Uncertainty: what independent batches of walks say about an estimate.

A batch b gives sums :math:`s_b` and weights :math:`w_b` of a ratio estimator. Its jackknife pseudo-value is
:math:`x_b = B \, \theta - (B - 1) \, \theta_{-b}` with :math:`\theta = \sum s / \sum w` over all B batches and
:math:`\theta_{-b}` over all but b (Tukey 1958; Miller 1974). The mean of the pseudo-values estimates the quantity with
the ratio's bias of order 1 / B removed, their scatter gives its standard error.

What is divided by a noisy quantity is known only where that is larger than 0 beyond its error (`above_zero`): else it
could be anything, and so is said to be not known.
"""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

#: Fewest batches from which a standard error is estimated.
FEWEST_BATCHES = 8

#: Blocks of time from which the standard error of a score is estimated.
TIME_BLOCKS = 10


def pseudo_values(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the jackknife pseudo-values of a ratio of sums.

    Parameters
    ----------
    sums : numpy.ndarray, shape (B, ...)
        Weighted sums of every batch.
    weights : numpy.ndarray, shape (B, ...)
        Their weights; broadcasts to `sums`.

    Returns
    -------
    numpy.ndarray, shape (B, ...), dtype of `sums`
        The mean over the first axis is the estimate.

    Raises
    ------
    ValueError
        If there are too few batches, or an entry has samples in fewer than two of them.
    """
    count = len(sums)
    if count < FEWEST_BATCHES:
        raise ValueError(f"{count} batches are too few for a standard error: take at least {FEWEST_BATCHES}")
    total, total_weight = sums.sum(axis=0), weights.sum(axis=0)
    if (total_weight - weights <= 1e-9 * total_weight).any():
        raise ValueError("some entries were sampled in a single batch or in none: take more walks per batch")
    estimate = total / total_weight
    values = np.empty_like(sums)
    for b in range(count):
        values[b] = count * estimate - (count - 1) * ((total - sums[b]) / (total_weight - weights[b]))
    return values


def standard_error(pseudo: np.ndarray) -> np.ndarray:
    """Return the standard error of the mean of pseudo-values, shape (B, ...) to (...), in their dtype."""
    return pseudo.std(axis=0, ddof=1) / sqrt(len(pseudo))


def jackknife_interval(
    estimate: np.ndarray, replicates: np.ndarray, level: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the jackknife standard error and confidence interval of any statistic.

    Parameters
    ----------
    estimate : numpy.ndarray, shape (...)
        The statistic from all batches.
    replicates : numpy.ndarray, shape (B, ...)
        The statistic with each batch left out in turn.
    level : float
        Coverage of the interval.

    Returns
    -------
    standard_error, low, high : numpy.ndarray, shape (...)
        The interval is symmetric, by Student's t with B - 1 degrees of freedom.
    """
    count = len(replicates)
    error = np.sqrt((count - 1) / count * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0))
    half = t_quantile(count, level) * error
    return error, estimate - half, estimate + half


def jackknife(
    values: np.ndarray, bounds: tuple[ArrayLike, ArrayLike] = (-np.inf, np.inf)
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return estimate, standard error and 95 % interval of statistics that cannot lie outside of some bounds.

    Parameters
    ----------
    values : numpy.ndarray, shape (1 + B, ...)
        The statistic from all batches, then with each batch left out in turn.
    bounds : tuple of float or numpy.ndarray, shape (...)
        Where the statistic can be: an estimate or an end beyond is set to the bound.

    Returns
    -------
    estimate, standard_error, low, high : numpy.ndarray, shape (...)
        See `jackknife_interval`; NaN where any value is.
    """
    error, low, high = jackknife_interval(values[0], values[1:])
    unknown = np.isnan(error)
    estimate, low, high = (np.where(unknown, np.nan, np.clip(each, *bounds)) for each in (values[0], low, high))
    return estimate, error, low, high


def above_zero(values: np.ndarray) -> np.ndarray:
    """Return whether statistics are above 0 by more than their error at 95 % confidence.

    Parameters
    ----------
    values : numpy.ndarray, shape (1 + B, ...)
        The statistic from all batches, then with each batch left out in turn.

    Returns
    -------
    numpy.ndarray of bool, shape (...)
        False for NaN.
    """
    _, low, _ = jackknife_interval(values[0], values[1:])
    return np.asarray(low > 0)


def t_quantile(batches: int, level: float = 0.95) -> float:
    """Return the number of standard errors on either side of an estimate from so many batches."""
    return float(special.stdtrit(batches - 1, (1 + level) / 2))
