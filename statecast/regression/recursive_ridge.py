"""Recursive least squares with forgetting, in information form: sums of products, and the weights that they give.

    A <- lambda A + x x',   b <- lambda b + x y,   w = (A + R)^-1 b

Sums are kept as float32 and computed as float64. Solving is exact, so nothing depends on how steps were split, and it
happens once per season, so a step costs the products alone. Shapes: B rows, T steps, D terms.

References
----------
Ljung, L. (1999). System Identification: Theory for the User, 2nd ed., ch. 11. Prentice Hall.
"""

import torch
from torch import Tensor


def upper(square: Tensor) -> Tensor:
    """Return the upper triangle of symmetric matrices as one row each.

    Parameters
    ----------
    square : Tensor
        ``[..., D, D]``.

    Returns
    -------
    Tensor
        ``[..., D (D + 1) / 2]``.
    """
    rows, columns = _places(square.shape[-1], square.device)
    return square[..., rows, columns]


def symmetric(triangle: Tensor, width: int) -> Tensor:
    """Return the matrices that ``upper`` made rows of.

    Parameters
    ----------
    triangle : Tensor
        ``[..., D (D + 1) / 2]``.
    width : int
        D.

    Returns
    -------
    Tensor
        ``[..., D, D]``.
    """
    rows, columns = _places(width, triangle.device)
    square = triangle.new_zeros((*triangle.shape[:-1], width, width))
    square[..., rows, columns] = triangle
    square[..., columns, rows] = triangle
    return square


def solve(products: Tensor, moments: Tensor, penalties: Tensor) -> Tensor:
    """Return the weights of ridge regressions.

    Parameters
    ----------
    products : Tensor
        ``[..., D, D]`` sums A, float64.
    moments : Tensor
        ``[..., V, D]`` sums b of V targets.
    penalties : Tensor
        ``[..., D]`` above 0, the diagonal R.

    Returns
    -------
    Tensor
        ``[..., V, D]``; 0 where the sums are not those of anything.
    """
    factor, failed = torch.linalg.cholesky_ex(products + torch.diag_embed(penalties))
    found = torch.cholesky_solve(moments.transpose(-1, -2), factor).transpose(-1, -2)
    return torch.where((failed == 0)[..., None, None] & found.isfinite(), found, 0.0)


def _places(width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    rows, columns = torch.triu_indices(width, width, device=device)
    return rows, columns
