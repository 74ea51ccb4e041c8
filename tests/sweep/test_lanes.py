"""Lanes against tensors, and both against enumeration of all orders."""

import itertools
import os
import subprocess
import sys

import kinds
import numpy as np
import pytest
import torch
import xarray as xr
from conftest import ROOT, make_network
from oracles import all_coalitions, exact_direct

from echolesion import connectome, sweep, training
from echolesion.dynamics import leaky_vectors, reservoir
from echolesion.records import seeds
from echolesion.shapley.walks import prefixes
from echolesion.sweep import engines, lanes, plans, simulation
from echolesion.training import task

SUMS = ("influence_sum", "direct_sum", "sampled_sum", "influence_weight", "contribution_sum", "score_sum")


def network(size, density, *, washout=6, steps=24, outputs=1, own=False, activation="tanh", seed=0, bias=0.1):
    """Return a random directed network that forgets its start, trained, and a split to run."""
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(-1, 1, (size, size)) * (rng.random((size, size)) < density)
    np.fill_diagonal(matrix, rng.uniform(-1, 1, size) if own else 0)
    matrix[0, -1] = matrix[-1, 0] = 0.5  # so that there is a cycle
    graph = connectome.from_matrix(matrix)
    name = {"name": "mackey_glass", "horizon": 2} if outputs == 1 else {"name": "memory"}
    settings = name | {"lags": outputs, "washout": washout, "train": 80, "validation": 40, "test": steps}
    series = task.make(settings, seeds.generator(seed, "task"))
    unscaled = reservoir.input_weights(graph, series["input"], seeds.generator(seed, "input"))
    built = reservoir.build(
        graph, unscaled, spectral_radius=0.8, leak=0.7, input_scaling=0.5, bias=bias, activation=activation
    )  # fmt: skip
    return built, training.train(built, series, [0.01]), task.split(series, "test")


def swept(made, engine, walks=6, **options):
    return sweep.run(*made, seed=3, batches=[0, 1], walks=walks, engine=engine, **options)


