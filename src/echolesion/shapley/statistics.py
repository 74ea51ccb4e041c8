r"""Uncertainty: what independent batches of walks say about an estimate.

A batch b gives sums :math:`s_b` and weights :math:`w_b` of a ratio estimator. Its jackknife pseudo-value is
:math:`x_b = B \, \theta - (B - 1) \, \theta_{-b}` with :math:`\theta = \sum s / \sum w` over all B batches and
:math:`\theta_{-b}` over all but b (Tukey 1958; Miller 1974). The mean of the pseudo-values estimates the quantity with
the ratio's bias of order 1 / B removed, their scatter gives its standard error.

Powers (variances over time) of noisy series are too large by the power of the noise. All of it is in the batch
covariance :math:`G_{bc} = \mathrm{cov}_t(x_b, x_c)`: the mean over all (b, c) is the power of the mean series, the mean
over b != c that of the signal alone, as the noise of two batches is independent.
"""

from itertools import combinations
from math import ceil, sqrt

import numpy as np
from scipy import stats

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


def batch_covariance(pseudo: np.ndarray) -> np.ndarray:
    """Return the covariance over time of every two batches.

    Parameters
    ----------
    pseudo : numpy.ndarray, shape (B, ..., T)
        Pseudo-values of time series.

    Returns
    -------
    numpy.ndarray, shape (B, B, ...), float64
        See the module's head; `power` and `split_half_reliability` read it.
    """
    series = pseudo.astype(float)
    series -= series.mean(axis=-1, keepdims=True)
    return np.einsum("b...t,c...t->bc...", series, series, optimize=True) / series.shape[-1]


def power(covariance: np.ndarray, *, noise_free: bool = False) -> np.ndarray:
    """Return the power over time of the mean of some batches.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (B, B, ...)
        From `batch_covariance`, or a subset of its batches.
    noise_free : bool
        Leave out the products of a batch with itself: unbiased, and so sometimes below 0.

    Returns
    -------
    numpy.ndarray, shape (...)
        Power, in squared units of the series.
    """
    count = len(covariance)
    total = covariance.sum(axis=(0, 1))
    if not noise_free:
        return np.maximum(total, 0) / count**2  # a tiny power may come out below 0 by rounding
    return (total - np.einsum("bb...->...", covariance)) / (count * (count - 1))


def root(power: np.ndarray) -> np.ndarray:
    """Return the magnitudes of powers: square roots with the sign of the power.

    Noise-free powers of nothing scatter around 0. To cut off those below it would leave magnitudes that are the larger
    the stronger the noise; with their sign they average out.
    """
    return np.copysign(np.sqrt(np.abs(power)), power)


def leave_out(covariance: np.ndarray, batch: int) -> np.ndarray:
    """Return the batch covariance without one batch, shape (B, B, ...) to (B - 1, B - 1, ...)."""
    kept = np.delete(np.arange(len(covariance)), batch)
    return covariance[np.ix_(kept, kept)]


def split_half_reliability(covariance: np.ndarray, *, noise_free: bool = False) -> float:
    """Return how well the map of magnitudes from one half of the batches agrees with that from the other.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (B, B, pairs)
        From `batch_covariance`.
    noise_free : bool
        Take the noise out of the magnitudes of either half. Without it, noise that is stronger on some pairs than on
        others counts as agreement.

    Returns
    -------
    float
        Pearson correlation of the standard deviations over time of the two halves, averaged over all ways to
        halve the batches, stepped up to the full number of batches by the Spearman-Brown formula
        ``2 r / (1 + r)`` (Spearman 1910; Brown 1910). NaN if the magnitudes do not differ.
    """
    count = len(covariance)
    halves = [half for half in combinations(range(count), count // 2) if count % 2 or 0 in half]
    # All 35 splits of 8 batches; of more batches an even selection of about as many.
    halves = halves[:: max(1, len(halves) // 35)]
    chosen = np.zeros((len(halves), count))
    np.put_along_axis(chosen, np.array(halves), 1, axis=1)

    def magnitudes(chosen: np.ndarray) -> np.ndarray:
        """Return the standardised magnitudes from the chosen batches of each split, shape (splits, pairs)."""
        products = chosen[:, :, None] * chosen[:, None, :]
        if noise_free:
            products[:, np.arange(count), np.arange(count)] = 0
        products /= products.sum(axis=(1, 2), keepdims=True)
        magnitude = root(products.reshape(len(chosen), -1) @ covariance.reshape(count**2, -1))
        magnitude -= magnitude.mean(axis=1, keepdims=True)
        norm = np.linalg.norm(magnitude, axis=1, keepdims=True)
        return magnitude / np.where(norm > 0, norm, np.nan)

    mean = float((magnitudes(chosen) * magnitudes(1 - chosen)).sum(axis=1).mean())
    return 2 * mean / (1 + mean)


def walks_needed(reliability: float, walks: float, target: float) -> float:
    """Return how many walks a reliability would take, by the Spearman-Brown formula.

    Parameters
    ----------
    reliability : float
        What so many walks reached.
    walks : float
        That many.
    target : float
        Reliability that is wanted, below 1.

    Returns
    -------
    float
        ``walks * target (1 - reliability) / (reliability (1 - target))``; infinite if the reliability is not positive
        or not known.
    """
    if not reliability > 0:
        return np.inf
    return walks * target * (1 - reliability) / (reliability * (1 - target))


def walks_of_next_round(reliability: float, walks: int, target: float, budget: int) -> int:
    """Return how many walks to add to a sweep: 0 once the target or the budget is reached.

    A tenth more than `walks_needed` says, as the reliability is itself an estimate, at least a tenth of those there
    are, so that rounds end, and at most four times as many, as a low reliability says little. Even, as walks come in
    pairs.

    Parameters
    ----------
    reliability : float
        What so many walks reached.
    walks : int
        That many, per batch.
    target : float
        Reliability that is wanted.
    budget : int
        Most walks per batch.
    """
    if reliability >= target:
        return 0
    more = 1.1 * walks_needed(reliability, walks, target) - walks
    wanted = 2 * ceil(min(max(more, walks / 10), 4 * walks) / 2)
    return max(0, min(wanted, 2 * ((budget - walks) // 2)))


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


def t_quantile(batches: int, level: float = 0.95) -> float:
    """Return the number of standard errors on either side of an estimate from so many batches."""
    return float(stats.t.ppf((1 + level) / 2, batches - 1))
