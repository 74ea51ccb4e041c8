import numpy as np
import pytest
import xarray as xr
from conftest import make_network
from test_decomposition import SIZE, estimated

from echolesion import sweep
from echolesion.analysis import decomposition, influence, noise_curve
from echolesion.training import task


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(SIZE, SIZE)) * (rng.random((SIZE, SIZE)) < 0.3)
    np.fill_diagonal(matrix, 0)
    return xr.DataArray(matrix, dims=("source", "target"))


def test_what_is_expected_of_fewer_walks_is_what_they_find(weights):
    """Noise of a quarter of the walks is twice as strong; over 870 pairs the error of a share is below 2 %."""
    magnitude = np.abs(weights.values)
    long, short = (estimated(magnitude, noise, seed=seed) for noise, seed in ((2.0, 1), (4.0, 2)))
    walks = long.attrs["walks_per_batch"] * long.attrs["batches"]
    curve = noise_curve.expected(weights, long, [walks, walks / 4])
    for result, number in ((long, walks), (short, walks / 4)):
        found = decomposition.decompose({"": weights}, {"": result})["estimate"].isel(regime=0)
        for measure in curve["measure"].values:
            expected = float(curve.sel(expected_walks=number, measure=measure))
            assert expected == pytest.approx(float(found.sel(measure=measure)), rel=0.05), measure
    unconnected = curve.sel(measure="raw_structural_indirect_share")
    assert float(unconnected.sel(expected_walks=walks / 4)) > 0.1 + float(unconnected.sel(expected_walks=walks))


def test_no_two_sweeps_share_their_walks(monkeypatch):
    """Of any points, replicates or rounds of the study: a batch's walks depend on seed, number and round."""
    drawn = [(batch, number) for batch in range(8) for number in range(3)]  # of the study

    def recorded(*_, batches, round_number, **_others):
        drawn.extend((batch, round_number) for batch in batches)
        raise InterruptedError

    monkeypatch.setattr(noise_curve, "run", recorded)
    for walks in (2, 6):
        for replicate in range(1, 3):
            monkeypatch.setattr(noise_curve, "bar", lambda *_, only=replicate: [only])
            with pytest.raises(InterruptedError):
                noise_curve.measured(None, None, None, batches=8, replicates=2, walks=walks, seed=1)
    assert len(drawn) == len(set(drawn)) == 24 + 2 * 2 * 8


def test_short_sweeps_stand_beside_the_long_one():
    network, trained, series = make_network(8)
    piece = task.split(series, "test")
    settings = {"seed": 1, "time_bins": 12, "batches": 8, "replicates": 3}
    short = [noise_curve.measured(network, trained, piece, walks=walks, **settings) for walks in (6, 2)]
    assert short[1].attrs["walks"] == 16 and short[1].sizes["replicate"] == 3
    values = short[1]["estimate"].sel(measure="raw_magnitude_pearson_all").values
    assert len(set(values)) == 3  # replicates have walks of their own
    long = influence.estimate(sweep.run(network, trained, piece, seed=1, walks=20, time_bins=12))
    curve = noise_curve.gather(short, network["weights"], long)
    assert list(curve["walks"].values) == [16, 48] and curve.attrs["final_walks"] == 160
    assert float(curve["mean"].sel(walks=16, measure="raw_magnitude_pearson_all")) == pytest.approx(values.mean())
    assert float(curve["se"].sel(walks=16, measure="raw_magnitude_pearson_all")) == pytest.approx(
        values.std(ddof=1) / np.sqrt(3)
    )
    own = curve["expected"].sel(measure="noise_share")
    final = float(curve["final"].sel(measure="noise_share"))
    assert float(own.interp(expected_walks=160)) == pytest.approx(final, rel=0.02)
    assert (own.diff("expected_walks") < 0).all()
