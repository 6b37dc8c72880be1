"""What is asked of a generator of series, and how a batch is put together from several kinds."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]  # which rows


class Shape(NamedTuple):
    """``rows`` series of ``steps`` values with ``season`` steps a season (1: none) and ``long`` a longer one (0: none).

    The longer one is a week where the season is a day, or a year where it is a month's or a week's.
    """

    rows: int
    steps: int
    season: int
    long: int = 0

    def of(self, rows: int) -> "Shape":
        """The same for another number of rows."""
        return Shape(rows, self.steps, self.season, self.long)

    @property
    def time(self) -> Array:
        """``0 .. steps - 1``, ``[1, T]``."""
        return _time(self.steps)


@lru_cache(maxsize=64)
def _time(steps: int) -> Array:
    time = np.arange(steps, dtype=np.float64)[None]
    time.flags.writeable = False
    return time


Draw = Callable[[Shape, np.random.Generator], Array]


class Kinds(NamedTuple):
    """What to draw from, and the share of rows of each, ``[K]``, of sum 1."""

    draws: tuple[Draw, ...]
    shares: Array


def weighed(kinds: Mapping[Draw, float]) -> Kinds:
    """Kinds by their weights."""
    weights = np.asarray(list(kinds.values()), dtype=np.float64)
    return Kinds(tuple(kinds), weights / weights.sum())


def mixed(shape: Shape, generator: np.random.Generator, kinds: Kinds) -> Array:
    """``[B, T]``: each row of a kind drawn by weight, in no order."""
    counts = generator.multinomial(shape.rows, kinds.shares).tolist()
    parts = [draw(shape.of(count), generator) for draw, count in zip(kinds.draws, counts, strict=True) if count]
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return whole.take(generator.permutation(shape.rows), 0)


def deviation(values: Array) -> Array:
    """Of each row, ``[B, 1]``; ``values.std(1, keepdims=True)`` to the bit, of fewer calls."""
    steps = values.shape[1]
    away = values - np.add.reduce(values, 1, keepdims=True) / steps
    np.multiply(away, away, out=away)
    return np.asarray(np.sqrt(np.add.reduce(away, 1, keepdims=True) / steps))


def standardised(values: Array) -> Array:
    """Each row about 0 with deviation 1; a constant row becomes 0."""
    away: Array = values - np.add.reduce(values, 1, keepdims=True) / values.shape[1]
    spread = deviation(away)
    spread[~(spread > 1e-12)] = 1.0
    away /= spread
    return away


def again(profile: Array, phase: NDArray[np.int64], steps: int) -> Array:
    """Each row of a profile ``[B, S]`` over and over, from its phase ``[B, 1]`` on, ``[B, steps]``."""
    season = profile.shape[1]
    first = profile[np.arange(len(profile))[:, None], (np.arange(season) + phase) % season]
    times = -(-steps // season)
    found = np.empty((len(profile), times, season))
    found[:] = first[:, None]
    return found.reshape(len(profile), times * season)[:, :steps]


def column(values: Array | NDArray[np.bool_]) -> Array:
    """``[B]`` as ``[B, 1]``."""
    return np.asarray(values, dtype=np.float64)[:, None]


def log_uniform(generator: np.random.Generator, low: float, high: float, rows: int) -> Array:
    """``[B, 1]``, even in the logarithm."""
    return np.exp(generator.uniform(np.log(low), np.log(high), (rows, 1)))
