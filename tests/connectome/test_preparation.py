"""Preparation: every step against what it says it does, and what it says it did."""

import itertools

import networkx as nx
import numpy as np
import pytest
import xarray as xr
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import spearmanr

from echolesion.connectome import ConnectomeError, from_matrix, preparation
from echolesion.connectome.catalogue import load

CYCLE = np.array([[0, 1, 0], [0, 0, 2], [3, 0, 0.0]])


@pytest.fixture(scope="module")
def worm(catalogue):
    return load(catalogue["celegans279"], "celegans279", ROOT)


def prepared(connectome, *steps, weighting="own"):
    if not isinstance(connectome, xr.DataArray):
        connectome = from_matrix(connectome)
    return preparation.prepare(connectome, steps, weighting, np.random.default_rng(0), "x")


@pytest.mark.parametrize("weighting", preparation.WEIGHTINGS)
def test_weighting_keeps_the_connections(worm, weighting):
    before = worm.copy(deep=True)
    weights = prepared(worm, "drop_self_connections", weighting=weighting)
    assert worm.identical(before)
    assert np.diag(weights).sum() == 0
    off = ~np.eye(279, dtype=bool)
    np.testing.assert_array_equal((weights.values != 0)[off], (worm.values != 0)[off])
    *_, first, last = weights.attrs["history"].split("; ")
    assert (
        first == "drop_self_connections: connections 2993 -> 2990, self-connections 3 -> 0, sum of weights 8171 -> 8168"
    )
    assert last.startswith(f"weighting {weighting}: 2990 connections of 279 nodes, strongly connected components: 6")


def test_rank_signed_follows_the_measured_strength(worm):
    weights = prepared(worm, "drop_self_connections", weighting="rank_signed").values
    connected = weights != 0
    magnitude, strength = np.abs(weights[connected]), worm.values[connected]
    for value in np.unique(strength)[1:]:
        assert magnitude[strength < value].max() < magnitude[strength >= value].min()
    assert 0.4 < np.mean(weights[connected] > 0) < 0.6
    assert magnitude.max() <= 0.5
    unranked = prepared(worm, "drop_self_connections", weighting="random_signed").values
    assert abs(spearmanr(np.abs(unranked[connected]), strength).statistic) < 0.1


def test_thresholds(worm):
    weights = prepared(worm, {"threshold_weight": 3}).values
    np.testing.assert_array_equal(weights, np.where(worm >= 3, worm, 0))
    kept = prepared(worm, {"threshold_density": 0.01}).values
    # 776 of the 279 x 278 pairs were asked for; what ties with the weakest of them is kept too.
    assert np.count_nonzero(kept) >= 776 and np.count_nonzero(kept > kept[kept > 0].min()) < 776
    assert kept[kept > 0].min() == np.sort(worm.where(~np.eye(279, dtype=bool), 0).values, axis=None)[-776]
    # Self-connections are of no pair; that they go is said.
    whole = prepared(worm, {"threshold_density": 0.9})
    assert whole.equals(prepared(worm, "drop_self_connections"))
    assert "self-connections 3 -> 0" in whole.attrs["history"]
    with pytest.raises(
        ConnectomeError, match=r"keeps no connection of 279 nodes: take at least 1.3e-05, which keeps one"
    ):
        prepared(worm, {"threshold_density": 1e-6})
    assert np.count_nonzero(preparation.threshold_density(worm, 1.3e-5)) > 0


def test_disparity_backbone_against_the_definition():
    """A node with k connections of equal strength keeps none; one strong among weak ones is kept."""
    weights = np.zeros((6, 6))
    weights[0, 1:5] = [100, 1, 1, 1]
    weights[1, [0, 2, 3, 4]] = 1
    weights[2, [0, 1, 5]] = [1, 1, 1]
    kept = preparation.disparity(from_matrix(weights), 0.05).values
    expected = np.zeros((6, 6))
    for i, j in itertools.product(range(6), repeat=2):
        for side in (weights[i], weights[:, j]):
            k, total = np.count_nonzero(side), side.sum()
            if weights[i, j] and k > 1 and (1 - weights[i, j] / total) ** (k - 1) < 0.05:
                expected[i, j] = weights[i, j]
    np.testing.assert_array_equal(kept, expected)
    assert kept[0, 1] == 100 and np.count_nonzero(kept) == 1


