r"""Eight numbers side by side, as numba's kernels calculate with them.

What several networks do in step is one operation on a vector of the processor, if the compiler sees it. It is not left
to find out: values of the type `Lanes` are vectors in LLVM's language. They are read from and written to flat arrays of
float64, added, multiplied and so on with each other or with a number, and LLVM makes of them what the processor has:
one operation, two or four. A product and the sum it goes into are one operation where the processor can, rounded once.

In Python, outside of kernels, nothing here can be called.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, register_model

#: Networks in a vector.
LANES = 8

_NUMBER = ir.DoubleType()
_VECTOR = ir.VectorType(_NUMBER, LANES)
_BITS = ir.VectorType(ir.IntType(64), LANES)
_FUSED = ("contract",)


class Lanes(types.Type):  # type: ignore[misc]
    """The type of eight numbers side by side."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


lanes = Lanes()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, of_type: Any) -> None:
        super().__init__(manager, of_type, _VECTOR)


def aligned(size: int, dtype: type = np.float64) -> np.ndarray:
    """Return a flat array of zeros of which vectors of 64 bytes lie in one line of the cache each."""
    lanes_of = 64 // np.dtype(dtype).itemsize
    room: np.ndarray = np.zeros(size + lanes_of, dtype)
    first = -room.ctypes.data // room.itemsize % lanes_of
    return room[first : first + size]


def _constant(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * LANES)


def _spread(builder: Any, value: Any) -> Any:
    """Return a vector: the value itself, or the number in every lane."""
    if value.type == _VECTOR:
        return value
    first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), places)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, place: Any) -> Any:
    data = cgutils.create_struct_proxy(array_type)(context, builder, value=array).data
    return builder.gep(data, [place])


def _of_llvm(builder: Any, name: str, *values: Any) -> Any:
    """Call an operation that LLVM knows by name."""
    of_type = ir.FunctionType(_VECTOR, [_VECTOR] * len(values))
    function = cgutils.get_or_insert_function(builder.module, of_type, f"llvm.{name}.v{LANES}f64")
    return builder.call(function, values)


@intrinsic  # type: ignore[untyped-decorator]
def spread(_context: Any, value: Any) -> Any:
    """Return a number eight times."""
    return lanes(types.float64), lambda _context, builder, _signature, arguments: _spread(builder, *arguments)


