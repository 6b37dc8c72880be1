"""Transforms of a target under which effects add up: a square root of counts, a logarithm of what has spikes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from statecast.plain import Plain, expect
from statecast.state import transforms

SQUARE_ROOT, ASINH = "square root", "asinh"
_TAIL, _SPREAD = 10.0, 0.5


@dataclass(frozen=True)
class TargetTransform(Plain):
    """A transform that keeps order.

    Examples
    --------
    >>> import torch
    >>> TargetTransform("square root").compress(torch.tensor([4.0]))
    tensor([2.])
    """

    name: str = SQUARE_ROOT
    """``square root``, of values from 0 on, or ``asinh``."""
    unit: float = 1.0
    """Of ``asinh``: it is linear below, a logarithm beyond."""

    def __post_init__(self) -> None:
        expect(self.name in (SQUARE_ROOT, ASINH), "transform", f"{SQUARE_ROOT} or {ASINH}", self.name)
        expect(self.unit > 0, "transform", "a unit above 0", self.unit)

    def compress(self, values: Tensor) -> Tensor:
        """Transform values, of any shape.

        Parameters
        ----------
        values : Tensor
            The target, of any shape.
        """
        if self.name == SQUARE_ROOT:
            return values.clamp_min(0).sqrt()
        return transforms.compress(values, self.unit)

    def expand(self, values: Tensor) -> Tensor:
        """Undo ``compress``; below 0 the square of a root is 0.

        Parameters
        ----------
        values : Tensor
            Transformed values, of any shape.
        """
        if self.name == SQUARE_ROOT:
            return values.clamp_min(0).square()
        return transforms.expand(values, self.unit)


def choose_transform(values: NDArray[np.float64]) -> TargetTransform | None:
    """Choose under which transform the effects of covariates add up.

    Parameters
    ----------
    values : ndarray, shape [T]
        What is known of a series, NaN where missing.

    Returns
    -------
    TargetTransform or None
        A logarithm for spikes far beyond what is usual, its unit a power of 2, so that few networks read many series; a
        square root for other values from 0 on that vary by half of their mean; else none.

    Examples
    --------
    >>> choose_transform(np.array([0.0, 3.0, 40.0, 2.0, 25.0]))
    TargetTransform(name='square root', unit=1.0)
    """
    seen = values[np.isfinite(values)]
    with np.errstate(over="ignore", invalid="ignore"):
        low, middle, high, most = np.percentile(seen, [25, 50, 75, 99.9]) if len(seen) else (0.0,) * 4
        unit = float(np.median(np.abs(seen))) if len(seen) else 0.0
        if most - middle > _TAIL * (high - low) > 0 and unit > 0:
            return TargetTransform(ASINH, float(2.0 ** np.round(np.log2(unit))))
        if len(seen) and seen.min() >= 0 and seen.std() > _SPREAD * seen.mean():
            return TargetTransform(SQUARE_ROOT)
    return None