def test_components_and_isolated_nodes():
    weights = np.zeros((7, 7))
    weights[[0, 1, 2], [1, 2, 0]] = 1
    weights[3, 0] = 1  # leads to the cycle
    weights[4, 4] = 9  # only to itself
    weights[[5, 6], [6, 5]] = 1
    labels = prepared(weights, "drop_isolated")["source"].values
    assert list(labels) == ["0", "1", "2", "3", "5", "6"]
    assert list(prepared(weights, {"largest_component": "weak"})["source"].values) == ["0", "1", "2", "3"]
    assert list(prepared(weights, {"largest_component": "strong"})["source"].values) == ["0", "1", "2"]
    result = prepared(weights, "drop_self_connections", "drop_isolated", {"largest_component": "strong"})
    assert [step.partition(":")[0] for step in result.attrs["history"].split("; ")] == [
        "drop_self_connections", "drop_isolated", "largest_component strong", "weighting own",
    ]  # fmt: skip
    assert "drop_isolated: nodes 7 -> 6" in result.attrs["history"]


def test_the_strong_component_is_that_of_networkx(worm):
    graph = nx.from_numpy_array(worm.values, create_using=nx.DiGraph)
    largest = max(nx.strongly_connected_components(graph), key=len)
    kept = prepared(worm, {"largest_component": "strong"})
    assert list(kept["source"].values) == [worm["source"].values[k] for k in sorted(largest)]


def test_subset_by_label_and_by_column(catalogue):
    larva = load(catalogue["larva213"], "larva213", ROOT)
    kenyon = prepared(larva, {"subset": {"cell_class": "Kenyon cell"}})
    assert kenyon.sizes["source"] == 100 and set(kenyon["cell_class"].values) == {"Kenyon cell"}
    some = prepared(larva, {"subset": ["K002", "O001", "K001"]})
    assert list(some["source"].values) == list(some["target"].values) == ["K002", "O001", "K001"]
    assert float(some.sel(source="K001", target="O001")) == float(larva.sel(source="K001", target="O001"))
    for wanted, message in (
        (["K1", "K002"], "x: no node has the label 'K1' (did you mean "),
        ({"cell_class": "Kenyon"}, "x: no node has the cell_class 'Kenyon'"),
        ({"class": "Kenyon cell"}, "x: the nodes have no column 'class'"),
    ):
        with pytest.raises(ConnectomeError) as error:
            prepared(larva, {"subset": wanted})
        assert str(error.value).startswith(message)


def test_transforms_and_clipping():
    logarithm = prepared(CYCLE, {"transform": "log"}).values
    np.testing.assert_allclose(logarithm[CYCLE > 0], np.log1p(CYCLE[CYCLE > 0]))
    ties = np.array([[0, 5, 5], [0, 0, 1], [7, 0, 0.0]])
    np.testing.assert_allclose(prepared(ties, {"transform": "rank"}).values[ties > 0], [2.5 / 4, 2.5 / 4, 1 / 4, 1])
    signed = np.array([[0, -100, 1], [1, 0, 1], [2, 1, 0.0]])
    clipped = prepared(signed, {"clip_quantile": 0.8}).values
    assert clipped[0, 1] == -2 and clipped[2, 0] == 2


@pytest.mark.parametrize("step", [{"transform": "log"}, {"transform": "rank"}, {"disparity": 0.1}])
def test_negative_weights_are_refused_where_a_step_needs_positive_ones(step):
    with pytest.raises(ConnectomeError, match=r"needs positive weights, and 1 are negative, first -2 from 'b' to 'c'"):
        prepared(from_matrix(CYCLE * [1, 1, -1], ["a", "b", "c"]), step)


