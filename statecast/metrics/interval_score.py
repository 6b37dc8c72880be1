"""Interval score."""

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class IntervalScore(Metric):
    """Interval score of the widest interval, in units: its width, and each miss by how far it lies outside.

    IS = mean of (u - l) + 2/a (l - y)+ + 2/a (y - u)+, divided by the unit, with a the share that lies outside by
    promise: 2/a times the pinball losses of l and u. Divided by the seasonal error it is the M4 competition's MSIS.

    References
    ----------
    Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. Journal of the
    American Statistical Association 102(477), section 6.2.

    Examples
    --------
    >>> IntervalScore().score([[4.0]], [[2.0]], quantiles=[[[1.0, 3.0]]], levels=(0.25, 0.75))
    6.0
    """

    name = "interval_score"
    title = "interval score"
    summary = "width of the widest interval, plus its misses by their distance"
    scale_free = False
    needs_quantiles = True

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: the interval score, in units; the count."""
        outside = 1.0 - (batch.levels[-1] - batch.levels[0])
        losses = batch.pinball[..., 0] + batch.pinball[..., -1]
        return batch.in_units(2.0 * losses / outside), batch.count
