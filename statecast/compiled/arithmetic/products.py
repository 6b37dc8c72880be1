"""Products of a matrix with packed weights: ``out = inputs weights^T + bias``, the only place where much is computed.

Weights lie in panels of up to 64 outputs, each ``[inputs, panel width]``, and the bias after them; the number of
outputs is padded to a multiple of 16. A tile of some rows and some vectors of outputs is kept in registers while the
inputs pass by once. Each output is its bias plus its products one after the other, whatever rows stand beside it, so
that a row alone comes to the same bits as a row among many.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from statecast.compiled.arithmetic.kernel import Floats, kernel

LANE = 16
"""Outputs are padded to a multiple of so many."""
PANEL = 64
_WIDE = bool(binding.get_host_cpu_features().get("avx512f"))
_VECTOR = 16 if _WIDE else 8  # floats in a vector register
# Vectors of a strip of outputs. Without AVX-512 there are only sixteen registers, of which six rows take twelve.
_BROAD, _NARROW = (4, 1) if _WIDE else (2, 2)
_STRIP = _BROAD * _VECTOR


def _tile(rows: int, vectors: int) -> Callable[..., None]:
    """A function of ``rows`` rows times ``vectors`` vectors of outputs, written in LLVM's own instructions."""
    vector, whole = ir.VectorType(ir.FloatType(), _VECTOR), ir.IntType(64)

    def number(value: int) -> Any:
        return ir.Constant(whole, value)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        inputs, weights, bias, out = (
            context.make_array(signature.args[place])(context, builder, given[place]).data for place in (0, 3, 6, 8)
        )
        first_input, stride, first_weight, panel, first_bias, first_out, out_stride, depth = (
            given[place] for place in (1, 2, 4, 5, 7, 9, 10, 11)
        )
        name = f"llvm.fma.v{_VECTOR}f32"
        insert: Any = cgutils.get_or_insert_function
        fma = insert(builder.module, ir.FunctionType(vector, [vector] * 3), name)

        def vector_at(pointer: Any, place: Any) -> Any:
            return builder.bitcast(builder.gep(pointer, [place]), vector.as_pointer())

        def load(pointer: Any, place: Any) -> Any:
            found = builder.load(vector_at(pointer, place))
            found.align = 4
            return found

        def spread(value: Any) -> Any:
            empty = ir.Constant(vector, ir.Undefined)
            first = builder.insert_element(empty, value, ir.Constant(ir.IntType(32), 0))
            return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(ir.IntType(32), _VECTOR), None))

        columns = [number(v * _VECTOR) for v in range(vectors)]
        begin = [load(bias, builder.add(first_bias, column)) for column in columns]
        row_input = [builder.add(first_input, builder.mul(stride, number(r))) for r in range(rows)]
        before, loop, after = builder.block, builder.append_basic_block("inputs"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(whole)
        k.add_incoming(number(0), before)
        sums = [[builder.phi(vector) for _ in columns] for _ in range(rows)]
        for row in sums:
            for one, start in zip(row, begin, strict=True):
                one.add_incoming(start, before)
        place = builder.add(first_weight, builder.mul(k, panel))
        read = [load(weights, builder.add(place, column)) for column in columns]
        new = []
        for r, row in enumerate(sums):
            value = spread(builder.load(builder.gep(inputs, [builder.add(row_input[r], k)])))
            new.append([builder.call(fma, [value, weight, one]) for weight, one in zip(read, row, strict=True)])
        following = builder.add(k, number(1))
        k.add_incoming(following, loop)
        for row, found in zip(sums, new, strict=True):
            for one, value in zip(row, found, strict=True):
                one.add_incoming(value, loop)
        builder.cbranch(builder.icmp_signed("<", following, depth), loop, after)
        builder.position_at_end(after)
        for r, found in enumerate(new):
            row_out = builder.add(first_out, builder.mul(out_stride, number(r)))
            for column, value in zip(columns, found, strict=True):
                builder.store(value, vector_at(out, builder.add(row_out, column))).align = 4
        return context.get_dummy_value()

    @intrinsic
    def tile(  # type: ignore[no-untyped-def]
        _,
        inputs,
        first_input,
        stride,
        weights,
        first_weight,
        panel,
        bias,
        first_bias,
        out,
        first_out,
        out_stride,
        depth,
    ):
        counts = [types.int64] * 2
        arguments = [inputs, *counts, weights, *counts, bias, types.int64, out, *counts, types.int64]
        return types.void(*arguments), generate

    found: Callable[..., None] = tile
    return found


_six_broad, _three_broad, _one_broad = _tile(6, _BROAD), _tile(3, _BROAD), _tile(1, _BROAD)
_six_narrow, _three_narrow, _one_narrow = _tile(6, _NARROW), _tile(3, _NARROW), _tile(1, _NARROW)


@kernel
def padded(count: int) -> int:
    """Round up to a multiple of ``LANE``.

    Parameters
    ----------
    count : int
        Outputs, or the width of a vector.

    Returns
    -------
    int
        The least multiple of ``LANE`` that is not below ``count``.
    """
    return (count + LANE - 1) // LANE * LANE


@kernel
def dense(
    inputs: Floats, stride: int, count: int, weights: Floats, at: int, depth: int, out: Floats, size: int
) -> None:
    """Fill rows of ``out`` with ``inputs weights^T + bias``. Shapes: M rows, K inputs and N outputs of each row.

    Parameters
    ----------
    inputs : Floats, flat
        Row ``r`` is the K numbers from ``r * stride``.
    stride : int
        Numbers from the start of a row of inputs to that of the next, at least K.
    count : int, M
        Rows; 0 writes nothing.
    weights : Floats, all packed weights of the network
    at : int
        Place of these in ``weights``: panels of ``[K, panel width]``, then the bias ``[N]``.
    depth : int, K
        Inputs of a row, at least 1.
    out : Floats, flat [M, N]
        Overwritten; may not overlap ``inputs``.
    size : int, N
        Outputs of a row, padded to a multiple of ``LANE``.
    """
    bias = at + depth * size
    for panel in range(0, size, PANEL):
        width = min(PANEL, size - panel)
        first = at + panel * depth
        column = 0
        while column < width:
            w, b, o = first + column, bias + panel + column, panel + column
            row = 0
            if width - column >= _STRIP:
                while row + 6 <= count:
                    _six_broad(
                        inputs, row * stride, stride, weights, w, width, weights, b, out, row * size + o, size, depth
                    )
                    row += 6
                while row + 3 <= count:
                    _three_broad(
                        inputs, row * stride, stride, weights, w, width, weights, b, out, row * size + o, size, depth
                    )
                    row += 3
                while row < count:
                    _one_broad(
                        inputs, row * stride, stride, weights, w, width, weights, b, out, row * size + o, size, depth
                    )
                    row += 1
                column += _STRIP
            else:
                while row + 6 <= count:
                    _six_narrow(
                        inputs, row * stride, stride, weights, w, width, weights, b, out, row * size + o, size, depth
                    )
                    row += 6
                while row + 3 <= count:
                    _three_narrow(
                        inputs, row * stride, stride, weights, w, width, weights, b, out, row * size + o, size, depth
                    )
                    row += 3
                while row < count:
                    _one_narrow(
                        inputs, row * stride, stride, weights, w, width, weights, b, out, row * size + o, size, depth
                    )
                    row += 1
                column += LANE
