"""Each metric as a plain formula on whole arrays without gaps, written apart from the code that adds up."""

from collections.abc import Callable

import numpy as np

from statecast.metrics import ForecastBatch


def _mae(batch: ForecastBatch) -> float:
    return float(np.mean(np.abs(batch.actual - batch.median) / batch.unit[:, None]))


def _mse(batch: ForecastBatch) -> float:
    return float(np.mean(((batch.actual - batch.mean) / batch.unit[:, None]) ** 2))


def _smape(batch: ForecastBatch) -> float:
    return float(np.mean(200 * np.abs(batch.actual - batch.median) / (np.abs(batch.actual) + np.abs(batch.median))))


def _mase(batch: ForecastBatch) -> float:
    assert batch.seasonal_error is not None
    return float(np.mean(np.abs(batch.actual - batch.median) / batch.seasonal_error[:, None]))


def _nd(batch: ForecastBatch) -> float:
    return float(np.abs(batch.actual - batch.median).sum() / np.abs(batch.actual).sum())


def _losses(batch: ForecastBatch) -> np.ndarray:
    """Pinball losses ``[B, F, Q]`` by their definition in two cases."""
    error = batch.actual[..., None] - batch.quantiles
    return np.where(error >= 0, np.asarray(batch.levels) * error, (np.asarray(batch.levels) - 1) * error)


def _wql(batch: ForecastBatch) -> float:
    return float(np.mean(2 * _losses(batch).sum(axis=(0, 1)) / np.abs(batch.actual).sum()))


def _pinball(batch: ForecastBatch) -> float:
    return float(np.mean(2 * _losses(batch) / batch.unit[:, None, None]))


def _interval_score(batch: ForecastBatch) -> float:
    low, high = batch.quantiles[..., 0], batch.quantiles[..., -1]
    outside = 1 - (batch.levels[-1] - batch.levels[0])
    below, above = np.maximum(low - batch.actual, 0), np.maximum(batch.actual - high, 0)
    return float(np.mean((high - low + 2 / outside * (below + above)) / batch.unit[:, None]))


def _coverage(batch: ForecastBatch) -> float:
    return float(np.mean((batch.quantiles[..., 0] <= batch.actual) & (batch.actual <= batch.quantiles[..., -1])))


def _calibration(batch: ForecastBatch) -> float:
    shares = (batch.actual[..., None] <= batch.quantiles).mean(axis=(0, 1))
    return float(np.mean(np.abs(shares - np.asarray(batch.levels))))


def _directional_accuracy(batch: ForecastBatch) -> float:
    assert batch.last is not None
    return float(np.mean((batch.actual > batch.last[:, None]) == (batch.median > batch.last[:, None])))


FORMULAS: dict[str, Callable[[ForecastBatch], float]] = {
    "calibration": _calibration,
    "coverage": _coverage,
    "directional_accuracy": _directional_accuracy,
    "interval_score": _interval_score,
    "mae": _mae,
    "mase": _mase,
    "mse": _mse,
    "nd": _nd,
    "pinball": _pinball,
    "smape": _smape,
    "wql": _wql,
}
