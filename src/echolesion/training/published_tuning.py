"""The tuning by which the authors of the published network chose it, over all draws of its weights.

It is the one that they published with their next study on the same network (Scientific Reports 14:2103, 2024). Nothing
here is fitted to our results.
"""

import numpy as np
import torch
import xarray as xr

from echolesion.connectome.published import DRAWS, SEED, draws
from echolesion.dynamics import closed_loop, nodes
from echolesion.dynamics.leaky_unit import LeakyUnit

#: Spectral radii among which is chosen, and the parameters that are set.
RADII = np.linspace(0.5, 1, 20)
LEAK, BIAS = 0.1, 0.001
#: Steps of the series that are trained on before there are generated so many; and for the validation of its choice.
TUNING_STEPS, VALIDATION_STEPS, GENERATED = 2000, 3000, 500


def tune(series: np.ndarray, seed: int = SEED) -> xr.Dataset:
    """Tune the network as its authors did.

    The best point is taken wherever it is. At an end of the grid a radius beyond it might be better: it is the choice
    of their procedure all the same, and ``at_end`` says so.

    Parameters
    ----------
    series : numpy.ndarray, shape (T,)
        The Mackey-Glass series, of 3,500 steps or more.
    seed : int
        Of the graph and of the draws, see `published.draws`.

    Returns
    -------
    xarray.Dataset
        ``error (draw, spectral_radius)``, the mean squared error of what every network generates after training; the
        attributes ``best_draw`` and ``best_spectral_radius``, whether that is ``at_end`` of the grid, 0 or 1, their
        ``tuning_error``, and the ``validation_error`` after training on more of the series.
    """
    weights, feedback = draws(seed)

    def errors(chosen: np.ndarray, radii: np.ndarray, steps: int) -> np.ndarray:
        return validate(chosen, feedback, radii, LEAK, BIAS, series, steps, GENERATED)

    tuned = errors(weights, RADII, TUNING_STEPS)
    draw, place = np.unravel_index(tuned.argmin(), tuned.shape)
    validation = errors(weights[[draw]], RADII[[place]], VALIDATION_STEPS).item()
    return xr.Dataset(
        {"error": (("draw", "spectral_radius"), tuned, {"long_name": "squared error of generation", "units": "1"})},
        coords={"draw": np.arange(DRAWS), "spectral_radius": RADII},
        attrs={
            "best_draw": int(draw),
            "best_spectral_radius": float(RADII[place]),
            "at_end": int(place in (0, len(RADII) - 1)),
            "tuning_error": float(tuned.min()),
            "validation_error": validation,
        },
    )


def validate(
    weights: np.ndarray, feedback: np.ndarray, radii: np.ndarray, leak: float, bias: float, series: np.ndarray,
    train: int, steps: int,
) -> np.ndarray:  # fmt: skip
    """Score networks without an input by what they generate after training on the start of a series.

    Parameters
    ----------
    weights : numpy.ndarray, shape (D, N, N)
        Weights of every network, source x target, of any radius.
    feedback : numpy.ndarray, shape (N,)
        Weights of the feedback.
    radii : numpy.ndarray, shape (R,)
        Spectral radii to which each is rescaled.
    leak, bias
        As for `reservoir.build`; the activation is tanh and the read-out the pseudo-inverse.
    series : numpy.ndarray, shape (T,)
        The series.
    train, steps : int
        The first `train` values are for training, the `steps` after them are generated.

    Returns
    -------
    numpy.ndarray, shape (D, R)
        Mean squared errors.
    """
    matrices, truth = torch.from_numpy(weights), torch.from_numpy(series[:, None])
    count, size = weights.shape[:2]
    scale = torch.from_numpy(radii) / closed_loop.radii(matrices, torch.ones(size, dtype=torch.bool))[:, None]
    node = LeakyUnit(leak, "tanh")
    start = torch.zeros((1, count, len(radii), size), dtype=torch.float64)
    sent = torch.from_numpy(feedback)
    # The state before the first value is 0, and no output is before it: its step is not run.
    drives = (truth[: train - 1] * sent + bias)[:, None]
    training = nodes.trajectory(node, matrices, drives, start, scale=scale[..., None])
    states = torch.stack([node.watch(moment.state).clone() for moment in training], dim=2)
    beside = truth[1:train].expand(*states.shape[:2], -1, -1)
    free = closed_loop.free_run(
        node, matrices, torch.full_like(truth[:steps, None], bias), states[None, :, :, -1], scale=scale[..., None],
        feedback=sent.expand(count, 1, -1), last_output=truth[train - 1].expand(*start.shape[1:3], 1),
        readout=closed_loop.fit_readouts(torch.cat([states, beside], dim=-1), size, 0),
        bound=closed_loop.BOUND * float(truth.abs().max()),
    )  # fmt: skip
    generated = torch.cat([output for _, output in free], dim=-1)
    return (generated - truth[train : train + steps, 0]).square().mean(dim=-1).numpy()
