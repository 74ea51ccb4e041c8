"""The sweep against exact enumeration of all coalitions in plain numpy."""

from math import comb

import numpy as np
import pytest
import torch
import xarray as xr
from conftest import TASK, make_network
from oracles import arriving, enumerate_states, exact_influence, lesioned_states

from echolesion import connectome, shapley, sweep, training
from echolesion.analysis import contribution, influence, interaction
from echolesion.dynamics import reservoir
from echolesion.records import seeds
from echolesion.shapley import statistics, walks
from echolesion.sweep import batches as batches_module
from echolesion.sweep import simulation
from echolesion.sweep.lesion import LESIONS
from echolesion.sweep.parts import SUMS
from echolesion.training import scores, task


def run(networks, batches=range(12), walks=40, seed=0, **options):
    network, trained, series = networks
    options = {"time_bins": TASK["test"], "dtype": torch.float64, "batches": batches} | options
    return sweep.run(network, trained, task.split(series, "test"), seed=seed, walks=walks, **options)


@pytest.fixture(scope="module")
def states8(network8):
    return enumerate_states(network8[0], network8[2])


@pytest.fixture(scope="module")
def truth8(states8):
    return exact_influence(states8)


@pytest.mark.parametrize("estimator", walks.ESTIMATORS)
def test_influence_equals_enumeration(network8, truth8, estimator, monkeypatch):
    monkeypatch.setattr(walks, "SHORTEST", 2)  # levels of 8, 4 and 2 nodes
    estimate = influence.estimate(run(network8, estimator=estimator))
    pairs = influence.off_diagonal(8)
    error = (estimate["influence"].values - truth8)[pairs]
    z = error / estimate["influence_se"].values[pairs]
    # 56 pairs x 24 correlated steps of Student's t with 11 degrees of freedom: beyond 4 in about 2 of 1,000.
    assert np.mean(np.abs(z) > 4) < 0.01
    assert np.sqrt(np.mean(error**2)) < 0.1 * np.sqrt(np.nanmean(truth8**2))
    assert np.isnan(estimate["influence"].values[~pairs]).all()


def exact_direct(network, series):
    """Return the direct parts by the definition, pair by pair: Shapley averages over all (S, S + i)."""
    size = network.sizes["node"]
    feed = network["input_weights"].values
    leak, bias = network.attrs["leak"], network.attrs["bias"]
    inputs = task.split(series, "test")["input"].values
    washout = TASK["washout"]
    coalitions = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
    full = np.stack([lesioned_states(network, inputs, c) for c in coalitions])
    before = np.concatenate([np.zeros((2**size, 1, size)), full[:, :-1]], axis=1)
    arrived = np.array([[arriving(network, states[: t + 1]) for t in range(len(inputs))] for states in before])
    result = np.full((size, size, len(inputs) - washout), np.nan)
    for source in range(size):
        for target in np.delete(np.arange(size), source):
            total = 0.0
            for code in range(2**size):
                if code >> source & 1 or not code >> target & 1:
                    continue
                # All but the target held at the trajectory of S; the source, absent there, at that of S + i.
                sent = arrived[code | 1 << source][:, source, target]
                z = arrived[code][:, :, target].sum(axis=1) + inputs @ feed[:, target] + bias + sent
                h, copy = 0.0, []
                for z_t in z:
                    h = (1 - leak) * h + leak * np.tanh(z_t)
                    copy.append(h)
                others = bin(code).count("1") - 1
                weight = 1 / ((size - 1) * comb(size - 2, others))
                total = total + weight * (np.array(copy) - full[code][:, target])[washout:]
            result[source, target] = total
    return result


