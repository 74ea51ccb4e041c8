import numpy as np
import pytest
import xarray as xr
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
    reached = explore(3, until={"reliability": 0.99, "walks_per_batch": 5000}, spectral_radius=[1.1], leak=[0.4])
    spent = explore(3, until={"reliability": 0.9999, "walks_per_batch": 30}, spectral_radius=[1.1], leak=[0.4])
    reliability, walks = (
        [each["estimate"].sel(measure=m).item() for each in (reached, spent)]
        for m in ("power_reliability", "walks_per_batch")
    )
    assert reliability[0] >= 0.99 and 4 < walks[0] < 5000 and walks[1] == 30 and reliability[1] < 0.9999
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


def networks(values, graphs):
    """Return values of networks, the first axis, with their graphs."""
    return xr.DataArray(values, dims=("connectome", "run"), coords={"graph": ("connectome", graphs)})


#: Twelve graphs, of one two draws of the weights and of another four: sixteen networks.
GRAPHS = [f"{graph:02}" for graph in range(12)] + ["00", "01", "01", "01"]


@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_over_graphs_cover_what_is_true(skewed):
    """Of 4,000 runs of 0.95, below 0.94 or above 0.96 has a chance of 4e-3; of skewed values, below 0.93 is too few."""
    rng = np.random.default_rng(7)
    of_graph = rng.beta(2, 6, (12, 4000)) - 0.25 if skewed else rng.normal(0, 0.15, (12, 4000))
    of_draw = rng.normal(0, 0.05, (len(GRAPHS), 4000))
    values = networks(0.5 + of_graph[[int(graph) for graph in GRAPHS]] + of_draw, GRAPHS)
    _, low, high, count = parameter_map.over_graphs(values)
    covered = float(((low <= 0.5) & (high >= 0.5)).mean())
    assert (0.93 if skewed else 0.94) < covered < 0.96 and (count == 12).all()


def test_draws_of_a_graph_are_no_graphs():
    """Twelve networks on three graphs: of 4,000 runs intervals over networks cover 0.6, those over graphs 0.95."""
    rng, graphs = np.random.default_rng(8), np.repeat(["a", "b", "c"], 4)
    values = np.repeat(rng.normal(0, 0.15, (3, 4000)), 4, axis=0) + rng.normal(0, 0.05, (12, 4000))
    covered = {}
    for name, labels in {"graphs": graphs, "networks": np.arange(12)}.items():
        _, low, high, _ = parameter_map.over_graphs(networks(values, labels))
        covered[name] = float(((low <= 0) & (high >= 0)).mean())
    assert 0.94 < covered["graphs"] < 0.96 and covered["networks"] < 0.75


def test_intervals_of_associations_cover_what_is_true():
    """Spearman's over 15 points of twelve graphs: of 200 runs of 0.95, below 0.90 or all has a chance of 3e-3."""
    rng, runs = np.random.default_rng(9), 200
    score = rng.normal(size=(1000, runs, 15))
    share = 0.5 * score + rng.normal(size=score.shape)
    parts = [
        xr.Dataset(
            # Runs stand for loops.
            {"estimate": (("loop", "spectral_radius", "leak", "measure"), np.stack([x, y], axis=-1)[:, :, None])},
            coords={"loop": range(runs), "spectral_radius": range(15), "leak": [0.1], "measure": ["test_score", "y"]},
            attrs={"graph": str(graph)},
        )
        for graph, (x, y) in enumerate(zip(score[:12], share[:12], strict=True))
    ]
    found = parameter_map.summarise(parts, [f"network {graph}" for graph in range(12)]).sel(measure="y")
    ranked = (decomposition.ranks(values) - 8 for values in (score, share))
    true = np.prod([*ranked], axis=0).sum(axis=-1).mean() / 280  # of 15 ranks: the sum of their squares
    covered = (found["association_low"] <= true) & (found["association_high"] >= true)
    assert 0.9 < float(covered.mean()) < 1 and (found["association_graphs"] == 12).all()


def test_regimes_and_loops_are_compared_within_networks():
    parts = [explore(seed, loops=["open"]) for seed in (3, 4, 5)]
    # A second loop, which differs, and draws of one graph.
    parts = [xr.concat([part, (part + seed).assign_coords(loop=["other"])], "loop", combine_attrs="override")
             for seed, part in enumerate(parts)]  # fmt: skip
    for part, graph in zip(parts, "aab", strict=True):
        part.attrs["graph"] = graph
    measure = "raw_magnitude_pearson_all"
    regimes = {"one": (0.5, 1.0), "two": (1.1, 0.4)}
    whole = parameter_map.summarise(parts, ["x", "y", "z"])
    result = parameter_map.compare_regimes(whole, regimes)
    assert [*result["regime"].values] == ["one", "two", "one - two"]
    assert [*result["loop"].values] == ["open", "other", "open - other"]
    x, y, z = (
        float(part["estimate"].sel(measure=measure, loop="open", spectral_radius=0.5, leak=1.0))
        - float(part["estimate"].sel(measure=measure, loop="open", spectral_radius=1.1, leak=0.4))
        for part in parts
    )
    found = result.sel(measure=measure, regime="one - two", loop="open")
    mean, half = ((x + y) / 2 + z) / 2, 12.706205 * abs((x + y) / 2 - z) / 2
    assert [float(found[key]) for key in ("mean", "low", "high")] == pytest.approx([mean, mean - half, mean + half])
    # By 0 and 1 on the one graph and by 2 on the other; what is the same in both regimes cancels.
    loops = result["mean"].sel(measure=measure, loop="open - other")
    assert float(loops.sel(regime="one")) == pytest.approx(-(0.5 + 2) / 2)
    assert float(loops.sel(regime="one - two")) == pytest.approx(0, abs=1e-12)


def test_a_difference_from_what_is_not_known_is_not_known():
    parts = [explore(seed) for seed in (3, 4, 5)]
    measure = "raw_magnitude_pearson_all"
    parts[0]["estimate"].loc[{"measure": measure, "spectral_radius": 0.5, "leak": 1.0}] = np.nan
    whole = parameter_map.summarise(parts, ["x", "y", "z"])
    result = parameter_map.compare_regimes(whole, {"one": (0.5, 1.0), "two": (1.1, 0.4)}).sel(measure=measure)
    assert result["unknown"].sel(loop="open").values.tolist() == [1, 0, 1]
    assert result["graphs"].sel(loop="open").values.tolist() == [2, 3, 2]
    np.testing.assert_allclose(
        result["mean"].sel(regime="one - two"),
        (whole["estimate"].sel(spectral_radius=0.5, leak=1.0) - whole["estimate"].sel(spectral_radius=1.1, leak=0.4))
        .sel(measure=measure, connectome=["y", "z"])
        .mean("connectome"),
    )
