"""Metrics by name: a new one is one file in this package, named after the metric.

One from elsewhere registers itself when it is imported, or comes by an entry point of ``statecast.metrics``.

>>> get("mase").title
'MASE'
"""

from statecast.metrics.metric import Metric
from statecast.registry import ClassRegistry

metrics: ClassRegistry[Metric] = ClassRegistry("metric", "statecast.metrics", "statecast.metrics")
register, get, names = metrics.add, metrics.new, metrics.names
