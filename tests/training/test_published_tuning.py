"""The tuning of the published network, and of others of its kind."""

import numpy as np
import pytest
import yaml
from conftest import ROOT

from echolesion.connectome import published
from echolesion.training import published_tuning

SERIES = ROOT / "data/mackey_glass/series.txt"
GRAPHS = yaml.safe_load((ROOT / "config/studies/paper_graphs.yaml").read_text())


def test_eleven_other_graphs_are_mapped_beside_the_published_one():
    entries = GRAPHS["catalogue"]
    assert GRAPHS["map"]["connectomes"] == ["published36", *entries] and len(entries) == 11
    seeds = [entry["parameters"]["seed"] for entry in entries.values()]
    graphs = {(published.draws(seed)[0][0] != 0).tobytes() for seed in [published.SEED, *seeds]}
    assert [f"published36_{seed}" for seed in seeds] == [*entries] and len(graphs) == 12


@pytest.mark.parametrize("seed", [2025, 2030])  # of 2030 the second best draw is next to as good
def test_the_draw_of_a_graph_is_the_one_that_its_tuning_chooses(seed):
    """`./run.sh paper-graphs` tunes all: ``tables/published_draws.csv``."""
    tuned = published_tuning.tune(np.loadtxt(SERIES), seed)
    assert tuned.attrs["best_draw"] == GRAPHS["catalogue"][f"published36_{seed}"]["parameters"]["draw"]
    assert tuned.attrs["at_end"] == 0 and 0.5 < tuned.attrs["best_spectral_radius"] < 1


@pytest.mark.parametrize("place", [0, -1])
def test_a_choice_at_an_end_of_the_grid_is_taken_and_said(place, monkeypatch):
    errors = np.ones((published.DRAWS, len(published_tuning.RADII)))
    errors[7, place] = 0.5
    monkeypatch.setattr(published_tuning, "validate", lambda weights, *_: errors if len(weights) > 1 else np.ones(1))
    tuned = published_tuning.tune(np.empty(0))
    assert tuned.attrs["best_draw"] == 7 and tuned.attrs["at_end"] == 1
    assert tuned.attrs["best_spectral_radius"] == published_tuning.RADII[place]
