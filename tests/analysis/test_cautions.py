"""Warnings come when they should."""

import numpy as np
import pytest

from echolesion.analysis import cautions


def test_noise_is_not_called_a_contribution():
    rng = np.random.default_rng(1)
    errors = np.full(400, 0.3)
    assert cautions.distinct(0.3 * rng.standard_t(7, 400), errors, 8) <= 2
    values = np.r_[np.full(10, 30.0), np.zeros(390)]
    assert cautions.distinct(values, errors, 8) == 10
    assert cautions.distinct(np.zeros(3), np.zeros(3), 8) == 0


@pytest.fixture
def of_a_regime(results):
    sound = [results[kind]["optimal"].copy(deep=True) for kind in ("training", "influence", "contribution")]
    trained, estimated, contributed = sound
    estimated.attrs |= {"reliability_target": 0.9, "walks_needed": 7.0, "walks_per_batch": 4}
    estimated.attrs["bounded_lesioned_share"] = 0.0
    estimated["power_reliability"][...] = 0.95
    estimated["power_lost_to_bins"][...] = 0
    trained.attrs["start_left"] = 0.001
    trained["score"].loc[{"split": "test", "measure": "nrmse"}] = 0.4
    contributed["score_contribution"][0], contributed["score_contribution_se"][0] = -5, 0.01
    return sound


def test_sound_results_have_no_warning(of_a_regime):
    assert cautions.warnings(*of_a_regime) == []


def test_a_low_reliability_is_said_with_what_it_takes(of_a_regime):
    of_a_regime[1]["power_reliability"][...] = 0.7
    (text,) = cautions.warnings(*of_a_regime)
    assert "reliability of 0.70, below 0.9" in text and "about 7 walks per batch, not 4" in text
    of_a_regime[1]["power_reliability"][...] = np.nan
    of_a_regime[1].attrs["walks_needed"] = np.nan
    (text,) = cautions.warnings(*of_a_regime)
    assert text.startswith("it is not known whether the power") and "is not known from 4: take four times" in text


def test_power_that_bins_take_away_is_said(of_a_regime):
    for lost, words in (
        ((0.3, 0.2, 0.4), "30.0% [20.0%, 40.0%]"),
        ((0.01, -0.1, 0.06), "1.0%"),
        ((np.nan,) * 3, "not known"),
    ):
        of_a_regime[1]["power_lost_to_bins"][...] = np.array(lost)
        (text,) = cautions.warnings(*of_a_regime)
        assert "faster than a bin of time" in text and words in text
    of_a_regime[1]["power_lost_to_bins"][...] = np.array([0.01, 0.0, 0.02])
    assert cautions.warnings(*of_a_regime) == []


def test_a_network_that_fails_remembers_or_runs_away_is_said(of_a_regime):
    trained, estimated, contributed = of_a_regime
    trained.attrs["start_left"] = 0.2
    trained["score"].loc[{"split": "test", "measure": "nrmse"}] = 1.2
    estimated.attrs["bounded_lesioned_share"] = 0.25
    contributed["score_contribution"][...] = 0
    texts = cautions.warnings(*of_a_regime)
    assert len(texts) == 4
    for words, text in zip(("forget its start", "fails at the task", "no node", "25.0%"), texts, strict=True):
        assert words in text
