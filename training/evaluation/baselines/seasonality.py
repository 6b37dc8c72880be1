"""Seasons as baselines see them: rows of the last one, multiplicative indices, and whether there is any."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


def seasonal_lags(horizon: int, season: int) -> Rows:
    """Locate the rows of the last season that stand for each step ahead.

    Parameters
    ----------
    horizon : int
        Steps ahead F.
    season : int
        Steps per season.

    Returns
    -------
    array
        Rows ``[F]`` relative to an origin, at most 0, whole seasons before each step ahead.

    Examples
    --------
    >>> seasonal_lags(5, 3)
    array([-2, -1,  0, -2, -1])
    """
    steps = np.arange(horizon)
    return steps % season + 1 - season


def seasonal_indices(values: Array, season: int) -> Array:
    """Multiplicative seasonal indices by classical decomposition.

    Parameters
    ----------
    values : array
        ``[T]``, without gaps.
    season : int
        Steps m per season.

    Returns
    -------
    array
        ``[m]`` by place ``row % m``, with mean 1; ones where there are fewer than three seasons, a value is not above
        0, or no season is significant at 90 %.

    Examples
    --------
    >>> seasonal_indices(np.tile([1.0, 2.0, 3.0, 4.0], 15), 4).round(6).tolist()
    [0.4, 0.8, 1.2, 1.6]
    """
    ones = np.ones(season)
    if season < 2 or values.size < 3 * season or (values <= 0).any() or not _seasonal(values, season):
        return ones
    kernel = np.ones(season) if season % 2 else np.concatenate([[0.5], np.ones(season - 1), [0.5]])
    trend = np.convolve(values, kernel / season, mode="valid")
    begin = (kernel.size - 1) // 2
    ratios = np.full(-(-values.size // season) * season, np.nan)
    ratios[begin : begin + trend.size] = values[begin : begin + trend.size] / trend
    indices = np.nanmean(ratios.reshape(-1, season), axis=0)
    scaled: Array = indices / indices.mean()
    return scaled if (scaled > 1e-6).all() else ones


def _seasonal(values: Array, season: int) -> bool:
    centred = values - values.mean()
    total = float(centred @ centred)
    if total == 0.0:
        return False
    lags = np.asarray([float(centred[lag:] @ centred[:-lag]) / total for lag in range(1, season + 1)])
    limit = 1.645 * np.sqrt((1.0 + 2.0 * (lags[:-1] ** 2).sum()) / values.size)
    return bool(abs(lags[-1]) > limit)
