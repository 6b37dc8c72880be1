"""Forecasts against what came: any model's, counted in one ``Accuracy``."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statecast.metrics.mase import seasonal_error
from training.data.splits import standards
from training.evaluation.accuracy import Accuracy
from training.evaluation.baselines.naive import Task, fill_forward

Array = NDArray[np.float64]
_SCORED = 1024  # forecasts scored at once


class Forecasts(NamedTuple):
    """Forecasts of one item to be scored, N origins, F steps ahead, in the target's unit."""

    item: int
    """Number of the item."""
    origins: NDArray[np.int64]
    """Last row ``[N]`` that each forecast has seen."""
    mean: Array
    """Mean ``[N, F]``."""
    median: Array
    """Median ``[N, F]``."""
    quantiles: Array | None = None
    """Quantiles ``[N, F, Q]``, or None of a model that forecasts single values."""


def new_accuracy(task: Task, levels: Sequence[float] = (), names: Sequence[str] | None = None) -> Accuracy:
    """Begin to measure accuracy, in the units of the task's training rows.

    Parameters
    ----------
    task : Task
        The panel, its borders, season and horizon.
    levels : sequence of float
        Levels ``[Q]`` of the quantiles; empty for a model that forecasts single values.
    names : sequence of str, optional
        Metrics that are wanted; left out, all that can be had.

    Returns
    -------
    Accuracy
        Of no forecast yet. Deviations are of the training rows, seasonal errors of all rows before the test.
    """
    _, units = standards(task.panel, task.split)
    errors = [
        seasonal_error(task.values(index)[item.first : border], task.season)
        for index, (item, border) in enumerate(zip(task.panel.items, task.split.val.tolist(), strict=True))
    ]
    return Accuracy(units, np.asarray(errors), task.horizon, levels, names)


def score_forecasts(accuracy: Accuracy, task: Task, forecasts: Iterator[Forecasts]) -> Accuracy:
    """Compare forecasts with what came, those of many items at once.

    Parameters
    ----------
    accuracy : Accuracy
        What they are counted in, changed in place.
    task : Task
        The panel and the horizon.
    forecasts : iterator of Forecasts
        Each used before the next is requested, up to about a thousand rows.

    Returns
    -------
    Accuracy
        The same one.
    """
    ahead = 1 + np.arange(task.horizon)
    for group in _groups(forecasts):
        values = [task.values(one.item) for one in group]
        quantiles = [one.quantiles for one in group if one.quantiles is not None]
        accuracy.add(
            np.concatenate([np.full(one.origins.size, one.item) for one in group]),
            np.concatenate([own[one.origins[:, None] + ahead] for own, one in zip(values, group, strict=True)]),
            np.concatenate([one.mean for one in group]),
            median=np.concatenate([one.median for one in group]),
            last=np.concatenate([fill_forward(own)[one.origins] for own, one in zip(values, group, strict=True)]),
            quantiles=np.concatenate(quantiles) if quantiles else None,
        )
    return accuracy


def _groups(forecasts: Iterator[Forecasts]) -> Iterator[list[Forecasts]]:
    """Forecasts of several items together: arrays of one row each would cost more time than their arithmetic."""
    group: list[Forecasts] = []
    rows = 0
    for one in forecasts:
        group.append(one)
        rows += one.origins.size
        if rows >= _SCORED:
            yield group
            group, rows = [], 0
    if group:
        yield group
