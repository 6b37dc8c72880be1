"""What a notebook gets of a cross-validation: the forecasts at many cut-offs of one series as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statecast import metrics

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SeriesBacktest:
    """Forecasts at N cut-offs of one series, F steps each.

    Parameters
    ----------
    read : NDArray
        ``[N]``, how many steps each forecast knew.
    actual : NDArray
        ``[N, F]``, what came; NaN where missing.
    mean : NDArray
        ``[N, F]`` in the target's unit.
    median : NDArray
        ``[N, F]``, likewise.
    quantiles : dict
        Level to ``[N, F]``, likewise.
    seasonal_error : NDArray
        ``[N]``, mean absolute change over one season up to the cut-off.
    last : NDArray
        ``[N]``, the value at the cut-off; NaN where missing.
    times : NDArray or None
        Instants ``[N, F]`` in UTC, None without times.
    cutoffs : NDArray or None
        Instants ``[N]`` of the last step that each forecast knew, likewise.
    """

    read: NDArray[np.int64]
    actual: Doubles
    mean: Doubles
    median: Doubles
    quantiles: dict[float, Doubles]
    seasonal_error: Doubles
    last: Doubles
    times: NDArray[np.datetime64] | None
    cutoffs: NDArray[np.datetime64] | None

    def scores(self, names: Sequence[str] = ("mase", "wql", "coverage")) -> dict[str, float]:
        """Measure how far off the forecasts were, over all cut-offs.

        Parameters
        ----------
        names : sequence of str
            Metrics by name.

        Returns
        -------
        dict of str to float
            NaN where nothing was counted.
        """
        levels = sorted(self.quantiles)
        quantiles = np.stack([self.quantiles[level] for level in levels], axis=-1)
        return {
            name: metrics.get(name).score(
                self.actual, self.median, mean=self.mean, quantiles=quantiles, levels=levels, last=self.last,
                seasonal_error=self.seasonal_error,
            )
            for name in names
        }  # fmt: skip

    def columns(self, timestamp: str) -> dict[str, NDArray[np.generic]]:
        """See ``SeriesResult.columns``."""
        ahead = self.read[:, None] + np.arange(self.mean.shape[1])
        cutoffs = self.read - 1 if self.cutoffs is None else self.cutoffs
        return {
            "cutoff": np.repeat(cutoffs, self.mean.shape[1]),
            timestamp: (ahead if self.times is None else self.times).ravel(),
            "target": self.actual.ravel(),
            "mean": self.mean.ravel(),
            **{repr(level): values.ravel() for level, values in self.quantiles.items()},
        }
