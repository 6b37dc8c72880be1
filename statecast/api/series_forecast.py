"""What a notebook gets: the forecast of one series as arrays."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

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
    """

    mean: NDArray[np.float64]
    quantiles: dict[float, NDArray[np.float64]]
    times: NDArray[np.datetime64] | None
    timestamps: list[str] | None = None
    bounds: Bounds = field(default_factory=Bounds)
    notes: tuple[str, ...] = ()

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

    def columns(self, timestamp: str) -> dict[str, NDArray[np.generic]]:
        """See ``SeriesResult.columns``."""
        return {
            timestamp: np.arange(len(self.mean)) if self.times is None else self.times,
            "mean": self.mean,
            **{repr(level): values for level, values in self.quantiles.items()},
        }