@intrinsic  # type: ignore[untyped-decorator]
def at(_context: Any, array: Any, place: Any) -> Any:
    """Read one entry of a flat array; unlike by brackets, places are not looked at for being negative."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature.args[0], *arguments))

    return array.dtype(array, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def load(_context: Any, array: Any, place: Any) -> Any:
    """Read eight numbers that follow each other in a flat array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments)
        return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=8)

    return lanes(array, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def store(_context: Any, array: Any, place: Any, value: Any) -> Any:
    """Write eight numbers, or one number eight times, to places of a flat array that follow each other."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(_spread(builder, arguments[2]), builder.bitcast(pointer, _VECTOR.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic  # type: ignore[untyped-decorator]
def gather(_context: Any, array: Any, places: Any, first: Any, offset: Any) -> Any:
    """Read, of a flat array, eight numbers at `offset` + `places[first : first + 8]`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, places, first, offset = arguments
        of_array, of_places = signature.args[:2]
        begin = _pointer(context, builder, of_array, array, offset)
        listed = _pointer(context, builder, of_places, places, first)
        result = ir.Constant(_VECTOR, ir.Undefined)
        for lane in range(LANES):
            number = ir.Constant(ir.IntType(32), lane)
            place = builder.load(builder.gep(listed, [number]))
            result = builder.insert_element(result, builder.load(builder.gep(begin, [place])), number)
        return result

    return lanes(array, places, types.intp, types.intp), generate


def _operation(symbol: Callable[..., Any], name: str) -> None:
    """Give an operator to vectors, with each other and with numbers."""

    @intrinsic  # type: ignore[untyped-decorator]
    def combine(_context: Any, left: Any, right: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            both = (_spread(builder, value) for value in arguments)
            return getattr(builder, name)(*both, flags=_FUSED)

        return lanes(left, right), generate

    @overload(symbol, strict=False)  # type: ignore[untyped-decorator]
    def of_lanes(left: Any, right: Any) -> Any:
        kinds = {type(left), type(right)}
        if Lanes in kinds and kinds <= {Lanes, types.Float}:
            return lambda left, right: combine(left, right)
        return None


for _symbol, _name in {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv"}.items():
    _operation(getattr(operator, _symbol), _name)


@intrinsic  # type: ignore[untyped-decorator]
def root(_context: Any, value: Any) -> Any:
    """Return the square root."""
    return lanes(value), lambda _context, builder, _signature, arguments: _of_llvm(builder, "sqrt", *arguments)


@intrinsic  # type: ignore[untyped-decorator]
def with_sign_of(_context: Any, size: Any, sign: Any) -> Any:
    """Return numbers of the magnitude of some and the sign of others."""
    return lanes(size, sign), lambda _context, builder, _signature, arguments: _of_llvm(builder, "copysign", *arguments)


@intrinsic  # type: ignore[untyped-decorator]
def inverse(_context: Any, value: Any) -> Any:
    """Return 1 over the numbers, and 0 where that were no number or nearly: squares of activity that has died away."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        size = builder.select(
            builder.fcmp_ordered("<", arguments[0], _constant(0.0)), builder.fneg(arguments[0]), arguments[0]
        )
        nothing = builder.fcmp_ordered("<", size, _constant(1e-290))
        return builder.select(nothing, _constant(0.0), builder.fdiv(_constant(1.0), arguments[0]))

    return lanes(value), generate


@intrinsic  # type: ignore[untyped-decorator]
def bounded(_context: Any, value: Any, low: Any, high: Any) -> Any:
    """Return numbers that are not below the one nor above the other; what is no number stays so."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        value, low, high = (_spread(builder, each) for each in arguments)
        value = builder.select(builder.fcmp_ordered(">", value, high), high, value)
        return builder.select(builder.fcmp_ordered("<", value, low), low, value)

    return lanes(value, low, high), generate


@intrinsic  # type: ignore[untyped-decorator]
def or_zero(_context: Any, value: Any) -> Any:
    """Return 0 for what is no number, and numbers as they are."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        there = builder.fcmp_ordered("==", arguments[0], arguments[0])
        return builder.select(there, arguments[0], _constant(0.0))

    return lanes(value), generate


@intrinsic  # type: ignore[untyped-decorator]
def _power_of_two(_context: Any, shifted: Any) -> Any:
    """Return 2^k of k + `_SHIFT`, an integer of less than 1,000 that stands in the last bits of its number."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        bits = builder.shl(builder.bitcast(arguments[0], _BITS), ir.Constant(_BITS, [52] * LANES))
        return builder.bitcast(builder.add(bits, ir.Constant(_BITS, [1023 << 52] * LANES)), _VECTOR)

    return lanes(shifted), generate


#: Added to a number, it leaves no bits behind the point: the sum is rounded to an integer.
_SHIFT = 1.5 * 2.0**52
_LOG2, _LOG2_HIGH = float(np.log(2.0)), 0.693147180369123816490  # the latter has few bits: k times it is exact
_LOG2_LOW = 1.90821492927058770002e-10
#: From here on tanh is 1 in float64.
_FULL = 20.0


@njit(error_model="numpy")
def tanh(x):  # type: ignore[no-untyped-def]
    r"""Return the hyperbolic tangent, within 3 units in the last place.

    With :math:`2 x = k \log 2 + r`, :math:`|r| \le \log(2) / 2`, the Padé approximant of order [6/6] gives
    :math:`e^r = (Q + P) / (Q - P)` within 1e-18, P odd and Q even in r; so one division gives
    :math:`\tanh x = ((2^k - 1) Q + (2^k + 1) P) / ((2^k + 1) Q + (2^k - 1) P)`, in which nothing cancels.
    """
    x = bounded(x, -_FULL, _FULL)
    shifted = x * (2.0 / _LOG2) + _SHIFT
    whole = shifted - _SHIFT
    r = (x * 2.0 - whole * _LOG2_HIGH) - whole * _LOG2_LOW
    square = r * r
    odd = r * (332640.0 + square * (10080.0 + square * 42.0))
    even = 665280.0 + square * (75600.0 + square * (840.0 + square))
    power = _power_of_two(shifted)
    less, more = power - 1.0, power + 1.0
    return (less * even + more * odd) / (more * even + less * odd)


@njit(error_model="numpy")
def activated(x, activation):  # type: ignore[no-untyped-def]
    """Return what a node makes of its pre-activation; the activation is a place in `ACTIVATIONS`."""
    if activation == 0:
        return tanh(x)
    if activation == 1:
        return 0.5 + 0.5 * tanh(0.5 * x)
    if activation == 2:
        return bounded(x, 0.0, np.inf)
    return x


#: Activation functions, by name as in `reservoir.ACTIVATIONS`.
ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")
