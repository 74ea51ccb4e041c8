r"""The triangular factor of many steps, carried along by blocks of them.

A read-out is fitted to the states X of T steps and the outputs Y they should give, and all it needs of them is the
factor R of :math:`[X\; Y] = Q R` (see `closed_loop.fit_readouts`). The factor of some rows and of those before is that
of the new rows beneath the old factor, so states need not be kept: Householder's reflections take one column after the
other of a block of `ROWS` rows to zero against the diagonal of the factor (LAPACK's ``tpqrt`` does the same). Nothing
is squared, so the condition of X is not: with one of 3e7 the factor is right to 1e-11 or better.

Eight networks stand side by side (see `octets`): arrays are flat, and of every entry there are eight numbers that
follow each other.
"""

from typing import Any

from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from echolesion.dynamics.octets import LANES, inverse, lanes, load, root, spread, store, with_sign_of

#: Rows of a block: as many vectors as stay in registers.
ROWS = 16
#: Sums side by side in a product, as one would wait for itself.
_SUMS = 4


@intrinsic  # type: ignore[untyped-decorator]
def _column(_context: Any, block: Any, place: Any) -> Any:
    """Read a column of a block as a tuple."""
    result = types.UniTuple(lanes, ROWS)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        block, place = arguments
        read = [_read(context, builder, signature.args[0], block, place, row)[0] for row in range(ROWS)]
        return context.make_tuple(builder, result, read)

    return result(block, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def _product(_context: Any, column: Any, block: Any, place: Any) -> Any:
    """Return the inner product of a column that was read and one of a block."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        column, block, place = arguments
        sums: list[Any] = []
        for row, value in enumerate(cgutils.unpack_tuple(builder, column, ROWS)):
            entry, _ = _read(context, builder, signature.args[1], block, place, row)
            product = builder.fmul(value, entry, flags=("contract",))
            if row < _SUMS:
                sums.append(product)
            else:
                sums[row % _SUMS] = builder.fadd(sums[row % _SUMS], product, flags=("contract",))
        while len(sums) > 1:
            sums = [builder.fadd(*sums[:2]), *sums[2:]]
        return sums[0]

    return lanes(column, block, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def _subtract(_context: Any, column: Any, factor: Any, block: Any, place: Any) -> Any:
    """Subtract a multiple of a column that was read from one of a block."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        column, factor, block, place = arguments
        for row, value in enumerate(cgutils.unpack_tuple(builder, column, ROWS)):
            entry, pointer = _read(context, builder, signature.args[2], block, place, row)
            less = builder.fsub(entry, builder.fmul(value, factor, flags=("contract",)), flags=("contract",))
            builder.store(less, pointer, align=8)
        return context.get_dummy_value()

    return types.void(column, factor, block, types.intp), generate


def _read(context: Any, builder: Any, of_type: Any, block: Any, place: Any, row: int) -> tuple[Any, Any]:
    """Return the vector of a row of a column, and where it is."""
    data = cgutils.create_struct_proxy(of_type)(context, builder, value=block).data
    number = place.type(row * LANES)
    vector = context.get_value_type(lanes).as_pointer()
    pointer = builder.bitcast(builder.gep(data, [builder.add(place, number)]), vector)
    return builder.load(pointer, align=8), pointer


@njit(error_model="numpy")
def absorb(factor, first, size, columns, block):  # type: ignore[no-untyped-def]
    """Update the triangular factors of eight matrices with a block of further rows, in place.

    Parameters
    ----------
    factor : numpy.ndarray, flat, of shape (size, columns, 8) from `first` on
        Factors of what came before, 0 at first; below the diagonal nothing is read.
    first : int
        Where they begin.
    size : int
        Columns that are brought to triangular form, X.
    columns : int
        All columns, [X Y]. Rows of the factor beyond `size` are not kept, as nothing is made of them.
    block : numpy.ndarray, flat, of shape (columns, ROWS, 8)
        Further rows, by column; overwritten. Rows of 0 change nothing.
    """
    for k in range(size):
        column = _column(block, k * ROWS * LANES)
        row = first + k * columns * LANES
        corner = load(factor, row + k * LANES)
        diagonal = with_sign_of(root(corner * corner + _product(column, block, k * ROWS * LANES)), -1.0 * corner)
        head = corner - diagonal
        # A column of 0 above a corner of 0, of a silent node: the reflection is none.
        share = inverse(-1.0 * (diagonal * head))
        store(factor, row + k * LANES, diagonal)
        for j in range(k + 1, columns):
            above = load(factor, row + j * LANES)
            part = share * (head * above + _product(column, block, j * ROWS * LANES))
            store(factor, row + j * LANES, above - part * head)
            _subtract(column, part, block, j * ROWS * LANES)


@njit(error_model="numpy")
def solve(factor, first, size, columns, solution, place, scratch):  # type: ignore[no-untyped-def]
    """Solve R x = y of eight triangular factors, and return their condition.

    Parameters
    ----------
    factor, first, size, columns
        As for `absorb`; the columns from `size` on are y.
    solution : numpy.ndarray, flat, of shape (size, columns - size, 8) from `place` on
        Takes x, 0 where the diagonal is 0 (a silent node).
    place : int
        Where it begins.
    scratch : numpy.ndarray, flat, of shape (size, 8)
        Overwritten.

    Returns
    -------
    Lanes
        Condition of R in the norm of Frobenius, which is not below the usual one. Rows and columns of 0 do not count.
    """
    outputs = columns - size
    for column in range(outputs):
        for k in range(size - 1, -1, -1):
            row = first + k * columns * LANES
            rest = load(factor, row + (size + column) * LANES)
            for j in range(k + 1, size):
                rest = rest - load(factor, row + j * LANES) * load(solution, place + (j * outputs + column) * LANES)
            store(solution, place + (k * outputs + column) * LANES, rest * inverse(load(factor, row + k * LANES)))
    large, small = spread(0.0), spread(0.0)  # sums of squares of R and of its inverse
    for end in range(size):
        # The column `end` of the inverse, from the diagonal up.
        for k in range(end, -1, -1):
            row = first + k * columns * LANES
            entry = load(factor, row + end * LANES)
            large = large + entry * entry
            one = spread(1.0 if k == end else 0.0)
            for j in range(k + 1, end + 1):
                one = one - load(factor, row + j * LANES) * load(scratch, j * LANES)
            one = one * inverse(load(factor, row + k * LANES))
            small = small + one * one
            store(scratch, k * LANES, one)
    return root(large * small)
