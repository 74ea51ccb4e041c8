import numpy as np
import pytest
import shapiq

from echolesion import shapley, statistics


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
@pytest.mark.parametrize("estimator", shapley.ESTIMATORS)
def test_textbook_values_by_walks(game, values, estimator, monkeypatch):
    monkeypatch.setattr(shapley, "SHORTEST", 1)  # nested levels even for three players
    mean, error = estimate(game, len(values), batches=20, walks=200, estimator=estimator)
    assert (np.abs(mean - values) <= 4 * error + 1e-12).all()


def estimate(game, size, batches, walks, estimator, seed=0):
    sums, weights = zip(
        *(shapley.estimate(game, size, walks, np.random.default_rng([seed, b]), estimator) for b in range(batches)),
        strict=True,
    )
    pseudo = statistics.pseudo_values(np.stack(sums), np.stack(weights))
    return pseudo.mean(axis=0), statistics.standard_error(pseudo)


def test_exact_equals_shapiq():
    size = 7
    table = np.random.default_rng(0).normal(size=2**size)
    table[0] = 0

    def game(coalitions):
        return table[coalitions.astype(int) @ (1 << np.arange(size))]

    theirs = shapiq.ExactComputer(game=game, n_players=size)("SV")
    np.testing.assert_allclose(shapley.exact(game, size), [theirs[(i,)] for i in range(size)], atol=1e-12)


def test_additive_games_are_exact_from_any_walks():
    for estimator in shapley.ESTIMATORS:
        sums, weights = shapley.estimate(additive, 5, 1, np.random.default_rng(1), estimator)
        np.testing.assert_allclose(sums / weights, [10, 9, 57, -8, 42])


def test_plain_walks_are_efficient():
    def game(coalitions):
        return np.stack([coalitions.sum(axis=1) ** 2, synergy(coalitions)], axis=1) + 5

    sums, weights = shapley.estimate(game, 5, 6, np.random.default_rng(1), "plain")
    np.testing.assert_allclose((sums / weights[:, None]).sum(axis=0), [25, 110 + 87], atol=1e-9)


@pytest.mark.parametrize(
    ("size", "lengths"), [(5, [5]), (16, [16, 8]), (36, [36, 16, 8]), (279, [279, 136, 64, 32, 16, 8])]
)
def test_levels_halve(size, lengths):
    plan = shapley.levels(size, 10, "nested")
    assert [level.length for level in plan] == lengths
    assert [level.smallest for level in plan] == [*lengths[1:], 0]
    assert all(level.walks >= 10 * size / level.length and level.walks % 2 == 0 for level in plan)
    assert all(level.walks * level.weight == pytest.approx(10) for level in plan)
    assert [level.length for level in shapley.levels(size, 10, "plain")] == [size]


@pytest.mark.parametrize("estimator", shapley.ESTIMATORS)
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


def test_walks_are_nested_and_come_in_reversed_pairs():
    level = shapley.levels(20, 6, "nested")[1]
    (walks,) = shapley.sample(level, 20, np.random.default_rng(0), 1000)
    assert (np.diff(walks.nodes, axis=1) > 0).all()
    sizes = walks.intact.sum(axis=2)
    assert (sizes == np.arange(level.smallest, level.length + 1)).all()
    joined = walks.intact[:, 1:] & ~walks.intact[:, :-1]
    assert (joined.sum(axis=2) == 1).all()
    at = joined.argmax(axis=2)
    np.testing.assert_array_equal(np.take_along_axis(walks.nodes, at, axis=1), walks.added)
    np.testing.assert_array_equal(walks.nodes[::2], walks.nodes[1::2])
    # The reverse adds, from size 0, the nodes in opposite order: here both start with half of them in place.
    assert all(len({*forward, *back}) == level.length for forward, back in walks.added.reshape(-1, 2, level.length))


def test_walks_do_not_depend_on_the_chunk():
    level = shapley.levels(20, 7, "nested")[0]
    whole = list(shapley.sample(level, 20, np.random.default_rng(0), 1000))
    parts = list(shapley.sample(level, 20, np.random.default_rng(0), 3))
    assert len(whole) == 1 and len(parts) == 3
    np.testing.assert_array_equal(whole[0].added, np.concatenate([part.added for part in parts]))


@pytest.mark.parametrize("arguments", [(0, 1, "nested"), (3, 0, "nested"), (3, 1, "nest")])
def test_bad_plans_are_refused(arguments):
    with pytest.raises(ValueError):
        shapley.levels(*arguments)


def test_intervals_cover_the_truth_as_often_as_they_say(monkeypatch):
    """95 % intervals of 7 players in 300 studies of 8 batches: 2,100 intervals, of which 90 to 99 % must cover."""
    monkeypatch.setattr(shapley, "SHORTEST", 3)
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
