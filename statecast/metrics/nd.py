"""Normalized deviation."""

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class ND(Metric):
    """Normalized deviation of the median forecast: what WQL is for a forecast of single values.

    ND = sum of abs(y - q50) / sum of abs(y), over all values of all series.

    References
    ----------
    Yu, H.-F., Rao, N. and Dhillon, I. S. (2016). Temporal regularized matrix factorization for high-dimensional time
    series prediction. NeurIPS.

    Examples
    --------
    >>> ND().score([[1.0, 3.0]], [[2.0, 4.0]])
    0.5
    """

    name = "nd"
    title = "ND"
    summary = "summed absolute error of the median forecast as a share of the summed absolute values"
    scale_free = True

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: the absolute error; the absolute value."""
        return batch.absolute_error, batch.magnitude
