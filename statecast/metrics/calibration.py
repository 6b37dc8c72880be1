"""Calibration error of the quantiles."""

from collections.abc import Iterator, Sequence

import numpy as np

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric, Sums, quotient
from statecast.metrics.registry import register


@register
class Calibration(Metric):
    """Mean absolute difference of quantile levels and the shares of actual values at or below their quantiles.

    Calibration = mean over levels a of abs(mean of 1[y <= q_a] - a); zero for quantiles that hold what they promise.

    References
    ----------
    Kuleshov, V., Fenner, N. and Ermon, S. (2018). Accurate uncertainties for deep learning using calibrated
    regression. ICML.

    Examples
    --------
    >>> Calibration().score([[2.0, 4.0]], [[3.0, 3.0]], quantiles=[[[1.0, 3.0]] * 2], levels=(0.25, 0.5))
    0.125
    """

    name = "calibration"
    title = "calibration"
    summary = "mean difference of quantile levels and the shares of actual values at or below their quantiles"
    scale_free = True
    needs_quantiles = True

    def size(self, levels: int) -> int:
        """See ``Metric.size``: the count, and one excess per level."""
        return 1 + levels

    def terms(self, batch: ForecastBatch) -> Iterator[Array]:
        """See ``Metric.terms``: the count; per level, 1 at or below its quantile, else 0, less the level."""
        yield batch.count
        below = (batch.actual[..., None] <= batch.quantiles) - np.asarray(batch.levels)
        yield from batch.counted(below).transpose(2, 0, 1)

    def value(self, state: Sums) -> Array:
        """See ``Metric.value``: the mean over levels of the absolute excess."""
        count, excess = state[..., 0], np.abs(state[..., 1:]).sum(axis=-1)
        return quotient(excess / max(state.shape[-1] - 1, 1), count)

    def shares(self, state: Sums, levels: Sequence[float]) -> Array:
        """Say how often values lay at or below the quantile of each level.

        Parameters
        ----------
        state : ndarray, shape [..., 1 + Q]
            Sums.
        levels : sequence of float
            The Q quantile levels of the forecasts.

        Returns
        -------
        ndarray, shape [..., Q]
            Shares from 0 to 1; NaN where nothing was counted.

        Examples
        --------
        >>> calibration = Calibration()
        >>> batch = ForecastBatch([[2.0, 4.0]], [[3.0, 3.0]], quantiles=[[[1.0, 3.0]] * 2], levels=(0.25, 0.5))
        >>> state = calibration.update(calibration.initial(levels=2), batch)
        >>> calibration.shares(state, batch.levels)
        array([0. , 0.5])
        """
        return np.asarray(levels) + quotient(state[..., 1:], state[..., :1])
