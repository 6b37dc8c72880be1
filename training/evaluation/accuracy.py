"""The accuracy of one model over many forecasts, summed as they come so that nothing has to be kept."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from statecast import metrics
from statecast.metrics.calibration import Calibration

Array = NDArray[np.float64]
STEPWISE = ("mse", "mae")
"""Metrics that are also kept by step ahead."""


class Accuracy:
    """States of accuracy metrics, by item and by step ahead.

    Parameters
    ----------
    units : array
        Standard deviation ``[I]`` of each item's training rows, the unit of MSE, MAE, pinball and interval score.
    seasonal_errors : array
        Mean seasonal difference ``[I]`` of each item's training rows, the unit of MASE; NaN leaves an item out.
    horizon : int
        Steps ahead F.
    levels : sequence of float
        Levels ``[Q]`` of the quantiles; empty for a model that forecasts single values.
    names : sequence of str, optional
        The metrics that are wanted; left out, all that can be had.
    """

    def __init__(
        self,
        units: Array,
        seasonal_errors: Array,
        horizon: int,
        levels: Sequence[float] = (),
        names: Sequence[str] | None = None,
    ) -> None:
        self.units, self.seasonal_errors, self.levels = units, seasonal_errors, tuple(levels)
        chosen = [metrics.get(name) for name in (metrics.names() if names is None else names)]
        self._metrics = [metric for metric in chosen if self.levels or not metric.needs_quantiles]
        self._by_item = {metric.name: metric.initial((len(units),), len(self.levels)) for metric in self._metrics}
        stepwise = [metric for metric in self._metrics if metric.name in STEPWISE]
        self._by_step = {metric.name: metric.initial((horizon,), len(self.levels)) for metric in stepwise}
        self.windows = 0

    def add(
        self,
        items: NDArray[np.int64],
        actual: Array,
        mean: Array,
        *,
        median: Array,
        last: Array,
        quantiles: Array | None = None,
    ) -> None:
        """Count forecasts of some items.

        Parameters
        ----------
        items : array
            Number ``[N]`` of the item of each forecast.
        actual, mean, median : array
            Values and forecasts ``[N, F]``, NaN where unknown.
        last : array
            Last observed value ``[N]`` before each.
        quantiles : array, optional
            Quantile forecasts ``[N, F, Q]``.
        """
        batch = metrics.ForecastBatch(
            actual,
            median,
            mean=mean,
            quantiles=quantiles,
            levels=self.levels,
            last=last,
            seasonal_error=self.seasonal_errors[items],
            unit=self.units[items],
        )
        self.windows += int(batch.known.any(axis=1).sum())
        for metric in self._metrics:
            rows = metric.update(metric.initial((len(items), 1), len(self.levels)), batch)
            np.add.at(self._by_item[metric.name], items, rows[:, 0])
        for name, state in self._by_step.items():
            self._by_step[name] = metrics.get(name).update(state, batch)

    def table(self) -> dict[str, float]:
        """Give every metric over all items.

        Returns
        -------
        dict of str to float
            Figures by name of the metric, NaN where nothing is known.
        """
        return {metric.name: metric.overall(self._by_item[metric.name]) for metric in self._metrics}

    def by_step(self, name: str) -> Array:
        """Give one metric at each step ahead.

        Parameters
        ----------
        name : str
            One of ``STEPWISE``.

        Returns
        -------
        array
            ``[F]``, NaN where nothing is known.
        """
        return metrics.get(name).value(self._by_step[name])

    def coverage(self) -> Array:
        """Give the share of actual values at or below each quantile.

        Returns
        -------
        array
            ``[Q]``, NaN where nothing is known.
        """
        return Calibration().shares(self._by_item["calibration"].sum(axis=0), self.levels)

    def interval_by_item(self) -> dict[str, float]:
        """Give the share of actual values inside the widest interval, item by item.

        Returns
        -------
        dict of str to float
            The items' ``lowest``, ``10 %``, ``median``, ``90 %`` and ``highest`` share; empty where nothing was
            forecast.
        """
        shares = metrics.get("coverage").value(self._by_item["coverage"])
        shares = shares[~np.isnan(shares)]
        if not shares.size:
            return {}
        marks = {"lowest": 0.0, "10 %": 0.1, "median": 0.5, "90 %": 0.9, "highest": 1.0}
        return {name: float(np.quantile(shares, mark)) for name, mark in marks.items()}
