import numpy as np
import pytest
from conftest import TASK, make_network
from scipy import stats

from echolesion import sweep
from echolesion.analysis import decomposition, influence, parameter_map
from echolesion.dynamics.reservoir import input_weights
from echolesion.records import seeds
from echolesion.training import task

GRID = {"spectral_radius": [0.5, 1.1], "leak": [0.4, 1.0], "loops": ["open"], "ridge": [0.01]}
PARAMETERS = {"input_scaling": 0.5, "bias": 0.1, "activation": "tanh"}
SETTINGS = {"seed": 5, "walks": 4, "time_bins": 12}


def explore(seed, **changes):
    network, _, series = make_network(8, seed=seed)
    unscaled = input_weights(network["weights"], series["input"], seeds.generator(seed, "input"))
    arguments = GRID | {"parameters": PARAMETERS, "settings": SETTINGS} | changes
    return parameter_map.explore(network["weights"], unscaled, series, **arguments)


def test_a_point_of_the_map_is_the_network_of_a_regime():
    network, trained, series = make_network(8, spectral_radius=1.1, leak=0.4)
    point = explore(3).sel(loop="open", spectral_radius=1.1, leak=0.4)
    estimated = influence.estimate(sweep.run(network, trained, task.split(series, "test"), **SETTINGS))
    expected = decomposition.decompose({"": network["weights"]}, {"": estimated}).isel(regime=0)
    for key in ("estimate", "se"):
        ours = point[key].sel(measure=list(decomposition.MEASURES)).values
        np.testing.assert_allclose(ours, expected[key].values, rtol=1e-4, atol=1e-6)
    score = trained["score"].sel(split="test", measure="nrmse")
    assert float(point["estimate"].sel(measure="test_score")) == pytest.approx(float(score))
    assert float(point["estimate"].sel(measure="chance")) == float(expected["chance"])


def test_networks_are_averaged_and_parts_put_together():
    parts = [explore(seed, leak=[leak]) for seed in (3, 4, 5) for leak in GRID["leak"]]
    result = parameter_map.summarise(parts, ["a", "a", "b", "b", "c", "c"])
    assert result["estimate"].shape[:4] == (3, 1, 2, 2) and not result["estimate"].isnull().all()
    values = result["estimate"].sel(measure="raw_magnitude_pearson_all").values
    mean = result["mean"].sel(measure="raw_magnitude_pearson_all").values
    np.testing.assert_allclose(mean, values.mean(axis=0))
    half = 4.302653 * values.std(axis=0, ddof=1) / np.sqrt(3)
    np.testing.assert_allclose(result["high"].sel(measure="raw_magnitude_pearson_all"), mean + half, rtol=1e-5)
    # A measure goes along with itself; the intervals of the others are correlations.
    assert result["association"].sel(measure="test_score").item() == 1
    assert (result["association_low"].fillna(0) >= -1).all() and (result["association_high"].fillna(0) <= 1).all()


def test_points_that_are_not_known_are_left_out_and_counted():
    parts = [explore(seed, settings=SETTINGS | {"walks": 40}) for seed in (3, 4, 5)]
    measure = "power_weight_correlation_all"
    assert all(part["estimate"].sel(measure=measure).notnull().all() for part in parts)
    parts[0]["estimate"].loc[{"measure": measure}] = np.nan
    parts[1]["estimate"].loc[{"measure": measure, "leak": 0.4}] = np.nan
    result = parameter_map.summarise(parts, ["a", "b", "c"])
    raw, free = (result.sel(measure=name, loop="open") for name in ("raw_magnitude_pearson_all", measure))
    assert (raw["graphs"] == 3).all() and int(raw["unknown"]) == 0 and int(free["unknown"]) == 4 + 2
    assert (free["graphs"].sel(leak=0.4) == 1).all() and (free["graphs"].sel(leak=1.0) == 2).all()
    # Of the mean over graphs that know it; of b, two points are too few for an association.
    values = free["estimate"].sel(connectome=["b", "c"], leak=1.0)
    np.testing.assert_allclose(free["mean"].sel(leak=1.0), values.mean("connectome"))
    half = 12.706205 * values.std("connectome", ddof=1) / np.sqrt(2)
    np.testing.assert_allclose(free["high"].sel(leak=1.0) - free["mean"].sel(leak=1.0), half, rtol=1e-5)
    score = (
        free["estimate"].sel(connectome="c").values.ravel(),
        result["estimate"].sel(connectome="c", loop="open", measure="test_score").values.ravel(),
    )
    assert float(free["association"]) == pytest.approx(stats.spearmanr(*score).statistic)


