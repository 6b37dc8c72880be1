"""Vectors as whole numbers, their exact products with int8 weights, and sums of float32 in one order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.edge.exportable.quantization import UNIT, IntegerProduct
from training.edge.integer.elementary import HALF, ONE, ZERO, Floats, exp

Integers = NDArray[np.int32]
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


def nearest(x: Floats) -> Integers:
    """Round to whole numbers, halves away from zero.

    Parameters
    ----------
    x : array of float32
        Any shape.

    Returns
    -------
    array of int32
        Of the same shape.
    """
    return np.trunc(x + np.where(x < ZERO, -HALF, HALF)).astype(np.int32)


def activate(x: Floats, limit: int) -> Activations:
    """Turn vectors into whole numbers, with a scale for each.

    Parameters
    ----------
    x : array of float32
        ``[..., K]``, the vectors.
    limit : int
        Largest whole number.

    Returns
    -------
    Activations
        The largest of each vector is ``limit``, unless all are about 0.
    """
    most = np.abs(x).max(axis=-1)
    there = most > _SMALLEST
    safe = np.where(there, most, ONE)
    inverse = np.where(there, np.float32(limit) / safe, ZERO)
    scale = np.where(there, most / np.float32(limit), ZERO)
    return Activations(nearest(x * inverse[..., None]), scale)


def hidden_activations(whole: Integers) -> Activations:
    """Take a hidden vector as activations: it is kept as whole numbers of ``1 / UNIT``.

    Parameters
    ----------
    whole : array of int32
        ``[..., K]``.

    Returns
    -------
    Activations
        The same numbers.
    """
    return Activations(whole, np.full(whole.shape[:-1], UNIT_INVERSE))


def multiply(product: IntegerProduct, x: Activations) -> Floats:
    """Multiply by weights: the sum is exact, then one scale is applied and the bias added.

    Parameters
    ----------
    product : IntegerProduct
        Weights ``[N, K]`` and bias ``[N]``.
    x : Activations
        ``[..., K]``.

    Returns
    -------
    array of float32
        ``weight x + bias``, ``[..., N]``.
    """
    total = x.whole.astype(np.float64) @ product.exact
    return total.astype(np.float32) * (product.scale * x.scale[..., None]) + product.bias


def mean(values: Floats) -> Floats:
    """Average over the last dim, added up from the first to the last.

    Parameters
    ----------
    values : array of float32
        ``[..., K]``.

    Returns
    -------
    array of float32
        ``[...]``.
    """
    return np.cumsum(values, axis=-1, dtype=np.float32)[..., -1] / np.float32(values.shape[-1])


def softmax(scores: Floats) -> Floats:
    """Turn scores into shares of 1, added up from the first to the last.

    Parameters
    ----------
    scores : array of float32
        ``[..., K]``.

    Returns
    -------
    array of float32
        ``[..., K]``.
    """
    raised = exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / np.cumsum(raised, axis=-1, dtype=np.float32)[..., -1:]
