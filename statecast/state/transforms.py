"""A transform of the target for series that grow by shares: linear near zero, a logarithm far from it, for any sign.

    compress(x) = asinh(x / unit),   expand(z) = unit sinh(z)

With a unit well below the data it is the logarithm; a unit of 0 stands for no transform. Both keep order, so quantiles
pass through them.

References
----------
Burbidge, J. B., Magee, L. and Robb, A. L. (1988). Alternative transformations to handle extreme values of the dependent
variable. Journal of the American Statistical Association 83(401).
"""

import torch
from torch import Tensor

_FAR = 700.0  # the hyperbolic sine of more is no float64


def compress(values: Tensor, unit: float) -> Tensor:
    """Transform values of the target.

    Parameters
    ----------
    values : Tensor
        Any shape, in the target's unit; NaN stays NaN.
    unit : float
        Unit of the transform; 0 for none.

    Returns
    -------
    Tensor
        Same shape and dtype.

    Examples
    --------
    >>> compress(torch.tensor([0.0, 100.0]), 1.0)
    tensor([0.0000, 5.2983])
    """
    return torch.asinh(values.double() / unit).to(values.dtype) if unit else values


def expand(values: Tensor, unit: float) -> Tensor:
    """Undo ``compress``.

    Parameters
    ----------
    values : Tensor
        Transformed values, any shape.
    unit : float
        Unit of the transform; 0 for none.

    Returns
    -------
    Tensor
        Values in the target's unit.
    """
    return unit * torch.sinh(values.clamp(-_FAR, _FAR)) if unit else values


def slope(values: Tensor, unit: float) -> Tensor:
    """Return how much the target changes with its transform, ``d expand(z) / dz``.

    Parameters
    ----------
    values : Tensor
        Raw values, in the target's unit.
    unit : float
        Unit of the transform; 0 for none.

    Returns
    -------
    Tensor
        Same shape.
    """
    return torch.sqrt(values.square() + unit * unit) if unit else torch.ones_like(values)
