"""Vectors of float32 lanes for compiled code, held in registers: loads, arithmetic, and moves between lanes.

Loops that a compiler makes vectors of lose them by harmless edits. Here the width is in the type: a vector of 16, 32
or 64 lanes is one value of LLVM, which splits it into what registers the processor has. Besides the functions, `+`,
`-`, `*` and `/` work between vectors and between a vector and a number. Several rows are a tuple of vectors.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, errors, types
from numba.core.types.containers import UniTuple
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

#: Lanes of the vectors that are transposed, gathered and spread.
LANES = 16
_FLOAT, _INT, _LONG = ir.FloatType(), ir.IntType(32), ir.IntType(64)


class Vector(types.Type):
    """The type of a vector of so many lanes."""

    def __init__(self, lanes: int):
        self.lanes = lanes
        super().__init__(name=f"float32x{lanes}")


@register_model(Vector)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Vector):
        super().__init__(manager, of, ir.VectorType(_FLOAT, of.lanes))


def _call(builder: Any, name: str, result: Any, *values: Any) -> Any:
    """Call a function of LLVM."""
    function_type = ir.FunctionType(result, [value.type for value in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), values)


def _broadcast(builder: Any, value: Any, lanes: int) -> Any:
    one = builder.insert_element(ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined), value, _INT(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_INT, lanes), [0] * lanes))


def _fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return _call(builder, f"llvm.fmuladd.v{a.type.count}f32", a.type, a, b, c)


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any, held: Any) -> Any:
    """Return the pointer to an element of a contiguous array, as one to what is `held` there."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), held.as_pointer())


def _load(builder: Any, pointer: Any) -> Any:
    loaded = builder.load(pointer)
    loaded.align = 4
    return loaded


def _store(builder: Any, value: Any, pointer: Any) -> None:
    builder.store(value, pointer).align = 4


def _constant(literal: Any) -> int:
    if not isinstance(literal, types.IntegerLiteral):
        raise errors.TypingError("numbers of lanes and rows must be constants")
    return int(literal.literal_value)


def _arithmetic(operation: Callable[[Any, Any], Any], name: str) -> None:
    """Make an operator work on vectors, and on a vector and a number."""

    @infer_global(operation)
    class Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ARG002
            vectors = [arg for arg in args if isinstance(arg, Vector)]
            if not vectors or len(args) != 2:
                return None
            return signature(vectors[0], *(arg if isinstance(arg, Vector) else types.float32 for arg in args))

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = [
            value if isinstance(kind, Vector) else _broadcast(builder, value, sig.return_type.lanes)
            for kind, value in zip(sig.args, args, strict=True)
        ]
        return getattr(builder, name)(*wide)

    for kinds in ((Vector, Vector), (Vector, types.Float), (types.Float, Vector)):
        lower_builtin(operation, *kinds)(lower)


for _operation, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _arithmetic(_operation, _name)


@intrinsic(prefer_literal=True)
def load(typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Load so many lanes from an array of float32, from an index on."""
    result = Vector(_constant(lanes))

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        held = context.get_value_type(sig.return_type)
        return _load(builder, _place(context, builder, sig.args[0], args[0], args[1], held))

    return result(array, types.int64, lanes), code


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Store a vector in an array, from an index on."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _store(builder, args[2], _place(context, builder, sig.args[0], args[0], args[1], args[2].type))
        return context.get_dummy_value()

    return types.void(array, types.int64, vector), code


@intrinsic(prefer_literal=True)
def load_rows(typing: Any, array: Any, index: Any, apart: Any, rows: Any, lanes: Any) -> Any:
    """Load so many rows of so many lanes from an array, the first from an index on, each so far from the last."""
    result = UniTuple(Vector(_constant(lanes)), _constant(rows))

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        loaded, index = [], args[1]
        for _ in range(result.count):
            held = context.get_value_type(result.dtype)
            loaded.append(_load(builder, _place(context, builder, sig.args[0], args[0], index, held)))
            index = builder.add(index, args[2])
        return context.make_tuple(builder, result, loaded)

    return result(array, types.int64, types.int64, rows, lanes), code


@intrinsic
def store_rows(typing: Any, array: Any, index: Any, apart: Any, rows: Any) -> Any:
    """Store rows in an array, the first from an index on, each so far from the last."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        index = args[1]
        for row in cgutils.unpack_tuple(builder, args[3], rows.count):
            _store(builder, row, _place(context, builder, sig.args[0], args[0], index, row.type))
            index = builder.add(index, args[2])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, rows), code


