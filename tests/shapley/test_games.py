from itertools import combinations

import numpy as np
import pytest
import shapiq

from echolesion import shapley
from echolesion.shapley import statistics, walks


def additive(coalitions):
    return coalitions @ np.array([10, 9, 57, -8, 42.0])


def dictator(coalitions):
    return coalitions[:, 0]


def glove(coalitions):
    """Two left gloves, one right: a pair is worth 1."""
    return np.minimum(coalitions[:, :2].sum(axis=1), coalitions[:, 2])


def majority(coalitions):
    return coalitions.sum(axis=1) >= 2


def airport(coalitions):
    return (coalitions * [1, 2, 3]).max(axis=1)


def moebius(coalitions):
    """v(S) is the sum of 1, -2 and 6 over those of {0}, {1, 2} and {0, 2, 3} that are in S."""
    c = coalitions.astype(float)
    return c[:, 0] - 2 * c[:, 1] * c[:, 2] + 6 * c[:, 0] * c[:, 2] * c[:, 3]


def synergy(coalitions):
    return additive(coalitions) + 87 * coalitions[:, 0] * coalitions[:, 1]


TEXTBOOK = [
    (additive, [10, 9, 57, -8, 42]),
    (dictator, [1, 0, 0]),
    (glove, [1 / 6, 1 / 6, 2 / 3]),
    (majority, [1 / 3, 1 / 3, 1 / 3]),
    (airport, [1 / 3, 5 / 6, 11 / 6]),
    (moebius, [3, -1, 1, 2]),
    (synergy, [53.5, 52.5, 57, -8, 42]),
]


@pytest.mark.parametrize(("game", "values"), TEXTBOOK)
def test_textbook_values_by_enumeration(game, values):
    np.testing.assert_allclose(shapley.exact(game, len(values)), values, atol=1e-12)


@pytest.mark.parametrize(("game", "values"), TEXTBOOK)
@pytest.mark.parametrize("estimator", walks.ESTIMATORS)
def test_textbook_values_by_walks(game, values, estimator, monkeypatch):
    monkeypatch.setattr(walks, "SHORTEST", 1)  # nested levels even for three players
    mean, error = estimate(game, len(values), batches=20, number=200, estimator=estimator)
    assert (np.abs(mean - values) <= 4 * error + 1e-12).all()


def estimate(game, size, batches, number, estimator, seed=0):
    sums, weights = zip(
        *(shapley.estimate(game, size, number, np.random.default_rng([seed, b]), estimator) for b in range(batches)),
        strict=True,
    )
    pseudo = statistics.pseudo_values(np.stack(sums), np.stack(weights))
    return pseudo.mean(axis=0), statistics.standard_error(pseudo)


def random_game(size):
    table = np.random.default_rng(0).normal(size=2**size)
    table[0] = 0
    return lambda coalitions: table[coalitions.astype(int) @ (1 << np.arange(size))]


def test_exact_equals_shapiq():
    size, game = 7, random_game(7)
    theirs = shapiq.ExactComputer(game=game, n_players=size)("SV")
    np.testing.assert_allclose(shapley.exact(game, size), [theirs[(i,)] for i in range(size)], atol=1e-12)


def test_additive_games_are_exact_from_any_walks():
    for estimator in walks.ESTIMATORS:
        sums, weights = shapley.estimate(additive, 5, 1, np.random.default_rng(1), estimator)
        np.testing.assert_allclose(sums / weights, [10, 9, 57, -8, 42])


def test_plain_walks_are_efficient():
    def game(coalitions):
        return np.stack([coalitions.sum(axis=1) ** 2, synergy(coalitions)], axis=1) + 5

    sums, weights = shapley.estimate(game, 5, 6, np.random.default_rng(1), "plain")
    np.testing.assert_allclose((sums / weights[:, None]).sum(axis=0), [25, 110 + 87], atol=1e-9)


