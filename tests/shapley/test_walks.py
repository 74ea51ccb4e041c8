import numpy as np
import pytest

from echolesion import shapley


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
