r"""The echo state network: its parameters and its trajectories.

State :math:`h`, input :math:`u`, leak :math:`a`, bias :math:`b`, weights :math:`W` of spectral radius :math:`\rho`::

    z_j(t) = sum_i h_i(t-d_ij) W_ij + sum_k u_k(t) V_kj + b
    h_j(t) = (1 - a) h_j(t-1) + a f(z_j(t))

All delays d are 1 step unless the lengths of tracts and a velocity set them. A delayed network takes a product for
every different delay.

`trajectory` and its `update` are the only place where this equation is computed, for one network, a grid of parameters
or a batch of lesioned networks alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import Tensor


def _tanh(z: Tensor, out: Tensor) -> Tensor:
    if z.dtype == torch.float32:
        # tanh(z) = 2 sigmoid(2 z) - 1 takes a third of the time on a CPU; its error is 2e-7.
        return torch.mul(z, 2, out=out).sigmoid_().mul_(2).sub_(1)
    return torch.tanh(z, out=out)


#: Activation functions f by name: of pre-activations into another tensor.
ACTIVATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "tanh": _tanh,
    "sigmoid": lambda z, out: torch.sigmoid(z, out=out),
    "relu": lambda z, out: torch.clamp_min(z, 0, out=out),
    "identity": lambda z, out: out.copy_(z),
}


#: Weights, source x target, of one network or a batch; those of every delay apart if there are several.
Weights = Tensor | Mapping[int, Tensor]


class Overflow(ValueError):
    """Activity that grows beyond all numbers, which an unbounded activation allows."""


def spectral_radius(weights: xr.DataArray) -> float:
    """Return the largest absolute eigenvalue of a connectome.

    Parameters
    ----------
    weights : xarray.DataArray
        Dims ``(source, target)``, square; any orientation gives the same value.

    Returns
    -------
    float
        0 for a nilpotent matrix, up to rounding.
    """
    return float(np.abs(np.linalg.eigvals(weights.values)).max())


def input_weights(connectome: xr.DataArray, inputs: xr.DataArray, rng: np.random.Generator) -> xr.DataArray:
    """Draw unscaled input weights from the uniform distribution on [-1, 1], or take those of the connectome.

    Parameters
    ----------
    connectome : xarray.DataArray
        Gives the node labels. If it has a coordinate ``input (source)``, that is the weight of every channel, 0 for a
        node that hears nothing; ``input_u`` is that of the channel "u" alone.
    inputs : xarray.DataArray
        Has the dim ``channel`` with its labels.
    rng : numpy.random.Generator
        Source of the weights.

    Returns
    -------
    xarray.DataArray
        Dims ``(channel, node)``.

    Raises
    ------
    ValueError
        If the connectome's input weights are not numbers or all 0.
    """
    nodes = connectome["target"].values
    weights = rng.uniform(-1, 1, (inputs.sizes["channel"], nodes.size))
    for own, channel in zip(weights, inputs["channel"].values, strict=True):
        column = f"input_{channel}" if f"input_{channel}" in connectome.coords else "input"
        if column in connectome.coords:
            own[:] = pd.to_numeric(connectome[column].to_series(), errors="coerce")
            if not np.isfinite(own).all() or not own.any():
                raise ValueError(f"the connectome's column '{column}' must hold numbers, not all 0")
    return xr.DataArray(
        weights,
        dims=("channel", "node"),
        coords={"channel": inputs["channel"].values, "node": nodes},
        attrs={"long_name": "weight from input to node", "units": "1"},
    )


def build(
    connectome: xr.DataArray,
    unscaled_input: xr.DataArray,
    *,
    spectral_radius: float,
    leak: float,
    input_scaling: float,
    bias: float = 0.0,
    activation: str = "tanh",
    velocity: float | None = None,
) -> xr.Dataset:
    """Build an echo state network on a connectome.

    Parameters
    ----------
    connectome : xarray.DataArray
        Dims ``(source, target)``.
    unscaled_input : xarray.DataArray
        Dims ``(channel, node)``, from `input_weights`.
    spectral_radius : float
        Radius to which the connectome is rescaled, larger than 0.
    leak : float
        Leak rate a, in (0, 1].
    input_scaling : float
        Factor of the input weights.
    bias : float
        Added to every node's pre-activation.
    activation : str
        Key of `ACTIVATIONS`.
    velocity : float, optional
        Of conduction, in mm per step. With it, delays are the connectome's ``tract_length`` over it, rounded, and at
        least 1 step; without, they are 1 step.

    Returns
    -------
    xarray.Dataset
        ``weights (source, target)`` and ``input_weights (channel, node)``, with a velocity ``delays (source, target)``,
        0 without a connection; the other parameters as attributes.

    Raises
    ------
    ValueError
        If a parameter is out of range, the connectome's spectral radius is 0, or a tract length or input weight is
        missing.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"unknown activation '{activation}' (allowed: {', '.join(ACTIVATIONS)})")
    if not 0 < leak <= 1:
        raise ValueError(f"leak must be larger than 0 and at most 1, not {leak}")
    if not spectral_radius > 0:
        raise ValueError(f"spectral_radius must be larger than 0, not {spectral_radius}")
    weights = connectome.transpose("source", "target") * (spectral_radius / _positive_radius(connectome))
    weights.attrs = {"long_name": "weight from source to target, at the set spectral radius", "units": "1"}
    attributes = {
        "spectral_radius": spectral_radius,
        "leak": leak,
        "input_scaling": input_scaling,
        "bias": bias,
        "activation": activation,
    }
    nodes = connectome["target"].to_index()
    if len(missing := nodes.difference(unscaled_input["node"].to_index(), sort=False)):
        raise ValueError(f"there are no input weights of node '{missing[0]}'")
    scaled_input = unscaled_input.sel(node=nodes) * input_scaling
    scaled_input.attrs = unscaled_input.attrs
    network = xr.Dataset({"weights": weights, "input_weights": scaled_input}, attrs=attributes)
    return network if velocity is None else _delayed(network, velocity)


