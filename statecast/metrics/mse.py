"""Mean squared error."""

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class MSE(Metric):
    """Mean squared error of the mean forecast, in squared units.

    MSE = mean of ((y - m) / unit)², lowest at the mean of what can come. The long-horizon benchmarks take as unit the
    standard deviation of the training rows.

    References
    ----------
    Hyndman, R. J. and Koehler, A. B. (2006). Another look at measures of forecast accuracy. International Journal of
    Forecasting 22(4).

    Examples
    --------
    >>> MSE().score([[1.0, 2.0]], [[2.0, 4.0]])
    2.5
    """

    name = "mse"
    title = "MSE"
    summary = "mean squared error of the mean forecast"
    scale_free = False

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: the squared error, in squared units; the count."""
        return batch.counted(batch.in_units(batch.actual - batch.mean) ** 2), batch.count
