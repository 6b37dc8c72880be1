"""Levels taken off a target and its terms before they are compared, so that a trend is nobody's effect.

The level is an exponentially weighted mean of what was observed, of the target and of each term alike; it says how far
each is above its usual value of the last months. Shapes: B rows, T steps, N numbers.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from statecast.state.causal_scaling import discounted_sums
from statecast.state.state import Field


class Filtered(NamedTuple):
    """Numbers without their levels.

    Parameters
    ----------
    above : Tensor
        ``[B, T, N]`` above the level before each step; NaN while there is none.
    sums : Tensor
        ``[B, 1 + N]`` after the last step: of weights, and of numbers.
    """

    above: Tensor
    sums: Tensor


class LevelFilter:
    """A filter of so many numbers.

    Parameters
    ----------
    width : int
        How many, N.
    half_life : float
        Steps after which an observation counts half in the level.
    """

    def __init__(self, width: int, half_life: float) -> None:
        self.half_life = half_life
        self.field = Field("levels", (1 + width,), torch.float32)

    def read(self, numbers: Tensor, seen: Tensor, sums: Tensor) -> Filtered:
        """Read steps.

        Parameters
        ----------
        numbers : Tensor
            ``[B, T, N]`` float64.
        seen : Tensor
            ``[B, T]`` bool, which steps count.
        sums : Tensor
            ``[B, 1 + N]`` of the steps before.

        Returns
        -------
        Filtered
            Each step by the level before it.
        """
        weight = seen.double()[..., None]
        start = sums.double()
        counted = torch.cat([weight, weight * numbers.nan_to_num()], dim=-1)
        after = discounted_sums(counted, start, self.half_life)
        before = torch.cat([start[:, None], after[:, :-1]], dim=1)
        known = before[..., :1]
        level = torch.where(known > 0, before[..., 1:] / known.clamp_min(1e-12), torch.nan)
        return Filtered(numbers - level, after[:, -1])