def _delayed(network: xr.Dataset, velocity: float) -> xr.Dataset:
    """Add delays in steps and the velocity to a network."""
    if not velocity > 0:
        raise ValueError(f"velocity must be larger than 0 mm per step, not {velocity}")
    if "tract_length" not in network.coords:
        raise ValueError("the connectome has no tract lengths, from which delays are made: leave out the velocity")
    connected = network["weights"].transpose("source", "target").values != 0
    lengths = network["tract_length"].transpose("source", "target").values
    if bad := int((connected & ~(np.isfinite(lengths) & (lengths >= 0))).sum()):
        raise ValueError(f"{bad} connections have no tract length of 0 or more, from which a delay is made")
    steps = np.where(connected, np.maximum(np.rint(np.where(connected, lengths, 0) / velocity), 1), 0).astype(int)
    delays = (("source", "target"), steps, {"long_name": "delay of the connection", "units": "step"})
    return network.assign(delays=delays).assign_attrs(velocity=velocity)


def delays(reservoir: xr.Dataset) -> Tensor | None:
    """Return the delay of every connection in steps, shape (N, N), or None if all are 1."""
    if "delays" not in reservoir:
        return None
    return torch.from_numpy(reservoir["delays"].transpose("source", "target").values)


def by_delay(weights: Tensor, delays: Tensor | None) -> Weights:
    """Take weights of different delays apart.

    Parameters
    ----------
    weights : torch.Tensor, shape (..., N, N)
        Source x target.
    delays : torch.Tensor of int, shape (..., N, N), optional
        Delay of every connection, 1 or more steps; all are 1 by default.

    Returns
    -------
    torch.Tensor or dict of int to torch.Tensor
        The weights, or those of every delay, ascending.
    """
    if delays is None:
        return weights
    found = torch.unique(delays[weights != 0]).tolist() or [1]
    return {delay: torch.where(delays == delay, weights, 0) for delay in found}


def parts(weights: Weights) -> Mapping[int, Tensor]:
    """Return weights by delay, which is 1 step if they were not taken apart."""
    return weights if isinstance(weights, Mapping) else {1: weights}


def received(sent: np.ndarray, weights: np.ndarray, delays: Tensor | None) -> np.ndarray:
    """Return what known activity adds to pre-activations.

    Parameters
    ----------
    sent : numpy.ndarray, shape (T + 1, N)
        Activity before the first step, as it ever was before, and after each of T steps.
    weights : numpy.ndarray, shape (N, N)
        Source x target.
    delays : torch.Tensor of int, shape (N, N), optional
        As for `by_delay`.

    Returns
    -------
    numpy.ndarray, shape (T, N)
        At every step.
    """
    before = np.arange(1, len(sent))
    total = np.zeros((len(sent) - 1, sent.shape[1]))
    for delay, part in parts(by_delay(torch.from_numpy(weights), delays)).items():
        total += sent[np.maximum(before - delay, 0)] @ part.numpy()
    return total


def _positive_radius(connectome: xr.DataArray) -> float:
    radius = spectral_radius(connectome)
    if not radius > 0:
        raise ValueError("the connectome's spectral radius is 0: it cannot be rescaled")
    return radius


def drive(reservoir: xr.Dataset, inputs: xr.DataArray) -> Tensor:
    """Return what the input and the bias add to every node's pre-activation.

    Parameters
    ----------
    reservoir : xarray.Dataset
        From `build`.
    inputs : xarray.DataArray
        Dims ``(time, channel)``.

    Returns
    -------
    torch.Tensor
        Shape (time, node), float64.
    """
    scaled = inputs.transpose("time", "channel").values @ reservoir["input_weights"].transpose("channel", "node").values
    return torch.from_numpy(scaled + reservoir.attrs["bias"])


