"""The arithmetic that C and numpy share to the bit: whole numbers, and float32 operations in one order.

No function of a mathematics library is called, because no two of these agree in the last digit: exponential,
logarithm, Gelu and root are written out, each as so many additions, multiplications and divisions, of which IEEE 754
says what they give. numpy rounds after each; a C compiler does unless it is allowed to contract or reorder.

References
----------
Moshier, S. L. (1989). Methods and programs for mathematical functions. (Cephes: ``exp`` and ``log``.)
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.edge.exportable.quantization import UNIT, IntegerProduct

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int32]

_EXP = tuple(
    np.float32(c)
    for c in (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
)
_LOG = tuple(
    np.float32(c)
    for c in (
        7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
        2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    )
)  # fmt: skip
_ERF_ABOVE = tuple(
    np.float32(c)
    for c in (
        -2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
        -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02,
    )
)  # fmt: skip
_ERF_BELOW = tuple(
    np.float32(c)
    for c in (
        -1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03,
        -1.42647390514189e-02,
    )
)  # fmt: skip
_ARTANH = tuple(np.float32(1.0) / np.float32(power) for power in (15, 13, 11, 9, 7, 5, 3))
_LOG2_E, _LOG_2_HIGH, _LOG_2_LOW = np.float32(1.44269504088896341), np.float32(-0.693359375), np.float32(2.12194440e-4)
_ROUND, _ROUND_BITS = np.float32(12582912.0), np.int32(0x4B400000)
_ROOT_HALF_BITS = np.int32(0x3F3504F3)
ZERO, HALF, ONE, TWO = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(2.0)
UNIT_INVERSE = np.float32(1.0) / np.float32(UNIT)
_SMALLEST = np.float32(1e-30)


class Activations(NamedTuple):
    """A vector as whole numbers.

    Parameters
    ----------
    whole : Integers
        ``[..., K]``, within the limit that it was made for.
    scale : Floats
        ``[...]``, what 1 stands for.
    """

    whole: Integers
    scale: Floats


def clamp(x: Floats, lowest: float, highest: float) -> Floats:
    """Return values within bounds, as two comparisons.

    Parameters
    ----------
    x : Floats, any shape
    lowest, highest : float
    """
    x = np.where(x < np.float32(lowest), np.float32(lowest), x)
    return np.where(x > np.float32(highest), np.float32(highest), x)


def nearest(x: Floats) -> Integers:
    """Round to whole numbers, halves away from zero.

    Parameters
    ----------
    x : Floats, any shape
    """
    return np.trunc(x + np.where(x < ZERO, -HALF, HALF)).astype(np.int32)


def activate(x: Floats, limit: int) -> Activations:
    """Turn vectors into whole numbers up to a limit; ``[..., K]``, a scale for each vector.

    Parameters
    ----------
    x : Floats, ``[..., K]``
    limit : int, the largest whole number
    """
    most = np.abs(x).max(axis=-1)
    there = most > _SMALLEST
    safe = np.where(there, most, ONE)
    inverse = np.where(there, np.float32(limit) / safe, ZERO)
    scale = np.where(there, most / np.float32(limit), ZERO)
    return Activations(nearest(x * inverse[..., None]), scale)


def hidden_activations(whole: Integers) -> Activations:
    """A hidden vector, which is kept as whole numbers of ``1 / UNIT``.

    Parameters
    ----------
    whole : Integers, ``[..., K]``
    """
    return Activations(whole, np.full(whole.shape[:-1], UNIT_INVERSE))


def multiply(product: IntegerProduct, x: Activations) -> Floats:
    """Return ``weight x + bias``, ``[..., N]``: the sum is exact, then one scale is applied and the bias added.

    Parameters
    ----------
    product : IntegerProduct, ``[N, K]``
    x : Activations, ``[..., K]``
    """
    total = x.whole.astype(np.float64) @ product.exact
    return total.astype(np.float32) * (product.scale * x.scale[..., None]) + product.bias


def exp(x: Floats) -> Floats:
    """``e^x``; an ``x`` beyond -87 or 88 counts as that bound.

    Parameters
    ----------
    x : Floats, any shape
    """
    x = clamp(x, -87.0, 88.0)
    rounded = x * _LOG2_E + _ROUND
    whole = rounded - _ROUND
    rest = x + whole * _LOG_2_HIGH + whole * _LOG_2_LOW
    total: Floats = np.full_like(rest, _EXP[0])
    for c in _EXP[1:]:
        total = total * rest + c
    total = total * rest * rest + rest + ONE
    power = (rounded.view(np.int32) - _ROUND_BITS + np.int32(127)) << np.int32(23)
    raised: Floats = total * power.view(np.float32)
    return raised


def log(x: Floats) -> Floats:
    """Natural logarithm of a positive float32 that is not subnormal.

    Parameters
    ----------
    x : Floats, any shape
    """
    bits = x.view(np.int32) - _ROOT_HALF_BITS
    power = (bits >> np.int32(23)).astype(np.float32)
    r = ((bits & np.int32(0x7FFFFF)) + _ROOT_HALF_BITS).view(np.float32) - ONE
    total = np.full_like(r, _LOG[0])
    for c in _LOG[1:]:
        total = total * r + c
    square = r * r
    return r + (r * square * total - HALF * square - power * _LOG_2_LOW) - power * _LOG_2_HIGH


def sigmoid(x: Floats) -> Floats:
    """``1 / (1 + e^-x)``.

    Parameters
    ----------
    x : Floats, any shape
    """
    return ONE / (ONE + exp(-x))


def tanh(x: Floats) -> Floats:
    """``1 - 2 / (1 + e^2x)``.

    Parameters
    ----------
    x : Floats, any shape
    """
    return ONE - TWO / (ONE + exp(TWO * x))


def gelu(x: Floats) -> Floats:
    """``x`` times the share of a standard normal distribution below it, by a rational function.

    Parameters
    ----------
    x : Floats, any shape
    """
    v = clamp(x * np.float32(0.7071067811865476), -4.0, 4.0)
    u = v * v
    above = np.full_like(u, _ERF_ABOVE[0])
    for c in _ERF_ABOVE[1:]:
        above = above * u + c
    below = np.full_like(u, _ERF_BELOW[0])
    for c in _ERF_BELOW[1:]:
        below = below * u + c
    return np.asarray(HALF * x * (ONE + v * above / below), dtype=np.float32)


def softplus(x: Floats) -> Floats:
    """``log(1 + e^x)`` as max(x, 0) + 2 artanh(y / (2 + y)) with ``y = e^-abs(x)``.

    Parameters
    ----------
    x : Floats, any shape
    """
    y = exp(-np.abs(x))
    s = y / (TWO + y)
    u = s * s
    total = np.full_like(u, _ARTANH[0])
    for c in _ARTANH[1:]:
        total = total * u + c
    total = total * u + ONE
    return np.asarray(np.where(x > ZERO, x, ZERO) + TWO * s * total, dtype=np.float32)


def root(x: Doubles) -> Doubles:
    """Square root by five steps of Newton's from the bits of ``x``; of 0 and below it is 0.

    Parameters
    ----------
    x : Doubles, any shape
    """
    there = x > 0.0
    safe = np.where(there, x, 1.0)
    y = ((safe.view(np.uint64) >> np.uint64(1)) + np.uint64(0x1FF7A3BEA91D9B1B)).view(np.float64)
    for _ in range(5):
        y = 0.5 * (y + safe / y)
    return np.where(there, y, 0.0)


def mean(values: Floats) -> Floats:
    """Mean over the last dim, added up from the first to the last.

    Parameters
    ----------
    values : Floats, ``[..., K]``
    """
    return np.cumsum(values, axis=-1, dtype=np.float32)[..., -1] / np.float32(values.shape[-1])


def softmax(scores: Floats) -> Floats:
    """Shares over the last dim, added up from the first to the last.

    Parameters
    ----------
    scores : Floats, ``[..., K]``
    """
    raised = exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / np.cumsum(raised, axis=-1, dtype=np.float32)[..., -1:]
