"""Errors of forecasts, as formulas on whole arrays; a NaN actual or forecast is left out.

Which forecast a metric judges is part of its meaning: the squared error is lowest at the *mean*, absolute errors
(MAE, sMAPE, MASE) at the *median*. The long-horizon protocol's MSE and MAE are taken on values divided by the
deviation of the training rows; sMAPE, MASE and the quantile loss on raw ones.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mse(actual: Array, mean: Array) -> float:
    """Mean squared error of the mean forecast."""
    return _mean((actual - mean) ** 2)


def mae(actual: Array, median: Array) -> float:
    """Mean absolute error of the median forecast."""
    return _mean(np.abs(actual - median))


def smape_terms(actual: Array, median: Array) -> Array:
    """Terms of sMAPE in percent, 0 to 200; where both are zero the error is zero."""
    total = np.abs(actual) + np.abs(median)
    terms: Array = 200.0 * np.abs(actual - median) / np.where(total > 0, total, 1.0)
    return terms


def smape(actual: Array, median: Array) -> float:
    """Symmetric mean absolute percentage error of the median forecast, in percent, 0 to 200."""
    return _mean(smape_terms(actual, median))


def seasonal_difference(history: Array, season: int) -> float:
    """Mean |x_t - x_{t-m}| over a training history, the denominator of MASE; NaN where it is unknown or zero."""
    if history.size <= season:
        return float("nan")
    value = _mean(np.abs(history[season:] - history[:-season]))
    return value if value > 0 else float("nan")


def mase(actual: Array, median: Array, difference: float) -> float:
    """Mean absolute scaled error of the median forecast: in units of ``seasonal_difference``."""
    return mae(actual, median) / difference


def owa(smape_ours: float, mase_ours: float, smape_naive: float, mase_naive: float) -> float:
    """Overall weighted average of the M4 competition: the mean of sMAPE and MASE relative to a reference's."""
    return 0.5 * (smape_ours / smape_naive + mase_ours / mase_naive)


def pinball_terms(actual: Array, quantiles: Array, levels: Sequence[float]) -> Array:
    """Pinball losses ``[..., Q]`` of quantiles ``[..., Q]`` at ``levels`` against actual values ``[...]``."""
    error = actual[..., None] - quantiles
    level = np.asarray(levels)
    terms: Array = np.maximum(level * error, (level - 1.0) * error)
    return terms


def weighted_quantile_loss(actual: Array, quantiles: Array, levels: Sequence[float]) -> float:
    """Twice the summed pinball loss over the summed absolute actuals, averaged over levels."""
    known = ~np.isnan(actual)
    losses = 2.0 * pinball_terms(actual[known], quantiles[known], levels).sum(axis=0)
    return float(losses.mean() / np.abs(actual[known]).sum())


def coverage(actual: Array, quantiles: Array) -> Array:
    """Share ``[Q]`` of actual values at or below each quantile; a calibrated one equals the level."""
    known = ~np.isnan(actual)
    shares: Array = (actual[known][:, None] <= quantiles[known]).mean(axis=0)
    return shares


def directional_accuracy(actual: Array, median: Array, last: Array) -> float:
    """Share of forecasts on the right side of the last observed value; what did not or should not move is left out."""
    moved = ((actual - last) != 0) & ((median - last) != 0)
    right = np.sign(median - last) == np.sign(actual - last)
    usable = moved & ~np.isnan(actual) & ~np.isnan(median) & ~np.isnan(last)
    return float(right[usable].mean()) if usable.any() else float("nan")


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
