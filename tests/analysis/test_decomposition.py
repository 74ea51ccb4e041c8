import numpy as np
import pytest
import xarray as xr

from echolesion.analysis import decomposition, influence
from echolesion.shapley import statistics

SIZE, STEPS, BATCHES = 30, 40, 8


def estimated(magnitude, noise, seed=0, direct=1.0):
    """Return the influence that a sweep would estimate of series with given magnitudes, and noise of its own."""
    rng = np.random.default_rng(seed)
    wave = np.sin(np.linspace(0, 7, STEPS))
    wave = (wave - wave.mean()) / wave.std()
    series = magnitude[..., None] * wave + noise * rng.normal(size=(BATCHES, SIZE, SIZE, STEPS))
    nodes = [f"n{i}" for i in range(SIZE)]
    sums = xr.Dataset(
        {
            "influence_sum": (("batch", "source", "target", "time"), series),
            "direct_sum": (("batch", "connection", "time"), direct * series.reshape(BATCHES, -1, STEPS)),
            "connection_source": ("connection", np.repeat(np.arange(SIZE), SIZE)),
            "connection_target": ("connection", np.tile(np.arange(SIZE), SIZE)),
            "influence_weight": (("batch", "source", "target"), np.ones((BATCHES, SIZE, SIZE))),
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


def test_influence_that_follows_the_weights(weights):
    result = split(weights, only=estimated(np.abs(weights.values), 0.001))
    assert value(result, "only", "pearson_all") == pytest.approx(1, abs=1e-3)
    assert value(result, "only", "spearman_connected") == pytest.approx(1, abs=1e-2)
    assert value(result, "only", "structural_indirect_share") == pytest.approx(0, abs=1e-4)
    pairs = influence.off_diagonal(SIZE)
    assert float(result["chance"][0]) == pytest.approx(np.mean(weights.values[pairs] == 0))


def test_influence_that_ignores_the_weights(weights):
    result = split(weights, only=estimated(np.ones((SIZE, SIZE)), 0.1))
    assert value(result, "only", "structural_indirect_share") == pytest.approx(float(result["chance"][0]), abs=0.01)
    low, high = (float(result[end].sel(regime="only", measure="structural_indirect_share")) for end in ("low", "high"))
    assert low < float(result["chance"][0]) < high


def test_noise_decouples_and_the_corrected_values_do_not(weights):
    """Noise alone lowers the correlation and raises the indirect share; what is corrected stays at the truth."""
    magnitude = np.abs(weights.values) + 0.3
    pairs = influence.off_diagonal(SIZE)
    connected = (weights.values != 0)[pairs]
    power = magnitude[pairs] ** 2
    share = power[~connected].sum() / power.sum()
    result = split(weights, noisy=estimated(magnitude, 3.0), clean=estimated(magnitude, 0.01, seed=1))
    assert value(result, "noisy", "pearson_all") < 0.95 * value(result, "clean", "pearson_all")
    assert value(result, "noisy", "pearson_all_corrected") == pytest.approx(
        value(result, "clean", "pearson_all"), abs=0.03
    )
    assert value(result, "noisy", "structural_indirect_share") > share + 0.05
    error = float(result["se"].sel(regime="noisy", measure="structural_indirect_share_noise_free"))
    assert abs(value(result, "noisy", "structural_indirect_share_noise_free") - share) < 4 * error
    assert value(result, "clean", "structural_indirect_share_noise_free") == pytest.approx(share, abs=1e-3)


def test_differences_are_paired(weights):
    """Equal batches cancel in the difference; independent ones add their variances."""
    magnitude = np.abs(weights.values) + 0.3
    first, same, other = (estimated(magnitude, 1.0, seed) for seed in (0, 0, 1))
    paired, unpaired = split(weights, a=first, b=same), split(weights, a=first, b=other)
    at = {"regime": "a - b", "measure": "structural_indirect_share"}
    assert float(paired["se"].sel(at)) == 0 and float(paired["estimate"].sel(at)) == 0
    assert float(unpaired["se"].sel(at)) > float(unpaired["se"].sel(at | {"regime": "a"}))
    assert list(split(weights, a=first, b=other, c=same)["regime"].values) == ["a", "b", "c", "a - b", "a - c", "b - c"]


def test_equal_weights_have_no_correlation_on_connected_pairs(weights):
    result = split(np.sign(np.abs(weights)), only=estimated(np.abs(weights.values), 0.1))
    assert np.isnan(value(result, "only", "pearson_connected"))
    assert np.isfinite(value(result, "only", "pearson_all"))


def test_intervals_of_the_share_cover_it(weights):
    """Of 60 studies at least 52 must have it in their 95 % interval: an honest one fails this once in 200 times."""
    magnitude = np.abs(weights.values) + 0.3
    pairs = influence.off_diagonal(SIZE)
    weight = np.abs(weights.values)[pairs]
    power = magnitude[pairs] ** 2
    truth = power[weight == 0].sum() / power.sum()
    place = list(decomposition.MEASURES).index("structural_indirect_share_noise_free")
    hits = 0
    for seed in range(60):
        covariance = estimated(magnitude, 1.0, seed)["influence_covariance"].values[:, :, pairs].astype(float)

        def measured(covariance):
            return decomposition.measure(weight, dict.fromkeys(influence.MEANINGS, covariance))[place]

        estimate = measured(covariance)
        replicates = np.array([measured(statistics.leave_out(covariance, b)) for b in range(BATCHES)])
        _, low, high = statistics.jackknife_interval(estimate, replicates)
        hits += low <= truth <= high
    assert hits >= 52


def test_mediated_shares_are_powers_of_the_parts(weights):
    """If a third of every influence is direct, its power is a ninth, and that of the rest four ninths."""
    result = split(weights, only=estimated(np.abs(weights.values) + 0.3, 0.5, direct=1 / 3))
    for suffix in ("", "_noise_free"):
        assert value(result, "only", f"mediated_direct_share{suffix}") == pytest.approx(1 / 9, rel=1e-5)
        assert value(result, "only", f"mediated_indirect_share{suffix}") == pytest.approx(4 / 9, rel=1e-5)


def test_edge_cut_shares_are_powers_of_what_is_lost(weights):
    """If half of every influence is lost, its power is a quarter; noise of its own does not change that."""
    magnitude = np.abs(weights.values) + 0.3
    whole, half = estimated(magnitude, 1.0), estimated(magnitude / 2, 1.0, seed=1)
    names = {"influence": "edge_cut", "influence_covariance": "edge_cut_covariance"}
    result = decomposition.edge_cut(half[list(names)].rename(names), whole)
    names_of = list(decomposition.EDGE_CUT_MEASURES)
    biased, free = (float(result["estimate"].sel(measure=name)) for name in names_of)
    error = float(result["se"].sel(measure=names_of[1]))
    assert 0 < error < 0.02 and abs(free - 1 / 4) < 4 * error
    assert biased > 1 / 4 + 4 * error


def test_edge_cut_refuses_what_does_not_belong_together(weights):
    whole = estimated(np.abs(weights.values), 1.0)
    cut = whole[["influence", "influence_covariance"]].rename(influence_covariance="edge_cut_covariance")
    with pytest.raises(ValueError, match="for silent nodes, not for the lesion 'mean'"):
        decomposition.edge_cut(cut, whole.assign_attrs(lesion="mean"))
    with pytest.raises(ValueError, match="differ in their batches or time bins"):
        decomposition.edge_cut(cut, whole.isel(time=slice(2)))


def test_noise_that_follows_the_weights_is_found_out(weights):
    """Noise of its own strength on every pair looks like reliable influence; noise-free magnitudes show that it is not.

    Over 870 pairs the standard error of a correlation is 0.034; that of the sum of noise-free powers is below 2 %.
    """
    result = split(weights, only=estimated(np.zeros((SIZE, SIZE)), 1 + 5 * np.abs(weights.values)[..., None]))
    assert value(result, "only", "pearson_all") > 0.8
    assert value(result, "only", "reliability") > 0.8
    assert abs(value(result, "only", "pearson_all_noise_free")) < 0.15
    assert abs(value(result, "only", "reliability_noise_free")) < 0.25
    assert value(result, "only", "noise_share") == pytest.approx(1, abs=0.05)