def test_walks_are_added_until_a_point_is_reliable_or_the_budget_is_spent():
    reached = explore(3, until={"reliability": 0.95, "walks_per_batch": 5000}, spectral_radius=[1.1], leak=[0.4])
    spent = explore(3, until={"reliability": 0.9999, "walks_per_batch": 30}, spectral_radius=[1.1], leak=[0.4])
    reliability, walks = (
        [each["estimate"].sel(measure=m).item() for each in (reached, spent)]
        for m in ("power_reliability", "walks_per_batch")
    )
    assert reliability[0] >= 0.95 and 4 < walks[0] < 5000 and walks[1] == 30 and reliability[1] < 0.9999
    # The rounds of a point are those of a study.
    network, trained, series = make_network(8, spectral_radius=1.1, leak=0.4)
    piece = task.split(series, "test")
    first = sweep.run(network, trained, piece, **SETTINGS)
    second = sweep.run(network, trained, piece, **SETTINGS | {"walks": 16, "round_number": 1})
    third = sweep.run(network, trained, piece, **SETTINGS | {"walks": 10, "round_number": 2})
    rounds = influence.estimate(first, second, third)
    assert float(rounds["power_reliability"]) == pytest.approx(reliability[1])


def test_draws_on_one_graph_are_averaged_before_graphs_are_compared():
    parts = [explore(seed) for seed in (3, 4, 5)]
    assert len({part.attrs["graph"] for part in parts}) == 3
    parts[1].attrs["graph"] = parts[0].attrs["graph"]
    result = parameter_map.summarise(parts, ["a", "b", "c"]).sel(measure="raw_magnitude_pearson_all")
    assert (result["graphs"] == 2).all() and result["estimate"].sizes["connectome"] == 3
    a, b, c = result["estimate"].values
    np.testing.assert_allclose(result["mean"], ((a + b) / 2 + c) / 2)
    # Of two values, their distance times 12.7 / 2 on either side.
    half = 12.706205 * np.abs((a + b) / 2 - c) / 2
    np.testing.assert_allclose(result["high"] - result["mean"], half, rtol=1e-5)


def test_other_weights_on_a_graph_are_the_same_graph():
    network, _, series = make_network(8, seed=3)
    unscaled = input_weights(network["weights"], series["input"], seeds.generator(3, "input"))
    options = {"spectral_radius": [0.9], "leak": [1.0], "loops": ["open"], "ridge": [0.01]}
    graphs = {
        parameter_map.explore(
            weights, unscaled, series, **options, parameters={"input_scaling": 1.0}, settings=SETTINGS
        ).attrs["graph"]
        for weights in (network["weights"], -2 * network["weights"])
    }
    assert len(graphs) == 1


def test_one_network_has_no_interval():
    result = parameter_map.summarise([explore(3)], ["only"])
    assert result["low"].isnull().all() and not result["mean"].isnull().all()


def test_a_point_that_overflows_leaves_the_others():
    wild = PARAMETERS | {"activation": "identity"}
    result = explore(3, parameters=wild, spectral_radius=[0.5, 60.0])
    assert result["estimate"].sel(spectral_radius=60.0).isnull().all()
    assert result["estimate"].sel(spectral_radius=0.5, measure="test_score").notnull().all()
    assert TASK["washout"]  # long enough for 60^t to overflow