@intrinsic
def fma_rows(typing: Any, weight: Any, rows: Any, totals: Any) -> Any:
    """Return totals to which rows times a vector, or a number, are added: to as many as there are rows."""
    kind = totals.dtype

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = args[0] if isinstance(weight, Vector) else _broadcast(builder, args[0], kind.lanes)
        added = cgutils.unpack_tuple(builder, args[1], rows.count)
        sums = cgutils.unpack_tuple(builder, args[2], totals.count)
        for place, row in enumerate(added):
            sums[place] = _fma(builder, wide, row, sums[place])
        return context.make_tuple(builder, totals, sums)

    return totals(weight if isinstance(weight, Vector) else types.float32, rows, totals), code


@intrinsic
def less_rows(typing: Any, rows: Any, others: Any) -> Any:
    """Return rows less others."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pairs = zip(*(cgutils.unpack_tuple(builder, arg, rows.count) for arg in args), strict=True)
        return context.make_tuple(builder, rows, [builder.fsub(one, other) for one, other in pairs])

    return rows(rows, others), code


@intrinsic(prefer_literal=True)
def rows_from_lane(typing: Any, rows: Any, count: Any, bound: Any) -> Any:
    """Return rows, of which the first so many have zeros in all lanes before one."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        cut, lanes = cgutils.unpack_tuple(builder, args[0], rows.count), rows.dtype.lanes
        kept = builder.icmp_signed(">=", _iota(builder, lanes), _broadcast(builder, args[2], lanes))
        for place in range(_constant(count)):
            cut[place] = builder.select(kept, cut[place], ir.Constant(cut[place].type, [0.0] * lanes))
        return context.make_tuple(builder, rows, cut)

    return rows(rows, count, types.int32), code


@intrinsic(prefer_literal=True)
def numbers(typing: Any, array: Any, index: Any, apart: Any, rows: Any) -> Any:
    """Return so many numbers of an array, the first at an index, each so far from the last."""
    result = UniTuple(types.float32, _constant(rows))

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        loaded, index = [], args[1]
        for _ in range(result.count):
            loaded.append(_load(builder, _place(context, builder, sig.args[0], args[0], index, _FLOAT)))
            index = builder.add(index, args[2])
        return context.make_tuple(builder, result, loaded)

    return result(array, types.int64, types.int64, rows), code


@intrinsic(prefer_literal=True)
def wide(typing: Any, values: Any, lanes: Any) -> Any:
    """Return rows of so many lanes that hold numbers everywhere, or vectors of 16 again and again."""
    result = UniTuple(Vector(_constant(lanes)), values.count)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        tiles = [lane % LANES for lane in range(result.dtype.lanes)]
        rows = [
            _shuffled(builder, value, value, tiles) if isinstance(values.dtype, Vector)
            else _broadcast(builder, value, result.dtype.lanes)
            for value in cgutils.unpack_tuple(builder, args[0], values.count)
        ]  # fmt: skip
        return context.make_tuple(builder, result, rows)

    return result(values, lanes), code


@intrinsic(prefer_literal=True)
def splat(typing: Any, value: Any, lanes: Any) -> Any:
    """Return a vector of one number."""
    result = Vector(_constant(lanes))

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _broadcast(builder, args[0], sig.return_type.lanes)

    return result(types.float32, lanes), code


