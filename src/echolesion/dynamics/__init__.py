"""What a node sends, receives and becomes at the next step.

In come a prepared connectome and parameters (spectral radius, leak rate, input scaling, bias, activation, perhaps a
velocity in mm per step), out goes the echo state network: ``reservoir.nc`` with ``weights (source, target)``,
``input_weights (channel, node)`` and perhaps ``delays (source, target)`` in steps. Its update is written once, for one
network, a grid of parameters or a batch of lesioned networks alike, and yields states of shape (..., node) step by
step. In closed loop a network is first taught, by hearing the true output, then mended if it is lesioned (its radius,
its read-out), and left to hear its own.

`reservoir`
    `input_weights`, `build`; `simulate`, by `trajectory` and `update`, with what they take: `drive`, `feedback`,
    `delays`, `by_delay`, `parts`, `received`; `spectral_radius`, `start_left`; `Overflow`
`closed_loop`
    `loop` makes a `Loop`; `radii`, `rescaling`, `fit_readouts` (`of_triangle`), `free_run`; `generate` does all of it,
    intact
`lanes`
    Eight networks side by side in kernels of numba: numbers of type `Lanes` are read and written by `aligned`, `at`,
    `load`, `gather`, `spread`, `store`; `root`, `inverse`, `with_sign_of`, `bounded`, `or_zero`, `tanh`, `activated`
`triangles`
    `absorb` a block of steps in a triangular factor; `solve` it
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
