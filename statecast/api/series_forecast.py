"""What a notebook gets: the forecast of one series as arrays."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.plots.figure import Line, draw, outer_band
from statecast.uncertainty.bounds import Bounds


@dataclass(frozen=True)
class SeriesForecast:
    """A forecast of F steps.

    Parameters
    ----------
    mean : NDArray
        ``[F]`` in the target's unit.
    quantiles : dict
        Level to ``[F]``, likewise.
    times : NDArray or None
        Instants ``[F]`` in UTC, None without times.
    timestamps : list of str or None
        The same as RFC 3339 texts in the zone of the history, None without times.
    bounds : Bounds
        What mean and quantiles were kept inside of.
    notes : tuple of str
        What was done that nobody requested.
    read : int
        How many steps the forecast knew.
    """

    mean: NDArray[np.float64]
    quantiles: dict[float, NDArray[np.float64]]
    times: NDArray[np.datetime64] | None
    timestamps: list[str] | None = None
    bounds: Bounds = field(default_factory=Bounds)
    notes: tuple[str, ...] = ()
    read: int = 0

    def within(self, bounds: Bounds) -> "SeriesForecast":
        """Keep mean and quantiles inside of bounds.

        Parameters
        ----------
        bounds : Bounds
            Those of the series.

        Returns
        -------
        SeriesForecast
            Its quantiles are in order as before.
        """
        quantiles = {level: bounds.keep(values) for level, values in self.quantiles.items()}
        return replace(self, mean=bounds.keep(self.mean), quantiles=quantiles, bounds=bounds)

    def within_noticed(self, bounds: Bounds, where: str) -> "SeriesForecast":
        """Keep mean and quantiles inside of bounds that nobody requested, and note it where that changes something.

        Parameters
        ----------
        bounds : Bounds
            As they were noticed.
        where : str
            What shows them.

        Returns
        -------
        SeriesForecast
            As ``within``.
        """
        kept = self.within(bounds)
        pairs = [(kept.mean, self.mean), *((kept.quantiles[q], values) for q, values in self.quantiles.items())]
        if all(np.array_equal(one, other, equal_nan=True) for one, other in pairs):
            return kept
        return replace(kept, notes=(*kept.notes, bounds.why(where)))

    def plot(self, history: Any = None) -> Any:
        """Draw it.

        Parameters
        ----------
        history : sequence of float, optional
            Values that are drawn before it.

        Returns
        -------
        plotly.graph_objects.Figure or matplotlib.figure.Figure
            The mean over its outermost interval; plotly's where it is installed.
        """
        steps: NDArray[Any] = self.columns("time")["time"]
        lines = [Line("mean", steps, self.mean, outer_band(self.quantiles))]
        if history is not None and len(history):
            before = steps[0] - (steps[1] - steps[0] if len(steps) > 1 else 1) * np.arange(len(history), 0, -1)
            lines.insert(0, Line("observed", before, history, faint=True))
        return draw(lines)

    def columns(self, timestamp: str) -> dict[str, NDArray[np.generic]]:
        """See ``SeriesResult.columns``."""
        return {
            timestamp: self.read + np.arange(len(self.mean)) if self.times is None else self.times,
            "mean": self.mean,
            **{repr(level): values for level, values in self.quantiles.items()},
        }
