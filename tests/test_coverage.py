"""Coverage of intervals without noise, in short: `benchmarks/noise.py` at full size."""

import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))
import noise

RUNS = 40


@pytest.fixture(scope="module")
def cells():
    """Return rows per measure of all signals and patterns of noise, at a share of 0.3 and 8 batches."""
    cases = [(signal, pattern, 0.3, 8) for signal in noise.SIGNALS for pattern in noise.PATTERNS]
    return pd.DataFrame([row for case in cases for row in noise.cell(case, RUNS)])


def test_intervals_cover_what_is_true(cells):
    """Of 0.95 or more over 14 cells of 40 runs, below 0.92 has a chance of 1e-3 for a measure."""
    pooled = cells[cells["signal"] != "none"].groupby("measure")[["covered", "reports", "runs"]].sum()
    assert (pooled["covered"] >= 0.92 * pooled["reports"]).all(), pooled
    followed = cells[cells["signal"] == "follows"].groupby("measure")[["reports", "runs"]].sum()
    assert (followed["reports"] >= 0.95 * followed["runs"]).drop("correlation with |W|, connected").all(), followed


def test_nothing_is_found_where_nothing_is(cells):
    """Where influence is unrelated to the weights, or is none: of 0.05 in 560 runs, 0.07 has a chance below 0.02."""
    nothing = cells[(cells["signal"] != "follows") & cells["measure"].isin(noise.ZERO)]
    pooled = nothing.groupby("measure")[["significant", "runs"]].sum()
    assert (pooled["significant"] < 0.07 * pooled["runs"]).all(), pooled
    reported = cells[cells["signal"] == "none"].groupby("measure")[["reports", "runs"]].sum()
    assert (reported["reports"] <= 0.07 * reported["runs"]).all(), reported


@pytest.mark.parametrize("name", ["open", "both, leak 0.1"])
def test_measures_of_enumerated_networks_are_covered(name):
    """All 17 measures, of 30 sweeps of 20 walks per batch; those of a sweep go together, so the bound is wide."""
    found = noise.swept((name, 20), range(30))
    reports, covered = np.sum(list(found.values()), axis=0)
    assert reports > 0.5 * 30 * len(found) and covered >= 0.88 * reports
