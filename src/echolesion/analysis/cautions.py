"""Cautions: what stands between results and a conclusion, in words."""

import numpy as np
import xarray as xr

from echolesion.dynamics import echo_state
from echolesion.training.scores import SCORES

#: Share of false ones that is accepted among the nodes that are said to contribute.
FALSE_DISCOVERIES = 0.05
#: Share of power lost to bins of time above which it is said.
LOST_TO_BINS = 0.05
#: Scores that are those of a constant output: what is not better than these is no success.
CONSTANT_OUTPUT = {"nrmse": 1.0, "r2": 0.0}


def distinct(values: np.ndarray, errors: np.ndarray, batches: int) -> int:
    """Count the values that differ from 0, at the accepted rate of false discoveries (Benjamini & Hochberg 1995).

    Parameters
    ----------
    values, errors : numpy.ndarray, shape (N,)
        Estimates of every node, and their standard errors.
    batches : int
        Batches that the errors are of.
    """
    from scipy import stats  # whose import takes as long as that of all else here, and most captions count nothing

    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(values / errors), batches - 1)
    p = np.nan_to_num(p, nan=1.0)
    return int((stats.false_discovery_control(p) <= FALSE_DISCOVERIES).sum())


def warnings(trained: xr.Dataset, influence: xr.Dataset, contribution: xr.Dataset) -> list[str]:
    """Say what stands between the results of a network and a conclusion.

    Parameters
    ----------
    trained, influence, contribution : xarray.Dataset
        Of one regime, from `training.train`, `influence.estimate` and `contribution.estimate`.

    Returns
    -------
    list of str
        Sentences; none if nothing is wrong.
    """
    found = []
    target, reliability = influence.attrs["reliability_target"], float(influence["power_reliability"])
    walks = influence.attrs["walks_per_batch"]
    if not reliability >= target:
        needed = influence.attrs["walks_needed"]
        found.append(
            (
                "it is not known whether the power of influence differs between pairs at all"
                if np.isnan(reliability)
                else f"the power of influence has a reliability of {reliability:.2f}, below {target:g}"
            )
            + ": what is said of single pairs, and correlations with them, is uncertain. "
            + (
                f"It would take about {needed:.0f} walks per batch, not {walks} (sweep.walks_per_batch or sweep.until)."
                if np.isfinite(needed)
                else f"How many walks per batch it would take is not known from {walks}: take four times as many."
            )
        )
    lost, low, high = influence["power_lost_to_bins"].values
    if high > LOST_TO_BINS or np.isnan(lost):
        known = "not known" if np.isnan(lost) else f"{lost:.1%} [{low:.1%}, {high:.1%}]"
        found.append(
            f"the share of the power of influence that is faster than a bin of time, and so left out, is {known}:"
            " shares and correlations of power, and how regimes compare, may change with sweep.time_bins; null"
            " keeps every step."
        )
    if (left := trained.attrs["start_left"]) > echo_state.FORGOTTEN:
        found.append(
            f"the network does not forget its start within the washout (a difference of {left:.2g} of the largest state"
            " is left): what it does depends on where it began."
        )
    name = trained.attrs["task_score"]
    value = float(trained["score"].sel(split="test", measure=name))
    constant = CONSTANT_OUTPUT.get(name)
    if constant is not None and not (value > constant if SCORES[name][1] else value < constant):
        found.append(f"the network fails at the task: test {name} {value:.3g}, and a constant output has {constant:g}.")
    values, errors = (contribution[key].values for key in ("score_contribution", "score_contribution_se"))
    if not distinct(values, errors, contribution.attrs["batches"]):
        found.append(
            f"no node's contribution to the {name} exceeds the estimator's error: who matters most for the score is not"
            " known yet."
        )
    if bounded := influence.attrs["bounded_lesioned_share"]:
        found.append(f"{bounded:.1%} of the lesioned networks ran away and were bounded.")
    return found
