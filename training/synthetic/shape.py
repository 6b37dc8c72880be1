"""What a generator of series draws, and how a batch is put together from several kinds."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]  # which rows


class Shape(NamedTuple):
    """How many series to draw, of what length and seasons."""

    rows: int
    """Number of series, B."""
    steps: int
    """Values per series, T."""
    season: int
    """Steps per season, 1 for none."""
    long: int = 0
    """Steps per longer season, 0 for none: a week where the season is a day, a year where steps are months or weeks."""

    def of(self, rows: int) -> "Shape":
        """The same for another number of series.

        Parameters
        ----------
        rows : int
            Number of series.

        Returns
        -------
        Shape
            Of the same length and seasons.
        """
        return Shape(rows, self.steps, self.season, self.long)

    @property
    def time(self) -> Array:
        """Index of each step, ``0 .. T - 1``, ``[1, T]``."""
        return _time(self.steps)


@lru_cache(maxsize=64)
def _time(steps: int) -> Array:
    time = np.arange(steps, dtype=np.float64)[None]
    time.flags.writeable = False
    return time


class Draw(Protocol):
    """One kind of series, or one part of them."""

    def __call__(self, shape: Shape, generator: np.random.Generator, /) -> Array:
        """Draw series.

        Parameters
        ----------
        shape : Shape
            Number of series, length and seasons.
        generator : numpy.random.Generator
            Source of all randomness.

        Returns
        -------
        ndarray, shape [B, T]
            The series, none missing, in a unit of their own.
        """


class Kinds(NamedTuple):
    """Kinds of series, and how often each is drawn."""

    draws: tuple[Draw, ...]
    """The K kinds."""
    shares: Array
    """``[K]`` expected share of rows of each, adding to 1."""


def weighed(kinds: Mapping[Draw, float]) -> Kinds:
    """Kinds by their weights.

    Parameters
    ----------
    kinds : mapping of Draw to float
        How often each kind is drawn, relative to the others.

    Returns
    -------
    Kinds
        The kinds, with weights that add to 1.
    """
    weights = np.asarray(list(kinds.values()), dtype=np.float64)
    return Kinds(tuple(kinds), weights / weights.sum())


def mixed(shape: Shape, generator: np.random.Generator, kinds: Kinds) -> Array:
    """Draw each row of a kind chosen by weight, in random order.

    Parameters
    ----------
    shape : Shape
        Number of series, length and seasons.
    generator : numpy.random.Generator
        Source of all randomness.
    kinds : Kinds
        What to choose from.

    Returns
    -------
    ndarray, shape [B, T]
        The series.
    """
    counts = generator.multinomial(shape.rows, kinds.shares).tolist()
    parts = [draw(shape.of(count), generator) for draw, count in zip(kinds.draws, counts, strict=True) if count]
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return whole.take(generator.permutation(shape.rows), 0)


def deviation(values: Array) -> Array:
    """Standard deviation of each row; ``values.std(1, keepdims=True)`` to the bit, with fewer calls.

    Parameters
    ----------
    values : ndarray, shape [B, T]
        The series, none missing.

    Returns
    -------
    ndarray, shape [B, 1]
        In the series' unit.
    """
    steps = values.shape[1]
    away = values - np.add.reduce(values, 1, keepdims=True) / steps
    np.multiply(away, away, out=away)
    return np.asarray(np.sqrt(np.add.reduce(away, 1, keepdims=True) / steps))


def standardised(values: Array) -> Array:
    """Shift and scale each row to mean 0 and deviation 1; a constant row becomes 0.

    Parameters
    ----------
    values : ndarray, shape [B, T]
        The series, none missing.

    Returns
    -------
    ndarray, shape [B, T]
        The same in their own units.

    Examples
    --------
    >>> standardised(np.array([[1.0, 3.0], [5.0, 5.0]])).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    away: Array = values - np.add.reduce(values, 1, keepdims=True) / values.shape[1]
    spread = deviation(away)
    spread[~(spread > 1e-12)] = 1.0
    away /= spread
    return away


def again(profile: Array, phase: NDArray[np.int64], steps: int) -> Array:
    """Repeat each row of a profile, starting at a phase of its own.

    Parameters
    ----------
    profile : ndarray, shape [B, S]
        One season per row.
    phase : ndarray of int64, shape [B, 1]
        Place in the season of the first step.
    steps : int
        Length of the result, T.

    Returns
    -------
    ndarray, shape [B, T]
        The repeated profiles.

    Examples
    --------
    >>> again(np.array([[1.0, 2.0, 3.0]]), np.array([[1]]), 5).tolist()
    [[2.0, 3.0, 1.0, 2.0, 3.0]]
    """
    season = profile.shape[1]
    first = profile[np.arange(len(profile))[:, None], (np.arange(season) + phase) % season]
    times = -(-steps // season)
    found = np.empty((len(profile), times, season))
    found[:] = first[:, None]
    return found.reshape(len(profile), times * season)[:, :steps]


def column(values: Array | NDArray[np.bool_]) -> Array:
    """Make a column of one value per row.

    Parameters
    ----------
    values : ndarray, shape [B]
        Numbers or truth values.

    Returns
    -------
    ndarray of float64, shape [B, 1]
        The same values.
    """
    return np.asarray(values, dtype=np.float64)[:, None]


def log_uniform(generator: np.random.Generator, low: float, high: float, rows: int) -> Array:
    """Draw one value per row, uniform in the logarithm.

    Parameters
    ----------
    generator : numpy.random.Generator
        Source of all randomness.
    low, high : float
        Bounds, above 0.
    rows : int
        Number of values, B.

    Returns
    -------
    ndarray, shape [B, 1]
        The values.
    """
    return np.exp(generator.uniform(np.log(low), np.log(high), (rows, 1)))
