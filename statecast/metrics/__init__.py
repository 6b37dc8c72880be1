"""Accuracy metrics: one streaming accumulator per metric, for fits, backtests and live sessions alike.

Every metric is one file of this package, found by its name. The state of a metric is a small array of sums, a value
like any other: it can be stored in a session, added up over batches, and turned into a figure at any time.

>>> from statecast import metrics
>>> mae = metrics.get("mae")
>>> state = mae.initial()
>>> for actual, forecast in (([[1.0, 2.0]], [[2.0, 2.0]]), ([[5.0]], [[3.0]])):
...     state = mae.update(state, metrics.ForecastBatch(actual, forecast))
>>> float(mae.value(state))
1.0
"""

from statecast.metrics.batch import ForecastBatch
from statecast.metrics.metric import Metric, Sums
from statecast.metrics.registry import get, names, register

__all__ = ["ForecastBatch", "Metric", "Sums", "get", "names", "register"]