@pytest.mark.parametrize(("leak", "longest"), [(0.4, None), (1.0, None), (0.6, 4)])
def test_mediated_split_equals_its_definition(leak, longest, monkeypatch):
    monkeypatch.setattr(walks, "SHORTEST", 2)
    network, trained, series = make_network(6, leak=leak, spectral_radius=1.2, longest=longest)
    states = enumerate_states(network, series)
    estimate = influence.estimate(run((network, trained, series), walks=100))
    pairs = influence.off_diagonal(6)
    connected = network["weights"].values != 0
    truth = {"influence": exact_influence(states), "direct": exact_direct(network, series)}
    truth["indirect"] = truth["influence"] - truth["direct"]
    for part, exact in truth.items():
        error = (estimate[part].values - exact)[pairs]
        z = error / np.maximum(estimate[f"{part}_se"].values[pairs], 1e-12)
        assert np.mean(np.abs(z) > 4) < 0.01, part
        assert np.sqrt(np.mean(error**2)) < 0.1 * np.sqrt(np.nanmean(truth["influence"] ** 2)), part
    assert (estimate["direct"].values[pairs & ~connected] == 0).all()
    assert (estimate["direct_se"].values[pairs & ~connected] == 0).all()
    assert np.abs(estimate["indirect"].values[pairs & ~connected]).max() > 0.01
    total = estimate["direct"] + estimate["indirect"]
    np.testing.assert_allclose(total, estimate["influence"], atol=1e-12)


