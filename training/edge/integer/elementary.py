"""The functions that C and numpy share to the bit: float32 operations in one order.

No function of a mathematics library is called, because no two of these agree in the last digit: exponential,
logarithm, Gelu and root are written out, each as so many additions, multiplications and divisions, of which IEEE 754
says what they give. numpy rounds after each; a C compiler does unless it is allowed to contract or reorder.
"""

import numpy as np
from numpy.typing import NDArray

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

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
ZERO, HALF, ONE, TWO = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(2.0)


def clamp(x: Floats, lowest: float, highest: float) -> Floats:
    """Keep values within bounds, by two comparisons.

    Parameters
    ----------
    x : array of float32
        Any shape.
    lowest, highest : float
        The bounds.

    Returns
    -------
    array of float32
        Of the same shape.
    """
    x = np.where(x < np.float32(lowest), np.float32(lowest), x)
    return np.where(x > np.float32(highest), np.float32(highest), x)


def exp(x: Floats) -> Floats:
    """Raise e to a power; one beyond -87 or 88 counts as that bound.

    Parameters
    ----------
    x : array of float32
        The powers, any shape.

    Returns
    -------
    array of float32
        ``e^x``.
    """
    x = clamp(x, -87.0, 88.0)
    rounded = x * LOG2_E + ROUND
    whole = rounded - ROUND
    rest = x + whole * LOG_2_HIGH + whole * LOG_2_LOW
    total: Floats = np.full_like(rest, EXP[0])
    for c in EXP[1:]:
        total = total * rest + c
    total = total * rest * rest + rest + ONE
    power = (rounded.view(np.int32) - ROUND_BITS + np.int32(127)) << np.int32(23)
    raised: Floats = total * power.view(np.float32)
    return raised


def log(x: Floats) -> Floats:
    """Take the natural logarithm.

    Parameters
    ----------
    x : array of float32
        Positive and not subnormal, any shape.

    Returns
    -------
    array of float32
        Of the same shape.
    """
    bits = x.view(np.int32) - ROOT_HALF_BITS
    power = (bits >> np.int32(23)).astype(np.float32)
    r = ((bits & np.int32(0x7FFFFF)) + ROOT_HALF_BITS).view(np.float32) - ONE
    total = np.full_like(r, LOG[0])
    for c in LOG[1:]:
        total = total * r + c
    square = r * r
    return r + (r * square * total - HALF * square - power * LOG_2_LOW) - power * LOG_2_HIGH


def sigmoid(x: Floats) -> Floats:
    """Squash numbers to between 0 and 1.

    Parameters
    ----------
    x : array of float32
        Any shape.

    Returns
    -------
    array of float32
        ``1 / (1 + e^-x)``.
    """
    return ONE / (ONE + exp(-x))


def tanh(x: Floats) -> Floats:
    """Squash numbers to between -1 and 1.

    Parameters
    ----------
    x : array of float32
        Any shape.

    Returns
    -------
    array of float32
        ``1 - 2 / (1 + e^2x)``.
    """
    return ONE - TWO / (ONE + exp(TWO * x))


def gelu(x: Floats) -> Floats:
    """Multiply numbers by the share of a standard normal distribution below them, by a rational function.

    Parameters
    ----------
    x : array of float32
        Any shape.

    Returns
    -------
    array of float32
        Of the same shape.
    """
    v = clamp(x * np.float32(0.7071067811865476), -4.0, 4.0)
    u = v * v
    above = np.full_like(u, ERF_ABOVE[0])
    for c in ERF_ABOVE[1:]:
        above = above * u + c
    below = np.full_like(u, ERF_BELOW[0])
    for c in ERF_BELOW[1:]:
        below = below * u + c
    return np.asarray(HALF * x * (ONE + v * above / below), dtype=np.float32)


def softplus(x: Floats) -> Floats:
    """Compute ``log(1 + e^x)`` as max(x, 0) + 2 artanh(y / (2 + y)) with ``y = e^-abs(x)``.

    Parameters
    ----------
    x : array of float32
        Any shape.

    Returns
    -------
    array of float32
        Of the same shape, above 0.
    """
    y = exp(-np.abs(x))
    s = y / (TWO + y)
    u = s * s
    total = np.full_like(u, ARTANH[0])
    for c in ARTANH[1:]:
        total = total * u + c
    total = total * u + ONE
    return np.asarray(np.where(x > ZERO, x, ZERO) + TWO * s * total, dtype=np.float32)


def root(x: Doubles) -> Doubles:
    """Take the square root by five steps of Newton's from the bits of a number.

    Parameters
    ----------
    x : array of float64
        Any shape.

    Returns
    -------
    array of float64
        Of the same shape; 0 for what is 0 or below.
    """
    there = x > 0.0
    safe = np.where(there, x, 1.0)
    y = ((safe.view(np.uint64) >> np.uint64(1)) + np.uint64(0x1FF7A3BEA91D9B1B)).view(np.float64)
    for _ in range(5):
        y = 0.5 * (y + safe / y)
    return np.where(there, y, 0.0)