def feedback(reservoir: xr.Dataset, task: xr.Dataset) -> np.ndarray:
    """Return the weights from the outputs to the nodes, by the channels that carry an output of the step before.

    Parameters
    ----------
    reservoir : xarray.Dataset
        From `build`.
    task : xarray.Dataset
        From `task.make` or `task.split`; its ``feeds (channel)`` names the output of each channel, or -1.

    Returns
    -------
    numpy.ndarray, shape (output, node)
        0 without such a channel.
    """
    weights = reservoir["input_weights"].transpose("channel", "node").values
    result = np.zeros((task.sizes["output"], weights.shape[1]))
    for channel, output in enumerate(task["feeds"].values):
        if output >= 0:
            result[output] += weights[channel]
    return result


def trajectory(
    weights: Weights,
    drives: Iterable[Tensor],
    leak: float | Tensor,
    activation: str,
    start: Tensor,
    scale: Tensor | None = None,
    past: Tensor | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the state of every network of a batch, step by step, and the pre-activations that led to it.

    Parameters
    ----------
    weights : torch.Tensor, shape (N, N) or (batch, N, N), or mapping of these by delay
        ``weights[..., i, j]`` leads from node i to node j; see `by_delay`.
    drives : iterable of torch.Tensor, shape (T, ..., N)
        Input and bias at every step; each broadcasts to the state.
    leak : float or torch.Tensor
        Leak rate; a tensor broadcasts to the state. A node of leak rate 0 stays where it starts: it is held there.
    activation : str
        Key of `ACTIVATIONS`.
    start : torch.Tensor, shape (rows, N) or (batch, rows, N)
        The state before the first step. It is not changed.
    scale : torch.Tensor, shape (rows, 1) or (batch, rows, 1), optional
        Factor of the weights of every network; 1 by default.
    past : torch.Tensor, shape (P, rows, N) or (P, batch, rows, N), optional
        States before the start, which delayed connections still carry, the latest last; at least as many as the longest
        delay less 1. By default the start was there all along.

    Yields
    ------
    state, preactivation : torch.Tensor, shape of `start`
        h(t) and z(t) at steps 0 to T - 1. They are two buffers, overwritten at the next step: copy what is to be kept.
        The next step goes on from what is then in the first.

    Raises
    ------
    ValueError
        If the past is too short.
    """
    state = start.clone()
    preactivation, new = torch.empty_like(state), torch.empty_like(state)
    of_delay = parts(weights)
    longest = max(of_delay)
    # States that delayed connections still carry: that after step t at t + 1, modulo the longest delay.
    ring = start.expand(longest, *start.shape).clone() if longest > 1 else None
    if ring is not None and past is not None:
        if len(past) < longest - 1:
            raise ValueError(
                f"the longest delay, {longest} steps, is longer than what is run before: set a larger velocity"
            )
        ring[1:] = past[1 - longest :]
    product = torch.addmm if next(iter(of_delay.values())).dim() == 2 else torch.baddbmm
    for t, driven in enumerate(drives):
        if ring is not None:
            ring[t % longest] = state
        total = driven
        for delay, part in of_delay.items():
            sent = state if ring is None else ring[(t + 1 - delay) % longest]
            total = product(total, sent if scale is None else torch.mul(sent, scale, out=new), part, out=preactivation)
        update(state, preactivation, leak, activation, new)
        yield state, preactivation


def update(state: Tensor, preactivation: Tensor, leak: float | Tensor, activation: str, scratch: Tensor) -> None:
    """Make h(t) of h(t - 1) and z(t), in place.

    Parameters
    ----------
    state : torch.Tensor
        h(t - 1), overwritten by h(t).
    preactivation : torch.Tensor
        z(t), shape of the state.
    leak, activation
        As for `trajectory`.
    scratch : torch.Tensor
        Shape of the state; overwritten.
    """
    state.lerp_(ACTIVATIONS[activation](preactivation, scratch), leak)


def simulate(reservoir: xr.Dataset, inputs: xr.DataArray, start: Tensor | None = None) -> xr.DataArray:
    """Run an intact reservoir on a series of inputs.

    Parameters
    ----------
    reservoir : xarray.Dataset
        From `build`.
    inputs : xarray.DataArray
        Dims ``(time, channel)``.
    start : torch.Tensor, shape (1, N), optional
        State before the first step, and ever before that, float64; 0 by default.

    Returns
    -------
    xarray.DataArray
        States, dims ``(time, node)``, float64. Step t has received input t.
    """
    weights = torch.from_numpy(reservoir["weights"].transpose("source", "target").values)
    taken_apart = by_delay(weights, delays(reservoir))
    leak, activation = reservoir.attrs["leak"], reservoir.attrs["activation"]
    start = torch.zeros((1, len(weights)), dtype=weights.dtype) if start is None else start
    steps = trajectory(taken_apart, drive(reservoir, inputs), leak, activation, start)
    states = np.stack([state[0].numpy().copy() for state, _ in steps])
    return xr.DataArray(
        states,
        dims=("time", "node"),
        coords={"time": inputs["time"], "node": reservoir["node"].values},
        attrs={"long_name": "activity", "units": "1"},
    )
