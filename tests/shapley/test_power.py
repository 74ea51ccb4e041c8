from itertools import permutations

import numpy as np
import pytest

from echolesion.shapley import power


def noisy_batches(rng, batches=8, pairs=400, steps=30, noise=1.0):
    """Return the true series, and what independent batches of an estimator made of them."""
    signal = rng.normal(size=(pairs, 1)) * rng.normal(size=(pairs, steps)) + 1
    return signal, signal + noise * rng.normal(size=(batches, pairs, steps))


def spread(batches, kind=0):
    products = power.products(batches)[kind]
    return power.spread(power.squares(products).mean(axis=-1), products.mean(axis=0))


def test_products_by_definition():
    x = np.random.default_rng(3).normal(size=(8, 4, 9)) + 2
    varying, whole = power.products(x)
    assert varying[3, 2, 6] == pytest.approx(np.cov(x[2, 3], x[6, 3], ddof=0)[0, 1])
    assert whole[3, 2, 6] == pytest.approx((x[2, 3] * x[6, 3]).mean())
    assert (varying[:, range(8), range(8)] == 0).all() and (whole[:, range(8), range(8)] == 0).all()


def by_lists(products, chosen, different):
    """Return the mean of g_ab g_cd over all choices of so many different ones of the chosen batches."""
    places = {2: lambda a, b: (a, b, a, b), 3: lambda a, b, c: (a, b, a, c), 4: lambda a, b, c, d: (a, b, c, d)}
    quadruples = [places[different](*batches) for batches in permutations(chosen, different)]
    return np.mean([products[:, a, b] * products[:, c, d] for a, b, c, d in quadruples], axis=0)


def test_squares_are_means_over_all_choices_of_batches():
    products = power.products(np.random.default_rng(4).normal(size=(8, 3, 5)))[0]
    found = power.squares(products)
    assert found.shape == (3, 9, 3)
    for k, different in enumerate((2, 3, 4)):
        np.testing.assert_allclose(found[k, 0], by_lists(products, range(8), different))
        np.testing.assert_allclose(found[k, 3], by_lists(products, [0, 1, 3, 4, 5, 6, 7], different))


def test_powers_are_means_over_all_choices_of_batches():
    products = power.products(np.random.default_rng(5).normal(size=(8, 3, 5)))[1]
    found = power.powers(products)
    for row, chosen in ((0, range(8)), (3, [0, 1, 3, 4, 5, 6, 7])):
        mean = np.mean([products[:, a, b] for a, b in permutations(chosen, 2)], axis=0)
        np.testing.assert_allclose(found[row], mean)


def test_power_is_unbiased_where_that_of_the_estimate_is_not():
    signal, batches = noisy_batches(np.random.default_rng(2), noise=3.0)
    for free, truth in zip(
        (power.powers(kind)[0] for kind in power.products(batches)),
        (signal.var(axis=1), (signal**2).mean(axis=1)),
        strict=True,
    ):
        assert abs(np.mean(free - truth)) < 4 * np.std(free - truth) / 20
    raw = power.raw_powers(batches)
    np.testing.assert_allclose(raw[0], batches.mean(axis=0).var(axis=1))
    np.testing.assert_allclose(raw[3], np.delete(batches, 2, axis=0).mean(axis=0).var(axis=1))
    assert np.mean(raw[0] - signal.var(axis=1)) == pytest.approx(9 / 8 * 29 / 30, rel=0.05)


def test_the_spread_is_that_of_the_true_power():
    """Over 300 draws of noise the mean is within 4 standard errors, and rows that leave a batch out are so too."""
    rng = np.random.default_rng(6)
    signal, _ = noisy_batches(rng, pairs=60)
    truth = signal.var(axis=1).var()
    found = np.array([spread(signal + 3 * rng.normal(size=(8, *signal.shape)))[2, [0, 4]] for _ in range(300)])
    assert (np.abs(found.mean(axis=0) - truth) < 4 * found.std(axis=0) / np.sqrt(300)).all()


def test_reliability_is_the_squared_correlation_with_the_truth():
    """In the mean of 30 draws of 1000 pairs, from 0.33 up."""
    rng = np.random.default_rng(4)
    for noise in (0.5, 3.0, 5.0, 6.5):
        seen = []
        for _ in range(30):
            signal, batches = noisy_batches(rng, pairs=1000, noise=noise)
            with_truth = np.corrcoef(power.powers(power.products(batches)[0])[0], signal.var(axis=1))[0, 1]
            seen.append((power.reliability(spread(batches)), with_truth**2))
        found, truth = np.nanmean(seen, axis=0)
        assert found == pytest.approx(truth, abs=0.02) and truth > 0.33


