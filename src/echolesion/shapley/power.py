r"""Power without noise: what products of independent batches of walks say.

A batch gives an unbiased estimate :math:`x_a(t)` of a series. The power of a series is quadratic: its variance over
time, or its mean square. That of an estimate is too large by the power of the noise, but the noise of two batches is
independent, so that the mean over time of a product, :math:`g_{ab}`, of deviations from the means over time or of the
series themselves, is the power of the signal plus noise of mean 0 for every two batches :math:`a \ne b`. All that
follows is made of such products, and unbiased at any number of walks, if the batches are:

the power of a pair of nodes
    the mean of :math:`g_{ab}` over all :math:`a \ne b`
the variance of the power over pairs, the spread
    the mean over pairs of the products :math:`g_{ab} g_{cd}` of four different batches, less the same product of the
    means over pairs. With :math:`R_a = \sum_b g_{ab}` and :math:`T = \sum_a R_a` the mean over all four different
    batches is

    .. math:: (T^2 - 4 \sum_a R_a^2 + 2 \sum_{ab} g_{ab}^2) \, / \, B (B - 1) (B - 2) (B - 3)

    so that neither a list of halves nor an array of batches x batches of all pairs is needed.

The estimated powers vary by more than that over pairs. How much more tells the noise: products that share one batch,
:math:`g_{ab} g_{ac}`, exceed those of four batches by :math:`\zeta_1`, the variance of what the noise of one batch and
the signal make together, which goes with 1 / walks; those that share two, :math:`g_{ab}^2`, exceed them by
:math:`2 \zeta_1 + \zeta_2`, the latter of the noise of two batches, which goes with 1 / walks^2 (Hoeffding 1948).

Every function returns what it says of all batches first, then of all but each in turn: `statistics.jackknife`.
"""

from math import ceil, sqrt

import numpy as np

from echolesion.shapley import statistics

#: Kinds of power over time: of what varies, and of all.
KINDS = ("variance", "mean_square")
#: Reliability below which it is not known how many walks another would take.
ENOUGH_TO_PLAN = 0.5


