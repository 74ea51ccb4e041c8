import numpy as np
import pytest
from conftest import make_network

from echolesion import sweep
from echolesion.analysis import influence
from echolesion.training import task


@pytest.fixture(scope="module")
def swept():
    network, trained, series = make_network(8)
    piece = task.split(series, "test")
    return [sweep.run(network, trained, piece, seed=1, walks=200, time_bins=bins) for bins in (None, 8, 7)]


def test_the_power_that_bins_take_away_is_that_of_all_steps_less_that_of_bins(swept):
    """Of 56 pairs all are sampled, so that both are known of the whole network; of unequal bins only about."""
    fine, coarse, unequal = map(influence.estimate, swept)
    assert (fine["power_lost_to_bins"] == 0).all()
    whole, kept = (float(each["power_noise_free"].sum()) for each in (fine, coarse))
    lost, low, high = coarse["power_lost_to_bins"].values
    assert lost == pytest.approx(1 - kept / whole, rel=1e-4) and 0.01 < low < lost < high
    assert unequal["power_lost_to_bins"].values[0] > 0.01


def test_powers_are_unbiased_from_few_walks():
    """Mean of 150 sweeps of 2 walks per batch, whose ratio estimate is far off, within 4 standard errors of the truth.

    The truth is that of 8 batches of 4,000 walks.
    """
    network, trained, series = make_network(8)
    piece = task.split(series, "test")

    def powers(walks, seed):
        found = influence.estimate(sweep.run(network, trained, piece, seed=seed, walks=walks))
        unconnected = network["weights"].transpose("source", "target").values == 0
        free = found["power_noise_free"].values
        return np.nansum(free), np.nansum(free[unconnected])

    truth = powers(4000, 0)
    found = np.array([powers(2, seed) for seed in range(1, 151)])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - truth) < 4 * error).all() and (error < 0.1 * np.array(truth)).all()
