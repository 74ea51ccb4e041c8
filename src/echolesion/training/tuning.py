"""Tuning: score a grid of reservoir parameters, and find the best that forgets its start."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from echolesion.dynamics import closed_loop, coupling, echo_state, nodes, reservoir
from echolesion.dynamics.leaky_unit import LeakyUnit
from echolesion.records.progress import bar
from echolesion.training.readout import best_readout, scored_steps
from echolesion.training.scores import SCORES
from echolesion.training.task import split

#: Places of the training split from which it is run anew, to see whether its start is forgotten.
STARTS = 10


def tune(
    connectome: xr.DataArray,
    unscaled_input: xr.DataArray,
    task: xr.Dataset,
    grid: Mapping[str, Sequence[float]],
    *,
    bias: float,
    activation: str,
    velocity: float | None = None,
    progress: str | None = None,
) -> xr.Dataset:
    """Score every point of a grid of reservoir parameters on the validation split.

    Parameters
    ----------
    connectome, unscaled_input : xarray.DataArray
        As for `reservoir.build`.
    task : xarray.Dataset
        From `task.make`.
    grid : mapping
        Lists ``spectral_radius``, ``leak``, ``input_scaling`` and ``ridge``.
    bias, activation, velocity
        As for `reservoir.build`.
    progress : str, optional
        Label of a progress bar; none by default.

    Returns
    -------
    xarray.Dataset
        ``score`` (NaN where activity overflows), the best ``ridge``, ``start_left`` and ``forgets`` at every point,
        dims ``(spectral_radius, leak, input_scaling)``. The attributes ``best_spectral_radius``, ``best_leak`` and
        ``best_input_scaling`` name the best of the points that forget their start within the washout: ``start_left``,
        see `echo_state.start_left`, compares a start from 0 with one from the end of the training split, and, from
        `STARTS` places of the training split, with the run that goes through it. In closed loop
        the validation split is generated, and the start is compared at the end of the training split.

    Raises
    ------
    ValueError
        If no point forgets its start.
    """
    axes = {name: list(grid[name]) for name in ("spectral_radius", "leak", "input_scaling")}
    points = list(product(axes["leak"], axes["input_scaling"]))
    leak = torch.tensor([[a] for a, _ in points], dtype=torch.float64)
    scaling = torch.tensor([[v] for _, v in points], dtype=torch.float64)
    zero = torch.zeros((len(points), connectome.sizes["target"]), dtype=torch.float64)
    pieces = [split(task, name) for name in ("train", "validation")]
    (train, train_truth), (validation, validation_truth) = (scored_steps(piece) for piece in pieces)
    first = int(np.argmax(validation))

    def run(network: xr.Dataset, piece: xr.Dataset, start: Tensor) -> Tensor:
        """Return the states of all points at one spectral radius, shape (point, time, node)."""
        weights = coupling.by_delay(torch.from_numpy(network["weights"].values), coupling.delays(network))
        # An input scaling of 1 serves all: the drive is linear in it.
        drives = reservoir.drive(network, piece["input"])[:, :, None] * scaling + bias
        node = LeakyUnit(leak, activation)
        steps = nodes.trajectory(node, weights, drives, start[None])
        return torch.stack([node.watch(moment.state).clone() for moment in steps], dim=1)

    def in_open_loop(network: xr.Dataset) -> tuple[list[float], list[int], list[float]]:
        """Return score, place of the ridge parameter and `start_left` of every point at one spectral radius."""
        states = [run(network, piece, zero) for piece in pieces]
        others = run(network, pieces[1].isel(time=slice(first + 1)), states[0][:, -1])[:, first]
        left = list(map(echo_state.start_left, states[1][:, first].numpy(), others.numpy()))
        for start in np.linspace(0, len(train) - first - 1, STARTS).astype(int):
            # The training split is one long run; here it starts anew.
            anew = run(network, pieces[0].isel(time=slice(start, start + first + 1)), zero)[:, first]
            at_once = states[0][:, start + first]
            left = [
                max(a, echo_state.start_left(*pair))
                for a, *pair in zip(left, at_once.numpy(), anew.numpy(), strict=True)
            ]
        values, chosen = [np.nan] * len(points), [0] * len(points)
        for point in range(len(points)):
            if all(split_states[point].isfinite().all() for split_states in states):
                chosen[point], values[point], _, _ = best_readout(
                    (states[0][point, train], train_truth),
                    (states[1][point, validation], validation_truth),
                    grid["ridge"],
                    task.attrs["score"],
                )
        return values, chosen, left

    def in_closed_loop(network: xr.Dataset) -> tuple[list[float], list[int], list[float]]:
        """Return the same; every point is a batch of networks that differ in their ridge parameter."""
        states = run(network, pieces[0], zero)
        others = run(network, pieces[0], states[:, -1])
        left = list(map(echo_state.start_left, states[:, -1].numpy(), others[:, -1].numpy()))
        if not states.isfinite().all():
            return [np.nan] * len(points), [0] * len(points), left
        series = closed_loop.loop(network, pieces[1])
        assert series.feedback is not None
        fitted = torch.cat([states[:, train], series.truth.expand(len(points), -1, -1)], dim=-1)
        fits = [closed_loop.fit_readouts(fitted, states.shape[-1], ridge) for ridge in grid["ridge"]]
        weights = torch.from_numpy(network["weights"].values).expand(len(points), -1, -1)
        past = states.transpose(0, 1)[:, None, :, None].expand(-1, -1, -1, len(fits), -1)
        steps = closed_loop.free_run(
            LeakyUnit(leak[:, None], activation), coupling.by_delay(weights, coupling.delays(network)),
            series.drives[:, :, None, None] * scaling[:, None] + bias,
            past[-1], past=past[:-1], feedback=series.feedback * scaling[:, None],
            last_output=series.last_output.expand(len(points), len(fits), -1), readout=torch.stack(fits, dim=1),
            bound=series.bound, output=series.output,
        )  # fmt: skip
        function, larger_is_better = SCORES[task.attrs["score"]]
        values = function(torch.stack([output for _, output in steps], dim=2), validation_truth)
        best = values.max(dim=1) if larger_is_better else values.min(dim=1)
        return best.values.tolist(), best.indices.tolist(), left

    scores: list[float] = []
    ridges: list[float] = []
    left: list[float] = []
    at_one_radius = in_closed_loop if task.attrs["loop"] == "closed" else in_open_loop
    for radius in bar(progress, "radius", axes["spectral_radius"]):
        network = reservoir.build(
            connectome, unscaled_input, spectral_radius=radius, leak=1, input_scaling=1, activation=activation,
            velocity=velocity,
        )  # fmt: skip
        values, chosen, starts = at_one_radius(network)
        scores += values
        ridges += [grid["ridge"][k] if np.isfinite(value) else np.nan for k, value in zip(chosen, values, strict=True)]
        left += starts
    shape = [len(values) for values in axes.values()]
    tuned = xr.Dataset(
        {
            "score": (
                tuple(axes),
                np.reshape(scores, shape),
                {"long_name": f"validation {task.attrs['score']}"},
            ),
            "ridge": (tuple(axes), np.reshape(ridges, shape), {"long_name": "ridge parameter of that score"}),
            "start_left": (
                tuple(axes),
                np.reshape(left, shape),
                {"long_name": "difference that the start makes after the washout, relative to the largest state"},
            ),
        },
        coords=axes,
    )
    for variable in tuned.variables.values():
        variable.attrs.setdefault("units", "1")
    tuned["forgets"] = (tuned["start_left"] <= echo_state.FORGOTTEN).assign_attrs(
        long_name="whether the start is forgotten within the washout", units="1"
    )
    eligible = tuned["score"].where(tuned["forgets"])
    if eligible.isnull().all():
        raise ValueError(
            "no point of the tuning grid forgets its start within the washout:"
            " take smaller spectral radii or a longer washout"
        )
    larger_is_better = SCORES[task.attrs["score"]][1]
    best_point = tuned.isel(eligible.argmax(...) if larger_is_better else eligible.argmin(...))
    return tuned.assign_attrs({f"best_{name}": float(best_point[name]) for name in axes})
