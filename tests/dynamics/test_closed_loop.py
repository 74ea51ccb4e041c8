"""Closed loop: against plain numpy, exact enumeration and the published numbers."""

import numpy as np
import pytest
import torch
from conftest import ROOT, make_network
from oracles import all_coalitions, exact_direct, exact_influence

from echolesion import shapley, sweep, training
from echolesion.analysis import contribution, influence
from echolesion.connectome import published
from echolesion.connectome.catalogue import load
from echolesion.dynamics import closed_loop, reservoir
from echolesion.records import seeds
from echolesion.shapley import walks
from echolesion.training import published_tuning, task

CLOSED = {
    "name": "mackey_glass", "horizon": 1, "loop": "closed", "washout": 10, "train": 150, "validation": 30, "test": 12,
}  # fmt: skip
SERIES = ROOT / "data/mackey_glass/series.txt"


#: With an input beside the feedback, and a function of the read-out.
FREQUENCY = CLOSED | {"name": "frequency", "periods": [5, 9], "standardise": False, "output": "tanh"}


def closed_network(size, settings=CLOSED, longest=None):
    """Return a network that generates; one with noise in its fit, as a tiny one would diverge or not at all."""
    return make_network(size, settings=settings, longest=longest, spectral_radius=0.9, leak=0.5, input_scaling=1)


@pytest.mark.parametrize(
    ("settings", "refit", "rescale", "longest"),
    [
        (CLOSED, False, False, None),
        (CLOSED, False, True, None),
        (CLOSED, True, False, None),
        (CLOSED, True, True, None),
        (FREQUENCY, True, True, None),
        (CLOSED, True, True, 4),
    ],
    ids=["neither", "rescale", "refit", "both", "frequency", "delays"],
)
def test_closed_loop_sweep_equals_enumeration(settings, refit, rescale, longest, monkeypatch):
    monkeypatch.setattr(walks, "SHORTEST", 2)
    networks = closed_network(5, settings, longest)
    network, trained, series = networks
    piece = task.split(series, "test")
    exactly = all_coalitions(network, trained, piece, refit=refit, rescale=rescale)
    states, outputs = (np.array([run[k] for run in exactly]) for k in (0, 2))
    options = {"time_bins": 12, "refit_readout": refit, "rescale": rescale, "batches": range(8), "walks": 30}
    runs = [sweep.run(network, trained, piece, seed=seed, **options) for seed in range(15 if longest is None else 30)]
    estimates = [influence.estimate(sums) for sums in runs]
    contributed = [contribution.estimate(sums) for sums in runs]
    assert estimates[0]["influence"].dtype == np.float64
    truth = {
        "influence": exact_influence(states[:, 1:][:, piece["scored"].values]),
        "direct": exact_direct(network, piece, exactly),
    }
    truth["indirect"] = truth["influence"] - truth["direct"]
    pairs = influence.off_diagonal(5)
    for part, exact in truth.items():
        values = np.stack([estimate[part].values[pairs] for estimate in estimates])
        close(values, exact[pairs], part)
    shapley_values = shapley.exact(lambda coalitions: outputs[coalitions @ (1 << np.arange(5))], 5)
    close(np.stack([c["contribution"].values for c in contributed]), shapley_values, "contribution")
    # Exactly efficient: the intact network's output, as the empty coalition's is 0.
    np.testing.assert_allclose(contributed[0]["contribution"].sum("node"), trained["prediction"], atol=1e-8)
    game = sweep.game(network, trained, piece, series=True, refit_readout=refit, rescale=rescale)
    coalitions = (np.arange(32)[:, None] >> np.arange(5) & 1).astype(bool)
    np.testing.assert_allclose(game(coalitions), outputs, atol=1e-7)


def close(values, exact, name):
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    # Student's t with 14 or more degrees of freedom: beyond 4 in about 1 of 1,000; steps are correlated.
    assert np.mean(np.abs(values.mean(axis=0) - exact) > 4 * error + 1e-9) < 0.02, name
    assert np.sqrt(np.mean((values.mean(axis=0) - exact) ** 2)) < 0.05 * np.sqrt(np.mean(exact**2)), name


def test_read_outs_are_the_pseudo_inverse_or_ridge_regression():
    rng = np.random.default_rng(0)
    states, truth = rng.normal(size=(3, 40, 6)), rng.normal(size=(40, 2))
    states[1, :, 4] = 0  # a silent node
    for ridge in (0.0, 0.7):
        series = np.concatenate([states, np.broadcast_to(truth, (3, 40, 2))], axis=2)
        ours = closed_loop.fit_readouts(torch.from_numpy(series), 6, ridge).numpy()
        for x, readout in zip(states, ours, strict=True):
            gram = np.linalg.pinv(x.T @ x + ridge * np.eye(6))
            expected = np.linalg.pinv(x) @ truth if ridge == 0 else gram @ x.T @ truth
            np.testing.assert_allclose(readout, expected, atol=1e-10)
        assert np.abs(ours[1, 4]).max() < 1e-12
    with pytest.raises(ValueError, match="overflows while it is trained"):
        closed_loop.fit_readouts(torch.full((5, 3), torch.inf), 2, 0)


