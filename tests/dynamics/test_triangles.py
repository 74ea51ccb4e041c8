"""Kernels that calculate with eight numbers side by side: activations, and the triangular factor by blocks."""

import numpy as np
import pytest
from numba import njit

from echolesion.dynamics import octets
from echolesion.dynamics.octets import LANES, activated, aligned, load, store
from echolesion.dynamics.triangles import ROWS, absorb, solve


@njit
def _apply(x, activation, out):
    for place in range(0, len(x), LANES):
        store(out, place, activated(load(x, place), activation))


@njit
def _solve(factor, size, columns, solution, condition):
    store(condition, 0, solve(factor, 0, size, columns, solution, 0, np.empty(size * LANES)))


def applied(name, x):
    padded, out = aligned(-(-len(x) // LANES) * LANES), aligned(-(-len(x) // LANES) * LANES)
    padded[: len(x)] = x
    _apply(padded, octets.ACTIVATIONS.index(name), out)
    return out[: len(x)]


def test_tanh_is_that_of_more_digits():
    """In the extended precision of the processor, where there is one: within 4 units in the last place."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=5000), rng.normal(0, 0.01, 5000), rng.uniform(-25, 25, 5000), [19.9, 1e-9]])
    exact = np.tanh(x.astype(np.longdouble)).astype(float)
    np.testing.assert_allclose(applied("tanh", x), exact, rtol=4 * np.finfo(float).eps, atol=0)
    np.testing.assert_array_equal(applied("tanh", np.array([0.0, np.inf, -np.inf, np.nan])), [0, 1, -1, np.nan])


def test_the_other_activations():
    x = np.concatenate([np.linspace(-50, 50, 1001), [np.inf, -np.inf, np.nan]])
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(applied("sigmoid", x), 1 / (1 + np.exp(-x)), rtol=0, atol=1e-15)
    np.testing.assert_array_equal(applied("relu", x), np.maximum(x, 0))
    np.testing.assert_array_equal(applied("identity", x), x)


def of_condition(rng, rows, size, condition):
    """Return a matrix whose singular values fall evenly to 1 / condition."""
    left, right = (np.linalg.qr(rng.normal(size=(many, size)))[0] for many in (rows, size))
    return (left * np.geomspace(1, 1 / condition, size)) @ right.T


def factor_of(series, size):
    """Return the factor of eight matrices, shape (rows, columns, 8), by blocks; shape (size, columns, 8)."""
    rows, columns, _ = series.shape
    factor = aligned(size * columns * LANES)
    for begin in range(0, rows, ROWS):
        block = np.zeros((columns, ROWS, LANES))
        some = series[begin : begin + ROWS]
        block[:, : len(some)] = some.transpose(1, 0, 2)
        flat = aligned(block.size)
        flat[:] = block.reshape(-1)
        absorb(factor, 0, size, columns, flat)
    return factor, factor.reshape(size, columns, LANES)


@pytest.mark.parametrize(("size", "outputs", "rows"), [(1, 1, 5), (8, 1, 200), (36, 2, 3000), (21, 3, 333)])
def test_the_factor_is_that_of_all_rows_at_once(size, outputs, rows):
    """Eight matrices of condition 10, of all of which it is known to all digits but signs."""
    rng = np.random.default_rng(size)
    series = np.stack([np.hstack([of_condition(rng, rows, size, 10), rng.normal(size=(rows, outputs))])
                       for _ in range(LANES)], axis=2)  # fmt: skip
    _, factor = factor_of(series, size)
    for lane in range(LANES):
        expected = np.linalg.qr(series[..., lane], mode="r")[:size]
        signs = np.sign(np.diag(expected[:, :size])) * np.sign(np.diag(factor[:, :size, lane]))
        np.testing.assert_allclose(factor[..., lane] * signs[:, None], expected, rtol=0, atol=1e-13 * rows)


def test_an_ill_conditioned_fit_with_silent_nodes():
    """Of condition 3e7 and nearly fitted, as in the published network: what is read out is that of numpy, to 1e-11."""
    rng = np.random.default_rng(0)
    rows, size = 3000, 36
    state = of_condition(rng, rows, size, 3e7)
    truth = state @ rng.normal(size=(size, 1)) + 1e-3 * rng.normal(size=(rows, 1))
    series = np.repeat(np.hstack([state, truth])[..., None], LANES, axis=2)
    silent = [(5, 3), (0, 6), (35, 6), (7, 6)]
    for node, lane in silent:
        series[:, node, lane] = 0
    series[:, :size, 7] = 0  # all are silent
    flat, factor = factor_of(series, size)
    solution, condition = aligned(size * LANES), aligned(LANES)
    _solve(flat, size, size + 1, solution, condition)
    for lane in range(LANES):
        there = np.array([(node, lane) not in silent and lane != 7 for node in range(size)])
        x = series[:, :size, lane]
        np.testing.assert_array_equal(factor[~there, :, lane], 0)
        readout = solution.reshape(size, LANES)[:, lane]
        np.testing.assert_array_equal(readout[~there], 0)
        if lane == 7:
            continue
        assert np.abs(x.T @ x - factor[:, :size, lane].T @ factor[:, :size, lane]).max() < 1e-15 * rows
        best = np.linalg.lstsq(x[:, there], truth, rcond=None)[0][:, 0]
        np.testing.assert_allclose(x[:, there] @ readout[there], x[:, there] @ best, atol=1e-11)
        # Its squares would leave nothing of the last singular values: they are those of the states here.
        values = np.linalg.svd(x[:, there], compute_uv=False)
        found = np.linalg.svd(factor[..., :size, lane], compute_uv=False)[: there.sum()]
        np.testing.assert_allclose(found, values, rtol=1e-6, atol=0)
        norm = np.sqrt((values**2).sum() * (values**-2.0).sum())
        assert condition[lane] == pytest.approx(norm, rel=1e-5)
        assert condition[lane] >= values[0] / values[-1]


def test_rows_of_nothing_change_nothing():
    series = np.random.default_rng(1).normal(size=(40, 6, LANES))
    with_gaps = np.zeros((80, 6, LANES))
    with_gaps[::2] = series
    for ours, expected in zip(factor_of(with_gaps, 5)[1].T, factor_of(series, 5)[1].T, strict=True):
        np.testing.assert_allclose(np.abs(ours), np.abs(expected), atol=1e-13)


@pytest.mark.parametrize("size", [1e-100, 1e-155, 1e-162, 1e-300])
def test_a_column_that_has_died_away_leaves_the_others_as_they_are(size):
    """Squares of such numbers are none that one could divide by; what they would tell is far below rounding."""
    rng = np.random.default_rng(0)
    series = rng.normal(size=(100, 5, LANES))
    series[:, 1] *= size
    others = np.delete(series, 1, axis=1)[:, :3]
    _, factor = factor_of(series, 4)
    assert np.isfinite(factor).all()
    for lane in range(LANES):
        expected = others[..., lane].T @ others[..., lane]
        found = np.delete(np.triu(factor[:, :4, lane]), 1, axis=1)
        np.testing.assert_allclose(found.T @ found, expected, atol=1e-12 * np.abs(expected).max())
