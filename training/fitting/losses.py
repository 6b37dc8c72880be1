"""What a fit lowers: pinball losses of all levels, in units that make series comparable."""

from collections.abc import Sequence

import torch
from torch import Tensor


def pinball(truth: Tensor, quantiles: Tensor, levels: Sequence[float]) -> Tensor:
    """Pinball loss ``[..., Q]`` of quantiles ``[..., Q]`` against values ``[...]``, in the values' unit.

    Twice the loss at level 0.5 is the absolute error. NaN values give NaN.
    """
    level = torch.tensor(levels, dtype=quantiles.dtype, device=quantiles.device)
    error = truth.unsqueeze(-1) - quantiles
    return torch.maximum(level * error, (level - 1.0) * error)


def level_weights(levels: Sequence[float], median_weight: float) -> Tensor:
    """Weights ``[Q]`` that add to 1; the median counts ``median_weight`` times as much as each other level."""
    weights = torch.tensor([median_weight if level == 0.5 else 1.0 for level in levels])
    return weights / weights.sum()


def forecast_loss(
    scaled: Tensor, truth: Tensor, levels: Sequence[float], weights: Tensor, point_weights: Tensor | None = None
) -> Tensor:
    """Mean weighted pinball loss over what was observed; twice, so that it reads like an absolute error.

    Parameters
    ----------
    scaled : ``[M, F, Q]`` quantiles in units of scale.
    truth : ``[M, F]`` values in the same units, NaN where nothing is to be compared.
    weights : ``[Q]`` from ``level_weights``.
    point_weights : ``[M, F]`` weights of points, or None for equal ones.
    """
    observed = ~torch.isnan(truth)
    losses = (pinball(torch.nan_to_num(truth), scaled, levels) * weights.to(scaled)).sum(-1) * 2.0
    if point_weights is not None:
        losses = losses * point_weights
    return (losses * observed).sum() / observed.sum().clamp(min=1)
