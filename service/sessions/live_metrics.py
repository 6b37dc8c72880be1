"""What a session's forecasts turned out to be worth: states of accuracy metrics, of what arrived since."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.sessions.series_input import Floats
from service.stores.interface import PendingForecast, Scores
from statecast import metrics
from statecast.errors import UnknownNameError

ALWAYS = ("mase", "coverage")
"""Metrics that every session keeps."""


@dataclass(frozen=True)
class Interval:
    """Which trained quantile levels stand for the median and for the interval that is judged; all are indices."""

    low: int
    median: int
    high: int
    coverage: float

    @classmethod
    def of(cls, levels: Sequence[float]) -> "Interval":
        """Take 0.1 and 0.9 where they are trained, else the levels nearest to them."""
        return _nearest(tuple(levels))


def new_scores(names: Sequence[str] = ALWAYS) -> Scores:
    """States of the metrics that a new session keeps: these, and those that each keeps."""
    return {name: metrics.get(name).initial(levels=3) for name in dict.fromkeys((*ALWAYS, *names))}


def issue(
    quantiles: NDArray[np.float64],
    seasonal_error: NDArray[np.float64],
    start: int,
    interval: Interval,
    horizon: int | None = None,
) -> PendingForecast:
    """Keep of a forecast what later observations are compared with, ``horizon`` steps or all from clock ``start``.

    quantiles: ``[V, F, Q]``.  seasonal_error: ``[V]``.
    """
    kept = quantiles[:, :horizon, [interval.low, interval.median, interval.high]]
    return PendingForecast(start, kept.astype(np.float32), seasonal_error.astype(np.float32))


def score(scores: Scores, pending: PendingForecast | None, values: Floats, start: int, coverage: float) -> Scores:
    """Add what observations say about the forecast that was issued before them.

    Parameters
    ----------
    scores : mapping
        States by the metric's name; those of metrics that are not installed here stay as they are.
    pending : PendingForecast or None
        The forecast; without one nothing is said.
    values : array
        Observations ``[V, T]``; missing ones and those beyond the horizon say nothing.
    start : int
        Clock of the first of them.
    coverage : float
        Nominal coverage of the forecast's interval.

    Returns
    -------
    mapping
        The new states.
    """
    if pending is None:
        return scores
    skip = start - pending.start
    steps = min(values.shape[1], pending.quantiles.shape[1] - skip)
    if steps <= 0 or skip < 0:
        return scores
    quantiles = pending.quantiles[:, skip : skip + steps].astype(np.float64)
    batch = metrics.ForecastBatch(
        values[:, :steps],
        quantiles[..., 1],
        quantiles=quantiles,
        levels=(0.5 - coverage / 2, 0.5, 0.5 + coverage / 2),
        seasonal_error=pending.scale,
    )
    return {
        name: state if (metric := _metric(name)) is None else metric.update(state, batch)
        for name, state in scores.items()
    }


def summary(scores: Scores, coverage: float) -> dict[str, object]:
    """Give the ``scores`` object of ``GET /sessions/{id}``; figures of nothing are null."""
    known = ((name, _metric(name), state) for name, state in scores.items())
    figures = {name: float(metric.value(state)) for name, metric, state in known if metric is not None}
    return {
        "observations": int(scores["coverage"][1]) if scores else 0,
        **{name: figure if np.isfinite(figure) else None for name, figure in figures.items()},
        "nominal_coverage": coverage,
    }


@lru_cache(maxsize=64)  # of a model's levels, at each of its observations
def _nearest(levels: tuple[float, ...]) -> Interval:
    low, median, high = (min(range(len(levels)), key=lambda at: abs(levels[at] - level)) for level in (0.1, 0.5, 0.9))
    return Interval(low, median, high, round(levels[high] - levels[low], 6))


@lru_cache(maxsize=64)
def _metric(name: str) -> metrics.Metric | None:
    try:
        return metrics.get(name)
    except UnknownNameError:
        return None
