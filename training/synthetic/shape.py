"""What is asked of a generator of series, and how a batch is put together from several kinds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """``rows`` series of ``steps`` values with ``season`` steps a season (1: none) and ``long`` a longer one (0: none).

    The longer one is a week where the season is a day, or a year where it is a month's or a week's.
    """

    rows: int
    steps: int
    season: int
    long: int = 0

    def of(self, rows: int) -> "Shape":
        """The same for another number of rows."""
        return replace(self, rows=rows)

    @property
    def time(self) -> Array:
        """``0 .. steps - 1``, ``[1, T]``."""
        return np.arange(self.steps, dtype=np.float64)[None]


Draw = Callable[[Shape, np.random.Generator], Array]


def mixed(shape: Shape, generator: np.random.Generator, kinds: Mapping[Draw, float]) -> Array:
    """``[B, T]``: each row of a kind drawn by weight, in no order."""
    weights = np.asarray(list(kinds.values()), dtype=np.float64)
    counts = generator.multinomial(shape.rows, weights / weights.sum())
    parts = [draw(shape.of(count), generator) for draw, count in zip(kinds, counts.tolist(), strict=True) if count]
    return np.concatenate(parts)[generator.permutation(shape.rows)]


def standardised(values: Array) -> Array:
    """Each row about 0 with deviation 1; a constant row becomes 0."""
    away = values - values.mean(1, keepdims=True)
    spread = away.std(1, keepdims=True)
    return np.asarray(away / np.where(spread > 1e-12, spread, 1.0))


def column(values: Array | NDArray[np.bool_]) -> Array:
    """``[B]`` as ``[B, 1]``."""
    return np.asarray(values, dtype=np.float64)[:, None]


def log_uniform(generator: np.random.Generator, low: float, high: float, rows: int) -> Array:
    """``[B, 1]``, even in the logarithm."""
    return column(np.exp(generator.uniform(np.log(low), np.log(high), rows)))
