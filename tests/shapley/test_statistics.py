import numpy as np
import pytest

from echolesion.shapley import statistics


def test_pseudo_values_of_equal_weights_are_the_batches():
    sums = np.random.default_rng(0).normal(size=(8, 3))
    np.testing.assert_allclose(statistics.pseudo_values(sums, np.ones((8, 1))), sums)
    np.testing.assert_allclose(statistics.standard_error(sums), sums.std(axis=0, ddof=1) / np.sqrt(8))
    assert statistics.standard_error(sums.astype(np.float32)).dtype == np.float32


def test_pseudo_values_take_out_the_bias_of_a_ratio():
    """In a ratio of 8 pairs of correlated sums the jackknife leaves less than a fifth of the bias."""
    rng = np.random.default_rng(1)
    weights = rng.gamma(2, size=(8, 200_000))
    sums = weights**2
    truth = 6 / 2  # E[w^2] / E[w] of gamma(2)
    plain = (sums.sum(axis=0) / weights.sum(axis=0)).mean() - truth
    jackknifed = statistics.pseudo_values(sums, weights).mean() - truth
    assert abs(plain) > 0.1
    assert abs(jackknifed) < abs(plain) / 5


@pytest.mark.parametrize(
    ("sums", "weights", "message"),
    [
        (np.ones((7, 2)), np.ones((7, 2)), "7 batches are too few"),
        (np.ones((8, 1)), np.zeros((8, 1)), "take more walks"),
        (np.ones((8, 1)), np.eye(8)[:, :1], "take more walks"),
    ],
)
def test_too_few_samples_are_refused(sums, weights, message):
    with pytest.raises(ValueError, match=message):
        statistics.pseudo_values(sums, weights)


def test_jackknife_interval_of_a_mean_is_the_textbook_one():
    x = np.random.default_rng(6).normal(size=12)
    replicates = np.array([np.delete(x, b).mean() for b in range(12)])
    error, low, high = statistics.jackknife_interval(x.mean(), replicates)
    assert error == pytest.approx(x.std(ddof=1) / np.sqrt(12))
    assert (high - low) / 2 == pytest.approx(2.200985 * error)


def test_what_is_above_zero_is_so_beyond_its_error():
    x = np.random.default_rng(7).normal(size=12)
    x -= x.mean()
    ends = 2.200985 * x.std(ddof=1) / np.sqrt(12)
    for shift, above in ((1.01 * ends, True), (0.99 * ends, False), (-ends, False), (np.nan, False)):
        values = np.array([(x + shift).mean(), *(np.delete(x + shift, b).mean() for b in range(12))])
        assert statistics.above_zero(values) == above


def test_estimates_and_ends_are_kept_within_bounds():
    values = np.array([[0.9, 2.0, 0.1], *([0.9 + d, 2.0 + d, np.nan] for d in np.linspace(-0.1, 0.1, 8))])
    estimate, error, low, high = statistics.jackknife(values, (-1, 1))
    assert error[0] == pytest.approx(error[1]) and error[0] > 0 and low[0] < 0.9 < 1 == high[0] and estimate[0] == 0.9
    assert estimate[1] == low[1] == high[1] == 1
    assert np.isnan([estimate[2], error[2], low[2], high[2]]).all()
