"""The forecasts of a task: the seasonal naive as each suite made it, and ours."""

from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.zeroshot.data import TaskSeries
from benchmarks.zeroshot.scoring import LEVELS, WIDE, Doubles, Forecasts
from benchmarks.zeroshot.tasks import NaiveRule, Task
from statecast.api.backtest import backtest_series
from statecast.errors import InputError
from statecast.metrics.mase import seasonal_error
from statecast.models.family import Family
from statecast.models.interface import SeriesNetwork

_FEW = 64  # values on which it is tried what a model takes
_SCORES = np.asarray([NormalDist().inv_cdf(level) for level in LEVELS])


def naive_forecasts(task: Task, series: Sequence[TaskSeries]) -> Forecasts:
    """Repeat the season as the task's suite did.

    Parameters
    ----------
    task : Task
        The task.
    series : sequence of TaskSeries
        Its data.

    Returns
    -------
    Forecasts
        Of all its windows.
    """
    windows = task.windows(series)

    def forecast(one: TaskSeries) -> Doubles:
        return np.stack([_naive(task.naive, one.values[:cut], task.horizon) for cut in _cutoffs(task, one, windows)])

    return _gather(task, series, windows, forecast)


def our_forecasts(
    network: Family | SeriesNetwork, task: Task, series: Sequence[TaskSeries], *, covariates: bool, calendar: bool
) -> Forecasts:
    """Forecast with a model as it is, its state carried from the first value of each variable on.

    Parameters
    ----------
    network : Family or SeriesNetwork
        What forecasts.
    task : Task
        The task.
    series : sequence of TaskSeries
        Its data.
    covariates : bool
        Whether the model is given what is known ahead.
    calendar : bool
        Whether it looks at the calendar.

    Returns
    -------
    Forecasts
        Of all its windows.

    Raises
    ------
    InputError
        If the model takes no such covariates, or no calendar.
    """
    windows = task.windows(series)
    levels = (*LEVELS, *WIDE) if _takes(network, series[0], quantile_levels=WIDE) else LEVELS

    def forecast(one: TaskSeries) -> Doubles:
        options: dict[str, Any] = {"future_covariates": one.known} if covariates else {}
        options |= {"calendar": True} if calendar else {}
        found = backtest_series(
            network, one.values, task.horizon, cutoffs=windows, start=one.start, freq=one.freq,
            quantile_levels=levels, **options,
        )  # fmt: skip
        return np.stack([found.quantiles[level] for level in levels], axis=-1)

    return _gather(task, series, windows, forecast)


def takes_covariates(network: Family | SeriesNetwork, one: TaskSeries) -> bool:
    """Say whether a model can be given what is known ahead of a series.

    Parameters
    ----------
    network : Family or SeriesNetwork
        The model.
    one : TaskSeries
        A series.
    """
    known = {name: values[:_FEW] for name, values in one.known.items()}
    return bool(known) and _takes(network, one, future_covariates=known)


def takes_calendar(network: Family | SeriesNetwork, one: TaskSeries) -> bool:
    """Say whether a model can look at the calendar of a series.

    Parameters
    ----------
    network : Family or SeriesNetwork
        The model.
    one : TaskSeries
        A series.
    """
    return one.start is not None and _takes(network, one, calendar=True)


def _takes(network: Family | SeriesNetwork, one: TaskSeries, **options: Any) -> bool:
    try:
        backtest_series(network, one.values[:_FEW], 1, start=one.start, freq=one.freq, **options)
    except InputError:
        return False
    return True


def _cutoffs(task: Task, one: TaskSeries, windows: int) -> list[int]:
    return [len(one.values) - task.horizon * (windows - number) for number in range(windows)]


def _naive(rule: NaiveRule, history: Doubles, horizon: int) -> Doubles:
    """Quantiles ``[F, 9]``; a season further ahead is as much wider as a random walk of seasons."""
    values = pd.Series(history).ffill().fillna(0.0).to_numpy()[-(rule.recent or 0) :]
    season, ahead = rule.season, np.arange(horizon)
    point = values[-season:][ahead % season]
    deviation = 0.0
    if rule.intervals:
        changes = values[season:] - values[:-season]
        deviation = float(np.sqrt(np.square(changes).mean()))
    found: Doubles = point[:, None] + _SCORES * (deviation * np.sqrt(ahead // season + 1))[:, None]
    return found


def _gather(
    task: Task, series: Sequence[TaskSeries], windows: int, forecast: Callable[[TaskSeries], Doubles]
) -> Forecasts:
    actual, quantiles, errors = [], [], []
    for one in series:
        cuts = _cutoffs(task, one, windows)
        actual.append(one.values[cuts[0] :].reshape(windows, task.horizon))
        quantiles.append(forecast(one))
        errors += [seasonal_error(one.values[:cut], task.season) for cut in cuts]
    found = np.concatenate(quantiles)
    wide = found[..., len(LEVELS) :] if found.shape[-1] > len(LEVELS) else None
    return Forecasts(np.concatenate(actual), found[..., : len(LEVELS)], np.asarray(errors), wide)
