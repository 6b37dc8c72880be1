"""Errors as normal scores: where they stand in the distribution that was forecast."""

from collections.abc import Sequence

import torch
from torch import Tensor

from statecast.devices.constants import constant

_FAR = 4.0


def normal_scores(quantiles: Tensor, truth: Tensor, levels: Sequence[float]) -> Tensor:
    """Say where a standard normal variable would stand that fell as the truth fell.

    Parameters
    ----------
    quantiles : Tensor
        ``[M, F, Q]``; each stands at the normal's own quantile, and scores are linear between and beyond them.
    truth : Tensor
        ``[M, F]`` in the same unit, NaN where unknown.
    levels : sequence of float
        The Q quantile levels.

    Returns
    -------
    Tensor
        ``[M, F]``, at most 4 from 0; NaN where unknown.

    Examples
    --------
    >>> quantiles = torch.tensor([[[-1.2816, 0.0, 1.2816]]])
    >>> normal_scores(quantiles, torch.tensor([[0.5]]), (0.1, 0.5, 0.9))
    tensor([[0.5000]])
    """
    normal = torch.special.ndtri(constant(tuple(levels), torch.float64, truth.device)).float()
    right = (truth[..., None] > quantiles).sum(-1).clamp(1, len(levels) - 1)[..., None]
    low, high = quantiles.gather(-1, right - 1)[..., 0], quantiles.gather(-1, right)[..., 0]
    step = (normal[1:] - normal[:-1])[right[..., 0] - 1]
    scores = normal[right[..., 0] - 1] + step * (truth - low) / (high - low).clamp_min(1e-9)
    kept: Tensor = scores.clamp(-_FAR, _FAR)
    return kept
