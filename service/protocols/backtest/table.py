"""Backtests as a long table: a row per forecast step, or one per cut-off."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from service.backtests.collected import Forecasts
from service.backtests.service import Hindcast
from service.codecs.table_writer import TableRows, named_numbers
from service.errors import ServiceError
from service.protocols.backtest.layout import blocks_of, column
from service.protocols.forecast.series import SeriesRequest

Pairs = Sequence[tuple[SeriesRequest, Hindcast[Forecasts] | ServiceError]]


def forecast_rows(pairs: Pairs, levels: Sequence[float]) -> TableRows:
    """Lay out every step of every forecast.

    Parameters
    ----------
    pairs : sequence of (SeriesRequest, Hindcast or ServiceError)
        The series and what came of them.
    levels : sequence of float
        Quantile levels Q.

    Returns
    -------
    TableRows
        ``cutoff``, ``timestamp``, ``target``, ``mean`` and a column per quantile.
    """
    numbers, actual, steps, cutoffs, each = [], [], [], [], []
    for _, one in pairs:
        if isinstance(one, ServiceError):
            numbers.append(np.full((1, 1 + len(levels)), np.nan))
            actual.append(np.full(1, np.nan))
            steps.append(np.zeros(1, np.int64))
            cutoffs.append(np.zeros(1, np.int64))
            each.append(1)
            continue
        series, horizon = one.series, one.series.cutoffs.horizon
        last, variables = series.whole.before + series.read, len(series.variables)
        numbers.append(one.found.numbers.reshape(-1, 1 + len(levels)))
        actual.append(series.actual.reshape(-1))
        steps.append(np.tile((last[:, None] + 1 + np.arange(horizon)).ravel(), variables))
        cutoffs.append(np.tile(np.repeat(last, horizon), variables))
        each.append(len(last) * horizon)
    named = named_numbers(levels, np.concatenate(numbers).T)
    columns = {"target": column(np.concatenate(actual))} | {name: column(values) for name, values in named.items()}
    return blocks_of(pairs, each, np.concatenate(steps), columns, np.concatenate(cutoffs))


def metric_rows(pairs: Pairs, figures: Sequence[Mapping[str, Any] | None], names: Sequence[str]) -> TableRows:
    """Lay out the figures of each cut-off, whose time is the ``timestamp``.

    Parameters
    ----------
    pairs : sequence of (SeriesRequest, Hindcast or ServiceError)
        The series and what came of them.
    figures : sequence of (mapping or None)
        Of each series its figures ``[N]`` by metric; None where it failed.
    names : sequence of str
        The metrics.

    Returns
    -------
    TableRows
        A column per metric.
    """
    steps = [
        np.zeros(1, np.int64) if isinstance(one, ServiceError) else one.series.whole.before + one.series.read
        for _, one in pairs
    ]
    columns = {
        name: column(np.concatenate([np.full(1, np.nan) if own is None else own[name] for own in figures]))
        for name in names
    }
    return blocks_of(pairs, list(map(len, steps)), np.concatenate(steps), columns, apart=False)
