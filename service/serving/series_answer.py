"""One series' forecast: a range of rows of its batch, and what is known beside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.models.value_bounds import ValueBounds
from service.scheduling.forecast_result import ForecastResult


@dataclass(frozen=True, eq=False)
class SeriesAnswer:
    """The forecast of one series.

    Parameters
    ----------
    result : ForecastResult
        Forecasts of the batch in which the series was computed. Shared with the other series of that batch.
    rows : slice
        The series' rows in ``result``, one per variable.
    start : int
        Absolute step index of the first forecast step.
    session : dict or None
        The ``session`` object of the reply.
    warnings : tuple of (str, str)
        Code and detail of each warning.
    freq : str or None
        Frequency on which ``start`` counts: the session's where the request gave no times, None without any.
    offset : int
        Place of each time within its step, see ``Frequency.place``.
    zone : str
        Whose days the steps are and in which times are written, see ``TimeAxis``.
    season : int or None
        Season of the family's member that answered, None for a model with a season of its own.
    queue_ms : float
        Milliseconds that the series waited before its computation began.
    applied : int
        Steps of the request that were new.
    duplicates : int
        Steps of the request that the session had already.
    bounds : ValueBounds or None
        What the reply keeps its numbers inside of, see ``answer_numbers``; what a session scores is not.
    """

    result: ForecastResult
    rows: slice
    start: int
    session: dict[str, object] | None = None
    warnings: tuple[tuple[str, str], ...] = ()
    freq: str | None = None
    offset: int = 0
    zone: str = ""
    season: int | None = None
    queue_ms: float = 0.0
    applied: int = 0
    duplicates: int = 0
    bounds: ValueBounds | None = None

    @property
    def variables(self) -> int:
        """V, how many variables the series has."""
        return int(self.rows.stop - self.rows.start)

    @property
    def quantiles(self) -> NDArray[np.float64]:
        """Quantiles ``[V, F, Q]`` at the model's levels, a view into the batch."""
        return self.result.quantiles[self.rows]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean ``[V, F]``, a view into the batch."""
        return self.result.mean[self.rows]

    @property
    def baseline(self) -> NDArray[np.float64]:
        """Seasonal naive forecast ``[V, F]``, a view into the batch."""
        return self.result.baseline[self.rows]

    @property
    def seasonal_error(self) -> NDArray[np.float64]:
        """Mean absolute change over one season ``[V]``, a view into the batch."""
        return self.result.seasonal_error[self.rows]

    @property
    def autocorrelation(self) -> NDArray[np.float32]:
        """Autocorrelation of the forecast's errors ``[V, L]``, a view into the batch."""
        return self.result.autocorrelation[self.rows]
