"""What a notebook gets of a search for anomalies: how surprising each value of one series is, as arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.plots.figure import Band, Line, draw

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SeriesAnomalies:
    """How surprising each of T values is, one step ahead; the first has no forecast and is NaN.

    While a series is too young, up to one value past its first season or as long as it has never changed, its values
    have no surprise and are not flagged.

    Parameters
    ----------
    values : NDArray
        ``[T]``, on the series' grid, NaN where missing.
    expected : NDArray
        ``[T]``, mean of the forecast made one step before.
    lower, upper : NDArray
        ``[T]``, interval of the level.
    surprise : NDArray
        ``[T]``, see ``statecast.uncertainty.surprise``.
    flag : NDArray
        ``[T]`` bool, whether the value lies outside of the interval.
    times : NDArray or None
        Instants ``[T]`` in UTC, None without times.
    """

    values: Doubles
    expected: Doubles
    lower: Doubles
    upper: Doubles
    surprise: Doubles
    flag: NDArray[np.bool_]
    times: NDArray[np.datetime64] | None

    def plot(self) -> Any:
        """Draw the values over what was expected, and mark those that are flagged; see ``SeriesForecast.plot``."""
        steps = self.columns("time")["time"]
        bands: list[Band] = [("interval", self.lower, self.upper)]
        return draw(
            [
                Line("observed", steps, self.values, faint=True),
                Line("expected", steps, self.expected, bands),
                Line("anomalies", steps[self.flag], self.values[self.flag], marks=True),
            ]
        )

    def columns(self, timestamp: str) -> dict[str, NDArray[np.generic]]:
        """See ``SeriesResult.columns``."""
        return {
            timestamp: np.arange(len(self.values)) if self.times is None else self.times,
            "target": self.values,
            **{name: getattr(self, name) for name in ("expected", "lower", "upper", "surprise", "flag")},
        }
