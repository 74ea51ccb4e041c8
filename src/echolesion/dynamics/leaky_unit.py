r"""The leaky unit of echo state networks, a kind of node (see `nodes`).

Its activity h is what it sends; of the sum z that it receives, drive and bias included, f(z) is made; a is the leak::

    h(t) = (1 - a) h(t-1) + a f(z(t))

Here it is computed for one network, a grid of parameters or a batch of lesioned networks alike; in lanes by
`leaky_vectors`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from echolesion.dynamics.nodes import Compiled


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


@dataclass(frozen=True)
class LeakyUnit:
    """The leaky unit; its one variable is its activity, which is sent and watched.

    Attributes
    ----------
    leak : float or torch.Tensor
        Leak rate a, in (0, 1]; a tensor broadcasts to the state.
    activation : str
        Key of `ACTIVATIONS`.
    scale, rest : float
        Units in which activity is held, see `nodes.NodeDynamics`.
    """

    leak: float | Tensor
    activation: str
    scale: float = 1.0
    rest: float = 0.0

    signals = channels = 1

    @property
    def start(self) -> tuple[float]:
        """Activity 0."""
        return (self.rest,)

    def in_sigmoids(self) -> "LeakyUnit":
        """Return the same unit in units in which a step is fastest, if there are such.

        A tanh network is a sigmoid network: with g = (1 + h) / 2, z -> 2 z turns h' = tanh(z) into g' = sigmoid(2 z).
        """
        return LeakyUnit(self.leak, "sigmoid", scale=2.0, rest=0.5) if self.activation == "tanh" else self

    def send(self, state: Tensor) -> Tensor:
        """Return the activity, shape (1, ...)."""
        return state

    def receive(self, state: Tensor, received: Tensor, out: Tensor) -> Tensor:  # noqa: ARG002
        """Return f(z), shape (1, ...)."""
        return ACTIVATIONS[self.activation](received, out)

    def step(self, state: Tensor, made: Tensor) -> None:
        """Make h(t) of h(t - 1) and f(z(t)), in place."""
        state.lerp_(made, self.leak)

    def watch(self, state: Tensor) -> Tensor:
        """Return the activity, shape (...)."""
        return state[0]

    def compiled(self) -> Compiled | None:
        """Return the unit in compiled code, if all nodes have one leak rate."""
        if isinstance(self.leak, Tensor):
            return None
        # The compiler takes a second to import.
        from echolesion.dynamics.leaky_vectors import step_of

        activation = "tanh" if self.scale != 1 else self.activation
        return Compiled(f"leaky-{activation}", step_of(activation), (0.0,), 0, 1, 1, (self.leak,))