@intrinsic
def filled(typing: Any, vector: Any, value: Any) -> Any:
    """Return a vector of one number, with as many lanes as another."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _broadcast(builder, args[1], sig.return_type.lanes)

    return vector(vector, types.float32), code


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a b + c; each is a vector or a number."""
    result = next(kind for kind in (a, b, c) if isinstance(kind, Vector))

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        wide = (
            value if isinstance(kind, Vector) else _broadcast(builder, value, result.lanes)
            for kind, value in zip(sig.args, args, strict=True)
        )
        return _fma(builder, *wide)

    return result(*(kind if isinstance(kind, Vector) else types.float32 for kind in (a, b, c))), code


@intrinsic
def quotient(typing: Any, a: Any, b: Any) -> Any:
    """Return a / b to 2e-7, for b of moderate size: a division takes as long as all else that a state needs."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if "+avx512f" not in context.codegen().magic_tuple()[2].split(","):
            return builder.fdiv(*args)
        part, lanes = ir.VectorType(_FLOAT, LANES), a.lanes
        guesses = []
        for start in range(0, lanes, LANES):
            piece = _shuffled(builder, args[1], args[1], list(range(start, start + LANES)))
            undefined, everywhere = ir.Constant(part, ir.Undefined), ir.IntType(16)(-1)
            guesses.append(_call(builder, "llvm.x86.avx512.rcp14.ps.512", part, piece, undefined, everywhere))
        while len(guesses) > 1:
            both = list(range(2 * guesses[0].type.count))
            pairs = zip(guesses[::2], guesses[1::2], strict=True)
            guesses = [_shuffled(builder, low, high, both) for low, high in pairs]
        guess, one = guesses[0], ir.Constant(args[0].type, [1.0] * lanes)
        error = _fma(builder, builder.fneg(args[1]), guess, one)
        return builder.fmul(args[0], _fma(builder, guess, error, guess))

    return a(a, b), code


@intrinsic(prefer_literal=True)
def tiled(typing: Any, vector: Any, lanes: Any) -> Any:
    """Return a vector of so many lanes that holds one of 16 again and again."""
    result = Vector(_constant(lanes))

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _shuffled(builder, args[0], args[0], [lane % LANES for lane in range(result.lanes)])

    return result(vector, lanes), code


@intrinsic
def clamp(typing: Any, vector: Any, low: Any, high: Any) -> Any:
    """Return a vector bounded by two numbers; what is not a number stays so."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = args[0]
        for sign, bound in (("<", args[1]), (">", args[2])):
            wide = _broadcast(builder, bound, vector.lanes)
            value = builder.select(builder.fcmp_ordered(sign, value, wide), wide, value)
        return value

    return vector(vector, types.float32, types.float32), code


def _iota(builder: Any, lanes: int) -> Any:
    return ir.Constant(ir.VectorType(_INT, lanes), list(range(lanes)))


@intrinsic
def before_lane(typing: Any, vector: Any, bound: Any) -> Any:
    """Return a vector with zeros in a lane and all after it."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = vector.lanes
        kept = builder.icmp_signed("<", _iota(builder, lanes), _broadcast(builder, args[1], lanes))
        return builder.select(kept, args[0], ir.Constant(args[0].type, [0.0] * lanes))

    return vector(vector, types.int32), code


def _gather(context: Any, builder: Any, kinds: Any, array: Any, start: Any, indices: Any, at: Any) -> Any:
    """Gather from an array, from a start on, at 16 indices that are loaded; `kinds` are the types of both arrays."""
    index = _load(builder, _place(context, builder, kinds[1], indices, at, ir.VectorType(_INT, LANES)))
    data = _place(context, builder, kinds[0], array, start, _FLOAT)
    places = builder.gep(data, [_INT(0)])
    # llvmlite has no vectors of pointers.
    places.indices, places.operands, places.type = [index], [data, index], ir.VectorType(data.type, LANES)
    result = ir.VectorType(_FLOAT, LANES)
    all_lanes = ir.Constant(ir.VectorType(ir.IntType(1), LANES), [1] * LANES)
    undefined = ir.Constant(result, ir.Undefined)
    return _call(builder, "llvm.masked.gather.v16f32.v16p0", result, places, _INT(4), all_lanes, undefined)


@intrinsic
def gather(typing: Any, array: Any, start: Any, indices: Any, at: Any) -> Any:
    """Return the elements of an array at 16 indices, from `at` on in theirs, beyond a start."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _gather(context, builder, (sig.args[0], sig.args[2]), *args)

    return Vector(LANES)(array, types.int64, indices, types.int64), code


