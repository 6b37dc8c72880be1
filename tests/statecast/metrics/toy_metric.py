"""A metric in one file of somebody else's, to show that one file is all it takes."""

from statecast.metrics import ForecastBatch, Metric, register


@register
class ToyMetric(Metric):
    """Bias: the mean error of the mean forecast, which is above zero where forecasts are too high.

    References
    ----------
    Hyndman, R. J. and Athanasopoulos, G. (2021). Forecasting: Principles and Practice, section 5.8.

    Examples
    --------
    >>> ToyMetric().score([[1.0, 2.0]], [[2.0, 4.0]])
    1.5
    """

    name = "toy_metric"
    title = "bias"
    summary = "mean error of the mean forecast"
    better = "nominal"
    scale_free = False

    def terms(self, batch: ForecastBatch):
        """Error; count."""
        return batch.counted(batch.in_units(batch.mean - batch.actual)), batch.count
