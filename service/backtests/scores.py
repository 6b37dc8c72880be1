"""How far off the forecasts of a backtest were: figures of each cut-off, of each series, and over all series."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.backtests.collected import Forecasts
from service.backtests.prepared import PreparedSeries
from service.errors import Fault, Unprocessable
from statecast import metrics
from statecast.errors import UnknownNameError

Sums = NDArray[np.float64]
Figures = dict[str, float | None]


def find_metrics(names: Sequence[str]) -> dict[str, metrics.Metric]:
    """Find metrics by name.

    Parameters
    ----------
    names : sequence of str
        As a request has them; each counts once.

    Returns
    -------
    dict of str to Metric
        In their order.

    Raises
    ------
    Unprocessable
        It names the one that is unknown, and those that there are.
    """
    found = {}
    for place, name in enumerate(names):
        try:
            found[name] = metrics.get(name)
        except UnknownNameError as error:
            raise Unprocessable(f"metrics: {error}", faults=[Fault(("metrics", place), str(error))]) from None
    return found


def sums_of(
    series: PreparedSeries, found: Forecasts, levels: Sequence[float], wanted: Mapping[str, metrics.Metric]
) -> dict[str, Sums]:
    """Add up what each metric counts, apart for each cut-off; several variables count together.

    Parameters
    ----------
    series : PreparedSeries
        What came.
    found : Forecasts
        What was forecast.
    levels : sequence of float
        The Q levels, ascending.
    wanted : mapping of str to Metric
        By name.

    Returns
    -------
    dict of str to array, ``[N, K]``
        States by name.
    """
    variables, count = found.seasonal_error.shape
    actual, last = series.actual, series.values[:, series.read - 1]
    rows = variables * count, actual.shape[2]
    batch = metrics.ForecastBatch(
        actual.reshape(rows),
        found.median.reshape(rows),
        mean=found.numbers[..., 0].reshape(rows),
        quantiles=found.numbers[..., 1:].reshape(*rows, len(levels)),
        levels=levels,
        last=last.reshape(-1),
        seasonal_error=found.seasonal_error.reshape(-1),
    )
    summed = {}
    for name, metric in wanted.items():
        apart = metric.update(metric.initial((rows[0], 1), len(levels)), batch)
        summed[name] = apart.reshape(variables, count, -1).sum(axis=0)
    return summed


def by_cutoff(sums: Mapping[str, Sums], wanted: Mapping[str, metrics.Metric]) -> dict[str, Sums]:
    """Give the figures of each cut-off, ``[N]`` by name, NaN where nothing was counted.

    Parameters
    ----------
    sums : mapping of str to array
        What ``sums_of`` gave.
    wanted : mapping of str to Metric
        By name.
    """
    return {name: wanted[name].value(state) for name, state in sums.items()}


def over_cutoffs(sums: Mapping[str, Sums], wanted: Mapping[str, metrics.Metric]) -> Figures:
    """Give the figures of a series by name, None where nothing was counted.

    Parameters
    ----------
    sums : mapping of str to array
        What ``sums_of`` gave.
    wanted : mapping of str to Metric
        By name.
    """
    return {name: _known(float(wanted[name].value(state.sum(axis=0)))) for name, state in sums.items()}


def over_series(sums: Sequence[Mapping[str, Sums]], wanted: Mapping[str, metrics.Metric]) -> Figures:
    """Give the figures over all series, averaged as each metric says; None where nothing was counted.

    Parameters
    ----------
    sums : sequence of mapping of str to array
        What ``sums_of`` gave for each series.
    wanted : mapping of str to Metric
        By name.
    """
    return figures_of([{name: state.sum(axis=0) for name, state in one.items()} for one in sums], wanted)


def figures_of(states: Sequence[Mapping[str, Any]], wanted: Mapping[str, metrics.Metric]) -> Figures:
    """Give the figures over all series, averaged as each metric says; None where nothing was counted.

    Parameters
    ----------
    states : sequence of mapping of str to array
        Of each series its sums over all cut-offs, ``[K]`` by metric.
    wanted : mapping of str to Metric
        By name.
    """
    return {
        name: _known(metric.overall(np.array([one[name] for one in states]))) if states else None
        for name, metric in wanted.items()
    }


def _known(figure: float) -> float | None:
    return figure if np.isfinite(figure) else None