def test_products_of_weighted_sums_are_unbiased_and_without_the_scatter_of_weights():
    """Sums over few samples, whose number and mean effect differ by size of the coalition, over expected weights.

    4 standard errors of 200 draws; the squared error is less than a third of that of the sums as they are.
    """
    rng = np.random.default_rng(8)
    sizes, pairs, steps = np.arange(1, 9), 60, 5
    effects = rng.normal(size=(pairs, 1, steps)) + 0.3 * sizes[:, None] * rng.normal(size=(pairs, 1, steps))
    truth = effects.mean(axis=1).var(axis=-1)
    found = []
    for _ in range(200):
        samples = rng.poisson(0.3 * sizes / sizes.mean(), (8, pairs, len(sizes)))
        expected = 0.3 * len(sizes) / sizes.mean()
        sums = np.einsum("bps,s,pst->bpt", samples, 1 / sizes, effects) / expected
        weights = samples @ (1 / sizes) / expected
        found.append([power.powers(power.products(sums, w)[0])[0] for w in (None, weights)])
    plain, balanced = np.swapaxes(found, 0, 1)
    for values in (plain.mean(axis=1), balanced.mean(axis=1)):
        assert abs(values.mean() - truth.mean()) < 4 * values.std() / np.sqrt(200)
    assert ((balanced - truth) ** 2).mean() < ((plain - truth) ** 2).mean() / 3


def test_sums_that_are_all_weight_have_no_noise():
    weights = np.random.default_rng(9).gamma(2, 0.5, size=(8, 3))
    series = np.random.default_rng(10).normal(size=(3, 6))
    varying, whole = power.products(weights[..., None] * series, weights)
    apart = ~np.eye(8, dtype=bool)
    for products, truth in ((varying, series.var(axis=1)), (whole, (series**2).mean(axis=1))):
        np.testing.assert_allclose(products[:, apart], np.repeat(truth[:, None], 56, axis=1))


def test_reliability_of_noise_is_not_known_and_of_signal_one():
    rng = np.random.default_rng(5)
    assert np.isnan(power.reliability(spread(rng.normal(size=(8, 3000, 30)))))
    signal = np.broadcast_to(rng.normal(size=(50, 30)), (9, 50, 30))
    assert power.reliability(spread(signal)) == pytest.approx(1)


@pytest.mark.parametrize("noise", [1.0, 2.0, 3.0, 4.0])
def test_walks_needed_reach_the_target(noise):
    """With as many times the walks as are said to be needed, noise being less, the reliability is the target.

    Walks of the target and those that are said may differ by a factor of 1.3.
    """
    rng = np.random.default_rng(11)
    signal, batches = noisy_batches(rng, pairs=2000, noise=noise)
    assert power.reliability(spread(batches)) > 0.5
    needed = power.walks_needed(spread(batches), 100, 0.9) / 100
    for factor, within in ((1.3, lambda r: r > 0.9), (1 / 1.3, lambda r: r < 0.9)):
        again = signal + noise / np.sqrt(needed * factor) * rng.normal(size=(8, *signal.shape))
        assert within(power.reliability(spread(again)))


def a_spread(variance, once, twice, batches=8):
    """Return the spread of a power with these parts of noise, without an error of its own."""
    n = np.array([batches] + [batches - 1] * batches)
    # Once is 4 z1 / n, twice is 2 z2 / (n (n - 1)) of all batches.
    z1, z2 = once * batches / 4, twice * batches * (batches - 1) / 2
    rows = [variance + 2 * z1 + z2, variance + z1, variance]
    return np.array([np.full(len(n), row) for row in rows])


def test_walks_needed_by_the_formula():
    """Noise of 2 / k + 3 / k^2, beside a variance of 9 and a target of 0.9, leaves 1: k^2 - 2 k - 3 = 0, so k is 3."""
    found = a_spread(9.0, 2.0, 3.0)
    assert power.reliability(found) == pytest.approx(9 / 14)
    assert power.walks_needed(found, 10, 0.9) == pytest.approx(30)
    assert np.isnan(power.walks_needed(a_spread(9.0, 7.0, 3.0), 10, 0.9))  # a reliability below 0.5
    assert power.walks_needed(a_spread(9.0, 1.0, 0.0), 10, 0.9) == pytest.approx(10)


@pytest.mark.parametrize(
    ("noise", "walks", "budget", "more"),
    [
        (0.9, 100, 1000, 0),  # reached
        (8.0, 1000, 1000, 0),  # spent
        (3.0, 100, 1000, 232),  # 1.1 * 300 - 100, rounded up to pairs
        (1.05, 100, 1000, 16),
        (1.0 + 1e-9, 100, 1000, 12),  # at least a tenth
        (8.0, 100, 1000, 400),  # at most four times
        (10.0, 100, 1000, 400),  # below 0.5: four times
        (8.0, 900, 1000, 100),  # what is left
        (8.0, 990, 999, 8),  # in pairs
        (8.0, 998, 999, 0),
    ],
)
def test_walks_of_next_round(noise, walks, budget, more):
    assert power.walks_of_next_round(a_spread(9.0, noise, 0.0), walks, 0.9, budget) == more


def test_rounds_end_for_any_reliability():
    unknown = power.squares(power.products(np.random.default_rng(5).normal(size=(8, 30, 30)))[0]).mean(axis=-1)
    for found in (a_spread(9.0, 500.0, 0.0), a_spread(9.0, 9.0, 0.0), a_spread(9.0, 1.1, 0.0), unknown * 0):
        walks, rounds = 2, 0
        while more := power.walks_of_next_round(found, walks, 0.9, 10_000):
            walks, rounds = walks + more, rounds + 1
        assert walks == 10_000 and rounds < 100