def test_the_forced_loop_hears_the_truth():
    """Without lesions its states are those of a network that is driven by the series."""
    network, trained, series = closed_network(5)
    piece = task.split(series, "test")
    states = reservoir.simulate(network, piece["input"]).values[piece["scored"].values]
    game = sweep.game(network, trained, piece.assign_attrs(loop="forced"), series=True)
    outputs = game(np.ones((1, 5), bool))[0]
    np.testing.assert_allclose(outputs, states @ trained["readout"].values, atol=1e-10)


def test_lesioned_networks_are_rescaled_unless_no_cycle_is_left():
    weights = np.random.default_rng(2).normal(size=(6, 6))
    weights[:3, :3] = np.triu(weights[:3, :3], 1)  # the first three alone have no cycle
    intact = torch.tensor([[True] * 6, [True, True, True, False, False, False], [False] * 6, [False, True] * 3])
    factors = closed_loop.rescaling(torch.from_numpy(weights), intact, 0.8).numpy()
    assert factors[1] == factors[2] == 1
    for factor, there in zip(factors[[0, 3]], intact.numpy()[[0, 3]], strict=True):
        radius = np.abs(np.linalg.eigvals(factor * weights[np.ix_(there, there)])).max()
        assert radius == pytest.approx(0.8, abs=1e-12)


def test_a_run_that_diverges_is_bounded_and_counted():
    """A large read-out on an unstable network: outputs stop at the bound, and the sweep says how many did."""
    network, trained, series = closed_network(5)
    wild = trained.assign(readout=trained["readout"] * 1000)
    piece = task.split(series, "test")
    sums = sweep.run(network, wild, piece, seed=0, walks=4, time_bins=12)
    bound = closed_loop.BOUND * float(np.abs(piece["truth"].values[~piece["scored"].values]).max())
    assert 0 < sums["bounded_lesioned_runs"].sum() <= sums["lesioned_runs"].sum()
    outputs = sweep.game(network, wild, piece, series=True)(np.ones((1, 5), bool))
    assert np.abs(outputs).max() == pytest.approx(bound)
    assert np.isfinite(influence.estimate(sums)["power"].values[influence.off_diagonal(5)]).all()


def test_what_an_open_loop_cannot_do():
    network, trained, series = closed_network(5)
    piece = task.split(series, "test")
    with pytest.raises(ValueError, match="lesioned nodes are silent: the lesion 'mean'"):
        sweep.run(network, trained, piece, seed=0, walks=4, time_bins=12, lesion="mean")
    network, trained, series = make_network(5)
    with pytest.raises(ValueError, match="refit_readout and rescale are for closed loops"):
        sweep.run(network, trained, task.split(series, "test"), seed=0, walks=4, time_bins=12, rescale=True)
    with pytest.raises(ValueError, match="the loop can be closed if"):
        task.make(CLOSED | {"horizon": 2}, seeds.generator(0, "task"))


def test_the_published_network_and_its_tuning():
    """Published: radius 0.66, validation error 0.0049; recomputed: 0.6579, tuning error 5.0e-4, validation 0.00486."""
    weights, feedback = published.draws()
    assert ((weights[0] != 0).sum(), (feedback == -1).sum(), (feedback == 0).sum()) == (216, 20, 16)
    tuned = published_tuning.tune(np.loadtxt(SERIES))
    assert tuned["error"].shape == (50, 20)
    assert (tuned.best_draw, round(tuned.best_spectral_radius, 4), round(tuned.tuning_error, 5)) == (2, 0.6579, 0.0005)
    assert tuned.validation_error == pytest.approx(0.00486, abs=5e-6)


def test_the_published_network_from_the_catalogue(catalogue):
    """The chain of a study generates what `validate` does: the first value of the series has no step of its own."""
    graph = load(catalogue["published36"], "published36", ROOT)
    settings = {
        "name": "file", "series": SERIES, "horizon": 1, "washout": 0, "train": 1999, "validation": 1000, "test": 500,
        "loop": "closed", "standardise": False,
    }  # fmt: skip
    series = task.make(settings, seeds.generator(0, "task"))
    unscaled = reservoir.input_weights(graph, series["input"], seeds.generator(0, "input"))
    parameters = {
        "spectral_radius": published_tuning.RADII[6],
        "leak": published_tuning.LEAK,
        "bias": published_tuning.BIAS,
    }
    network = reservoir.build(graph, unscaled, input_scaling=1, **parameters)
    trained = training.train(network, series, [0])
    assert trained["score"].sel(split="test", measure="mse").item() == pytest.approx(0.00486, abs=5e-6)
