"""How good a session's forecasts turned out to be: states of accuracy metrics over what arrived since."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.sessions.series_input import Doubles
from service.stores.interface import PendingForecast, Scores
from statecast import metrics
from statecast.errors import UnknownNameError
from statecast.uncertainty.surprise import interval_levels

ALWAYS = ("mase", "wql", "coverage", "calibration")
"""Metrics that every session keeps; one of an earlier release from its next observation on."""

_ALWAYS = frozenset(ALWAYS)


@dataclass(frozen=True)
class Interval:
    """Which trained quantile levels stand for the median and for the interval that is scored.

    Parameters
    ----------
    low : int
        Index of the interval's lower level.
    median : int
        Index of the level nearest to 0.5.
    high : int
        Index of the interval's upper level.
    coverage : float
        Nominal coverage of the interval.
    """

    low: int
    median: int
    high: int
    coverage: float

    @classmethod
    def of(cls, levels: Sequence[float]) -> "Interval":
        """Take 0.1 and 0.9 where they are trained, else the levels nearest to them.

        Parameters
        ----------
        levels : sequence of float
            The trained levels, ascending.

        Returns
        -------
        Interval
            Indices into them.

        Examples
        --------
        >>> Interval.of([0.05, 0.1, 0.5, 0.9])
        Interval(low=1, median=2, high=3, coverage=0.8)
        """
        return _nearest(tuple(levels))


def new_scores(names: Sequence[str] = ALWAYS) -> Scores:
    """Give the empty states of the metrics that a new session keeps.

    Parameters
    ----------
    names : sequence of str
        Metrics beside ``ALWAYS``; those that are not installed here have no state.

    Returns
    -------
    mapping of str to array
        State by the metric's name.
    """
    found = ((name, metric_of(name)) for name in dict.fromkeys((*ALWAYS, *names)))
    return {name: metric.initial(levels=3) for name, metric in found if metric is not None}


def completed(scores: Scores) -> Scores:
    """Give a session the metrics that every one keeps.

    Parameters
    ----------
    scores : mapping of str to array
        As an earlier release may have kept them.

    Returns
    -------
    mapping of str to array
        The same value where none is missing.
    """
    return scores if scores.keys() >= _ALWAYS else {**new_scores(), **scores}


def issue(
    quantiles: NDArray[np.float64],
    seasonal_error: NDArray[np.float64],
    start: int,
    interval: Interval,
    horizon: int | None = None,
) -> PendingForecast:
    """Keep of a forecast what later observations are compared with.

    Parameters
    ----------
    quantiles : array of float64, ``[V, F, Q]``
        The forecast, in the target's unit.
    seasonal_error : array of float64, ``[V]``
        Unit of MASE; NaN where it is unknown.
    start : int
        Time index of the first step.
    interval : Interval
        Which levels are kept.
    horizon : int or None
        Steps that are kept, all if left out.

    Returns
    -------
    PendingForecast
        What the record holds.
    """
    kept = quantiles[:, :horizon, [interval.low, interval.median, interval.high]]
    return PendingForecast(start, kept, seasonal_error)


class Observed(NamedTuple):
    """What came of a session, beside the forecast that was issued before it.

    Parameters
    ----------
    scores : mapping of str to array
        States by the metric's name; those of metrics that are not installed here stay as they are.
    pending : PendingForecast or None
        The forecast; without one nothing is scored.
    values : array of float64, ``[V, T]``
        Observations; missing ones and those beyond the horizon do not count.
    start : int
        Time index of the first of them.
    coverage : float
        Nominal coverage of the forecast's interval.
    """

    scores: Scores
    pending: PendingForecast | None
    values: Doubles
    start: int
    coverage: float

    @property
    def skip(self) -> int:
        """Steps of the forecast before the first observation; below 0 where that lies before the forecast."""
        return -1 if self.pending is None else self.start - self.pending.start

    @property
    def steps(self) -> int:
        """Observations that meet the forecast."""
        if self.pending is None or self.skip < 0:
            return 0
        return max(0, min(int(self.values.shape[1]), int(self.pending.quantiles.shape[1]) - self.skip))


def score(observed: Sequence[Observed]) -> list[Scores]:
    """Score forecasts with the observations that came after them.

    Sessions that are alike are scored together, because a single observation costs the time of calling numpy.

    Parameters
    ----------
    observed : sequence of Observed
        One per session.

    Returns
    -------
    list of mapping
        The new states of each.
    """
    found = [one.scores for one in observed]
    alike: dict[tuple[int, int, float, tuple[str, ...]], list[int]] = {}
    for i, one in enumerate(observed):
        if one.steps:
            rows = len(one.values)
            # Several variables of a session are pooled, which a batch keeps apart: such a session is scored alone.
            own = 0 if rows == 1 else i + 1
            alike.setdefault((own, one.steps, one.coverage, tuple(one.scores)), []).append(i)
    for (_, steps, coverage, _), places in alike.items():
        scored = _scored([observed[i] for i in places], steps, coverage)
        for i, scores in zip(places, scored, strict=True):
            found[i] = scores
    return found


def _scored(observed: Sequence[Observed], steps: int, coverage: float) -> list[Scores]:
    """Score one session, or several of one variable, of which as many observations meet their forecasts."""
    values = np.concatenate([one.values[:, :steps] for one in observed])
    pending = [(one.pending, one.skip) for one in observed if one.pending is not None]
    quantiles = np.concatenate([of.quantiles[:, skip : skip + steps] for of, skip in pending])
    batch = metrics.ForecastBatch(
        values,
        quantiles[..., 1],
        quantiles=quantiles,
        levels=interval_levels(coverage),
        seasonal_error=np.concatenate([of.scale for of, _ in pending]),
    )
    updated: list[dict[str, NDArray[np.float64]]] = [{} for _ in observed]
    for name in observed[0].scores:
        metric, states = metric_of(name), [one.scores[name] for one in observed]
        if metric is not None and len(states) == 1:
            states = [metric.update(states[0], batch)]
        elif metric is not None:
            states = list(metric.update(np.stack(states)[:, None], batch)[:, 0])
        for scores, state in zip(updated, states, strict=True):
            scores[name] = state
    return list(updated)


@lru_cache(maxsize=64)  # of a model's levels, at each of its observations
def _nearest(levels: tuple[float, ...]) -> Interval:
    low, median, high = (min(range(len(levels)), key=lambda at: abs(levels[at] - level)) for level in (0.1, 0.5, 0.9))
    return Interval(low, median, high, round(levels[high] - levels[low], 6))


@lru_cache(maxsize=64)
def metric_of(name: str) -> metrics.Metric | None:
    """Find a metric.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Metric or None
        None where it is not installed here; a session that keeps it leaves its state as it is.
    """
    try:
        return metrics.get(name)
    except UnknownNameError:
        return None
