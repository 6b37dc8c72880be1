"""Metrics by name: a new one is one file in this package, named after the metric.

One from elsewhere registers itself when it is imported, or comes by an entry point of ``statecast.metrics``.
"""

from typing import TypeVar

from statecast.metrics.metric import Metric
from statecast.registry import Registry

M = TypeVar("M", bound=type[Metric])

metrics: Registry[type[Metric]] = Registry("metric", "statecast.metrics", "statecast.metrics")


def register(metric: M) -> M:
    """Register a class of metric under its ``name``.

    Raises
    ------
    ValueError
        If the name is taken by another class.
    """
    metrics.register(metric.name)(metric)
    return metric


def get(name: str) -> Metric:
    """Give the metric of a name.

    Raises
    ------
    UnknownNameError
        If there is none.

    Examples
    --------
    >>> get("mase").title
    'MASE'
    """
    return metrics[name]()


def names() -> tuple[str, ...]:
    """Names of all metrics, in alphabetical order."""
    return metrics.names()
