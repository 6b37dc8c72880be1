"""What the engine gives back: the forecasts of a whole batch as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ForecastResult:
    """Forecasts of the M rows of a batch in the target's unit; a series of V variables has V consecutive rows.

    Nobody writes into these arrays: they belong to every answer of the batch.

    Parameters
    ----------
    quantiles : array of float64, ``[M, F, Q]``
        At the model's quantile levels, ascending in Q.
    mean : array of float64, ``[M, F]``
        Mean forecast.
    baseline : array of float64, ``[M, F]``
        Seasonal naive forecast.
    seasonal_error : array of float64, ``[M]``
        Mean absolute change over one season so far, the denominator of MASE; NaN while it is unknown.
    finite : array of bool, ``[M]``
        Whether every quantile and the mean of a row is a number.
    autocorrelation : array of float32, ``[M, L]``
        Autocorrelation of the forecast's errors as normal scores, by distance in steps; scenario paths need it.
    attention : mapping of str to array, ``[M, segments, entries]``
        Weights by segment of the model's own horizon, by name of the attention.
    shares : mapping of str to mapping of str to array, ``[M]``
        Weights that are the same for all segments, ``time`` and ``features``, by entry; empty where a model has none.
    compute_ms : float
        Milliseconds that the batch took to compute.
    """

    quantiles: NDArray[np.float64]
    mean: NDArray[np.float64]
    baseline: NDArray[np.float64]
    seasonal_error: NDArray[np.float64]
    finite: NDArray[np.bool_]
    autocorrelation: Floats
    attention: Mapping[str, Floats] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    compute_ms: float = 0.0
