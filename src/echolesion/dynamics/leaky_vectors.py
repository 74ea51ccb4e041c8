"""The step of the leaky unit (see `leaky_unit`) on `vectors`, compiled into what `sweep.kernels` makes of it."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from echolesion.dynamics.vectors import clamp, fma, quotient
from echolesion.records.compilation import INNER


@njit(**INNER)
def tanh(z: Any) -> Any:
    """Return the hyperbolic tangent, a rational function fitted on [-8, 8]; its error is below 3e-7."""
    z = clamp(z, -8.0, 8.0)
    s = z * z
    p = fma(s, 2.30265571e-11, -1.45172214e-08)
    p = fma(s, p, 9.81558682e-06)
    p = fma(s, p, 2.97881665e-03)
    p = fma(s, p, 1.29725846e-01)
    p = fma(s, p, 9.99999913e-01)
    q = fma(s, 2.36238790e-04, 2.39988515e-02)
    q = fma(s, q, 4.63058822e-01)
    q = fma(s, q, 1.0)
    return quotient(z * p, q)


@njit(**INNER)
def _sigmoid(z: Any) -> Any:
    return fma(tanh(z * 0.5), 0.5, 0.5)


@njit(**INNER)
def _relu(z: Any) -> Any:
    return clamp(z, 0.0, np.inf)


@njit(**INNER)
def _identity(z: Any) -> Any:
    return z


ACTIVATIONS = {"tanh": tanh, "sigmoid": _sigmoid, "relu": _relu, "identity": _identity}


@cache
def step_of(activation: str) -> Callable[..., Any]:
    """Return the compiled step, see `nodes.Compiled`; its parameter is the leak rate."""
    function = ACTIVATIONS[activation]

    @njit(**INNER)
    def step(rows: Any, received: Any, held: Any, parameters: Any) -> Any:
        (state,), (total,), (rest,), (leak,) = rows, received, held, parameters
        return (fma(leak, function(total) - rest - state, state),)

    return step
