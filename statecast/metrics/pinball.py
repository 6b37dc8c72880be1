"""Mean pinball loss."""

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class Pinball(Metric):
    """Twice the pinball loss, mean of levels and values, in units: near the CRPS when levels are many and even.

    Pinball = mean of 2 P_a(y, q_a) / unit, with P_a(y, q) = max(a (y - q), (a - 1)(y - q)).

    References
    ----------
    Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. Journal of the
    American Statistical Association 102(477).

    Examples
    --------
    >>> Pinball().score([[4.0]], [[3.0]], quantiles=[[[2.0, 3.0]]], levels=(0.25, 0.5))
    1.0
    """

    name = "pinball"
    title = "pinball"
    summary = "twice the pinball loss of all quantiles"
    scale_free = False
    needs_quantiles = True

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: twice the pinball loss, mean over the levels, in units; the count."""
        return batch.in_units(2.0 * batch.pinball.mean(axis=-1)), batch.count
