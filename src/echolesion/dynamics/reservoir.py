r"""The echo state network: its parameters and what it hears.

State :math:`h`, input :math:`u`, leak :math:`a`, bias :math:`b`, weights :math:`W` of spectral radius :math:`\rho`::

    z_j(t) = sum_i h_i(t-d_ij) W_ij + sum_k u_k(t) V_kj + b
    h_j(t) = (1 - a) h_j(t-1) + a f(z_j(t))

All delays d are 1 step unless the lengths of tracts and a velocity set them. The sum over nodes is `coupling`, the rest
is the `leaky_unit`.
"""

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import Tensor

from echolesion.dynamics import coupling, nodes
from echolesion.dynamics.leaky_unit import ACTIVATIONS, LeakyUnit


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


def _positive_radius(connectome: xr.DataArray) -> float:
    radius = spectral_radius(connectome)
    if not radius > 0:
        raise ValueError("the connectome's spectral radius is 0: it cannot be rescaled")
    return radius


def unit(reservoir: xr.Dataset) -> LeakyUnit:
    """Return the kind of node of a reservoir from `build`."""
    return LeakyUnit(reservoir.attrs["leak"], reservoir.attrs["activation"])


def drive(reservoir: xr.Dataset, inputs: xr.DataArray) -> Tensor:
    """Return what the input and the bias add to what every node receives.

    Parameters
    ----------
    reservoir : xarray.Dataset
        From `build`. The input weights of another kind of node may have a dim ``received`` in front, of the channels of
        what it receives, see `nodes.NodeDynamics`.
    inputs : xarray.DataArray
        Dims ``(time, channel)``.

    Returns
    -------
    torch.Tensor
        Shape (time, R, node), float64; R is 1 without the dim ``received``.
    """
    weights = reservoir["input_weights"].transpose(..., "channel", "node").values
    scaled = inputs.transpose("time", "channel").values @ weights.reshape(-1, *weights.shape[-2:])
    return torch.from_numpy(scaled.swapaxes(0, 1) + reservoir.attrs["bias"])


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
    weights = reservoir["weights"].transpose("source", "target").values
    start = None if start is None else start[None]
    states = nodes.run_intact(unit(reservoir), weights, coupling.delays(reservoir), drive(reservoir, inputs), start)[1]
    return xr.DataArray(
        states,
        dims=("time", "node"),
        coords={"time": inputs["time"], "node": reservoir["node"].values},
        attrs={"long_name": "activity", "units": "1"},
    )
