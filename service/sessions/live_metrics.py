"""What a session's forecasts turned out to be worth: running MASE and coverage, over what arrived since."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.sessions.series_input import Floats
from service.stores.interface import PendingForecast, Scores


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
        array = np.asarray(levels)
        low, median, high = (int(np.abs(array - wanted).argmin()) for wanted in (0.1, 0.5, 0.9))
        return cls(low, median, high, round(float(array[high] - array[low]), 6))


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
    kept = quantiles[:, :horizon]
    median, low, high = (
        kept[..., level].astype(np.float32) for level in (interval.median, interval.low, interval.high)
    )
    return PendingForecast(start, median, low, high, seasonal_error.astype(np.float32))


def judge(scores: Scores, issued: PendingForecast | None, values: Floats, start: int) -> Scores:
    """Add what ``values`` ``[V, T]``, whose first clock is ``start``, say about the forecast that was issued before.

    Missing values and those beyond the horizon say nothing; an error whose seasonal error is zero or unknown counts for
    coverage only.
    """
    if issued is None:
        return scores
    skip = start - issued.start
    steps = min(values.shape[1], issued.median.shape[1] - skip)
    if steps <= 0 or skip < 0:
        return scores
    actual, span = values[:, :steps], slice(skip, skip + steps)
    seen = np.isfinite(actual)
    inside = seen & (actual >= issued.low[:, span]) & (actual <= issued.high[:, span])
    usable = seen & (np.isfinite(issued.scale) & (issued.scale > 0))[:, None]
    errors = np.abs(actual - issued.median[:, span])
    scaled = np.divide(errors, issued.scale[:, None], out=np.zeros(errors.shape), where=usable)
    return Scores(
        judged=scores.judged + int(seen.sum()),
        inside=scores.inside + int(inside.sum()),
        scaled=scores.scaled + int(usable.sum()),
        error=scores.error + float(scaled.sum()),
    )


def summary(scores: Scores, coverage: float) -> dict[str, object]:
    """Give the ``scores`` object of ``GET /sessions/{id}``; shares of nothing are null."""
    return {
        "observations": scores.judged,
        "mase": scores.error / scores.scaled if scores.scaled else None,
        "coverage": scores.inside / scores.judged if scores.judged else None,
        "nominal_coverage": coverage,
    }
