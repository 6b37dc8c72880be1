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
    """``loc`` and ``scale``, float64, in the target's unit."""

    loc: Tensor
    scale: Tensor

    def apply(self, values: Tensor) -> Tensor:
        """Scaled float32 values; 0 where the scale is 0; NaN stays NaN. Shapes broadcast."""
        scaled = (values.double() - self.loc) * self.inverse
        return scaled.float()

    @property
    def inverse(self) -> Tensor:
        """1 / scale, or 0 where the series has no spread."""
        return torch.where(self.scale > 0, 1.0 / self.scale.clamp_min(1e-300), 0.0)


def discounted_sums(values: Tensor, start: Tensor, half_life: float) -> Tensor:
    """Running sums ``y_t = lambda y_{t-1} + values_t`` along dim 1, from ``y_0 = start``.

    ``values`` is ``[B, T, K]``, ``start`` ``[B, K]``, both float64; the result is ``[B, T, K]``. Within blocks the sum
    is one matrix product, between blocks it is carried.
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
    """Mean and spread from ``(W, S, Q)`` in the last dim of ``sums`` and the offset ``a``, broadcast over time."""
    weight, total, squares = sums[..., 0], sums[..., 1], sums[..., 2]
    seen = weight > 0
    safe = torch.where(seen, weight, 1.0)
    mean = total / safe
    spread = (squares / safe - mean * mean).clamp_min(0).sqrt()
    loc = torch.where(seen, offset + mean, torch.nan)
    scale = torch.where(spread > _NOISE * mean.abs(), spread, 0.0)
    return Scaling(loc, scale)
