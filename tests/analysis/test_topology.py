import networkx as nx
import numpy as np
import pytest
import xarray as xr
from scipy import stats
from test_decomposition import SIZE, estimated

from echolesion.analysis import topology
from echolesion.analysis.influence import off_diagonal


def random_weights(size=SIZE, density=0.2, seed=0):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(size, size)) * (rng.random((size, size)) < density)
    np.fill_diagonal(weights, 0)
    return weights


def measured(weights):
    return dict(zip(topology.MEASURES, topology.measures(weights), strict=True))


def test_sums_over_walks():
    """Communicability and attenuation by adding up the powers of A, from source to target."""
    weights = random_weights()
    normal = np.abs(weights) / np.abs(np.linalg.eigvals(np.abs(weights))).max()
    power, walks, attenuated = np.eye(SIZE), np.zeros((SIZE, SIZE)), np.zeros((SIZE, SIZE))
    factorial = 1.0
    for k in range(80):
        walks += power / factorial
        attenuated += power * topology.ATTENUATION**k
        power = power @ normal
        factorial *= k + 1
    values = measured(weights)
    assert values["weight"] == pytest.approx(normal)
    assert values["communicability"] == pytest.approx(walks)
    assert values["attenuation"] == pytest.approx(attenuated)


def test_autoregression_is_the_covariance_of_nodes_that_hear_each_other():
    """Solve x_j = e_j + a * sum_i x_i A_ij for many draws of e: a standard error of a covariance here is below 0.02."""
    weights = random_weights(size=6, density=0.5, seed=2)
    normal = np.abs(weights) / np.abs(np.linalg.eigvals(np.abs(weights))).max()
    noise = np.random.default_rng(1).normal(size=(6, 100_000))
    x = np.linalg.solve(np.eye(6) - topology.ATTENUATION * normal.T, noise)
    assert measured(weights)["autoregression"] == pytest.approx(np.cov(x), abs=0.08)


def test_paths_against_networkx():
    weights = random_weights(density=0.1, seed=3)
    values = measured(weights)
    normal = values["weight"]
    graph = nx.from_numpy_array(normal, create_using=nx.DiGraph)
    for _, _, data in graph.edges(data=True):
        data["length"] = 1 / data["weight"]
    strength = normal.sum(axis=1)
    unreached = 0
    for i in range(SIZE):
        lengths, paths = nx.single_source_dijkstra(graph, i, weight="length")
        for j in set(range(SIZE)) - {i}:
            if j not in lengths:
                assert values["efficiency"][i, j] == values["search_probability"][i, j] == 0
                unreached += 1
                continue
            assert values["efficiency"][i, j] == pytest.approx(1 / lengths[j])
            steps = [normal[a, b] / strength[a] for a, b in zip(paths[j], paths[j][1:], strict=False)]
            assert values["search_probability"][i, j] == pytest.approx(np.prod(steps))
    assert unreached


def test_of_several_shortest_paths_each_counts():
    """Of a binary network many are equally short: by a peer that lists them, and whatever the order of the nodes."""
    rng = np.random.default_rng(4)
    weights = (random_weights(size=24, density=0.15, seed=4) != 0).astype(float)
    found = measured(weights)["search_probability"]
    graph = nx.from_numpy_array(weights, create_using=nx.DiGraph)
    strength, ties = weights.sum(axis=1), 0
    for i in range(24):
        for j in sorted(set(nx.descendants(graph, i)) - {i}):
            paths = list(nx.all_shortest_paths(graph, i, j))
            chances = [np.prod([1 / strength[a] for a in path[:-1]]) for path in paths]
            assert found[i, j] == pytest.approx(sum(chances))
            ties += len(paths) > 1
    assert ties > 50
    for matrix in (weights, random_weights(size=24, density=0.15, seed=4)):
        order = rng.permutation(24)
        permuted = measured(matrix[np.ix_(order, order)])
        for name, values in measured(matrix).items():
            np.testing.assert_allclose(permuted[name], values[np.ix_(order, order)], atol=1e-9, err_msg=name)


def test_a_surrogate_without_a_cycle_is_measured():
    values = measured(np.triu(random_weights(), 1))
    assert all(np.isfinite(value[off_diagonal(SIZE)]).all() for value in values.values())


@pytest.fixture(scope="module")
def weights():
    return xr.DataArray(random_weights(), dims=("source", "target"))


def test_influence_that_is_a_measure_correlates_with_it_beyond_chance(weights):
    pairs = off_diagonal(SIZE)
    communicability = np.where(pairs, measured(weights.values)["communicability"], 0)
    magnitude = np.sqrt(communicability)
    result = topology.compare(weights, {"only": estimated(magnitude, 0.001)}, number=20, rng=np.random.default_rng(0))
    first = result.sel(regime="only", correlation="power")
    assert float(first["estimate"].sel(measure="communicability")) == pytest.approx(1, abs=1e-3)
    assert (first["z"].sel(measure="communicability") > 5).all()
    assert first["p_two_sided"].sel(measure="communicability").values == pytest.approx([2 / 21, 2 / 21])
    # The others by a peer.
    for measure, values in measured(weights.values).items():
        for name, function, of in (
            ("power", stats.pearsonr, communicability),
            ("raw_magnitude", stats.pearsonr, magnitude),
            ("raw_rank", stats.spearmanr, magnitude),
        ):
            r = result["estimate"].sel(regime="only", correlation=name, measure=measure)
            assert float(r) == pytest.approx(function(values[pairs], of[pairs]).statistic, abs=2e-3)
    assert result["known"].all()


def test_influence_of_chance_is_within_that_of_surrogates(weights):
    """Magnitudes without relation to the network: 48 values of z, of which |z| > 4.5 has a chance below 1e-3."""
    magnitude = np.random.default_rng(5).uniform(1, 2, (SIZE, SIZE))
    result = topology.compare(weights, {"only": estimated(magnitude, 0.1)}, number=30, rng=np.random.default_rng(1))
    assert (np.abs(result["z"]) < 4.5).all()
    assert (result["p_two_sided"] > 0).all() and (result["p_two_sided"] <= 1).all()
    assert (result["low"] <= result["estimate"]).all() and (result["estimate"] <= result["high"]).all()


def test_a_measure_that_does_not_vary_is_not_compared():
    ring = np.ones((SIZE, SIZE)) - np.eye(SIZE)
    influence = {"only": estimated(np.random.default_rng(5).uniform(1, 2, (SIZE, SIZE)), 0.1)}
    weights = xr.DataArray(ring, dims=("source", "target"))
    result = topology.compare(weights, influence, number=3, rng=np.random.default_rng(1))
    assert result["estimate"].sel(measure="weight").isnull().all()
    assert result["p_two_sided"].sel(measure="weight").isnull().all()