@intrinsic(prefer_literal=True)
def gather_rows(typing: Any, array: Any, start: Any, apart: Any, indices: Any, at: Any, rows: Any) -> Any:
    """Return so many rows of `gather`, the start of each so far from that of the last."""
    result = UniTuple(Vector(LANES), _constant(rows))

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        gathered, start = [], args[1]
        for _ in range(result.count):
            gathered.append(_gather(context, builder, (sig.args[0], sig.args[3]), args[0], start, *args[3:5]))
            start = builder.add(start, args[2])
        return context.make_tuple(builder, result, gathered)

    return result(array, types.int64, types.int64, indices, types.int64, rows), code


def _shuffled(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_INT, len(lanes)), lanes))


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Transpose 16 vectors of 16 lanes: blocks of 8, 4, 2 and 1 off the diagonal change their places in turn."""
    for size in (8, 4, 2, 1):
        low = [lane if not lane & size else lane - size + LANES for lane in range(LANES)]
        high = [lane + size if not lane & size else lane + LANES for lane in range(LANES)]
        turned = list(rows)
        for row in (row for row in range(LANES) if not row & size):
            turned[row] = _shuffled(builder, rows[row], rows[row + size], low)
            turned[row + size] = _shuffled(builder, rows[row], rows[row + size], high)
        rows = turned
    return rows


def _columns(context: Any, builder: Any, kind: Any, array: Any, start: Any, stride: Any) -> list[Any]:
    """Load 16 vectors at a stride and transpose them."""
    wide, rows = ir.VectorType(_FLOAT, LANES), []
    for row in range(LANES):
        index = builder.add(start, builder.mul(stride, _LONG(row)))
        rows.append(_load(builder, _place(context, builder, kind, array, index, wide)))
    return _transposed(builder, rows)


@intrinsic
def transpose(typing: Any, array: Any, start: Any, stride: Any, result: Any, at: Any, apart: Any) -> Any:
    """Load 16 vectors at a stride, transpose them and store them, so far apart, from an index of the result on."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        columns = _columns(context, builder, sig.args[0], args[0], args[1], args[2])
        for lane, column in enumerate(columns):
            index = builder.add(args[4], builder.mul(args[5], _LONG(lane)))
            _store(builder, column, _place(context, builder, sig.args[3], args[3], index, column.type))
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, result, types.int64, types.int64), code


def _between(context: Any, builder: Any, kind: Any, array: Any, begin: Any, apart: Any, stride: Any) -> list[Any]:
    """Load 16 vectors at a stride, less those so far before each, and transpose them."""
    wide, rows = ir.VectorType(_FLOAT, LANES), []
    for row in range(LANES):
        index = builder.add(begin, builder.mul(stride, _LONG(row)))
        high, low = (
            _load(builder, _place(context, builder, kind, array, place, wide))
            for place in (index, builder.sub(index, apart))
        )
        rows.append(builder.fsub(high, low))
    return _transposed(builder, rows)


