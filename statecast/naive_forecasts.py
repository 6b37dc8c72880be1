"""Cheap streaming forecasts out of the raw look-back; the network learns which to trust where on the horizon."""

from collections.abc import Sequence

import torch
from torch import Tensor

NINE_NAIVE_FORECASTS = (
    "last value",
    "season",
    "mean of four seasons",
    "slow level",
    "level of the last season",
    "level with drift",
    "seven seasons ago",
    "season with drift",
    "shape of four seasons on the last level",
)
NAIVE_FORECASTS = (*NINE_NAIVE_FORECASTS, "shape of all seasons on the last level")


def fill_missing(window: Tensor, season: int) -> Tensor:
    """Fill the gaps of scaled windows.

    Parameters
    ----------
    window : Tensor
        ``[M, R]`` in units of scale, NaN where missing.
    season : int
        Steps per season.

    Returns
    -------
    Tensor
        ``[M, R]``, each gap filled by the value one season before, else by 0, the slow level.

    Examples
    --------
    >>> fill_missing(torch.tensor([[1.0, 2.0, torch.nan]]), 2).tolist()
    [[1.0, 2.0, 1.0]]
    """
    earlier = torch.cat([torch.full_like(window[:, :season], torch.nan), window[:, :-season]], dim=1)
    return torch.where(window.isnan(), earlier, window).nan_to_num()


def seasonal_naive(window: Tensor, season: int, horizon: int) -> Tensor:
    """Repeat the last season.

    Parameters
    ----------
    window : Tensor
        ``[M, R]`` without gaps, R at least a season.
    season : int
        Steps per season.
    horizon : int
        Steps ahead, F.

    Returns
    -------
    Tensor
        ``[M, F]``.

    Examples
    --------
    >>> seasonal_naive(torch.tensor([[9.0, 1.0, 2.0]]), 2, 3).tolist()
    [[1.0, 2.0, 1.0]]
    """
    steps = torch.arange(horizon, device=window.device) % season
    return window[:, -season:].index_select(1, steps)


def compute_naive_forecasts(
    window: Tensor, season: int, horizon: int, names: Sequence[str] = NINE_NAIVE_FORECASTS
) -> Tensor:
    """Compute naive forecasts side by side.

    Parameters
    ----------
    window : Tensor
        ``[M, R]`` in units of scale, without gaps, R at least seven seasons.
    season : int
        Steps per season.
    horizon : int
        Steps ahead, F.
    names : sequence of str
        Which, out of ``NAIVE_FORECASTS``; E of them. A level is a mean over the last season, or over eight steps where
        the season is shorter than four.

    Returns
    -------
    Tensor
        ``[M, F, E]`` in units of scale.

    Examples
    --------
    >>> ahead = compute_naive_forecasts(torch.arange(40.0)[None], 4, 2, ("last value", "season"))
    >>> ahead[0].tolist()
    [[39.0, 36.0], [39.0, 37.0]]
    """
    length = season if season >= 4 else min(8, window.shape[1] // 2)
    level = window[:, -length:].mean(1, keepdim=True)
    drift = level - window[:, -2 * length : -length].mean(1, keepdim=True)
    four = window[:, -4 * season :].unflatten(1, (4, season))
    steps = torch.arange(horizon, device=window.device)
    place = steps % season
    repeated = seasonal_naive(window, season, horizon)
    long_season = 7 * season
    weekly = window[:, -long_season:].index_select(1, steps % long_season)
    shape = four.mean(1) - four.mean((1, 2))[:, None]
    found = [
        window[:, -1:].expand(-1, horizon),
        repeated,
        four.mean(1).index_select(1, place),
        torch.zeros_like(repeated),
        level.expand(-1, horizon),
        level + drift / length * (steps + 1),
        weekly,
        repeated + drift,
        shape.index_select(1, place) + level,
    ]
    if NAIVE_FORECASTS[-1] in names:
        found.append(_long_shape(window, season).index_select(1, place) + level)
    return torch.stack([found[NAIVE_FORECASTS.index(name)] for name in names], dim=-1)


def _long_shape(window: Tensor, season: int) -> Tensor:
    """Mean deviation of each place of the season from its season's mean, ``[M, m]``, over what has been seen."""
    seasons = window[:, -(window.shape[1] // season * season) :].unflatten(1, (-1, season))
    # Filled gaps are 0 to the bit only where nothing came before: there the series had not begun.
    seen = (seasons != 0).float()
    mean = seasons.sum(2, keepdim=True) / seen.sum(2, keepdim=True).clamp_min(1.0)
    away = (seasons - mean) * seen
    shape: Tensor = away.sum(1) / seen.sum(1).clamp_min(1.0)
    return shape
