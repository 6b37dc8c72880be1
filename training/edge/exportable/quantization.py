"""Weights as int8 with one scale per row, and what activations may be so that their sums are exact.

A row ``w`` becomes ``round(w / s)`` with ``s = max abs(w) / 127``. Activations are whole numbers of 16 bits with one
scale per vector, so products and sums are whole numbers too, the same in any order and on any machine. The largest
activation is chosen so that no sum leaves int32.

References
----------
Jacob, B. et al. (2018). Quantization and training of neural networks for efficient integer-arithmetic-only inference.
CVPR.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from statecast.models.forecaster import Forecaster
from training.edge.exportable.network_weights import Array, NetworkWeights, Product, with_weights

_LARGEST = 127
UNIT = 32767
"""Largest activation; a hidden vector's 1."""


@dataclass(frozen=True)
class IntegerProduct:
    """A product whose weights are int8."""

    weight: NDArray[np.int8]
    """``[N, K]``."""
    scale: Array
    """``[N]``, what 1 of a row stands for."""
    bias: Array
    """``[N]``."""

    @property
    def limit(self) -> int:
        """Largest activation whose sums over a row are int32."""
        return min(UNIT, (2**31 - 1) // (_LARGEST * int(self.weight.shape[1])))

    @cached_property
    def exact(self) -> NDArray[np.float64]:
        """The whole weights ``[K, N]`` in float64, whose sums below 2 ** 53 are exact in any order."""
        return np.ascontiguousarray(self.weight.T.astype(np.float64))

    @property
    def rounded(self) -> Array:
        """The weights that these stand for, ``[N, K]`` float32."""
        return self.weight.astype(np.float32) * self.scale[:, None]


def quantize(product: Product) -> IntegerProduct:
    """Round the weights of a product.

    Parameters
    ----------
    product : Product
        With float32 weights.

    Returns
    -------
    IntegerProduct
        Each weight within half a step of its row; a row of zeros has a scale of 0.

    Examples
    --------
    >>> found = quantize(Product(np.float32([[1.0, -0.5], [0.0, 0.0]]), np.zeros(2, np.float32)))
    >>> found.weight.tolist(), [round(float(s), 5) for s in found.scale]
    ([[127, -64], [0, 0]], [0.00787, 0.0])
    """
    most = np.abs(product.weight).max(axis=1, initial=0.0)
    scale = (most / _LARGEST).astype(np.float32)
    steps = product.weight / np.where(scale > 0, scale, 1.0)[:, None]
    return IntegerProduct(np.rint(steps).clip(-_LARGEST, _LARGEST).astype(np.int8), scale, product.bias)


def quantize_all(parameters: NetworkWeights) -> dict[str, IntegerProduct]:
    """Round the weights of all products.

    Parameters
    ----------
    parameters : NetworkWeights
        A network's.

    Returns
    -------
    dict of str to IntegerProduct
        By the names of ``NetworkWeights.products``.
    """
    return {name: quantize(product) for name, product in parameters.products.items()}


def round_weights(network: Forecaster) -> Forecaster:
    """Copy a network with weights that int8 can hold.

    Parameters
    ----------
    network : Forecaster
        One that can be exported.

    Returns
    -------
    Forecaster
        In evaluation mode, computing in float32 as before.
    """
    rounded = quantize_all(NetworkWeights.of(network))
    return with_weights(network, {name: product.rounded for name, product in rounded.items()})


def stored_bytes(products: Mapping[str, IntegerProduct], parameters: NetworkWeights) -> int:
    """Count the bytes that a device keeps of a network: weights, scales, biases and calibration.

    Parameters
    ----------
    products : mapping of str to IntegerProduct
        What ``quantize_all`` gave.
    parameters : NetworkWeights
        The same network's.

    Returns
    -------
    int
        Bytes of read-only data.
    """
    rows = sum(len(product.bias) for product in products.values())
    weights = sum(product.weight.size for product in products.values())
    further = parameters.segments.size + parameters.offsets.size + parameters.widening.size
    return weights + 4 * (2 * rows + further)
