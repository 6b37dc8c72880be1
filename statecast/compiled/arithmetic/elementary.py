"""Elementary functions in float32, written so that loops over them become vector instructions.

Largest errors, found by trying every 64th float32 (``tests/statecast/test_compiled.py``): ``exp`` 2e-7 of its value;
``log`` 2e-7 of max(|log x|, 1); ``sigmoid`` and ``tanh`` 2e-7; ``gelu`` 4e-7 of max(|x|, 1); ``softplus`` 3e-7 of
max(x, 1).

``exp`` is Cody and Waite's reduction with the polynomial of Cephes (Moshier 1989), ``log`` that of Cephes too, ``erf``
the rational function that Eigen uses, ``log1p`` the series of artanh.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from statecast.compiled.arithmetic.coefficients import (
    ARTANH,
    ERF_ABOVE,
    ERF_BELOW,
    EXP,
    LOG,
    LOG2_E,
    LOG_2_HIGH,
    LOG_2_LOW,
    ROOT_HALF_BITS,
    ROUND,
    ROUND_BITS,
)
from statecast.compiled.arithmetic.kernel import HALF, ONE, TWO, ZERO, Floats, Number, kernel

_BIAS, _DIGITS, _FRACTION = np.int32(127), np.int32(23), np.int32(0x7FFFFF)
_ROOT_HALF, _FOUR = np.float32(0.7071067811865476), np.float32(4.0)
_LOWEST, _HIGHEST = np.float32(-87.0), np.float32(88.0)


def _same_bits(to: Any, from_: Any, kind: Any) -> Any:
    """A function that reads the bits of one type as another's."""

    @intrinsic
    def read(typing, value):  # type: ignore[no-untyped-def]
        return to(from_), lambda context, builder, signature, given: builder.bitcast(given[0], kind)

    return read


_as_float = _same_bits(types.float32, types.int32, ir.FloatType())
_as_bits = _same_bits(types.int32, types.float32, ir.IntType(32))


@kernel
def exp(x: Number) -> Number:
    """``e^x``; an ``x`` below -87 or above 88 counts as that bound.

    Parameters
    ----------
    x : Number
        Any float32.

    Returns
    -------
    Number
        Within 2e-7 of its value.
    """
    x = min(max(x, _LOWEST), _HIGHEST)
    rounded = x * LOG2_E + ROUND
    whole = rounded - ROUND
    rest = x + whole * LOG_2_HIGH + whole * LOG_2_LOW
    sum_ = EXP[0]
    sum_ = sum_ * rest + EXP[1]
    sum_ = sum_ * rest + EXP[2]
    sum_ = sum_ * rest + EXP[3]
    sum_ = sum_ * rest + EXP[4]
    sum_ = sum_ * rest + EXP[5]
    sum_ = sum_ * rest * rest + rest + ONE
    power = np.int32((_as_bits(rounded) - ROUND_BITS + _BIAS) << _DIGITS)
    return sum_ * _as_float(power)


@kernel
def log(x: Number) -> Number:
    """Natural logarithm: of ``2^k (1 + r)``, with ``1 + r`` about 1, ``k log 2`` and a polynomial of ``r``.

    Parameters
    ----------
    x : Number
        A positive float32 that is not subnormal.

    Returns
    -------
    Number
        Within 2e-7 of max(|log x|, 1).
    """
    bits = np.int32(_as_bits(x) - ROOT_HALF_BITS)
    power = np.float32(bits >> _DIGITS)
    r = _as_float(np.int32((bits & _FRACTION) + ROOT_HALF_BITS)) - ONE
    sum_ = LOG[0]
    sum_ = sum_ * r + LOG[1]
    sum_ = sum_ * r + LOG[2]
    sum_ = sum_ * r + LOG[3]
    sum_ = sum_ * r + LOG[4]
    sum_ = sum_ * r + LOG[5]
    sum_ = sum_ * r + LOG[6]
    sum_ = sum_ * r + LOG[7]
    sum_ = sum_ * r + LOG[8]
    square = r * r
    return r + (r * square * sum_ - HALF * square - power * LOG_2_LOW) - power * LOG_2_HIGH


@kernel
def sigmoid(x: Number) -> Number:
    """``1 / (1 + e^-x)``.

    Parameters
    ----------
    x : Number
        Any float32.

    Returns
    -------
    Number
        Between 0 and 1, within 2e-7.
    """
    return ONE / (ONE + exp(-x))


@kernel
def tanh(x: Number) -> Number:
    """Hyperbolic tangent, ``1 - 2 / (1 + e^2x)``.

    Parameters
    ----------
    x : Number
        Any float32.

    Returns
    -------
    Number
        Between -1 and 1, within 2e-7.
    """
    return ONE - TWO / (ONE + exp(TWO * x))


@kernel
def gelu(x: Number) -> Number:
    """``x`` times the share of a standard normal distribution below it.

    Parameters
    ----------
    x : Number
        Any float32.

    Returns
    -------
    Number
        Within 4e-7 of max(|x|, 1).

    References
    ----------
    Hendrycks and Gimpel 2016, Gaussian error linear units.
    """
    v = min(max(x * _ROOT_HALF, -_FOUR), _FOUR)
    u = v * v
    above = ERF_ABOVE[0]
    above = above * u + ERF_ABOVE[1]
    above = above * u + ERF_ABOVE[2]
    above = above * u + ERF_ABOVE[3]
    above = above * u + ERF_ABOVE[4]
    above = above * u + ERF_ABOVE[5]
    above = above * u + ERF_ABOVE[6]
    below = ERF_BELOW[0]
    below = below * u + ERF_BELOW[1]
    below = below * u + ERF_BELOW[2]
    below = below * u + ERF_BELOW[3]
    below = below * u + ERF_BELOW[4]
    return HALF * x * (ONE + v * above / below)


@kernel
def softplus(x: Number) -> Number:
    """``log(1 + e^x)`` as max(x, 0) + log1p(e^-|x|), where log1p(y) = 2 artanh(y / (2 + y)).

    Parameters
    ----------
    x : Number
        Any float32.

    Returns
    -------
    Number
        Above 0, within 3e-7 of max(x, 1).
    """
    y = exp(-abs(x))
    s = y / (TWO + y)
    u = s * s
    sum_ = ARTANH[0]
    sum_ = sum_ * u + ARTANH[1]
    sum_ = sum_ * u + ARTANH[2]
    sum_ = sum_ * u + ARTANH[3]
    sum_ = sum_ * u + ARTANH[4]
    sum_ = sum_ * u + ARTANH[5]
    sum_ = sum_ * u + ARTANH[6]
    sum_ = sum_ * u + ONE
    return max(x, ZERO) + TWO * s * sum_


@kernel
def softmax(scores: Floats, count: int) -> None:
    """Turn scores into shares that add up to 1, in place; minus infinity becomes next to nothing.

    Parameters
    ----------
    scores : Floats, shape [at least count]
        Overwritten by the shares; what lies after ``count`` stays.
    count : int
        Scores that take part, at least 1.
    """
    most = scores[0]
    for r in range(count):
        most = max(most, scores[r])
    total = ZERO
    for r in range(count):
        scores[r] = exp(scores[r] - most)
    for r in range(count):
        total += scores[r]
    for r in range(count):
        scores[r] /= total