def test_a_single_connection_is_direct_and_a_detour_is_not():
    """Of 0 -> 1 -> 2 <-> 3 the influence of 0 on 1 is all direct, that of 0 on 2 all indirect."""
    matrix = np.zeros((4, 4))
    matrix[[0, 1, 2, 3], [1, 2, 3, 2]] = [0.8, -0.7, 0.4, 0.5]
    weights = connectome.from_matrix(matrix)
    series = task.make(TASK, seeds.generator(1, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(1, "input"))
    network = reservoir.build(weights, unscaled, spectral_radius=0.9, leak=0.5, input_scaling=1)
    trained = training.train(network, series, [0.1])
    for dtype in (torch.float32, torch.float64):
        estimate = influence.estimate(run((network, trained, series), walks=20, dtype=dtype))
        rounding = 1e-6 if dtype == torch.float32 else 1e-14
        one, two = (estimate.sel(source="0", target=target) for target in "12")
        assert np.abs(one["influence"]).max() > 0.01 and np.abs(one["indirect"]).max() < rounding
        assert np.abs(two["influence"]).max() > 0.01 and np.abs(two["direct"]).max() == 0


def lesioned_activity(network, series, lesion):
    """Return what every coalition sends and what is read out, shape (2^N, T, N), one node and step after the other."""
    piece = task.split(series, "test")
    size, washout = network.sizes["node"], TASK["washout"]
    feed = network["input_weights"].values
    leak, bias = network.attrs["leak"], network.attrs["bias"]
    inputs = piece["input"].values
    mean = lesioned_states(network, inputs, np.ones(size))[washout:].mean(axis=0)
    all_read = []
    for code in range(2**size):
        intact = (code >> np.arange(size)) & 1 == 1
        state = np.where(intact | (lesion != "mean"), 0.0, mean)
        history = [state]
        for u in inputs:
            arrived = arriving(network, history)
            new = np.empty(size)
            for j in range(size):
                heard = [i for i in range(size) if lesion != "outgoing" or intact[i]]
                if lesion == "incoming" and not intact[j]:
                    heard = []
                z = sum(arrived[i, j] for i in heard) + u @ feed[:, j] + bias
                new[j] = (1 - leak) * state[j] + leak * np.tanh(z)
                if not intact[j] and lesion in ("silence", "mean"):
                    new[j] = mean[j] if lesion == "mean" else 0
            state = new
            history.append(state)
        all_read.append(history[1:][washout:])
    return np.array(all_read)


@pytest.mark.parametrize(
    ("lesion", "estimator", "longest"),
    [
        *((lesion, name, None) for lesion in LESIONS for name in walks.ESTIMATORS),
        *((n, "nested", 5) for n in LESIONS),
    ],
)
def test_every_lesion_equals_enumeration(lesion, estimator, longest, monkeypatch):
    monkeypatch.setattr(walks, "SHORTEST", 2)
    networks = make_network(5, leak=0.6, spectral_radius=1.2, longest=longest)
    network, trained, series = networks
    states = lesioned_activity(network, series, lesion)
    readout = states @ trained["readout"].values + trained["constant"].values
    maps, series = [], []
    pairs = influence.off_diagonal(5)
    for seed in range(20):
        sums = run(networks, batches=range(8), walks=30, seed=seed, lesion=lesion, estimator=estimator)
        estimate, contributed = influence.estimate(sums), contribution.estimate(sums)
        total = estimate["direct"] + estimate["indirect"]
        np.testing.assert_allclose(total, estimate["influence"], atol=1e-12)
        assert (estimate["direct"].values[pairs & (network["weights"].values == 0)] == 0).all()
        np.testing.assert_allclose(contributed["contribution"].sum("node"), readout[-1] - readout[0], atol=1e-9)
        maps.append(estimate["influence"].values[pairs])
        series.append(contributed["contribution"].values)
    exact = shapley.exact(lambda coalitions: readout[coalitions @ (1 << np.arange(5))], 5)
    for estimates, truth in ((maps, exact_influence(states)[pairs]), (series, exact)):
        error = np.std(estimates, axis=0, ddof=1) / np.sqrt(len(estimates))
        # Student's t with 19 degrees of freedom: beyond 4 in about 1 of 1,000; steps are correlated.
        assert np.mean(np.abs(np.mean(estimates, axis=0) - truth) > 4 * error + 1e-12) < 0.01


@pytest.mark.parametrize("longest", [None, 5])
@pytest.mark.parametrize("lesion", LESIONS)
def test_the_game_of_a_network_is_that_of_the_sweep(lesion, longest, monkeypatch):
    network, trained, series = make_network(5, leak=0.6, spectral_radius=1.2, longest=longest)
    states = lesioned_activity(network, series, lesion)
    readout = torch.from_numpy(states @ trained["readout"].values + trained["constant"].values)
    errors = scores.nrmse(readout, torch.from_numpy(trained["truth"].values))
    coalitions = (np.arange(32)[:, None] >> np.arange(5) & 1).astype(bool)
    monkeypatch.setitem(simulation.STATES_AT_ONCE, "cpu", 5 * 7)
    options = {"lesion": lesion, "dtype": torch.float64}
    piece = task.split(series, "test")
    np.testing.assert_allclose(sweep.game(network, trained, piece, **options)(coalitions), errors, atol=1e-12)
    game = sweep.game(network, trained, piece, series=True, **options)
    np.testing.assert_allclose(game(coalitions), readout, atol=1e-12)
    single = sweep.game(network, trained, piece, series=True, lesion=lesion)
    np.testing.assert_allclose(single(coalitions), readout, atol=1e-4)


def test_interactions_equal_enumeration(network8, states8):
    network, trained, series = network8
    readout = torch.from_numpy(states8 @ trained["readout"].values + trained["constant"].values)
    errors = scores.nrmse(readout, torch.from_numpy(trained["truth"].values)).numpy()
    exact = shapley.exact_interactions(lambda coalitions: errors[coalitions @ (1 << np.arange(8))], 8)
    options = {"seed": 1, "batches": range(20), "walks": 100}
    estimate = interaction.interactions(network, trained, task.split(series, "test"), **options)
    pairs = influence.off_diagonal(8)
    assert np.isnan(estimate["interaction"].values[~pairs]).all()
    np.testing.assert_array_equal(estimate["interaction"], estimate["interaction"].T)
    z = ((estimate["interaction"] - exact) / estimate["interaction_se"]).values[pairs]
    # 28 pairs of Student's t with 19 degrees of freedom.
    assert np.abs(z).max() < 5 and np.mean(np.abs(z) < 2.1) > 0.8
    assert np.nanstd(exact) > 5 * estimate["interaction_se"].mean()


def test_lesions_differ_where_they_should():
    """To other nodes a silent node and one that is not heard are the same; to the read-out they are not."""
    networks = make_network(12)
    sums = {lesion: run(networks, batches=range(2), walks=6, lesion=lesion) for lesion in LESIONS}
    pairs = influence.off_diagonal(12)
    for name, chosen in (("influence_sum", pairs), ("direct_sum", slice(None))):
        outgoing, silence = (sums[lesion][name].values[:, chosen] for lesion in ("outgoing", "silence"))
        np.testing.assert_allclose(outgoing, silence, atol=1e-12)
    for lesion in ("mean", "outgoing", "incoming"):
        difference = sums[lesion]["contribution_sum"] - sums["silence"]["contribution_sum"]
        assert np.abs(difference).max() > 0.01
    with pytest.raises(ValueError, match="unknown lesion 'burn'"):
        run(networks, lesion="burn")


def test_rounds_add_up(network8):
    """Two rounds of a sweep are one with the walks of both."""
    first, second = run(network8, walks=10), run(network8, walks=30, round_number=1)
    merged = sweep.merge([second, first])
    assert merged.attrs["walks_per_batch"] == 40
    np.testing.assert_array_equal(merged["influence_sum"], first["influence_sum"] + second["influence_sum"])
    # Either is weighted by its walks, to the rounding of walks to pairs.
    expected = 40 / (8 * 7) * 7
    weights = merged["influence_weight"].values[:, influence.off_diagonal(8)]
    assert weights.mean() == pytest.approx(expected)
    error = np.array([influence.estimate(*parts)["influence_se"].mean() for parts in ([first], [first, second])])
    assert 1.5 < error[0] / error[1] < 2.7  # about the square root of 4
    assert influence.reliability(second, first) == pytest.approx(
        float(influence.estimate(merged)["power_reliability"]), abs=1e-6
    )
    with pytest.raises(ValueError, match="same rounds"):
        sweep.merge([first, second.isel(batch=slice(5))])


def test_efficiency_of_influence(network8, states8, truth8):
    """All influences on j add up to j's activity in the intact network less that of j alone."""
    total = np.nansum(truth8, axis=0)
    for j in range(8):
        np.testing.assert_allclose(total[j], states8[-1, :, j] - states8[1 << j, :, j], atol=1e-12)
    estimate = influence.estimate(run(network8, walks=200))
    gap = estimate["influence"].sum("source").values - total
    error = np.sqrt((estimate["influence_se"] ** 2).sum("source").values)
    assert np.mean(np.abs(gap) > 4 * error) < 0.01


@pytest.mark.parametrize("estimator", walks.ESTIMATORS)
def test_contribution_equals_enumeration(network8, states8, estimator, monkeypatch):
    monkeypatch.setattr(walks, "SHORTEST", 2)
    _, trained, _ = network8
    readout = states8 @ trained["readout"].values + trained["constant"].values
    truth = torch.from_numpy(trained["truth"].values)
    values = {
        "contribution": readout,
        "score_contribution": scores.nrmse(torch.from_numpy(readout), truth).numpy(),
    }
    # The steps of a node are all but one sample, so several sweeps: beyond 4 are 2 of 1,000.
    estimates = [contribution.estimate(run(network8, estimator=estimator, seed=seed)) for seed in range(10)]
    for name, value in values.items():
        exact = shapley.exact(lambda coalitions, value=value: value[coalitions @ (1 << np.arange(8))], 8)
        z = np.stack([(estimate[name].values - exact) / estimate[f"{name}_se"].values for estimate in estimates])
        assert np.mean(np.abs(z) > 4) < 0.01
        assert np.mean(np.abs(z) < statistics.t_quantile(12)) > 0.9
        total = value[-1] - value[0]
        np.testing.assert_allclose(estimates[0][name].sum("node"), total, atol=1e-9)


def test_many_short_sweeps_are_unbiased(network8, truth8, monkeypatch):
    """The sums times the number of pairs per size are exactly unbiased, however few the walks."""
    monkeypatch.setattr(walks, "SHORTEST", 2)
    sums = run(network8, batches=range(400), walks=2)["influence_sum"].values
    # Every (source, target) has expected weight walks / (N (N - 1)) at each of N - 1 sizes.
    estimates = sums * 8 / 2
    error = estimates.std(axis=0, ddof=1) / np.sqrt(len(estimates))
    pairs = influence.off_diagonal(8)
    z = (estimates.mean(axis=0) - truth8)[pairs] / error[pairs]
    assert np.mean(np.abs(z) > 4) < 0.005
    assert np.mean(z**2) < 1.5


def test_feed_forward_chain():
    """In s -> A -> B -> C the activity of C is shared equally by those upstream, and nobody downstream matters."""
    chain = np.zeros((6, 6))
    chain[[0, 1, 2], [1, 2, 3]] = 1
    chain[[4, 5], [5, 4]] = 1  # a cycle elsewhere, so that there is a spectral radius
    weights = connectome.from_matrix(chain, ["s", "A", "B", "C", "x", "y"])
    series = task.make(TASK, seeds.generator(1, "task"))
    feed = xr.DataArray(
        np.eye(1, 6), dims=("channel", "node"), coords={"channel": ["u"], "node": weights["target"].values}
    )
    network = reservoir.build(weights, feed, spectral_radius=1, leak=1, input_scaling=1, activation="identity")
    trained = training.train(network, series, [0.1])
    estimate = influence.estimate(run((network, trained, series), walks=1000))["influence"]
    activity = reservoir.simulate(network, task.split(series, "test")["input"])[TASK["washout"] :]
    np.testing.assert_allclose(estimate.sel(source="s", target="A"), activity.sel(node="A"), atol=1e-12)
    for source in "sAB":
        ratio = estimate.sel(source=source, target="C").values @ activity.sel(node="C").values
        assert ratio / (activity.sel(node="C").values ** 2).sum() == pytest.approx(1 / 3, abs=0.03)
    assert np.abs(estimate.sel(source="C", target=["s", "A", "B"])).max() == 0
    assert np.abs(estimate.sel(source=["x", "y"], target=["s", "A", "B", "C"])).max() == 0


def test_batches_do_not_depend_on_their_company(network8):
    together = run(network8, batches=range(4), time_bins=12)
    alone = [run(network8, batches=[b], time_bins=12) for b in (2, 0, 3, 1)]
    assert sweep.merge(alone).identical(sweep.merge([together]))
    for name in SUMS:
        np.testing.assert_array_equal(sweep.merge(alone)[name], together[name])
    with pytest.raises(ValueError, match="more than one part"):
        sweep.merge([*alone, alone[0]])
    with pytest.raises(ValueError, match="differ in lesion"):
        sweep.merge([alone[0], alone[1].assign_attrs(lesion="mean")])


def test_chunks_and_types_change_rounding_only(monkeypatch):
    networks = make_network(20)
    exact = run(networks, batches=range(1), walks=6)
    pairs = ~np.eye(20, dtype=bool)  # a node's influence on itself is none, and engines leave there what they like
    for engine in ("torch", "lanes"):
        values = run(networks, batches=range(1), walks=6, dtype=torch.float32, engine=engine)
        np.testing.assert_allclose(
            values["influence_sum"].values[:, pairs], exact["influence_sum"].values[:, pairs], atol=1e-6
        )
        np.testing.assert_allclose(values["score_sum"], exact["score_sum"], atol=1e-4)
    monkeypatch.setitem(simulation.STATES_AT_ONCE, "cpu", 500)
    chunked = run(networks, batches=range(1), walks=6)
    for name in ("influence_sum", "influence_weight", "contribution_sum", "contribution_weight", "score_sum"):
        np.testing.assert_allclose(chunked[name], exact[name], atol=1e-13)


def test_time_bins_average(network8):
    fine, coarse = (run(network8, batches=range(1), time_bins=bins)["influence_sum"] for bins in (24, 6))
    np.testing.assert_allclose(coarse, fine.values.reshape(1, 8, 8, 6, 4).mean(axis=-1), atol=1e-13)
    np.testing.assert_allclose(coarse["time"], fine["time"].values.reshape(6, 4).mean(axis=1))
    for bins in (0, 25):
        with pytest.raises(ValueError, match="time_bins must be between 1 and the 24 scored steps"):
            run(network8, time_bins=bins)


def test_as_many_bins_as_steps_are_the_default(network8):
    assert run(network8, batches=range(1), time_bins=None).equals(run(network8, batches=range(1)))
    assert "sampled_sum" not in run(network8, batches=range(1))


@pytest.mark.parametrize("lesion", list(LESIONS))
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_sampled_pairs_are_kept_at_every_step(network8, monkeypatch, lesion, dtype):
    """In sub-networks and whole ones, in rounds and batches: they are what is there without bins."""
    monkeypatch.setattr(walks, "SHORTEST", 2)
    monkeypatch.setattr(batches_module, "SAMPLED", 20)
    options = {"batches": range(2), "walks": 6, "lesion": lesion, "dtype": dtype}
    fine, coarse, more = (
        run(network8, **options | o) for o in ({}, {"time_bins": 6}, {"time_bins": 6, "round_number": 1})
    )
    source, target = coarse["sampled_source"].values, coarse["sampled_target"].values
    assert len(set(zip(source, target, strict=True))) == 20 and (source != target).all()
    every = fine["influence_sum"].values[:, source, target]
    tolerance = 1e-13 if dtype == torch.float64 else 1e-5
    np.testing.assert_allclose(coarse["sampled_sum"], every, atol=tolerance)
    binned = coarse["influence_sum"].values[:, source, target]
    np.testing.assert_allclose(coarse["sampled_sum"].values.reshape(2, 20, 6, 4).mean(axis=-1), binned, atol=tolerance)
    merged = sweep.merge([coarse, more])
    np.testing.assert_allclose(merged["sampled_sum"], coarse["sampled_sum"] + more["sampled_sum"])
    assert (more["sampled_source"] == coarse["sampled_source"]).all()
    other = run(network8, **options | {"time_bins": 6, "seed": 1})
    assert not other["sampled_source"].equals(coarse["sampled_source"])


def test_of_few_pairs_all_are_kept(network8):
    kept = run(network8, batches=range(1), walks=2, time_bins=6)
    pairs = set(zip(kept["sampled_source"].values, kept["sampled_target"].values, strict=True))
    assert kept.sizes["sampled"] == len(pairs) == 8 * 7 and all(source != target for source, target in pairs)


def test_pairs_depend_on_seed_and_size_alone():
    source, target = batches_module._sampled_pairs(40, 0)
    assert len(set(zip(source, target, strict=True))) == batches_module.SAMPLED and (source != target).all()
    np.testing.assert_array_equal(batches_module._sampled_pairs(40, 0), (source, target))
    assert not np.array_equal(batches_module._sampled_pairs(40, 1), (source, target))
    assert not any(map(len, batches_module._sampled_pairs(40, None)))


def test_the_sweep_simulates_what_the_plan_says(network8, monkeypatch):
    monkeypatch.setattr(walks, "SHORTEST", 2)
    simulated = []
    trajectory = simulation.trajectory

    def counted(node, weights, drives, start, **options):
        simulated.append(tuple(start.shape[1:]))
        return trajectory(node, weights, drives, start, **options)

    monkeypatch.setattr(simulation, "trajectory", counted)
    run(network8, batches=range(2), walks=10)
    plan = shapley.levels(8, 10, "nested")
    expected = [(level.walks, level.prefixes, level.length) for level in plan]
    expected[0] = (expected[0][0] * expected[0][1], 8)  # whole networks share one product
    assert simulated == 2 * expected


def test_memory_task_has_an_output_per_lag():
    networks = make_network(8, settings=TASK | {"name": "memory"})
    estimate = contribution.estimate(run(networks, walks=10))
    assert estimate["contribution"].dims == ("node", "time", "output")
    assert estimate.sizes["output"] == TASK["lags"]
    score = networks[1]["score"].sel(split="test", measure="memory_capacity")
    assert float(estimate["score_contribution"].sum()) == pytest.approx(float(score), rel=1e-6)


def test_two_nodes_and_two_walks_suffice():
    estimate = influence.estimate(run(make_network(2, seed=3), batches=range(8), walks=2))
    assert np.isfinite(estimate["influence"].values[influence.off_diagonal(2)]).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_cpu(network8):
    cpu, cuda = (run(network8, batches=range(2), device=device) for device in ("cpu", "cuda"))
    for name in ("influence_sum", "contribution_sum", "score_sum"):
        np.testing.assert_allclose(cuda[name], cpu[name], atol=1e-10)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_an_error(network8):
    with pytest.raises(ValueError, match="the device 'cuda' is not there"):
        run(network8, batches=range(1), device="cuda")


def test_the_freest_of_several_devices_is_taken(monkeypatch):
    """A scheduler shows a job its own; without one there may be several. Pretended: nothing runs on them here."""
    free = [(3, 9), (7, 9), (5, 9)]
    asked = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(free))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda place: free[place])
    monkeypatch.setattr(torch, "empty", lambda *_, device: asked.append(device) or torch.zeros(0))
    simulation._device("cuda")
    simulation._device("cuda:2")
    simulation._device("cpu")
    assert asked == ["cuda:1", "cuda:2", "cpu"]


