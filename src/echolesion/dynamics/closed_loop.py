r"""Closed loop: train by teacher forcing, then let the network run free on its own output.

While it is trained, the channels of the input that are fed back carry the true output of the step before; when it
generates, they carry its own. A lesioned network can be mended in two ways before it generates: its weights are brought
back to the spectral radius :math:`\rho` of the intact network (`radii`), and its read-out is fitted again
(`fit_readouts`). Everything here is batched over networks and in float64, as read-out weights reach thousands.

The read-out is the pseudo-inverse of the states, or ridge regression. Of the triangular factor of
:math:`[X\; Y] = Q R`, the first columns say what the singular values of X are and the others what Y is in Q's basis, so
Q and the T x N states are never needed twice, and the condition of X is not squared as by normal equations.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from echolesion.dynamics import coupling, nodes, reservoir

#: What is made of the read-out, and what the read-out is fitted to, by name.
OUTPUTS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "identity": (lambda read: read, lambda truth: truth),
    "tanh": (torch.tanh, torch.atanh),
}

#: Outputs that are fed back are bounded at so many times the largest magnitude of the truth; bounded runs are counted.
BOUND = 10.0


@dataclass(frozen=True)
class Loop:
    """What an intact network is trained on and what it is then left with; float64.

    Attributes
    ----------
    history : torch.Tensor, shape (T, R, N)
        What the training series and the bias add to what every node receives.
    fitted : numpy.ndarray of bool, shape (T,)
        Steps of it to which the read-out is fitted.
    truth : torch.Tensor, shape (fitted steps, O)
        What the read-out should be there: the outputs before their function.
    drives : torch.Tensor, shape (steps, R, N)
        As `history`, of the steps that are generated, without what is fed back.
    feedback : torch.Tensor, shape (O, N), optional
        Weights from the outputs to the nodes; none if the true output goes on to be heard.
    last_output : torch.Tensor, shape (O,)
        True output of the last training step.
    bound : float
        Magnitude at which outputs are bounded.
    output : str
        Key of `OUTPUTS`.
    """

    history: Tensor
    fitted: np.ndarray
    truth: Tensor
    drives: Tensor
    feedback: Tensor | None
    last_output: Tensor
    bound: float
    output: str


def loop(network: xr.Dataset, piece: xr.Dataset) -> Loop:
    """Prepare the free run of a split.

    Parameters
    ----------
    network : xarray.Dataset
        From `reservoir.build`.
    piece : xarray.Dataset
        A split of a task in closed loop, from `task.split`; with the attribute ``loop`` set to "forced" the network
        hears the true output to the end.

    Returns
    -------
    Loop
        For `generate` and the sweep.
    """
    first = int(np.argmax(piece["scored"].values))
    before, after = piece.isel(time=slice(first)), piece.isel(time=slice(first, None))
    truth = before["truth"].transpose("time", "output").values
    fitted = before["fitted"].values
    feedback, inputs = None, after["input"]
    if piece.attrs["loop"] == "closed":
        feedback = torch.from_numpy(reservoir.feedback(network, piece))
        inputs = inputs.where(piece["feeds"] < 0, 0)
    return Loop(
        history=reservoir.drive(network, before["input"]),
        fitted=fitted,
        truth=OUTPUTS[piece.attrs["output"]][1](torch.from_numpy(truth[fitted])),
        drives=reservoir.drive(network, inputs),
        feedback=feedback,
        last_output=torch.from_numpy(truth[-1]),
        bound=BOUND * float(np.abs(truth).max()),
        output=piece.attrs["output"],
    )


def generate(network: xr.Dataset, piece: xr.Dataset, ridges: Sequence[float]) -> tuple[Tensor, Tensor, Tensor]:
    """Train an intact network on all that comes before a split and let it generate the split, per ridge parameter.

    Parameters
    ----------
    network, piece
        As for `loop`.
    ridges : sequence of float
        Ridge parameters, 0 for the pseudo-inverse.

    Returns
    -------
    readouts : torch.Tensor, shape (R, N, O)
        Read-out weights.
    outputs : torch.Tensor, shape (R, T, O)
        What is generated at the scored steps.
    fit : torch.Tensor, shape (R, fitted steps, O)
        Read-out of the training series.
    """
    series = loop(network, piece)
    size = network.sizes["node"]
    node = reservoir.unit(network)
    weights = coupling.by_delay(
        torch.from_numpy(network["weights"].transpose("source", "target").values), coupling.delays(network)
    )
    start = nodes.at_start(node, (1, size), torch.float64, series.history.device)
    states = torch.cat([m.state.clone() for m in nodes.trajectory(node, weights, series.history, start)])
    fitted = states[torch.from_numpy(series.fitted), 0]
    readouts = torch.stack([fit_readouts(torch.cat([fitted, series.truth], dim=1), size, ridge) for ridge in ridges])
    past = states[:, None].expand(-1, -1, len(readouts), -1)
    steps = free_run(
        node, weights, series.drives, past[-1], past=past[:-1], feedback=series.feedback,
        last_output=series.last_output.expand(len(readouts), -1), readout=readouts, bound=series.bound,
        output=series.output,
    )  # fmt: skip
    outputs = torch.stack([output for _, output in steps], dim=1)
    return readouts, outputs, OUTPUTS[series.output][0](fitted @ readouts)


def radii(weights: Tensor, intact: Tensor) -> Tensor:
    """Return the spectral radius of networks of which some nodes are intact.

    Parameters
    ----------
    weights : torch.Tensor, shape (..., N, N)
        Broadcasts with `intact`.
    intact : torch.Tensor of bool, shape (..., N)
        Nodes that are there.

    Returns
    -------
    torch.Tensor, shape (...)
        0 where no cycle is left, exactly: LAPACK permutes such a matrix to triangular form.
    """
    lesioned = weights * (intact[..., :, None] & intact[..., None, :])
    return torch.linalg.eigvals(lesioned).abs().amax(dim=-1)


def rescaling(weights: Tensor, intact: Tensor, radius: float) -> Tensor:
    """Return the factors that bring lesioned networks to a spectral radius; 1 where no cycle is left to be scaled.

    Parameters
    ----------
    weights, intact
        As for `radii`.
    radius : float
        Spectral radius that is wanted.

    Returns
    -------
    torch.Tensor, shape (...)
        Factors of the weights.
    """
    found = radii(weights, intact)
    cyclic = found > 1e-9 * radius
    return torch.where(cyclic, radius / torch.where(cyclic, found, 1.0), 1.0)


def fit_readouts(series: Tensor, size: int, ridge: float) -> Tensor:
    """Fit the read-out of every network, without a constant.

    Parameters
    ----------
    series : torch.Tensor, shape (..., T, N + O), float64
        States at the steps that are fitted and, beside them, what the outputs should be. It is not copied.
    size : int
        Number of nodes N.
    ridge : float
        Ridge parameter, 0 for the pseudo-inverse.

    Returns
    -------
    torch.Tensor, shape (..., N, O)
        Read-out weights; 0 of nodes that are silent.

    Raises
    ------
    ValueError
        If activity overflows.
    """
    triangle = torch.linalg.qr(series, mode="r")[1]
    if not torch.isfinite(triangle).all():
        raise reservoir.Overflow(
            "the activity of a network overflows while it is trained: take a smaller spectral radius"
        )
    return of_triangle(triangle[..., :size, :], series.shape[-2], ridge)


def of_triangle(triangle: Tensor, rows: int, ridge: float) -> Tensor:
    """Fit the read-out of every network, given the triangular factor of its states and outputs.

    Parameters
    ----------
    triangle : torch.Tensor, shape (..., N, N + O)
        The first rows of the factor.
    rows : int
        Number of fitted steps.
    ridge : float
        As for `fit_readouts`.

    Returns
    -------
    torch.Tensor, shape (..., N, O)
        Read-out weights. What has a singular value below those of rounding is left out.
    """
    size = triangle.shape[-2]
    u, s, vt = torch.linalg.svd(triangle[..., :size], full_matrices=False)
    kept = s > s[..., :1] * max(rows, size) * torch.finfo(s.dtype).eps
    gain = torch.where(kept, s / torch.where(kept, s**2 + ridge, 1.0), 0.0)
    return vt.mT @ (gain[..., None] * (u.mT @ triangle[..., size:]))


def free_run(
    node: nodes.NodeDynamics,
    weights: coupling.Weights,
    drives: Iterable[Tensor],
    start: Tensor,
    *,
    lesion: Callable[[Tensor, int], Tensor] | None = None,
    scale: Tensor | None = None,
    past: Tensor | None = None,
    feedback: Tensor | None,
    last_output: Tensor,
    readout: Tensor,
    bound: float,
    output: str = "identity",
) -> Iterator[tuple[nodes.Moment, Tensor]]:
    """Simulate every network of a batch, step by step, while it hears its own output.

    Parameters
    ----------
    node, weights, drives, start, lesion, scale, past
        As for `nodes.trajectory`; what is fed back is added to the drive of the first channel.
    feedback : torch.Tensor, shape (O, N) or (batch, O, N), optional
        Weights from the outputs; without them the loop is open.
    last_output : torch.Tensor, shape (rows, O) or (batch, rows, O)
        Outputs of the step before the first.
    readout : torch.Tensor, shape (rows, N, O) or (batch, rows, N, O)
        Of every network, 0 of lesioned nodes.
    bound : float
        Outputs are bounded at this magnitude, and are 0 where they are not a number.
    output : str
        Key of `OUTPUTS`.

    Yields
    ------
    moment : nodes.Moment
        Buffers as of `nodes.trajectory`.
    output : torch.Tensor, shape (rows, O) or (batch, rows, O)
        A new tensor.
    """
    heard = last_output

    def drives_with_feedback() -> Iterator[nodes.Drive]:
        for driven in drives:
            yield driven if feedback is None else [driven[0] + heard @ feedback, *driven[1:]]

    steps = nodes.trajectory(node, weights, drives_with_feedback(), start, lesion=lesion, scale=scale, past=past)
    for moment in steps:
        activity = node.watch(moment.state)
        # Of one output or a few, elementwise products are faster than as many matrix products as there are networks.
        read = torch.stack([(activity * column).sum(dim=-1) for column in readout.unbind(dim=-1)], dim=-1)
        heard = OUTPUTS[output][0](read).nan_to_num(nan=0.0, posinf=bound, neginf=-bound).clamp_(-bound, bound)
        yield moment, heard