@settings(max_examples=50, deadline=None)
@given(arrays.arrays(float, (4, 4), elements=st.integers(-3, 3).map(float)), st.sampled_from(["mean", "max"]))
def test_symmetrised_weights_are_symmetric_and_of_both_directions(matrix, how):
    connectome = xr.DataArray(
        matrix, dims=("source", "target"), coords={"source": list("abcd"), "target": list("abcd")}
    )
    result = preparation.symmetrise(connectome, how).values
    np.testing.assert_array_equal(result, result.T)
    both = np.stack([matrix, matrix.T])
    expected = both.mean(axis=0) if how == "mean" else np.abs(both).max(axis=0)
    np.testing.assert_array_equal(result if how == "mean" else np.abs(result), expected)


def of_subjects(matrices, lengths=None):
    labels = [str(k) for k in range(len(matrices[0]))]
    result = xr.DataArray(
        np.array(matrices, float), dims=("subject", "source", "target"), coords={"source": labels, "target": labels}
    )
    return result if lengths is None else result.assign_coords(tract_length=(result.dims, np.array(lengths, float)))


def test_averages_over_subjects():
    connectomes = of_subjects([CYCLE, CYCLE.T, CYCLE * 4], [CYCLE, 0 * CYCLE, CYCLE * 3])
    mean = prepared(connectomes, {"average": "mean"})
    np.testing.assert_allclose(mean, (5 * CYCLE + CYCLE.T) / 3)
    np.testing.assert_allclose(mean["tract_length"], 2 * CYCLE)  # of those who have the tract
    np.testing.assert_allclose(prepared(connectomes, {"average": "median"}), CYCLE)
    agreed = prepared(connectomes, {"consensus": 0.6}, {"average": "mean"})
    np.testing.assert_allclose(agreed, 5 * CYCLE / 3)
    assert "consensus 0.6: connections 9 -> 6" in agreed.attrs["history"]
    assert "average mean: subjects 3 -> 1" in agreed.attrs["history"]
    np.testing.assert_allclose(prepared(CYCLE, {"average": "mean"}), CYCLE)


def test_symmetrised_tract_lengths():
    lengths = np.array([[0, 4, 0], [2, 0, 5], [0, 0, 0.0]])
    connectome = of_subjects([CYCLE], [lengths])
    np.testing.assert_array_equal(
        preparation.symmetrise(connectome, "max")["tract_length"][0], [[0, 3, 0], [3, 0, 5], [0, 5, 0]]
    )


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "x: has 2 subjects: average them (preparation: [average: mean])"),
        (["drop_isolated"], "x: has 2 subjects: average them before 'drop_isolated'"),
        ([{"average": "mean"}, {"consensus": 0.5}], "x: consensus is for several subjects, and before they"),
        ([{"average": "mean"}, {"threshold_weight": 9}], "x: the step 'threshold_weight' leaves no connection"),
        ([{"average": "mean"}, {"threshold_weight": 0.6}, "tidy"], "x: unknown step 'tidy' (allowed: average, consen"),
        ([{"average": "mean"}, {"threshold_weight": 3}], "x: the network has no cycle"),
    ],
)
def test_steps_that_do_not_fit(steps, message):
    with pytest.raises(ConnectomeError) as error:
        prepared(of_subjects([CYCLE, CYCLE]), *steps)
    assert str(error.value).startswith(message)


def test_unknown_weighting_is_refused():
    with pytest.raises(ConnectomeError, match="allowed: own, random_signed, rank_signed"):
        prepared(CYCLE, weighting="signed")


def test_what_is_known_of_nodes_and_connections_comes_along():
    connectome = from_matrix(CYCLE, ["a", "b", "c"]).assign_coords(
        x=("source", [1.0, 2, 3]), tract_length=(("source", "target"), CYCLE * 10)
    )
    result = prepared(connectome, {"subset": ["c", "a", "b"]}, {"transform": "rank"}, weighting="random_signed")
    assert list(result["x"].values) == [3, 1, 2]
    assert float(result["tract_length"].sel(source="b", target="c")) == 20
