"""What a node sends, receives and becomes at the next step.

In come a prepared connectome and parameters (spectral radius, leak rate, input scaling, bias, activation, perhaps a
velocity in mm per step), out goes the echo state network: ``reservoir.nc`` with ``weights (source, target)``,
``input_weights (channel, node)`` and perhaps ``delays (source, target)`` in steps. Its unit is one kind of node: one
loop simulates a network, a grid of parameters or a batch of lesioned networks of any kind, and yields states of shape
(variable, ..., node) step by step. In closed loop a network is first taught, by hearing the true output, then mended if
it is lesioned (its radius, its read-out), and left to hear its own.

`nodes`
    `NodeDynamics`, what a kind of node is, and `Compiled`, what it is in lanes; `trajectory` simulates networks of any,
    a `Moment` after each step, from `at_start`; `run_intact` an intact one
`coupling`
    where nodes meet: `delays`, `by_delay`, `parts`, `received`
`leaky_unit`
    `LeakyUnit`, the kind that echo state networks are made of
`reservoir`
    `input_weights`, `build`; `simulate`, and what that takes: `unit`, `drive`, `feedback`; `spectral_radius`;
    `Overflow`
`echo_state`
    `start_left`, how much of its start a network remembers
`closed_loop`
    `loop` makes a `Loop`; `radii`, `rescaling`, `fit_readouts` (`of_triangle`), `free_run`; `generate` does all of it,
    intact
`vectors`
    lanes in registers, a `Vector`: `vectors.load`, `vectors.store`, `splat`, `filled`, `tiled`, `fma`, `quotient`,
    `clamp`, `before_lane`, `vectors.gather`, `transpose`, `vectors.spread`, `spread_differences`,
    `differences`, `spread_between`; several rows of them: `load_rows`, `store_rows`, `gather_rows`, `numbers`, `wide`,
    `fma_rows`, `less_rows`, `rows_from_lane`
`leaky_vectors`
    `step_of` the leaky unit on these, with `leaky_vectors.tanh`
`octets`
    Eight networks side by side in kernels of numba: numbers of type `Lanes` are read and written by `aligned`, `at`,
    `octets.load`, `octets.gather`, `octets.spread`, `octets.store`; `root`, `inverse`, `with_sign_of`, `bounded`,
    `or_zero`, `octets.tanh`, `activated`
`triangles`
    `absorb` a block of steps in a triangular factor; `solve` it
"""

from echolesion import lazily

__getattr__, __dir__, __all__ = lazily(__name__, __file__)
