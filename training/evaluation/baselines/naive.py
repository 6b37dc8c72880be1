"""What any model has to beat: last value, seasonal naive, EWMA, and the M4 competition's Naive2."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.panel import Panel
from training.data.splits import Split
from training.evaluation.baselines.seasonality import seasonal_indices, seasonal_lags

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """What is to be forecast."""

    panel: Panel
    """The series."""
    split: Split
    """Borders of training, validation and test."""
    season: int
    """Steps per season."""
    horizon: int
    """Steps ahead F."""

    def values(self, index: int) -> Array:
        """Give the target of one item.

        Parameters
        ----------
        index : int
            Number of the item.

        Returns
        -------
        array
            Values ``[T]`` float64, NaN missing.
        """
        return self.panel.items[index].target.astype(np.float64)


class Baseline(Protocol):
    """A forecaster of single values: learns from rows before the test, then forecasts from any row.

    Attributes
    ----------
    name : str
        Its name in tables and reports.
    """

    name: str

    def fit(self, task: Task) -> None:
        """Learn whatever there is to learn before the test.

        Parameters
        ----------
        task : Task
            The panel, its borders, season and horizon.
        """

    def forecast(self, index: int, origins: Rows) -> Array:
        """Forecast one item.

        Parameters
        ----------
        index : int
            Number of the item.
        origins : array
            Rows ``[N]``, each the last that its forecast sees.

        Returns
        -------
        array
            Forecasts ``[N, F]`` in the target's unit, NaN where there is none.
        """


def fill_forward(values: Array) -> Array:
    """Repeat the last observed value over gaps.

    Parameters
    ----------
    values : array
        ``[T]``, NaN missing.

    Returns
    -------
    array
        ``[T]``; leading gaps stay NaN.

    Examples
    --------
    >>> fill_forward(np.array([np.nan, 1.0, np.nan])).tolist()
    [nan, 1.0, 1.0]
    """
    known = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.size)))
    filled: Array = values[known]
    return filled


def fill_seasonal(values: Array, season: int) -> Array:
    """Fill gaps with the value one season before, and what is left by repeating the last value.

    Parameters
    ----------
    values : array
        ``[T]``, NaN missing.
    season : int
        Steps per season.

    Returns
    -------
    array
        ``[T]``; leading gaps stay NaN.

    Examples
    --------
    >>> fill_seasonal(np.array([1.0, 2.0, np.nan, 4.0]), 2).tolist()
    [1.0, 2.0, 1.0, 4.0]
    """
    padded = np.full(-(-values.size // season) * season, np.nan)
    padded[: values.size] = values
    folded = padded.reshape(-1, season)
    known = np.maximum.accumulate(np.where(np.isnan(folded), 0, np.arange(len(folded))[:, None]), axis=0)
    return fill_forward(np.take_along_axis(folded, known, axis=0).ravel()[: values.size])


class LastValue:
    """Repeats the last observed value."""

    name = "last_value"

    def fit(self, task: Task) -> None:
        """Learn nothing, see ``Baseline.fit``."""
        self._task = task

    def forecast(self, index: int, origins: Rows) -> Array:
        """Repeat the value at each origin, see ``Baseline.forecast``."""
        last = fill_forward(self._task.values(index))[origins]
        return np.repeat(last[:, None], self._task.horizon, axis=1)


class SeasonalNaive:
    """Repeats the last season."""

    name = "seasonal_naive"

    def fit(self, task: Task) -> None:
        """Learn nothing, see ``Baseline.fit``."""
        self._task = task

    def forecast(self, index: int, origins: Rows) -> Array:
        """Repeat the season that ends at each origin; before the first season is over, the last value.

        See ``Baseline.forecast``.
        """
        season, first = self._task.season, self._task.panel.items[index].first
        values = fill_seasonal(self._task.values(index), season)
        rows = origins[:, None] + seasonal_lags(self._task.horizon, season)
        forecasts: Array = np.where(rows >= first, values[np.maximum(rows, 0)], values[origins][:, None])
        return forecasts


class Ewma:
    """Simple exponential smoothing: one smoothing weight, chosen by one-step errors on all training rows."""

    name = "ewma"
    weights = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)

    def fit(self, task: Task) -> None:
        """Choose the smoothing weight, see ``Baseline.fit``."""
        self._task = task
        errors = np.zeros(len(self.weights))
        for item, end in zip(task.panel.items, task.split.train.tolist(), strict=True):
            values = fill_forward(item.target[item.first : end].astype(np.float64))
            if values.size < 3:
                continue
            unit = values.std() or 1.0
            for at, weight in enumerate(self.weights):
                errors[at] += np.abs(values[1:] - _smooth(values, weight)[:-1]).mean() / unit
        self._weight = self.weights[int(np.argmin(errors))]

    def forecast(self, index: int, origins: Rows) -> Array:
        """Repeat the smoothed level at each origin, see ``Baseline.forecast``."""
        level = _smooth(fill_forward(self._task.values(index)), self._weight)
        return np.repeat(level[origins][:, None], self._task.horizon, axis=1)


class Naive2:
    """The M4 competition's reference: the last value, seasonally adjusted where a test finds a season.

    Multiplicative indices by classical decomposition of the rows before the first origin.

    References
    ----------
    Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4 Competition: 100,000 time series and 61
    forecasting methods. International Journal of Forecasting 36(1).
    """

    name = "naive2"

    def fit(self, task: Task) -> None:
        """Decompose every item's rows before the test, see ``Baseline.fit``."""
        self._task, season = task, task.season
        self._indices = []
        for item, end in zip(task.panel.items, task.split.val.tolist(), strict=True):
            values = fill_seasonal(item.target[item.first : end].astype(np.float64), season)
            self._indices.append(np.roll(seasonal_indices(values, season), item.first % season))

    def forecast(self, index: int, origins: Rows) -> Array:
        """Repeat the adjusted value at each origin, times the season's index.

        See ``Baseline.forecast``.
        """
        indices = self._indices[index]
        last = fill_forward(self._task.values(index))[origins] / indices[origins % indices.size]
        ahead = origins[:, None] + 1 + np.arange(self._task.horizon)
        forecasts: Array = last[:, None] * indices[ahead % indices.size]
        return forecasts


def _smooth(values: Array, weight: float) -> Array:
    return pd.Series(values).ewm(alpha=weight, adjust=False).mean().to_numpy(dtype=np.float64)
