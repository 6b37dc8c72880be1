"""What a notebook gets of a cross-validation: the forecasts at many cut-offs of one series as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast import metrics
from statecast.plots.figure import Line, draw, outer_band

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

    def at(self, levels: Sequence[float]) -> "SeriesBacktest":
        """Keep some of the quantiles.

        Parameters
        ----------
        levels : sequence of float
            Of those that it has, in the order that is wanted.

        Returns
        -------
        SeriesBacktest
            Otherwise the same.
        """
        return replace(self, quantiles={level: self.quantiles[level] for level in levels})

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

    def plot(self) -> Any:
        """Draw what came, and the forecast of each cut-off; see ``SeriesForecast.plot``."""
        columns = self.columns("time")
        steps = columns["time"].reshape(self.mean.shape)
        _, first = np.unique(steps, return_index=True)
        lines = [Line("observed", steps.ravel()[first], self.actual.ravel()[first], faint=True)]
        for place, cutoff in enumerate(columns["cutoff"].reshape(self.mean.shape)[:, 0]):
            quantiles = {level: values[place] for level, values in self.quantiles.items()}
            lines.append(Line(f"from {cutoff}", steps[place], self.mean[place], outer_band(quantiles)))
        return draw(lines)

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
