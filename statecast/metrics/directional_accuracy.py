"""Directional accuracy."""

import numpy as np

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class DirectionalAccuracy(Metric):
    """Share of forecasts on the right side of the last value that was observed.

    DA = mean of 1[sign(q50 - y_0) = sign(y - y_0)]. Steps where the value did not move, or was not to move, do not
    count.

    References
    ----------
    Pesaran, M. H. and Timmermann, A. (1992). A simple nonparametric test of predictive performance. Journal of Business
    and Economic Statistics 10(4).

    Examples
    --------
    >>> DirectionalAccuracy().score([[1.0, 3.0, 2.0]], [[1.0, 1.0, 3.0]], last=[2.0])
    0.5
    """

    name = "directional_accuracy"
    title = "direction"
    summary = "share of forecasts on the right side of the last observed value"
    better = "higher"
    scale_free = True
    percent = True

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: whether the direction was right; whether both the value and its forecast moved."""
        last = np.float64(np.nan) if batch.last is None else batch.last[..., None]
        change, expected = batch.actual - last, batch.median - last
        moved = batch.known & np.isfinite(last) & (change != 0) & (expected != 0)
        right = moved & (np.sign(expected) == np.sign(change))
        return right.astype(np.float64), moved.astype(np.float64)
