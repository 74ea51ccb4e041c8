"""Captions say what the results hold."""

import re

import numpy as np
import pytest
from conftest import make_network, shown_by

from echolesion import sweep
from echolesion.analysis import influence
from echolesion.figures import captions, drawing
from echolesion.training import task


@pytest.mark.parametrize("name", drawing.FIGURES)
def test_every_figure_has_a_caption_with_numbers(name, results, of_the_study):
    text = captions.caption(name, shown_by(name, results, of_the_study))
    finding, shown = text.strip().split("\n\n")
    assert re.search(r"\d", finding) and shown.endswith(".")
    assert "nan" not in text.lower().split()


def test_numbers_are_those_of_the_results(results):
    split = results["decomposition"]["all"]
    text = captions.caption("influence_against_weight", results)
    for regime in ("optimal", "non-optimal"):
        value = split.sel(regime=regime, measure="power_weight_correlation_all")
        assert "{:.3f} [{:.3f}, {:.3f}]".format(*(float(value[k]) for k in ("estimate", "low", "high"))) in text
    text = captions.caption("influence", results)
    power = results["influence"]["optimal"]["power_noise_free"]
    place = power.where(power == power.max(), drop=True)
    assert f"node {place['source'].values[0]} on node {place['target'].values[0]}" in text
    shares = power.sum("target") / power.sum()
    who = str(shares["source"].values[int(shares.values.argmax())])
    assert f"node {who} exerts {100 * float(shares.max()):.1f} %" in text


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.1, 0.3, "lies above"), (-0.3, -0.1, "lies below"), (-0.1, 0.1, "is not told apart from")],
)
def test_a_difference_is_claimed_only_beyond_its_error(results, low, high, word):
    split = results["decomposition"]["all"].copy(deep=True)
    where = {"regime": "optimal - non-optimal", "measure": "power_weight_correlation_all"}
    for key, value in (("low", low), ("high", high), ("estimate", (low + high) / 2)):
        split[key].loc[where] = value
    text = captions.caption("influence_against_weight", results | {"decomposition": {"all": split}})
    assert f"The regime optimal {word} non-optimal: " in text


def test_a_map_of_one_network_or_of_noise_is_not_given_an_interval(of_the_study):
    whole = of_the_study["parameter_map"]
    one = whole.copy(deep=True)
    one["low"][...] = one["high"][...] = one["association_low"][...] = one["association_high"][...] = np.nan
    assert "[" not in captions.caption("parameter_map", {"map": {"all": one}}).partition("\n")[0]
    assert "[" not in captions.caption("map_against_score", {"map": {"all": one}}).partition("\n")[0]
    one["association"][...] = np.nan
    text = captions.caption("map_against_score", {"map": {"all": one}})
    assert "too few points of the grid have a correlation that is known" in text and "nan" not in text


def test_shares_of_a_node_have_an_interval_that_covers():
    """Of 40 seeds, at most 6 intervals of 95 % may miss what many more walks find (p < 0.001 if they cover)."""
    network, trained, series = make_network(6)
    piece = task.split(series, "test")
    long = influence.estimate(sweep.run(network, trained, piece, seed=0, walks=400, time_bins=8))
    power = long["power_noise_free"].sum("target")
    truth = 100 * float((power / power.sum()).max())
    missed = 0
    for seed in range(1, 41):
        short = influence.estimate(sweep.run(network, trained, piece, seed=seed, walks=8, time_bins=8))
        who, text = captions._largest_share(short, "target")
        low, high = map(float, re.findall(r"[\[ ](-?[0-9.]+)[,\]]", text))
        assert who == str(power["source"].values[int(power.values.argmax())])
        missed += not low <= truth <= high
    assert missed <= 6
