"""The scores of one model over many forecasts, summed as they come so that nothing has to be kept."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluation import metrics

Array = NDArray[np.float64]


class Scores:
    """Sums by item and horizon step.

    Parameters
    ----------
    units : ``[I]`` deviation of each item's training rows, the unit of MSE and MAE.
    differences : ``[I]`` mean seasonal difference of each item's training rows, the unit of MASE (NaN: left out).
    horizon : F.
    levels : of the quantiles, empty for a model that gives none.
    """

    def __init__(self, units: Array, differences: Array, horizon: int, levels: Sequence[float] = ()) -> None:
        self.units, self.differences, self.levels = units, differences, tuple(levels)
        shape = (len(units), horizon)
        self._count, self._squared, self._absolute, self._smape = (np.zeros(shape) for _ in range(4))
        self._right, self._moved = 0.0, 0.0
        self._pinball, self._scaled_pinball = np.zeros(len(self.levels)), np.zeros(len(self.levels))
        self._below = np.zeros((len(units), len(self.levels)))
        self._magnitude = 0.0
        self.windows = 0

    def add(
        self, item: int, actual: Array, mean: Array, *, median: Array, last: Array, quantiles: Array | None = None
    ) -> None:
        """Count forecasts of one item.

        ``actual``, ``mean``, ``median``: ``[N, F]``; ``last``: ``[N]``, the last observed value; ``quantiles``
        ``[N, F, Q]``.
        """
        known = ~np.isnan(actual) & ~np.isnan(median)
        self.windows += int(known.any(axis=1).sum())
        unit = self.units[item]
        self._count[item] += known.sum(axis=0)
        self._squared[item] += np.where(known, ((actual - mean) / unit) ** 2, 0.0).sum(axis=0)
        self._absolute[item] += np.where(known, np.abs(actual - median) / unit, 0.0).sum(axis=0)
        self._smape[item] += np.where(known, metrics.smape_terms(actual, median), 0.0).sum(axis=0)
        change = actual - last[:, None]
        moved = known & (change != 0) & ~np.isnan(change) & (median != last[:, None])
        self._moved += float(moved.sum())
        self._right += float((moved & (np.sign(median - last[:, None]) == np.sign(change))).sum())
        self._magnitude += float(np.where(known, np.abs(actual), 0.0).sum())
        if quantiles is not None:
            losses = np.where(known[..., None], metrics.pinball_terms(actual, quantiles, self.levels), 0.0)
            self._pinball += losses.sum(axis=(0, 1))
            self._scaled_pinball += losses.sum(axis=(0, 1)) / unit
            self._below[item] += (known[..., None] & (actual[..., None] <= quantiles)).sum(axis=(0, 1))

    def table(self) -> dict[str, float]:
        """Every metric over all items, NaN where nothing was forecast; see ``training.evaluation.metrics``.

        MSE and MAE are averaged over all values, sMAPE and MASE over items first, as is the custom of each.
        """
        nan = float("nan")
        count = self._count.sum() or nan
        by_item = self._count.sum(axis=1)
        used = by_item > 0
        absolute = self._absolute.sum(axis=1)[used] / by_item[used] * self.units[used]
        scaled = absolute / self.differences[used]
        scaled = scaled[~np.isnan(scaled)]
        row = {
            "mse": float(self._squared.sum() / count),
            "mae": float(self._absolute.sum() / count),
            "smape": float((self._smape.sum(axis=1)[used] / by_item[used]).mean()) if used.any() else float("nan"),
            "mase": float(scaled.mean()) if scaled.size else float("nan"),
            # What WQL is for a model that gives one value for all quantiles.
            "nd": float((self._absolute.sum(1) * self.units).sum() / self._magnitude) if self._magnitude else nan,
            "directional": self._right / self._moved if self._moved else float("nan"),
        }
        if self.levels:
            row["wql"] = float(2.0 * self._pinball.mean() / self._magnitude) if self._magnitude else float("nan")
            row["pinball"] = float(2.0 * self._scaled_pinball.mean() / count)
            low, high = self.coverage()[[0, -1]]
            row["interval"] = float(high - low)
            # Width, and each miss by 2/a of how far it lies outside: twice the outer levels' pinball over a / 2.
            outside = 1.0 - (self.levels[-1] - self.levels[0])
            row["interval_score"] = float(2.0 * self._scaled_pinball[[0, -1]].sum() / outside / count)
        return row

    def coverage(self) -> Array:
        """Share ``[Q]`` of actual values at or below each quantile."""
        total: Array = self._below.sum(axis=0) / max(self._count.sum(), 1.0)
        return total

    def interval_by_item(self) -> dict[str, float]:
        """Share of actual values inside the widest interval, item by item: the items' lowest, 10 %, median … highest.

        Empty where nothing was forecast.
        """
        count = self._count.sum(axis=1)
        used = count > 0
        if not used.any() or not self.levels:
            return {}
        shares = (self._below[used, -1] - self._below[used, 0]) / count[used]
        marks = {"lowest": 0.0, "10 %": 0.1, "median": 0.5, "90 %": 0.9, "highest": 1.0}
        return {name: float(np.quantile(shares, mark)) for name, mark in marks.items()}

    def by_step(self) -> tuple[Array, Array]:
        """MSE and MAE ``[F]`` at each horizon step."""
        count = np.maximum(self._count.sum(axis=0), 1.0)
        return self._squared.sum(axis=0) / count, self._absolute.sum(axis=0) / count

    def by_item(self) -> tuple[Array, Array]:
        """MSE and MAE ``[I]`` of each item; NaN where it has no forecast."""
        count = self._count.sum(axis=1)
        count = np.where(count > 0, count, np.nan)
        return self._squared.sum(axis=1) / count, self._absolute.sum(axis=1) / count