@pytest.mark.parametrize("estimator", walks.ESTIMATORS)
@pytest.mark.parametrize("size", [1, 2, 9, 20])
def test_the_game_is_asked_as_often_as_the_plan_says(size, estimator):
    asked = []

    def game(coalitions):
        asked.append(coalitions.copy())
        return coalitions.sum(axis=1)

    shapley.estimate(game, size, 4, np.random.default_rng(0), estimator)
    plan = shapley.levels(size, 4, estimator)
    assert sum(map(len, asked)) == sum(level.walks * level.prefixes for level in plan)
    # Few calls, each with many coalitions.
    assert len(asked) == len(plan)
    assert set(np.concatenate(asked).sum(axis=1)) == set(range(size + 1))


def test_interactions_of_textbook_games():
    """A pair inside a unanimity game's carrier of t players has the index 1 / (t - 1), any other 0."""
    np.testing.assert_allclose(
        shapley.exact_interactions(moebius, 4),
        [[np.nan, 0, 3, 3], [0, np.nan, -2, 0], [3, -2, np.nan, 3], [3, 0, 3, np.nan]],
        atol=1e-12,
    )
    assert np.nanmax(np.abs(shapley.exact_interactions(additive, 5))) < 1e-12
    np.testing.assert_allclose(shapley.exact_interactions(glove, 3)[0], [np.nan, -1 / 2, 1 / 2])


def test_exact_interactions_equal_shapiq():
    size, game = 6, random_game(6)
    theirs = shapiq.ExactComputer(game=game, n_players=size)("SII", order=2)
    ours = shapley.exact_interactions(game, size)
    for i, j in combinations(range(size), 2):
        assert ours[i, j] == ours[j, i] == pytest.approx(theirs[(i, j)], abs=1e-12)


def test_interactions_by_walks_are_unbiased_with_honest_errors():
    """66 pairs and 4 games; with 20 batches, beyond 4 standard errors lies one pair in about 1,300."""
    size = 12
    weights = np.random.default_rng(3).normal(size=(size, 4))

    def game(coalitions):
        return np.tanh(coalitions @ weights)

    batches = [shapley.interactions(game, size, 60, np.random.default_rng([7, b])) for b in range(20)]
    pairs = np.triu_indices(size, 1)
    sums, counts = (np.stack([batch[part][pairs] for batch in batches]) for part in (0, 1))
    pseudo = statistics.pseudo_values(sums, counts[..., None])
    truth = shapley.exact_interactions(game, size)[pairs]
    z = (pseudo.mean(axis=0) - truth) / statistics.standard_error(pseudo)
    assert np.abs(z).max() < 5 and np.mean(np.abs(z) < 2) > 0.9
    assert np.sqrt(np.mean((pseudo.mean(axis=0) - truth) ** 2)) < 0.2 * np.std(truth)
    for batch in batches[:3]:
        np.testing.assert_array_equal(batch[0], batch[0].swapaxes(0, 1))
        assert (batch[1].diagonal() == 0).all() and batch[1].sum() == 2 * 60 * (size - 1)


def test_interactions_ask_for_as_many_coalitions_as_they_say():
    asked = []

    def game(coalitions):
        asked.append(len(coalitions))
        return coalitions.sum(axis=1)

    sums, _ = shapley.interactions(game, 9, 5, np.random.default_rng(0))
    assert sum(asked) == 6 * 2 * 9  # walks come in pairs
    assert (sums == 0).all()
    for arguments in [(1, 5), (9, 0)]:
        with pytest.raises(ValueError, match="at least two players and one walk"):
            shapley.interactions(game, *arguments, np.random.default_rng(0))


def test_intervals_cover_the_truth_as_often_as_they_say(monkeypatch):
    """95 % intervals of 7 players in 300 studies of 8 batches: 2,100 intervals, of which 90 to 99 % must cover."""
    monkeypatch.setattr(walks, "SHORTEST", 3)
    size = 7
    table = np.random.default_rng(5).normal(size=2**size) + np.array([bin(i).count("1") for i in range(2**size)])

    def game(coalitions):
        return table[coalitions.astype(int) @ (1 << np.arange(size))]

    truth = shapley.exact(game, size)
    hits = []
    for seed in range(300):
        mean, error = estimate(game, size, 8, 20, "nested", seed)
        hits.append(np.abs(mean - truth) <= statistics.t_quantile(8) * error)
    assert 0.90 <= np.mean(hits) <= 0.99
