import numpy as np
import pytest

from echolesion.shapley import statistics


def noisy_batches(rng, batches=8, pairs=400, steps=30, noise=1.0):
    """Return the true series, and what independent batches of an estimator made of them."""
    signal = rng.normal(size=(pairs, 1)) * rng.normal(size=(pairs, steps))
    return signal, signal + noise * rng.normal(size=(batches, pairs, steps))


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


def test_noise_free_power_is_unbiased_where_the_plain_one_is_not():
    rng = np.random.default_rng(2)
    signal, batches = noisy_batches(rng, noise=3.0)
    covariance = statistics.batch_covariance(batches)
    truth = signal.var(axis=1)
    raw, free = statistics.power(covariance), statistics.power(covariance, noise_free=True)
    np.testing.assert_allclose(raw, batches.mean(axis=0).var(axis=1))
    assert np.mean(raw - truth) == pytest.approx(9 / 8 * 29 / 30, rel=0.05)
    assert abs(np.mean(free - truth)) < 4 * np.std(free - truth) / 20


def test_covariance_by_definition():
    x = np.random.default_rng(3).normal(size=(8, 4, 5, 9))
    covariance = statistics.batch_covariance(x)
    assert covariance[2, 6, 1, 3] == pytest.approx(np.cov(x[2, 1, 3], x[6, 1, 3], ddof=0)[0, 1])


def test_reliability_is_the_squared_correlation_with_the_truth():
    """For maps with noise, reliability is the share of true variance: checked against the known true magnitudes."""
    rng = np.random.default_rng(4)
    for noise in (0.3, 1.0, 2.0):
        signal, batches = noisy_batches(rng, pairs=4000, noise=noise)
        reliability = statistics.split_half_reliability(statistics.batch_covariance(batches))
        with_truth = np.corrcoef(batches.mean(axis=0).std(axis=1), signal.std(axis=1))[0, 1]
        assert reliability == pytest.approx(with_truth**2, abs=0.05)


def test_reliability_of_noise_is_zero_and_of_signal_one():
    rng = np.random.default_rng(5)
    noise = statistics.batch_covariance(rng.normal(size=(8, 3000, 30)))
    assert abs(statistics.split_half_reliability(noise)) < 0.1
    signal = np.broadcast_to(rng.normal(size=(50, 30)), (9, 50, 30))
    assert statistics.split_half_reliability(statistics.batch_covariance(signal)) == pytest.approx(1)


def test_jackknife_interval_of_a_mean_is_the_textbook_one():
    x = np.random.default_rng(6).normal(size=12)
    replicates = np.array([np.delete(x, b).mean() for b in range(12)])
    error, low, high = statistics.jackknife_interval(x.mean(), replicates)
    assert error == pytest.approx(x.std(ddof=1) / np.sqrt(12))
    assert (high - low) / 2 == pytest.approx(2.200985 * error)


def test_walks_needed_is_spearman_brown():
    """Of k times the walks the reliability is k r / (1 + (k - 1) r)."""
    needed = statistics.walks_needed(0.5, 100, 0.9)
    factor = needed / 100
    assert factor * 0.5 / (1 + (factor - 1) * 0.5) == pytest.approx(0.9)
    assert statistics.walks_needed(0.9, 100, 0.9) == pytest.approx(100)
    assert statistics.walks_needed(-0.1, 100, 0.9) == np.inf


@pytest.mark.parametrize(
    ("reliability", "walks", "budget", "more"),
    [
        (0.91, 100, 1000, 0),  # reached
        (0.5, 1000, 1000, 0),  # spent
        (0.75, 100, 1000, 232),  # 1.1 * 300 - 100, rounded up to pairs
        (0.899, 100, 1000, 12),
        (0.9 - 1e-9, 100, 1000, 12),  # at least a tenth
        (-0.2, 100, 1000, 400),  # at most four times
        (0.5, 900, 1000, 100),  # what is left
        (0.5, 990, 999, 8),  # in pairs
        (0.5, 998, 999, 0),
    ],
)
def test_walks_of_next_round(reliability, walks, budget, more):
    assert statistics.walks_of_next_round(reliability, walks, 0.9, budget) == more


def test_rounds_end_for_any_reliability():
    for reliability in (0.01, 0.5, 0.89):
        walks, rounds = 2, 0
        while more := statistics.walks_of_next_round(reliability, walks, 0.9, 10_000):
            walks, rounds = walks + more, rounds + 1
        assert walks == 10_000 and rounds < 100
