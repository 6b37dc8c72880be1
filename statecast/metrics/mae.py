"""Mean absolute error."""

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class MAE(Metric):
    """Mean absolute error of the median forecast, in units.

    MAE = mean of abs(y - q50) / unit, lowest at the median of what can come.

    References
    ----------
    Hyndman, R. J. and Koehler, A. B. (2006). Another look at measures of forecast accuracy. International Journal of
    Forecasting 22(4).

    Examples
    --------
    >>> MAE().score([[1.0, 2.0]], [[2.0, 4.0]])
    1.5
    """

    name = "mae"
    title = "MAE"
    summary = "mean absolute error of the median forecast"
    scale_free = False

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: the absolute error, in units; the count."""
        return batch.in_units(batch.absolute_error), batch.count