def _spread(context: Any, builder: Any, kinds: Any, args: Any, lanes: list[Any], more: Any = None) -> None:
    """Add vectors times their weights to the sums, each at its own place, perhaps a sum of two."""
    sums, start, places, weights, at = args
    for lane, vector in enumerate(lanes):
        index = builder.add(at, _LONG(lane))
        place = builder.load(_place(context, builder, kinds[2], places, index, _LONG))
        if more is not None:
            kind, targets, target = more
            second = builder.load(_place(context, builder, kind, targets, builder.add(target, _LONG(lane)), _LONG))
            place = builder.add(place, second)
        weight = builder.load(_place(context, builder, kinds[3], weights, index, _FLOAT))
        pointer = _place(context, builder, kinds[0], sums, builder.add(start, place), vector.type)
        total = _fma(builder, vector, _broadcast(builder, weight, LANES), _load(builder, pointer))
        _store(builder, total, pointer)


@intrinsic
def spread(
    typing: Any, array: Any, begin: Any, stride: Any, sums: Any, start: Any, places: Any, weights: Any, at: Any
) -> Any:
    """Load 16 vectors at a stride; add each lane, along the 16, times its weight to the sums at its place.

    Weights and places are those from `at` on; places count from `start`.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        _spread(context, builder, sig.args[3:], args[3:], _columns(context, builder, sig.args[0], *args[:3]))
        return context.get_dummy_value()

    long = types.int64
    return types.void(array, long, long, sums, long, places, weights, long), code


@intrinsic
def spread_differences(
    typing: Any, before: Any, array: Any, begin: Any, stride: Any, sums: Any, start: Any, places: Any, weights: Any,
    at: Any, ahead: Any,
) -> Any:  # fmt: skip
    """Do as `spread`, with the differences of each lane from the one before; return the last lane, along the 16.

    Before the first lane is that which is given. What will be added to next, counted from `ahead`, is asked for: sums
    are larger than the cache.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        for lane in range(LANES):
            index = builder.add(args[8], _LONG(lane))
            place = builder.load(_place(context, builder, sig.args[6], args[6], index, _LONG))
            line = _place(context, builder, sig.args[4], args[4], builder.add(args[9], place), ir.IntType(8))
            _call(builder, "llvm.prefetch.p0", ir.VoidType(), line, _INT(1), _INT(3), _INT(1))
        columns = _columns(context, builder, sig.args[1], *args[1:4])
        pairs = zip(columns, [args[0], *columns[:-1]], strict=True)
        _spread(context, builder, sig.args[4:9], args[4:9], [builder.fsub(after, former) for after, former in pairs])
        return columns[-1]

    long = types.int64
    return before(before, array, long, long, sums, long, places, weights, long, long), code


@intrinsic
def differences(typing: Any, array: Any, begin: Any, apart: Any, stride: Any, result: Any, at: Any) -> Any:
    """Load 16 vectors at a stride, less those so far before each; transpose them and store them one behind another."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        for lane, column in enumerate(_between(context, builder, sig.args[0], *args[:4])):
            index = builder.add(args[5], _LONG(LANES * lane))
            _store(builder, column, _place(context, builder, sig.args[4], args[4], index, column.type))
        return context.get_dummy_value()

    long = types.int64
    return types.void(array, long, long, long, result, long), code


@intrinsic
def spread_between(
    typing: Any, array: Any, begin: Any, apart: Any, stride: Any, sums: Any, start: Any, places: Any, weights: Any,
    at: Any, targets: Any, target: Any,
) -> Any:  # fmt: skip
    """Do as `spread`, with vectors less those so far before each, and places that are sums of two, lane by lane."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        columns = _between(context, builder, sig.args[0], *args[:4])
        more = (sig.args[9], args[9], args[10])
        _spread(context, builder, sig.args[4:9], args[4:9], columns, more)
        return context.get_dummy_value()

    long = types.int64
    return types.void(array, long, long, long, sums, long, places, weights, long, targets, long), code
