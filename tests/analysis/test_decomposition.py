import numpy as np
import pytest
import xarray as xr
from scipy import stats

from echolesion.analysis import decomposition, influence

SIZE, STEPS, BATCHES = 30, 40, 8
ENDS = ("low", "high")


def estimated(magnitude, noise, seed=0, direct=1.0, connected=None, constant=0.0):
    """Return the influence that a sweep would estimate of series with given magnitudes, and noise of its own."""
    rng = np.random.default_rng(seed)
    wave = np.sin(np.linspace(0, 7, STEPS))
    wave = (wave - wave.mean()) / wave.std()
    series = magnitude[..., None] * (constant + wave) + noise * rng.normal(size=(BATCHES, SIZE, SIZE, STEPS))
    nodes = [f"n{i}" for i in range(SIZE)]
    connected = np.nonzero(~np.eye(SIZE, dtype=bool) if connected is None else connected)
    sums = xr.Dataset(
        {
            # A walk has an expected weight of 1 / nodes for every pair.
            "influence_sum": (("batch", "source", "target", "time"), series / SIZE),
            "direct_sum": (("batch", "connection", "time"), direct * series[:, *connected] / SIZE),
            "connection_source": ("connection", connected[0]),
            "connection_target": ("connection", connected[1]),
            "influence_weight": (("batch", "source", "target"), np.full((BATCHES, SIZE, SIZE), 1 / SIZE)),
            "lesioned_runs": ("batch", np.ones(BATCHES)),
            "bounded_lesioned_runs": ("batch", np.zeros(BATCHES)),
        },
        coords={"source": nodes, "target": nodes, "time": np.arange(STEPS), "batch": np.arange(BATCHES)},
        attrs={
            "score": "nrmse",
            "estimator": "nested",
            "lesion": "silence",
            "loop": "open",
            "refit_readout": 0,
            "rescale": 0,
            "round": 0,
            "walks_per_batch": 1,
        },
    )
    return influence.estimate(sums)


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(SIZE, SIZE)) * (rng.random((SIZE, SIZE)) < 0.3)
    np.fill_diagonal(matrix, 0)
    return xr.DataArray(matrix, dims=("source", "target"))


def split(weights, **influences):
    return decomposition.decompose(dict.fromkeys(influences, weights), influences)


def value(result, regime, measure):
    return float(result["estimate"].sel(regime=regime, measure=measure))


def estimated_on(weights, magnitude, noise, **options):
    return estimated(magnitude, noise, connected=weights.values != 0, **options)


def test_influence_that_follows_the_weights(weights):
    """Magnitudes proportional to |W|: power goes with W^2 entirely, and with |W| as W^2 does."""
    result = split(weights, only=estimated_on(weights, np.abs(weights.values), 0.001))
    assert value(result, "only", "power_squared_weight_correlation_all") == pytest.approx(1, abs=1e-3)
    assert value(result, "only", "power_squared_weight_correlation_connected") == pytest.approx(1, abs=1e-3)
    ceiling = stats.pearsonr(*decomposition.by_pairs(xr.concat([abs(weights), weights**2], "power"), "power")).statistic
    assert value(result, "only", "power_weight_correlation_all") == pytest.approx(ceiling, abs=1e-3)
    assert float(result["ceiling"][0]) == pytest.approx(ceiling)
    assert value(result, "only", "raw_magnitude_pearson_all") == pytest.approx(1, abs=1e-3)
    assert value(result, "only", "raw_rank_spearman_connected") == pytest.approx(1, abs=1e-2)
    assert value(result, "only", "power_structural_indirect_share") == pytest.approx(0, abs=1e-4)
    assert value(result, "only", "power_reliability") == pytest.approx(1, abs=1e-4)
    pairs = influence.off_diagonal(SIZE)
    assert float(result["chance"][0]) == pytest.approx(np.mean(weights.values[pairs] == 0))


def test_influence_that_ignores_the_weights(weights):
    result = split(weights, only=estimated_on(weights, np.ones((SIZE, SIZE)), 0.1))
    chance = float(result["chance"][0])
    assert value(result, "only", "power_structural_indirect_share") == pytest.approx(chance, abs=0.01)
    low, high = (float(result[end].sel(regime="only", measure="power_structural_indirect_share")) for end in ENDS)
    assert low < chance < high


def test_noise_decouples_and_power_does_not(weights):
    """Noise lowers correlations of magnitudes and raises the indirect share; those of power stay at the truth."""
    magnitude = np.abs(weights.values) + 0.3
    weight, power = decomposition.by_pairs(xr.concat([abs(weights), (abs(weights) + 0.3) ** 2], "of"), "of")
    share, truth = power[weight == 0].sum() / power.sum(), np.corrcoef(weight, power)[0, 1]
    noisy, clean = (estimated_on(weights, magnitude, noise, seed=seed) for noise, seed in ((3.0, 0), (0.01, 1)))
    result = split(weights, noisy=noisy, clean=clean)
    raw = "raw_magnitude_pearson_all"
    assert value(result, "noisy", raw) < 0.95 * value(result, "clean", raw)
    assert value(result, "noisy", "raw_structural_indirect_share") > share + 0.05
    for measure, true in (("power_weight_correlation_all", truth), ("power_structural_indirect_share", share)):
        error = float(result["se"].sel(regime="noisy", measure=measure))
        assert abs(value(result, "noisy", measure) - true) < 4 * error and error < 0.05
        assert value(result, "clean", measure) == pytest.approx(true, abs=1e-3)
    assert 0.3 < value(result, "noisy", "noise_share") < 0.95


