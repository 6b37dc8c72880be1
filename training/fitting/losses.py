"""What a fit lowers: pinball losses of all levels, in units that make series comparable."""

from collections.abc import Sequence

import torch
from torch import Tensor

from statecast.devices.constants import constant


def pinball(truth: Tensor, quantiles: Tensor, levels: Sequence[float]) -> Tensor:
    """Pinball loss of quantiles. Twice the loss at level 0.5 is the absolute error.

    Parameters
    ----------
    truth : Tensor
        Values ``[...]``; NaN gives NaN.
    quantiles : Tensor
        Forecasts ``[..., Q]`` in the values' unit.
    levels : sequence of float
        Levels ``[Q]``, 0 to 1.

    Returns
    -------
    Tensor
        ``[..., Q]`` in the values' unit.

    Examples
    --------
    >>> pinball(torch.tensor(4.0), torch.tensor([3.0, 6.0]), (0.5, 0.75))
    tensor([0.5000, 0.5000])

    References
    ----------
    Koenker, R. and Bassett, G. (1978). Regression quantiles. Econometrica 46(1).
    """
    level = constant(tuple(levels), quantiles.dtype, quantiles.device)
    error = truth.unsqueeze(-1) - quantiles
    return torch.maximum(level * error, (level - 1.0) * error)


def level_weights(levels: Sequence[float], median_weight: float, device: torch.device | None = None) -> Tensor:
    """Weigh the quantile levels.

    Parameters
    ----------
    levels : sequence of float
        Levels ``[Q]``.
    median_weight : float
        How much the median counts beside each other level, which counts 1.
    device : torch.device, optional
        Where they are wanted; the CPU if left out.

    Returns
    -------
    Tensor
        ``[Q]``, which add to 1.

    Examples
    --------
    >>> level_weights((0.1, 0.5, 0.9), 2.0)
    tensor([0.2500, 0.5000, 0.2500])
    """
    shares = tuple(median_weight if level == 0.5 else 1.0 for level in levels)
    weights = constant(shares, torch.float32, device or torch.device("cpu"))
    return weights / weights.sum()


def forecast_loss(
    scaled: Tensor, truth: Tensor, levels: Sequence[float], weights: Tensor, point_weights: Tensor | None = None
) -> Tensor:
    """Mean weighted pinball loss over what was observed; twice, so that it reads like an absolute error.

    Parameters
    ----------
    scaled : Tensor
        Quantiles ``[M, F, Q]`` in units of scale.
    truth : Tensor
        Values ``[M, F]`` in the same units, NaN where nothing is to be compared.
    levels : sequence of float
        Levels ``[Q]``.
    weights : Tensor
        ``[Q]`` from ``level_weights``, on the quantiles' device.
    point_weights : Tensor, optional
        Weights ``[M, F]`` of points; left out, all count alike.

    Returns
    -------
    Tensor
        A scalar; 0 where nothing was observed.
    """
    observed = ~torch.isnan(truth)
    losses = (pinball(torch.nan_to_num(truth), scaled, levels) * weights.to(scaled.dtype)).sum(-1) * 2.0
    if point_weights is not None:
        losses = losses * point_weights
    return (losses * observed).sum() / observed.sum().clamp(min=1)
