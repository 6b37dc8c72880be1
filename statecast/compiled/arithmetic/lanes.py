"""Eight numbers at once, as a value: loaded, reckoned with and stored as one register.

The compiler turns long loops into vector instructions by itself, but not the short ones, of eight steps, that most of a
forecast is made of. With ``a = eight(x, i)`` and ``put(y, j, a + b)`` they are written down as what they are.
"""

import operator
from typing import Any, ClassVar

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing import templates
from numba.extending import intrinsic, models, register_model

COUNT = 8
_infer: Any = templates.infer_global
_lower: Any = lower_builtin
_signature: Any = templates.signature
_WHOLE, _INDEX = ir.IntType(64), ir.IntType(32)


class _Lanes(types.Type):
    """A register of eight numbers; ``number`` is their kind."""

    def __init__(self, number: Any, vector: Any) -> None:
        self.number, self.vector = number, vector
        begin: Any = super().__init__
        begin(name=f"eight {number}")


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        begin: Any = super().__init__
        begin(manager, kind, kind.vector)


_FLOATS = _Lanes(types.float32, ir.VectorType(ir.FloatType(), COUNT))
_DOUBLES = _Lanes(types.float64, ir.VectorType(ir.DoubleType(), COUNT))
_OF = {types.float32: _FLOATS, types.float64: _DOUBLES}


def _operator(python: Any, instruction: str) -> None:
    class Template(templates.ConcreteTemplate):
        key = python
        cases: ClassVar[list[Any]] = [_signature(kind, kind, kind) for kind in (_FLOATS, _DOUBLES)]

    def lowered(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        return getattr(builder, instruction)(*arguments, flags=("contract", "nsz"))

    _infer(python)(Template)
    for kind in (_FLOATS, _DOUBLES):
        _lower(python, kind, kind)(lowered)


for _python, _instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _operator(_python, _instruction)


def _address(context: Any, builder: Any, kind: Any, array: Any, place: Any, vector: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [place]), vector.as_pointer())


def _below(builder: Any, count: Any) -> Any:
    """Which of the lanes are among the first ``count``."""
    lanes = ir.Constant(ir.VectorType(_WHOLE, COUNT), list(range(COUNT)))
    return builder.icmp_signed("<", lanes, _spread(builder, count, ir.VectorType(_WHOLE, COUNT)))


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    empty = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(empty, value, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(_INDEX, COUNT), None))


@intrinsic
def _eight(_, array, place):  # type: ignore[no-untyped-def]
    found = _OF[array.dtype]

    def generate(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        value = builder.load(_address(context, builder, array, arguments[0], arguments[1], found.vector))
        value.align = array.dtype.bitwidth // 8
        return value

    return found(array, types.int64), generate


@intrinsic
def _put(_, array, place, value, count):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        to = _address(context, builder, array, arguments[0], arguments[1], value.vector)
        align = array.dtype.bitwidth // 8
        with builder.if_else(builder.icmp_signed(">=", arguments[3], ir.Constant(_WHOLE, COUNT))) as (whole, part):
            with whole:
                builder.store(arguments[2], to).align = align
            with part:
                name = f"llvm.masked.store.v{COUNT}f{array.dtype.bitwidth}.p0"
                mask = ir.VectorType(ir.IntType(1), COUNT)
                kind = ir.FunctionType(ir.VoidType(), [value.vector, to.type, _INDEX, mask])
                insert: Any = cgutils.get_or_insert_function
                store = insert(builder.module, kind, name)
                builder.call(store, [arguments[2], to, ir.Constant(_INDEX, align), _below(builder, arguments[3])])
        return context.get_dummy_value()

    return types.void(array, types.int64, value, types.int64), generate


@intrinsic
def _all_eight(_, value):  # type: ignore[no-untyped-def]
    found = _OF[value]
    return found(value), lambda context, builder, given, arguments: _spread(builder, arguments[0], found.vector)


@intrinsic
def _widened(_, value):  # type: ignore[no-untyped-def]
    return _DOUBLES(value), lambda context, builder, given, arguments: builder.fpext(arguments[0], _DOUBLES.vector)


@intrinsic
def _between(_, value, lowest, highest):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        found, low, high = arguments
        found = builder.select(builder.fcmp_ordered("<", found, low), low, found)
        return builder.select(builder.fcmp_ordered(">", found, high), high, found)

    return value(value, value, value), generate


@intrinsic
def _total(_, value):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        found, width = arguments[0], COUNT
        while width > 1:  # halves on top of one another, always in the same order
            width //= 2
            order = [*range(width, 2 * width), *[0] * (COUNT - width)]
            moved = builder.shuffle_vector(found, found, ir.Constant(ir.VectorType(_INDEX, COUNT), order))
            found = builder.fadd(found, moved)
        return builder.extract_element(found, ir.Constant(_INDEX, 0))

    return value.number(value), generate


@intrinsic
def _present(_, value):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        there = builder.fcmp_unordered("!=", arguments[0], ir.Constant(value.vector, [0.0] * COUNT))
        return builder.uitofp(there, value.vector)

    return value(value), generate


@intrinsic
def _endless(_, value, count):  # type: ignore[no-untyped-def]
    def generate(context: Any, builder: Any, given: Any, arguments: Any) -> Any:
        rest = builder.fsub(arguments[0], arguments[0])  # 0 of a number, else NaN
        bad = builder.and_(builder.fcmp_unordered("uno", rest, rest), _below(builder, arguments[1]))
        bits = builder.zext(builder.bitcast(bad, ir.IntType(COUNT)), _WHOLE)
        return bits

    return types.int64(value, types.int64), generate


eight: Any = _eight
"""``eight(array, place)``: the eight numbers from a place of a flat array on, float32 or float64."""
put: Any = _put
"""``put(array, place, value, count)``: store the first ``count`` of eight, all if it is 8 or more."""
all_eight: Any = _all_eight
"""``all_eight(number)``: eight times the same number."""
widened: Any = _widened
"""``widened(value)``: eight float32 as float64."""
between: Any = _between
"""``between(value, lowest, highest)``: each kept within its bounds."""
total: Any = _total
"""``total(value)``: the sum of the eight."""
present: Any = _present
"""``present(value)``: 1 where a number is not 0, else 0."""
endless: Any = _endless
"""``endless(value, count)``: 0 if the first ``count`` are numbers, neither infinite nor NaN."""
