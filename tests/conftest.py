"""Fixtures that several tests share."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

from echolesion import connectome, reservoir, seeds, task, training

ROOT = Path(__file__).parents[1]

TASK = {"name": "mackey_glass", "horizon": 5, "lags": 8, "washout": 20, "train": 200, "validation": 80, "test": 24}


@pytest.fixture(scope="session")
def default_config() -> dict:
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture(scope="session")
def catalogue() -> dict:
    return yaml.safe_load((ROOT / "config/connectomes.yaml").read_text())


def make_network(
    size: int, seed: int = 3, settings: dict = TASK, **parameters: float
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Return a random directed reservoir of some nodes, its training and its task."""
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(-1, 1, (size, size)) * (rng.random((size, size)) < 0.5)
    weights = connectome.prepare(connectome.from_matrix(matrix), "own", 0, rng)
    series = task.make(settings, seeds.generator(seed, "task"))
    unscaled = reservoir.input_weights(weights, series["input"], seeds.generator(seed, "input"))
    chosen = {"spectral_radius": 0.9, "leak": 0.6, "input_scaling": 0.5, "bias": 0.1} | parameters
    network = reservoir.build(weights, unscaled, **chosen)
    return network, training.train(network, series, [0.01]), series


@pytest.fixture(scope="session")
def network8() -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    return make_network(8)
