"""Memory that compiled code works in: one array that the caller lends, cut into pieces; nothing is counted or freed.

An array that numba allocated, or took from Python, has a counter of its users, and every slice of it moves the counter
up and down under a lock: for small slices that is most of their cost. What is borrowed here has none, and lives as long
as the call that lent it.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from statecast.compiled.arithmetic.kernel import kernel

_ALIGNED = 16
"""Pieces begin at a multiple of so many numbers, which is a line of the cache."""


def _view(context: Any, builder: Any, kind: Any, data: Any, shape: list[Any]) -> Any:
    """An array without a counter, contiguous, at an address."""
    array = context.make_array(kind)(context, builder)
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides, items = [size], shape[-1]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    for length in shape[:-1]:
        items = builder.mul(items, length)
    null: Any = cgutils.get_null_value
    context.populate_array(
        array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=null(array.meminfo.type)
    )
    array.nitems = items
    return array._getvalue()


@intrinsic
def _borrowed(_, array):  # type: ignore[no-untyped-def]
    """Give the same array without its counter. Parameters: array, of any type, contiguous."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        old = context.make_array(array)(context, builder, given[0])
        shape: Any = cgutils.unpack_tuple
        return _view(context, builder, array, old.data, list(shape(builder, old.shape)))

    return array(array), generate


@intrinsic
def _carved(_, kind, room, sizes):  # type: ignore[no-untyped-def]
    """Cut pieces off an array, one for each field of a named tuple; ``sizes`` are their lengths in numbers."""
    count = len(sizes)
    tuple_of: Any = types.NamedUniTuple
    found = tuple_of(room, count, kind.instance_class)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = context.make_array(room)(context, builder, given[1]).data
        unpack: Any = cgutils.unpack_tuple
        pieces = []
        for size in unpack(builder, given[2]):
            pieces.append(_view(context, builder, room, data, [size]))
            data = builder.gep(data, [_rounded(builder, size)])
        return context.make_tuple(builder, found, pieces)

    return found(kind, room, sizes), generate


@intrinsic
def _claimed(_, taken, count):  # type: ignore[no-untyped-def]
    """Give the next of what threads share out among them, and take ``count`` of it; ``taken`` is how much is gone."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = context.make_array(taken)(context, builder, given[0]).data
        return builder.atomic_rmw("add", data, given[1], "monotonic")

    return types.int64(taken, types.int64), generate


borrowed: Any = _borrowed
carved: Any = _carved
claimed: Any = _claimed


def _rounded(builder: Any, size: Any) -> Any:
    whole = ir.IntType(64)
    return builder.and_(builder.add(size, ir.Constant(whole, _ALIGNED - 1)), ir.Constant(whole, -_ALIGNED))


@kernel
def extent(sizes: tuple[int, ...]) -> int:
    """Numbers that pieces of these lengths take.

    Parameters
    ----------
    sizes : tuple of int
        As for ``carved``.
    """
    total = 0
    for size in sizes:
        total += (size + _ALIGNED - 1) // _ALIGNED * _ALIGNED
    return total