def assert_equal_sums(found, expected, share):
    assert found.attrs == expected.attrs | {"engine": "lanes"}
    for name in (name for name in SUMS if name in expected):
        one, other = (part[name].values.astype(float) for part in (found, expected))
        assert one.shape == other.shape
        if name.startswith("influence"):
            nodes = np.arange(one.shape[1])
            one[:, nodes, nodes] = other[:, nodes, nodes] = 0
        if one.size:
            np.testing.assert_allclose(one, other, rtol=0, atol=share * np.abs(other).max() + 1e-30, err_msg=name)
    for name in ("lesioned_runs", "contribution_weight", "level_share"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


CASES = [
    (size, density, {}, {}) for size, density in
    [(2, 0.5), (3, 0.5), (5, 0.3), (8, 0.2), (9, 0.2), (17, 0.2), (36, 0.1), (36, 0.25), (40, 0.02)]
] + [
    (size, 0.6, {"own": own}, {"lesion": lesion})  # of matrices
    for size, own, lesion in [(5, True, "mean"), (26, False, "silence"), (39, True, "mean"), (90, True, "silence")]
] + [
    (36, 0.1, {}, {"time_bins": bins}) for bins in (1, 5, 13, 17, 23)
] + [
    (20, 0.2, {"washout": 0}, {}), (20, 0.2, {"washout": 17, "steps": 75}, {"time_bins": 2}),
    (20, 0.2, {"steps": 75}, {"time_bins": 50}), (20, 0.2, {"steps": 33}, {}),
    (36, 0.1, {}, {"lesion": "mean"}), (9, 0.2, {"bias": 0.4}, {"lesion": "mean", "time_bins": 7}),
    (36, 0.1, {"own": True}, {}), (9, 0.2, {"own": True}, {"lesion": "mean", "time_bins": 7}),
    (20, 0.2, {"outputs": 3}, {}), (36, 0.1, {"outputs": 2}, {"lesion": "mean", "time_bins": 9}),
    (36, 0.1, {}, {"estimator": "plain"}), (36, 0.1, {}, {"walks": 40}), (150, 0.05, {}, {"time_bins": 12, "walks": 2}),
    (20, 0.2, {"activation": "sigmoid", "own": True}, {"lesion": "mean", "walks": 2}),
    (20, 0.2, {"activation": "relu"}, {"walks": 2}),
    (20, 0.2, {"activation": "identity"}, {"time_bins": 12, "walks": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("size", "density", "of_network", "options"), CASES)
def test_sums_equal_those_of_tensors(size, density, of_network, options):
    made = network(size, density, **of_network)
    found = swept(made, "lanes", **options)
    # Differences of sigmoids are small beside the activity, of which float32 resolves 6e-8.
    share = 2e-5 if of_network.get("activation") == "sigmoid" else 5e-6
    assert_equal_sums(found, swept(made, "torch", dtype=torch.float64, **options), share)
    # Tensors in float32 have errors of their own, of up to 5e-6 in contributions.
    assert_equal_sums(found, swept(made, "torch", **options), 2 * share)


@pytest.mark.parametrize("kind", kinds.MORE_KINDS)
@pytest.mark.parametrize(
    ("size", "options"),
    [
        (2, {}),
        (9, {"lesion": "mean", "time_bins": 7, "itself": True}),
        (17, {"walks": 40, "time_bins": 5}),
        (36, {"itself": True}),
        (70, {"lesion": "mean", "walks": 2}),
    ],
)
def test_other_kinds_of_nodes_too(kind, size, options):
    options = dict(options)
    made = kinds.network_of(kind, size, itself=options.pop("itself", False))
    options["node"] = kinds.MORE_KINDS[kind]
    found = swept(made, "lanes", **options)
    assert_equal_sums(found, swept(made, "torch", dtype=torch.float64, **options), 5e-6)


def give_every_order(monkeypatch, size):
    """Let a sweep have a walk of every order of all nodes; return how many there are."""
    orders = np.array(list(itertools.permutations(range(size))))

    def every_order(level, size, rng, chunk):  # noqa: ARG001
        for start in range(0, len(orders), chunk):
            yield prefixes(level, orders[start : start + chunk])

    monkeypatch.setattr("echolesion.sweep.batches.sample", every_order)
    return len(orders)


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("case", [{}, {"itself": True, "lesion": "mean"}])
def test_other_kinds_equal_enumeration_in_plain_python(kind, case, monkeypatch):
    network, trained, piece, truth = kinds.enumerated(kind, **case)
    found = sweep.run(
        network, trained, piece, seed=1, batches=[0], walks=give_every_order(monkeypatch, 5), engine="lanes",
        node=kinds.KINDS[kind], lesion=case.get("lesion", "silence"),
    )  # fmt: skip
    influence = (found["influence_sum"][0] / found["influence_weight"][0]).transpose("source", "target", "time").values
    apart, largest = ~np.eye(5, dtype=bool), np.nanmax(np.abs(truth["influence"]))
    assert np.abs(influence - truth["influence"])[apart].max() < 2e-5 * largest
    pairs = found["connection_source"].values, found["connection_target"].values
    direct = found["direct_sum"][0].values / found["influence_weight"][0].values[pairs][:, None]
    assert np.abs(direct - truth["direct"][pairs]).max() < 2e-5 * largest


def test_one_walk_of_every_order_equals_enumeration(monkeypatch):
    """All orders of 7 nodes, each a walk: the sums over their weights are the Shapley values."""
    made = network(7, 0.12, own=True)
    walks = give_every_order(monkeypatch, 7)
    found = sweep.run(*made, seed=1, batches=[0], walks=walks, engine="lanes")
    runs = all_coalitions(*made)
    scored = made[2]["scored"].values
    states = np.array([states[1:][scored] for states, *_ in runs])
    expected = np.zeros((7, 7, scored.sum()))
    for i, j in itertools.permutations(range(7), 2):
        others = [k for k in range(7) if k not in (i, j)]
        for count in range(6):
            subsets = list(itertools.combinations(others, count))
            for subset in subsets:
                code = 1 << j | sum(1 << k for k in subset)
                expected[i, j] += (states[code | 1 << i, :, j] - states[code, :, j]) / (6 * len(subsets))
    influence = (found["influence_sum"][0] / found["influence_weight"][0]).transpose("source", "target", "time").values
    apart = ~np.eye(7, dtype=bool)
    assert np.abs(influence - expected)[apart].max() < 2e-5 * np.abs(expected).max()
    pairs = found["connection_source"].values, found["connection_target"].values
    direct = found["direct_sum"][0].values / found["influence_weight"][0].values[pairs][:, None]
    assert np.abs(direct - exact_direct(made[0], made[2], runs)[pairs]).max() < 2e-5 * np.abs(expected).max()


@pytest.mark.parametrize("size", [9, 36])
def test_bits_do_not_depend_on_chunks_and_shards(monkeypatch, size):
    made = network(size, 0.2)
    whole = swept(made, "lanes", walks=40)
    monkeypatch.setattr(lanes, "STATES_AT_ONCE", 2**12)
    parts = [sweep.run(*made, seed=3, batches=[batch], walks=40, engine="lanes") for batch in (1, 0)]
    xr.testing.assert_identical(sweep.merge(parts)[list(SUMS[:2])], sweep.merge([whole])[list(SUMS[:2])])


def test_activity_that_overflows_is_said():
    made = network(20, 0.2, activation="identity")
    exploding = made[0].assign(weights=made[0]["weights"] * 1e9)
    with pytest.raises(reservoir.Overflow, match="overflows"):
        swept((exploding, *made[1:]), "lanes", walks=2)


def test_what_lanes_cannot_run_is_said_and_left_to_tensors():
    made = network(9, 0.2)
    for options, why in (({"lesion": "outgoing"}, "listening"), ({"dtype": torch.float64}, "float32")):
        with pytest.raises(ValueError, match=why):
            swept(made, "lanes", **options)
        xr.testing.assert_identical(swept(made, "auto", **options), swept(made, "torch", **options))
    with pytest.raises(ValueError, match="'gears'"):
        swept(made, "gears")
    delayed = make_network(8, longest=3)
    prepared = simulation.prepare(
        *delayed[:2], task.split(delayed[2], "test"), lesion="silence", device="cpu", dtype=None
    )
    assert engines.refusal(prepared) == "there are delays"


@pytest.mark.parametrize("steps", [1, 7, 16, 50, 100])
def test_blocks_cover_every_step_once_and_groups_whole_bins(steps):
    for bins in {1, min(3, steps), max(1, steps // 2), steps}:
        for washout in (0, 5, 16, 40):
            of_steps = np.arange(steps) * bins // steps
            plan = lanes.schedule(washout, of_steps)
            covered = np.concatenate([b + np.arange(n) for b, n in zip(plan.begin, plan.steps, strict=True)])
            np.testing.assert_array_equal(covered, np.arange(washout + steps))
            assert plan.steps.max() <= plans.BLOCK
            for group, first in enumerate(plan.first_bin):
                blocks = range(plan.group[group], plan.group[group + 1])
                scored = [t - washout for b in blocks for t in plan.begin[b] + np.arange(plan.steps[b]) if t >= washout]
                inside = of_steps[scored] if scored else np.array([], int)
                assert ((inside >= first) & (inside < first + 16)).all()


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_activations_are_those_of_numpy(name):
    from numba import njit

    from echolesion.dynamics.vectors import load, store

    function = leaky_vectors.ACTIVATIONS[name]

    @njit(error_model="numpy")
    def each(z, result):
        for i in range(0, len(z), 16):
            store(result, i, function(load(z, i, 16)))

    z = np.concatenate([np.linspace(-12, 12, 2**16), [0, -0.0, 1e-30, 1e30, -1e30, np.inf, -np.inf, 1e-4] * 2])
    z = z.astype(np.float32)
    result = np.empty_like(z)
    each(z, result)
    exact = np.tanh(z.astype(float)) if name == "tanh" else 0.5 + 0.5 * np.tanh(z.astype(float) / 2)
    assert np.abs(result - exact).max() < 4e-7


PROGRAM = """
import numpy as np
from echolesion.records import compilation
@compilation.compiled("double")
def double(x):
    return 2 * x
assert double(4.0) == 8.0
print(sum(double.stats.cache_hits.values()))
"""


def start(environment):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def hits(process):
    """Return how often a process found compiled code."""
    out, errors = process.communicate()
    assert process.returncode == 0, errors
    return int(out)


def test_jobs_share_compiled_code(tmp_path):
    """Two at once on an empty cache, then one that finds what they made."""
    environment = {"XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    for process in [start(environment), start(environment)]:
        hits(process)
    files = list((tmp_path / "echolesion/compiled").iterdir())
    assert len(files) == 1
    assert hits(start(environment)) == 1
    files[0].write_bytes(files[0].read_bytes()[:100])
    assert hits(start(environment)) == 0
    assert hits(start(environment)) == 1


@pytest.mark.parametrize("cache", ["/nonexistent", "/proc", ""])
def test_a_cache_that_cannot_be_written_is_no_hindrance(tmp_path, cache):
    environment = {"XDG_CACHE_HOME": cache, "HOME": "/nonexistent", "TMPDIR": str(tmp_path)}
    if os.geteuid() == 0 and cache != "/proc":
        # Who may write anywhere would make the folder.
        (tmp_path / "file").touch()
        environment |= {"XDG_CACHE_HOME": cache and str(tmp_path / "file"), "HOME": str(tmp_path / "file")}
    assert hits(start(environment)) == 0
    assert hits(start(environment)) == 1
    assert list(tmp_path.glob("echolesion-*/double-*"))


def test_code_in_a_folder_that_others_can_write_is_not_run(tmp_path):
    environment = {"XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    hits(start(environment))
    (tmp_path / "echolesion/compiled").chmod(0o777)
    assert hits(start(environment)) == 0
