"""Mean absolute scaled error, and the seasonal error that it is scaled by."""

import numpy as np
from numpy.typing import NDArray

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class MASE(Metric):
    """Mean absolute scaled error of the median forecast.

    MASE = mean of abs(y - q50) / s, with s the mean absolute seasonal difference of the history (`seasonal_error`): 1
    is what repeating the last season missed there. Steps of a series whose s is zero or unknown do not count. Many
    series are averaged series by series, as the M4 competition did.

    References
    ----------
    Hyndman, R. J. and Koehler, A. B. (2006). Another look at measures of forecast accuracy. International Journal of
    Forecasting 22(4).

    Examples
    --------
    >>> MASE().score([[1.0, 2.0]], [[2.0, 4.0]], seasonal_error=[2.0])
    0.75
    """

    name = "mase"
    title = "MASE"
    summary = "absolute error of the median forecast, in units of the seasonal naive's error on the history"
    scale_free = True
    averaged = "series"

    def terms(self, batch: ForecastBatch) -> tuple[Array, NDArray[np.bool_]]:
        """See ``Metric.terms``: the scaled error; the count of those that could be scaled."""
        scale = np.float64(np.nan) if batch.seasonal_error is None else batch.seasonal_error[..., None]
        usable = batch.known & (scale > 0) & (scale < np.inf)
        error = np.divide(batch.absolute_error, scale, out=np.zeros(usable.shape), where=usable)
        return error, usable


def seasonal_error(history: Array, season: int) -> float:
    """Mean absolute seasonal difference of a history, the denominator of MASE.

    Parameters
    ----------
    history : array
        Training values ``[T]``, NaN where missing.
    season : int
        Steps in a season.

    Returns
    -------
    float
        Mean of abs(y_t - y_{t-season}) in the data's unit; NaN where it is unknown or zero.

    Examples
    --------
    >>> seasonal_error(np.asarray([1.0, 2.0, 4.0, 3.0]), season=2)
    2.0
    """
    if history.size <= season:
        return float("nan")
    differences = np.abs(history[season:] - history[:-season])
    known = differences[~np.isnan(differences)]
    mean = float(known.mean()) if known.size else float("nan")
    return mean if mean > 0 else float("nan")
