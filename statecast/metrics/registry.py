"""Metrics by name: a new one is one file in this package, named after the metric.

One from elsewhere registers itself when it is imported, or comes by an entry point of ``statecast.metrics``.
"""

from typing import TypeVar

from statecast.metrics.metric import Metric
from statecast.registry import Registry

M = TypeVar("M", bound=type[Metric])

metrics: Registry[type[Metric]] = Registry("metric", "statecast.metrics", "statecast.metrics")


def register(metric: M) -> M:
    """Register a metric under its ``name``.

    Parameters
    ----------
    metric : subclass of Metric
        The class; this function decorates it.

    Returns
    -------
    subclass of Metric
        The class itself.

    Raises
    ------
    ValueError
        If the name is taken by another class.
    """
    metrics.register(metric.name)(metric)
    return metric


def get(name: str) -> Metric:
    """Return a metric by name.

    Parameters
    ----------
    name : str
        Name of the metric, which is that of its file.

    Returns
    -------
    Metric
        An instance.

    Raises
    ------
    UnknownNameError
        If there is none of that name. It lists those that there are.

    Examples
    --------
    >>> get("mase").title
    'MASE'
    """
    return metrics[name]()


def names() -> tuple[str, ...]:
    """Names of all metrics, in alphabetical order."""
    return metrics.names()