def products(batches: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the mean over time of the products of every two batches.

    Parameters
    ----------
    batches : numpy.ndarray, shape (B, pairs, T)
        Unbiased estimates of the series of every pair, from independent batches.
    weights : numpy.ndarray, shape (B, pairs), optional
        Of sums over samples, which are the estimates if divided by the weights to be expected: the weights that there
        are, over those. A batch of twice the weight has about twice the sum. That is no news of the series, so what is
        to be expected of it by all batches but the two that are multiplied is taken out of either: of the ratio of sums
        and weights only the noise is left, and the product stays unbiased, as those batches are independent of the two.

    Returns
    -------
    numpy.ndarray, shape (len(KINDS), pairs, B, B), float64
        Of deviations from the means over time, and of the series themselves, in their squared units; 0 for a batch with
        itself, as that is no product of independent ones.
    """
    series = np.ascontiguousarray(batches.swapaxes(0, 1), dtype=float)
    means = series.mean(axis=-1, keepdims=True)
    series = series - means
    varying = series @ series.swapaxes(1, 2) / series.shape[-1]
    result = np.stack([varying, varying + means @ means.swapaxes(1, 2)])
    if weights is not None:
        result = _balanced(result, np.ascontiguousarray(weights.T))
    diagonal = np.arange(len(batches))
    result[..., diagonal, diagonal] = 0
    return result


def _balanced(products: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the products of x_a - c_ab (w_a - 1) and x_b - c_ab (w_b - 1), c_ab the ratio of all other batches.

    Shapes (..., B, B) and (pairs, B). With g the products of the x, c_ab x_a is the sum of g_ac over the other batches
    c, over their weights, and likewise c_ab^2.
    """
    row, own = products.sum(axis=-1), np.diagonal(products, axis1=-2, axis2=-1)
    total = row.sum(axis=-1)[..., None, None]
    others = weights.sum(axis=-1)[:, None, None] - weights[:, :, None] - weights[:, None, :]
    inverse = np.divide(1, others, out=np.zeros_like(others), where=others > 1e-9 * weights.shape[-1])
    excess = weights - 1
    left, right = (row - own)[..., None] - products, (row - own)[..., None, :] - products
    square = total - 2 * (row[..., None] + row[..., None, :]) + own[..., None] + own[..., None, :] + 2 * products
    of_left, of_right = excess[:, :, None], excess[:, None, :]
    return np.asarray(products - inverse * (of_right * left + of_left * right - inverse * of_left * of_right * square))


def powers(products: np.ndarray) -> np.ndarray:
    """Return the power of every pair.

    Parameters
    ----------
    products : numpy.ndarray, shape (..., B, B)
        From `products`, or sums of them over pairs.

    Returns
    -------
    numpy.ndarray, shape (1 + B, ...)
        Unbiased, so sometimes below 0: of all batches, then of all but each.
    """
    count = products.shape[-1]
    row = products.sum(axis=-1)
    total = row.sum(axis=-1, keepdims=True)
    without = (total - 2 * row) / ((count - 1) * (count - 2))
    return np.moveaxis(np.concatenate([total / (count * (count - 1)), without], axis=-1), -1, 0)


def raw_powers(batches: np.ndarray) -> np.ndarray:
    """Return the variance over time of what is estimated, noise included.

    Parameters
    ----------
    batches : numpy.ndarray, shape (B, ..., T)
        Such as pseudo-values, whose mean is the estimate.

    Returns
    -------
    numpy.ndarray, shape (1 + B, ...), float64
        Of the mean of all batches, then of all but each.
    """
    count, mean = len(batches), batches.mean(axis=0)
    means = (mean, *((count * mean - batch) / (count - 1) for batch in batches))
    return np.stack([each.var(axis=-1, dtype=float) for each in means])


def shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return shares of a power; NaN where it is not known to be above 0.

    Parameters
    ----------
    part, whole : numpy.ndarray, shape (1 + B,)
        Sums of powers, of all batches and of all but each.
    """
    return part / whole if statistics.above_zero(whole) else np.full(len(whole), np.nan)


def squares(products: np.ndarray) -> np.ndarray:
    """Return the mean product of two powers from two, three and four different batches.

    Parameters
    ----------
    products : numpy.ndarray, shape (..., B, B)
        From `products`, or means of them over pairs.

    Returns
    -------
    numpy.ndarray, shape (3, 1 + B, ...)
        The last of the three is an unbiased estimate of the squared power. Of all batches, then of all but each.
    """
    count = products.shape[-1]
    row, own = products.sum(axis=-1), (products**2).sum(axis=-1)
    through = (products @ row[..., None])[..., 0]
    total, rows, twice = (values.sum(axis=-1, keepdims=True) for values in (row, row**2, own))
    # Without batch k: T - 2 R_k, the sum of (R_a - g_ak)^2 over the other a, and that of g_ab^2.
    total = np.concatenate([total, total - 2 * row], axis=-1)
    rows = np.concatenate([rows, rows - row**2 - 2 * through + own], axis=-1)
    twice = np.concatenate([twice, twice - 2 * own], axis=-1)
    n = _numbers(count)
    result = np.stack(
        [
            twice / (n * (n - 1)),
            (rows - twice) / (n * (n - 1) * (n - 2)),
            (total**2 - 4 * rows + 2 * twice) / (n * (n - 1) * (n - 2) * (n - 3)),
        ]
    )
    return np.moveaxis(result, -1, 1)


def _numbers(count: int) -> np.ndarray:
    """Return how many batches there are, of all and of all but each, shape (1 + B,)."""
    return np.array([count] + [count - 1] * count)


def spread(mean_square: np.ndarray, mean_products: np.ndarray) -> np.ndarray:
    """Return the variance of the power over pairs, from products of two, three and four different batches.

    Parameters
    ----------
    mean_square : numpy.ndarray, shape (3, 1 + B, ...)
        Mean over pairs of `squares`.
    mean_products : numpy.ndarray, shape (..., B, B)
        Mean over pairs of `products`.

    Returns
    -------
    numpy.ndarray, shape (3, 1 + B, ...)
        The last of the three is the variance of the true power; the others exceed it by what noise adds.
    """
    return mean_square - squares(mean_products)


def _noise(spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the variance over pairs that noise adds to powers, the parts with 1 / walks and 1 / walks^2."""
    count = spread.shape[-1] - 1
    n = _numbers(count)
    shared = spread[1] - spread[2]
    both = spread[0] - spread[2] - 2 * shared
    once, twice = 4 * shared / n, 2 * both / (n * (n - 1))
    total = once + twice
    # Either is a variance: what is estimated below 0 is left to the other.
    once = np.clip(once, 0, np.maximum(total, 0))
    return once, total - once


def reliabilities(spread: np.ndarray) -> np.ndarray:
    """Return the reliability of the power: the variance of the true one over that of the estimated one, over pairs.

    Parameters
    ----------
    spread : numpy.ndarray, shape (3, 1 + B)
        From `spread`.

    Returns
    -------
    numpy.ndarray, shape (1 + B,)
        An estimate of the squared correlation between estimated and true power; NaN where it is not known whether the
        power differs between pairs at all.
    """
    if not statistics.above_zero(spread[2]):
        return np.full(spread.shape[-1], np.nan)
    once, twice = _noise(spread)
    return np.asarray(spread[2] / (spread[2] + once + twice))


def reliability(spread: np.ndarray) -> float:
    """Return the first of `reliabilities`, that of all batches, at most 1."""
    return float(np.minimum(reliabilities(spread)[0], 1))


def walks_needed(spread: np.ndarray, walks: float, target: float) -> float:
    """Return how many walks a reliability would take.

    Parameters
    ----------
    spread : numpy.ndarray, shape (3, 1 + B)
        From `spread`.
    walks : float
        The walks it is of.
    target : float
        Reliability that is wanted, above 0 and below 1.

    Returns
    -------
    float
        Walks k at which the variance of the true power is `target` of all, noise being n1 / k + n2 / k^2; NaN, not
        known, below a reliability of `ENOUGH_TO_PLAN`.
    """
    if not reliability(spread) >= ENOUGH_TO_PLAN:
        return np.nan
    once, twice = (float(values[0]) for values in _noise(spread))
    allowed = float(spread[2, 0]) * (1 - target) / target
    # allowed k^2 - once k - twice = 0 in units of the walks there are.
    return walks * (once + sqrt(once**2 + 4 * allowed * max(twice, 0.0))) / (2 * allowed)


def walks_of_next_round(spread: np.ndarray, walks: int, target: float, budget: int) -> int:
    """Return how many walks to add to a sweep: 0 once the target or the budget is reached.

    A tenth more than `walks_needed` says, as the reliability is itself an estimate, at least a tenth of those there
    are, so that rounds end, and at most four times as many. Four times as many too where it is not known how many it
    takes. Even, as walks come in pairs.

    Parameters
    ----------
    spread : numpy.ndarray, shape (3, 1 + B)
        From `spread`.
    walks : int
        The walks it is of, per batch.
    target : float
        Reliability that is wanted.
    budget : int
        Most walks per batch.
    """
    if reliability(spread) >= target:
        return 0
    needed = walks_needed(spread, walks, target)
    more = 4 * walks if np.isnan(needed) else min(max(1.1 * needed - walks, walks / 10), 4 * walks)
    return max(0, min(2 * ceil(more / 2), 2 * ((budget - walks) // 2)))