def test_what_is_constant_in_time_is_told(weights):
    """Of a course c + wave, of unit variance, the share c^2 / (1 + c^2) of the mean square is constant."""
    noisy = estimated_on(weights, np.abs(weights.values) + 0.3, 0.5, constant=2.0)
    result = split(weights, only=noisy)
    low, high = (float(result[end].sel(regime="only", measure="constant_share")) for end in ENDS)
    assert low < 4 / 5 < high and high - low < 0.05
    # Where all courses are alike, shares and correlations of mean squares are those of power.
    for measure in ("structural_indirect_share", "squared_weight_correlation_all"):
        both = (value(result, "only", f"{kind}_{measure}") for kind in ("power", "mean_square"))
        assert np.subtract(*both) == pytest.approx(0, abs=0.02)


def test_differences_are_paired(weights):
    """Equal batches cancel in the difference; independent ones add their variances."""
    magnitude = np.abs(weights.values) + 0.3
    first, same, other = (estimated(magnitude, 1.0, seed) for seed in (0, 0, 1))
    paired, unpaired = split(weights, a=first, b=same), split(weights, a=first, b=other)
    at = {"regime": "a - b", "measure": "power_structural_indirect_share"}
    assert float(paired["se"].sel(at)) == 0 and float(paired["estimate"].sel(at)) == 0
    both = [float(unpaired["se"].sel(at | {"regime": regime})) for regime in "ab"]
    assert float(unpaired["se"].sel(at)) > 0.5 * np.hypot(*both)
    assert list(split(weights, a=first, b=other, c=same)["regime"].values) == ["a", "b", "c", "a - b", "a - c", "b - c"]


def test_equal_weights_have_no_correlation_on_connected_pairs(weights):
    result = split(np.sign(np.abs(weights)), only=estimated_on(weights, np.abs(weights.values), 0.1)).isel(regime=0)
    for measure in ("power_weight_correlation", "raw_magnitude_pearson"):
        known = [bool(result["known"].sel(measure=f"{measure}_{pairs}")) for pairs in ("all", "connected")]
        assert known == [True, False] and np.isnan(float(result["estimate"].sel(measure=f"{measure}_connected")))


def test_mediated_shares_are_powers_of_the_parts(weights):
    """If a third of every influence is direct, its power is a ninth, and that of the rest four ninths."""
    result = split(weights, only=estimated(np.abs(weights.values) + 0.3, 0.5, direct=1 / 3))
    for kind in ("power", "mean_square", "raw"):
        assert value(result, "only", f"{kind}_mediated_direct_share") == pytest.approx(1 / 9, rel=1e-5)
        assert value(result, "only", f"{kind}_mediated_indirect_share") == pytest.approx(4 / 9, rel=1e-5)


def as_cut(result):
    names = {"influence_power": "edge_cut_power", "influence_raw_power": "edge_cut_raw_power"}
    return result[list(names)].rename(names).sel(kind="variance", drop=True).assign_coords(time=result["time"])


def test_edge_cut_shares_are_powers_of_what_is_lost(weights):
    """If half of every influence is lost, its power is a quarter; noise of its own does not change that."""
    magnitude = np.abs(weights.values) + 0.3
    whole, half = estimated(magnitude, 1.0), estimated(magnitude / 2, 1.0, seed=1)
    result = decomposition.edge_cut(as_cut(half), whole)
    free, biased = (float(result["estimate"].sel(measure=name)) for name in decomposition.EDGE_CUT_MEASURES)
    error = float(result["se"].sel(measure="power_edge_cut_direct_share"))
    assert 0 < error < 0.02 and abs(free - 1 / 4) < 4 * error
    assert biased > 1 / 4 + 4 * error


def test_edge_cut_refuses_what_does_not_belong_together(weights):
    whole = estimated(np.abs(weights.values), 1.0)
    cut = as_cut(whole)
    with pytest.raises(ValueError, match="for silent nodes, not for the lesion 'mean'"):
        decomposition.edge_cut(cut, whole.assign_attrs(lesion="mean"))
    with pytest.raises(ValueError, match="differ in their batches or time bins"):
        decomposition.edge_cut(cut, whole.isel(time=slice(2)))


def test_of_noise_alone_nothing_is_known(weights):
    """Noise of its own strength on every pair looks like reliable influence; of its power nothing is known."""
    noise = 1 + 5 * np.abs(weights.values)[..., None]
    only = estimated_on(weights, np.zeros((SIZE, SIZE)), noise)
    result = split(weights, only=only, other=estimated_on(weights, np.abs(weights.values), 0.1))
    assert value(result, "only", "raw_magnitude_pearson_all") > 0.8
    assert value(result, "only", "noise_share") == pytest.approx(1, abs=0.05)
    unknown = [name for name in decomposition.MEASURES if name.startswith(("power_", "mean_square_"))]
    for regime in ("only", "only - other"):
        found = result.sel(regime=regime, measure=unknown)
        assert not found["known"].any() and all(found[key].isnull().all() for key in ("estimate", "se", *ENDS))
    assert result["known"].sel(regime="other").all()


def test_estimates_and_ends_stay_where_a_measure_can_be(weights):
    """A correlation of 1, with much noise: estimates beyond 1 are set to it."""
    magnitude = np.abs(weights.values)
    found = [
        split(weights, only=estimated_on(weights, magnitude, 1.0, seed=seed)).sel(
            regime="only", measure="power_squared_weight_correlation_all"
        )
        for seed in range(6)
    ]
    highs = [float(each["high"]) for each in found]
    assert max(float(each["estimate"]) for each in found) == max(highs) == 1
    assert all(float(each["low"]) < 1 for each in found)
    assert set(map(decomposition.bounds, decomposition.MEASURES)) == {(-1, 1), (0, 1), (0, np.inf), (-np.inf, 1)}
