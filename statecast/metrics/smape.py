"""Symmetric mean absolute percentage error."""

import numpy as np

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class SMAPE(Metric):
    """Symmetric mean absolute percentage error of the median forecast, in percent from 0 to 200.

    sMAPE = mean of 200 abs(y - q50) / (abs(y) + abs(q50)); where both are zero the error is zero. Many series are
    averaged series by series, as the M4 competition did.

    References
    ----------
    Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2020). The M4 Competition: 100,000 time series and 61
    forecasting methods. International Journal of Forecasting 36(1).

    Examples
    --------
    >>> SMAPE().score([[1.0, 0.0]], [[3.0, 0.0]])
    50.0
    """

    name = "smape"
    title = "sMAPE"
    summary = "symmetric mean absolute percentage error of the median forecast, 0 to 200"
    scale_free = True
    averaged = "series"
    digits = 2

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: the percentage error; the count."""
        total = batch.magnitude + np.abs(batch.median)
        positive = batch.known & (total > 0)
        share = np.divide(batch.absolute_error, total, out=np.zeros(total.shape), where=positive)
        return 200.0 * share, batch.count
