"""Coverage of the interval."""

from collections.abc import Sequence

from statecast.metrics.batch import Array, ForecastBatch
from statecast.metrics.metric import Metric
from statecast.metrics.registry import register


@register
class Coverage(Metric):
    """Share of actual values within the widest interval, its bounds included.

    A calibrated forecast has the nominal coverage, the distance of its outer levels.

    References
    ----------
    Gneiting, T., Balabdaoui, F. and Raftery, A. E. (2007). Probabilistic forecasts, calibration and sharpness. Journal
    of the Royal Statistical Society B 69(2).

    Examples
    --------
    >>> Coverage().score([[2.0, 4.0]], [[2.0, 2.0]], quantiles=[[[1.0, 3.0]] * 2], levels=(0.1, 0.9))
    0.5
    """

    name = "coverage"
    title = "coverage"
    summary = "share of actual values within the widest interval"
    better = "nominal"
    scale_free = True
    needs_quantiles = True
    percent = True

    def heading(self, levels: Sequence[float]) -> str:
        """See ``Metric.heading``: the nominal coverage of the interval, ``80 % interval``."""
        return f"{100 * (levels[-1] - levels[0]):.0f} % interval" if levels else self.title

    def terms(self, batch: ForecastBatch) -> tuple[Array, Array]:
        """See ``Metric.terms``: whether the value lies inside; the count."""
        inside = (batch.actual >= batch.quantiles[..., 0]) & (batch.actual <= batch.quantiles[..., -1])
        return batch.counted(inside), batch.count
