"""A transform of the target for series that grow by shares: linear near zero, a logarithm far from it, for any sign.

    compress(x) = asinh(x / unit),   expand(z) = unit sinh(z)

(Burbidge, Magee and Robb 1988.) With a unit well below the data it is the logarithm; a unit of 0 stands for no
transform. Both keep order, so quantiles pass through them.
"""

import torch
from torch import Tensor

_FAR = 700.0  # the hyperbolic sine of more is no float64


def compress(values: Tensor, unit: float) -> Tensor:
    """Transformed values, in the dtype given; NaN stays NaN."""
    return torch.asinh(values.double() / unit).to(values.dtype) if unit else values


def expand(values: Tensor, unit: float) -> Tensor:
    """Values in the target's unit again."""
    return unit * torch.sinh(values.clamp(-_FAR, _FAR)) if unit else values


def slope(values: Tensor, unit: float) -> Tensor:
    """How much the target changes with its transform, at raw ``values``: ``d expand(z) / dz``."""
    return torch.sqrt(values.square() + unit * unit) if unit else torch.ones_like(values)
