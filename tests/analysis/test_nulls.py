"""Nulls: a connectome that is its own null is not distinct from it, and ranges hold what they should."""

import numpy as np
import pytest
import xarray as xr
from conftest import make_network
from scipy import stats

from echolesion.analysis import decomposition, nulls, parameter_map
from echolesion.connectome import from_matrix

SETTINGS = {"seed": 5, "walks": 2, "time_bins": 12}


def test_nulls_keep_degrees_and_what_is_mutual_stays_so():
    rng = np.random.default_rng(0)
    directed = rng.random((30, 30)) * (rng.random((30, 30)) < 0.2)
    np.fill_diagonal(directed, 0)
    for matrix in (directed, directed + directed.T):
        null = nulls.draw(from_matrix(matrix), np.random.default_rng(1)).values
        for axis in (0, 1):
            assert ((null != 0).sum(axis=axis) == (matrix != 0).sum(axis=axis)).all()
        assert ((null != 0) != (matrix != 0)).mean() > 0.1
        assert (null == null.T).all() == (matrix == matrix.T).all()


def test_a_null_that_is_the_connectome_has_its_numbers():
    network, _, series = make_network(8, spectral_radius=1.1, leak=0.4)
    own = parameter_map.measured(network, series, "open", [0.01], SETTINGS)
    result = nulls.study(network["weights"] * 7, {"a": network}, series, ridge=[0.01], settings=SETTINGS)
    np.testing.assert_allclose(result["estimate"].sel(regime="a"), own[0], atol=1e-9)
    np.testing.assert_allclose(result["se"].sel(regime="a"), own[1], atol=1e-9)
    assert list(result["measure"].values) == list(parameter_map.OF_NETWORK)


def results(own, of_nulls):
    """Return results of one regime, of which every measure is some number."""
    score = xr.Dataset(
        {name: (("split", "measure"), [[value]]) for name, value in (("score", own), ("score_se", 0.1))},
        coords={"split": ["test"], "measure": ["nrmse"]}, attrs={"task_score": "nrmse"},
    )  # fmt: skip
    measures = list(decomposition.MEASURES)
    split = xr.Dataset(
        {key: (("regime", "measure"), np.full((1, len(measures)), own)) for key in ("estimate", "low", "high")},
        coords={"regime": ["a"], "measure": measures, "meaning": ("measure", measures)},
    )
    every = ["test_score", "chance", *measures]
    parts = [
        xr.Dataset(
            {"estimate": (("regime", "measure"), np.full((1, len(every)), value))},
            coords={"regime": ["a"], "measure": every, "meaning": ("measure", every)},
        )
        for value in of_nulls
    ]
    return {"a": score}, split, parts


def test_ranges_are_those_of_a_further_null():
    values = np.array([0.2, 0.5, 0.3, 0.6, np.nan])
    compared = nulls.compare(*results(0.9, values)).sel(regime="a")
    there = values[:4]
    half = stats.t.ppf(0.975, 3) * there.std(ddof=1) * np.sqrt(1 + 1 / 4)
    for measure in ("test_score", "raw_magnitude_pearson_all"):
        of = compared.sel(measure=measure)
        assert float(of["null_mean"]) == pytest.approx(0.4) and int(of["nulls"]) == 4
        assert float(of["null_high"]) == pytest.approx(0.4 + half)
        assert float(of["z"]) == pytest.approx(0.5 / there.std(ddof=1))
    assert float(compared["high"].sel(measure="test_score")) == pytest.approx(0.9 + stats.t.ppf(0.975, 9) * 0.1)
    few = nulls.compare(*results(0.9, [0.1, 0.2, np.nan])).sel(regime="a")
    assert few["null_low"].isnull().all()


def test_ranges_cover_a_connectome_that_is_like_its_nulls():
    """Of 400 draws of a connectome and 8 nulls from one normal distribution, 95 % (s.e. 1.1 %) lie in the range."""
    rng = np.random.default_rng(4)
    inside = 0
    for own, *others in rng.normal(size=(400, 9)):
        compared = nulls.compare(*results(own, others)).sel(regime="a", measure="raw_magnitude_pearson_all")
        inside += bool(compared["null_low"] <= own <= compared["null_high"])
    assert 0.91 < inside / 400 < 0.985
