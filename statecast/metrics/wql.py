"""Weighted quantile loss."""

import numpy as np

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class WQL(Metric):
    """Weighted quantile loss: pinball losses as a share of the values.

    WQL = mean over levels a of 2 (sum of P_a(y, q_a)) / (sum of abs(y)), over all values of all series, with the
    pinball loss P_a(y, q) = max(a (y - q), (a - 1)(y - q)).

    References
    ----------
    Gneiting, T. and Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and estimation. Journal of the
    American Statistical Association 102(477).

    Examples
    --------
    >>> WQL().score([[4.0]], [[3.0]], quantiles=[[[2.0, 3.0]]], levels=(0.25, 0.5))
    0.25
    """

    name = "wql"
    title = "WQL"
    summary = "pinball losses of all quantiles as a share of the summed absolute values"
    scale_free = True
    needs_quantiles = True

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: twice the pinball loss, mean over the levels; the absolute value."""
        losses = np.add.reduce(batch.pinball, axis=-1)  # of a single value half the time of a mean
        return 2.0 * (losses / len(batch.levels)), batch.magnitude
