"""Many series at a glance: one small line each."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from training.synthetic.shape import Array

_WIDTH, _HEIGHT, _POINTS = 320, 90, 400


@dataclass(frozen=True)
class Sparkline:
    """A named line as an SVG path."""

    name: str
    """Name of the series."""
    path: str
    """SVG path, in units of the drawing."""
    width: int = _WIDTH
    """Width of the drawing."""
    height: int = _HEIGHT
    """Height of the drawing."""


def new_sparklines(series: Iterable[tuple[str, Array]]) -> list[Sparkline]:
    """Draw each series as a line of its last 400 values; gaps remain gaps.

    Parameters
    ----------
    series : iterable of tuple of str and ndarray
        Name and values ``[T]`` of each series, NaN missing.

    Returns
    -------
    list of Sparkline
        A line per series.

    Examples
    --------
    >>> new_sparklines([("up", np.array([0.0, 1.0]))])[0].path
    'M0.0 88.0 L320.0 2.0'
    """
    return [Sparkline(name, _path(values)) for name, values in series]


def _path(values: Array) -> str:
    values = np.asarray(values, dtype=np.float64)[-_POINTS:]
    seen = values[~np.isnan(values)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 1.0)
    unit = (_HEIGHT - 4) / (high - low if high > low else 1.0)
    path, pen = [], "M"
    for step, value in enumerate(values):
        if np.isnan(value):
            pen = "M"
            continue
        path.append(f"{pen}{step * _WIDTH / max(values.size - 1, 1):.1f} {_HEIGHT - 2 - (value - low) * unit:.1f}")
        pen = "L"
    return " ".join(path)
