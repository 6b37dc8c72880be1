"""The errors of a task's forecasts, averaged as its suite averages them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.zeroshot.tasks import Task
from statecast import metrics

Doubles = NDArray[np.float64]
LEVELS = tuple(round(0.1 * place, 1) for place in range(1, 10))
"""The levels that are published."""
WIDE = (0.025, 0.975)
"""Ends of the interval that is looked at beside them, where a model has it."""
THIRDS = 3
Scores = dict[str, float | list[float]]


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Forecasts of N windows, all variables one after the other, beside what came."""

    actual: Doubles
    """``[N, F]``, NaN where missing."""
    quantiles: Doubles
    """``[N, F, 9]`` at ``LEVELS``."""
    seasonal_error: Doubles
    """``[N]``, of the values before each window, in the season of the task."""
    wide: Doubles | None = None
    """``[N, F, 2]`` at ``WIDE``."""


def score(task: Task, found: Forecasts) -> Scores:
    """Score the forecasts of a task.

    MASE and the pinball losses are those of ``statecast.metrics``. What differs: fev-bench averages scores of single
    windows, and the mean absolute value in its WQL is at least 1.

    Parameters
    ----------
    task : Task
        Says how.
    found : Forecasts
        Of all its windows.

    Returns
    -------
    dict
        ``MASE``, ``WQL``, ``SQL``, the share ``80 %`` of values in the interval and the same by third of the horizon;
        ``95 %`` likewise where there is one.
    """
    rows = np.arange(len(found.actual))[:, None] if task.apart else np.arange(len(found.actual))[None]
    parts = [_score_rows(task, found, one) for one in rows]
    with np.errstate(invalid="ignore"):
        scores: Scores = {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}
    scores |= _coverage("80 %", found.actual, found.quantiles[..., [0, -1]], (LEVELS[0], LEVELS[-1]))
    if found.wide is not None:
        scores |= _coverage("95 %", found.actual, found.wide, WIDE)
    return scores


def _score_rows(task: Task, found: Forecasts, rows: NDArray[np.int64]) -> dict[str, float]:
    actual, quantiles, unit = found.actual[rows], found.quantiles[rows], found.seasonal_error[rows]
    median, levels = quantiles[..., LEVELS.index(0.5)], LEVELS
    pinball = metrics.get("pinball").score(actual, median, quantiles=quantiles, levels=levels)
    usable = np.isfinite(unit)
    scaled = metrics.get("pinball").score(
        actual[usable], median[usable], quantiles=quantiles[usable], levels=levels, unit=unit[usable]
    )
    return {
        "MASE": metrics.get("mase").score(actual, median, seasonal_error=unit),
        "WQL": pinball / max(float(np.nanmean(np.abs(actual))), task.wql_floor),
        "SQL": scaled,
    }


def _coverage(name: str, actual: Doubles, interval: Doubles, levels: tuple[float, float]) -> Scores:
    def share(steps: slice) -> float:
        part = interval[:, steps]
        return metrics.get("coverage").score(actual[:, steps], part[..., 0], quantiles=part, levels=levels)

    edges = [place * actual.shape[1] // THIRDS for place in range(THIRDS + 1)]
    thirds = [share(slice(begin, end)) for begin, end in pairwise(edges)]
    return {name: share(slice(None)), f"{name} by third": thirds}
