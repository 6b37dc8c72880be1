"""Causal scaling: an exponentially weighted mean and spread that advance with each observation.

With weight ``lambda = 2 ** (-1 / half_life)`` and o_t = 1 where x_t is observed, else 0:

    W_t = lambda W_{t-1} + o_t                  (bias correction: the weights seen so far)
    S_t = lambda S_{t-1} + o_t (x_t - a)        (a: the first observed value, so that a far-off level costs no digits)
    Q_t = lambda Q_{t-1} + o_t (x_t - a)^2
    loc_t = a + S_t / W_t,   scale_t = sqrt(Q_t / W_t - (S_t / W_t)^2)

No statistic of a window enters, so the past keeps its scaled values when time goes on, which is what lets a step equal
a full run. Float64 throughout: the recursion is summed in another order for one step than for many.

The rule for series without spread: where scale is 0 (constant so far, or one value) scaled values are 0 and the
forecast is the constant with zero width; where nothing was observed ``loc`` and the forecast are NaN.
"""

from typing import NamedTuple

import torch
from torch import Tensor

_BLOCK = 64
# Below this share of the distance to the offset a spread is what float64 lost in the subtraction, not movement.
_NOISE = 1e-7


class Scaling(NamedTuple):
    """Where a series stands and how far it moves.

    Parameters
    ----------
    loc : Tensor
        Mean, float64, in the target's unit; NaN where nothing was observed.
    scale : Tensor
        Spread, float64, of the same shape; 0 where there is none.
    """

    loc: Tensor
    scale: Tensor

    def apply(self, values: Tensor) -> Tensor:
        """Return values in units of the scale around the mean.

        Parameters
        ----------
        values : Tensor
            Values in the target's unit, of a shape that broadcasts with ``loc``.

        Returns
        -------
        Tensor
            float32; 0 where the scale is 0, NaN where a value is NaN.
        """
        scaled = (values.double() - self.loc) * self.inverse
        return scaled.float()

    @property
    def inverse(self) -> Tensor:
        """1 / scale, or 0 where the series has no spread."""
        return torch.where(self.scale > 0, 1.0 / self.scale.clamp_min(1e-300), 0.0)


def discounted_sums(values: Tensor, start: Tensor, half_life: float) -> Tensor:
    """Sum up with fading weights: ``y_t = lambda y_{t-1} + values_t`` along dim 1, from ``y_0 = start``.

    Parameters
    ----------
    values : Tensor
        ``[B, T, K]`` float64.
    start : Tensor
        ``[B, K]`` float64.
    half_life : float
        Steps after which a value counts half.

    Returns
    -------
    Tensor
        ``[B, T, K]``, the sums after every step.

    Notes
    -----
    Within blocks the sum is one matrix product, between blocks it is carried.

    Examples
    --------
    >>> ones = torch.ones(1, 3, 1, dtype=torch.float64)
    >>> discounted_sums(ones, torch.zeros(1, 1, dtype=torch.float64), half_life=1.0).flatten().tolist()
    [1.0, 1.5, 1.75]
    """
    decay = 2.0 ** (-1.0 / half_life)
    steps = values.shape[1]
    power = torch.arange(min(steps, _BLOCK) + 1, dtype=torch.float64, device=values.device)
    fading = decay**power
    lower = (power[1:, None] - power[None, 1:]).clamp_min(0)
    weights = torch.tril(decay**lower)
    carried, blocks = start, []
    for block in values.split(_BLOCK, dim=1):
        length = block.shape[1]
        sums = torch.einsum("ts,bsk->btk", weights[:length, :length], block)
        sums = sums + fading[1 : length + 1, None] * carried[:, None]
        blocks.append(sums)
        carried = sums[:, -1]
    return torch.cat(blocks, dim=1)


def scaling_of(sums: Tensor, offset: Tensor) -> Scaling:
    """Return mean and spread from running sums.

    Parameters
    ----------
    sums : Tensor
        ``[..., 3]`` float64: W, S and Q as above.
    offset : Tensor
        The first observed value a, of a shape that broadcasts with ``sums`` without its last dim.

    Returns
    -------
    Scaling
        ``loc`` and ``scale``, ``[...]``.
    """
    weight, total, squares = sums[..., 0], sums[..., 1], sums[..., 2]
    seen = weight > 0
    safe = torch.where(seen, weight, 1.0)
    mean = total / safe
    spread = (squares / safe - mean * mean).clamp_min(0).sqrt()
    loc = torch.where(seen, offset + mean, torch.nan)
    scale = torch.where(spread > _NOISE * mean.abs(), spread, 0.0)
    return Scaling(loc, scale)