def test_parts_of_different_networks_read_outs_splits_or_seeds_are_refused(network8):
    network, trained, series = network8
    mine = run(network8, batches=[0], walks=2)
    assert sweep.merge([mine, run(network8, batches=[1], walks=2)]).sizes["batch"] == 2
    other = network.assign(weights=network["weights"] * 1.0001)
    changed = trained.assign(readout=trained["readout"] * 1.0001)
    shifted = series.assign(input=series["input"] + 0.001)
    others = [((other, trained, series), 0), ((network, changed, series), 0), ((network, trained, shifted), 0)]
    for networks, seed in (*others, (network8, 1)):
        theirs = run(networks, batches=[1], walks=2, seed=seed)
        with pytest.raises(ValueError, match="different networks, read-outs, splits or seeds"):
            sweep.merge([mine, theirs])


def test_a_read_out_is_taken_by_label(network8):
    network, trained, series = network8
    turned = trained.isel(node=np.random.default_rng(0).permutation(8))
    ours, theirs = (run((network, each, series), batches=[0], walks=4) for each in (trained, turned))
    assert ours.identical(theirs)
    piece = task.split(series, "test")
    coalitions = np.ones((1, 8), bool)
    games = [sweep.game(network, each, piece)(coalitions) for each in (trained, turned)]
    np.testing.assert_array_equal(*games)
    for wrong in (trained.isel(node=slice(7)), trained.assign_coords(node=[*"abcdefgh"])):
        with pytest.raises(ValueError, match="are of other nodes: the read-out has no"):
            run((network, wrong, series), batches=[0], walks=4)


def test_odd_walks_are_rounded_up_and_files_say_so(network8):
    odd, even = (run(network8, batches=range(8), walks=number) for number in (19, 20))
    assert odd.identical(even) and odd.attrs["walks_per_batch"] == 20
    assert influence.estimate(odd).attrs["walks_per_batch"] == 20
    network, trained, series = network8
    options = {"seed": 0, "batches": range(8)}
    together = interaction.interactions(network, trained, task.split(series, "test"), walks=59, **options)
    assert together.attrs["walks_per_batch"] == 60


def test_runs_are_of_lesioned_networks(network8):
    """Of 10 plain walks of 8 nodes 9 coalitions each, of which one is the intact network and one empty."""
    sums = run(network8, batches=[0], walks=10, estimator="plain")
    assert sums["lesioned_runs"].item() == 10 * 7 and sums["bounded_lesioned_runs"].item() == 0
