"""Surprise: where a value fell in the distribution that was forecast for it, and which value lies at a level of that.

Between its levels a forecast is linear in the level, and beyond the outermost ones it has the tails that it has where
other levels are requested, see ``statecast.uncertainty.quantile_levels``.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import erfc, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from statecast.uncertainty.quantile_levels import LEAST, MOST, UNSHAPED, Doubles, TailExponents, tail_shape

_FAR = 8.0
"""Normal scores at which a surprise ends: 6e-16 from 0 and from 1."""
_ROUNDING = 1e-9
"""Share of a median that is no spread: the rounding of a forecast that is certain."""
_CERTAIN = 10 * _ROUNDING
"""Share of a median up to which the width of half an interval may be one of these."""


def surprise(
    quantiles: Doubles, values: Doubles, levels: Sequence[float], exponents: TailExponents, seasonal_error: Doubles
) -> Doubles:
    """Give the probability integral transform of values under forecasts made for them.

    Parameters
    ----------
    quantiles : array of float64, ``[..., Q]``
        Ascending.
    values : array of float64, ``[...]``
        What came, in the same unit; NaN where missing.
    levels : sequence of float
        The Q levels, ascending, at least two.
    exponents : TailExponents
        Bases of the tails.
    seasonal_error : array of float64, ``[...]``
        Of each series when its forecast was made, NaN while unknown; see ``SeriesNetwork.seasonal_error``.

    Returns
    -------
    array of float64, ``[...]``
        Probability with which a value was forecast to be at most as large, within (0, 1): 0.001 is a low outlier. Of a
        value to which the forecast gives a probability of its own the middle of it. NaN where a value or its forecast
        is, and where a series was too young for an interval: nothing had come again after a season, so that its
        seasonal error was unknown, or nothing had ever changed, so that its interval had no width.

    References
    ----------
    Dawid, A. P. (1984). Statistical theory: the prequential approach. Journal of the Royal Statistical Society A
    147(2).

    Examples
    --------
    >>> forecasts, usual = np.array([[1.0, 2.0, 3.0]] * 4), np.array([1.0, 1.0, 1.0, np.nan])
    >>> values, tails = np.array([2.0, 2.5, 5.0, 5.0]), (0.86, 0.86)
    >>> surprise(forecasts, values, (0.1, 0.5, 0.9), tails, usual).round(4).tolist()
    [0.5, 0.7, 0.9999, nan]
    """
    share, known = np.asarray(levels), np.asarray(values)[..., None]
    below, upto = (quantiles < known).sum(-1), (quantiles <= known).sum(-1)
    right = below.clip(1, len(share) - 1)
    low, high = _taken(quantiles, right - 1), _taken(quantiles, right)
    width = high - low
    part = np.divide(values - low, width, out=np.zeros(np.shape(low)), where=width > 0).clip(0.0, 1.0)
    found = share[right - 1] + part * (share[right] - share[right - 1])
    plateau = upto - below > 1
    if plateau.any():
        middle = (share[below.clip(0, len(share) - 1)] + share[(upto - 1).clip(0)]) / 2
        found = np.where(plateau, middle, found)
    for end, beyond in ((0, upto == 0), (-1, below == len(share))):
        if beyond.any():
            tail = _Tail.of(quantiles, levels, end, exponents)
            with np.errstate(over="ignore"):  # of a forecast that is certain of 0
                scores = _bounded(tail.score(values - quantiles[..., end]))
            found = np.where(beyond, torch.special.ndtr(torch.from_numpy(np.asarray(scores))).numpy(), found)
    complete = np.isfinite(values) & np.isfinite(quantiles).all(-1)
    judged = (quantiles[..., -1] > quantiles[..., 0]) & ~np.isnan(seasonal_error)
    return np.asarray(np.where(complete & judged, found, np.nan))


def interval_surprise(
    quantiles: Doubles, values: Doubles, coverage: float, exponents: tuple[float, float], seasonal_error: Doubles
) -> Doubles:
    """Give the same where the forecast is an interval about its median, in a fraction of the time.

    Parameters
    ----------
    quantiles : array of float64, ``[B, ..., 3]``
        Low, median and high, ascending.
    values : array of float64, ``[B, ...]``
        As ``surprise`` takes them.
    coverage : float
        Nominal coverage of the interval.
    exponents : tuple of float
        Bases of the tails.
    seasonal_error : array of float64, ``[B, ...]``
        As ``surprise`` takes it.

    Returns
    -------
    array of float64, ``[B, ...]``
        As ``surprise`` gives them.

    Examples
    --------
    >>> forecasts, usual = np.array([[1.0, 2.0, 3.0]] * 4), np.array([1.0, 1.0, 1.0, np.nan])
    >>> values, tails = np.array([2.0, 2.5, 5.0, 5.0]), (0.86, 0.86)
    >>> interval_surprise(forecasts, values, 0.8, tails, usual).round(4).tolist()
    [0.5, 0.7, 0.9999, nan]
    """
    # Calls count here, which a single observation waits for: operators of numpy are the cheapest of them.
    median = quantiles[..., 1]
    off, low, high = values - median, median - quantiles[..., 0], quantiles[..., 2] - median
    least = _CERTAIN * np.abs(median)
    if not np.logical_and.reduce((low > least) & (high > least) & (low + high < np.inf), axis=None):
        # A value may have a probability of its own, or nothing be known yet.
        return surprise(quantiles, values, interval_levels(coverage), exponents, seasonal_error)
    distance = np.maximum(off / high, -off / low)
    found: Doubles = 0.5 + np.copysign(coverage / 2 * distance, off)
    beyond = distance > 1
    if np.logical_or.reduce(beyond, axis=None):
        side, below, above = off[beyond], 1.0 / (exponents[0] + UNSHAPED), 1.0 / (exponents[1] + UNSHAPED)
        distant = distance[beyond] ** (above if below == above else np.where(side > 0, above, below))
        scores = np.copysign(_scores(interval_levels(coverage))[-1] * distant, side)
        found[beyond] = [erfc(score) / 2 for score in (_bounded(scores) / -sqrt(2)).tolist()]
        found[np.isinf(values)] = np.nan
    return np.where(np.isnan(seasonal_error), np.nan, found)


def interval_levels(coverage: float) -> tuple[float, float, float]:
    """Give the levels of an interval and of its median.

    Parameters
    ----------
    coverage : float
        Nominal coverage of the interval.

    Returns
    -------
    tuple of float
        Low, median, high.
    """
    return 0.5 - coverage / 2, 0.5, 0.5 + coverage / 2


def quantile_at(quantiles: Doubles, levels: Sequence[float], level: float, exponents: TailExponents) -> Doubles:
    """Give the value that would have a surprise: the inverse of ``surprise``.

    Parameters
    ----------
    quantiles : array of float64, ``[..., Q]``
        Ascending.
    levels : sequence of float
        The Q levels, ascending.
    level : float
        Within (0, 1); it may lie beyond the outermost of them, however far.
    exponents : TailExponents
        Bases of the tails.

    Returns
    -------
    array of float64, ``[...]``
        In the unit of the quantiles.

    Examples
    --------
    >>> quantile_at(np.array([1.0, 2.0, 3.0]), (0.1, 0.5, 0.9), 0.7, (1.0, 1.0)).tolist()
    2.5
    """
    if levels[0] <= level <= levels[-1]:
        right = min(max(int(np.searchsorted(levels, level)), 1), len(levels) - 1)
        part = (level - levels[right - 1]) / (levels[right] - levels[right - 1])
        return np.asarray(quantiles[..., right - 1] * (1 - part) + quantiles[..., right] * part)
    end = 0 if level < levels[0] else -1
    tail = _Tail.of(quantiles, levels, end, exponents)
    return np.asarray(quantiles[..., end] + tail.distance(level))


class _Tail(NamedTuple):
    """What lies beyond an outermost quantile: a power of the normal score, counted from the median."""

    middle: float
    """Normal score of the median, or of what stands for it."""
    outermost: float
    """Normal score of the outermost level, counted from there; below 0 on the lower side."""
    unit: Doubles
    """Distance of both quantiles per normal score; never 0."""
    exponent: Doubles

    @classmethod
    def of(cls, quantiles: Doubles, levels: Sequence[float], end: int, exponents: TailExponents) -> "_Tail":
        scores = _scores(tuple(levels))
        middle = min(range(len(levels)), key=lambda at: abs(levels[at] - 0.5))
        if middle in (0, len(levels) - 1):  # no median between the outermost ones
            middle = 0 if end else len(levels) - 1
        median, outermost = quantiles[..., middle], scores[end] - scores[middle]
        unit = (quantiles[..., end] - median) / outermost
        least = _ROUNDING * np.abs(median) + np.finfo(np.float64).tiny
        exponent = np.asarray(exponents)[..., end] + tail_shape(quantiles, levels, end)
        return cls(scores[middle], outermost, np.maximum(unit, least), exponent.clip(LEAST, MOST))

    def score(self, beyond: Doubles) -> Doubles:
        """Normal score of what lies so far beyond the outermost quantile, or short of it."""
        ratio = np.maximum(1.0 + beyond / self.unit / self.outermost, 0.0)
        return np.asarray(self.middle + self.outermost * ratio ** (1.0 / self.exponent))

    def distance(self, level: float) -> Doubles:
        """How far beyond the outermost quantile a level lies."""
        ratio = (NormalDist().inv_cdf(level) - self.middle) / self.outermost
        return np.asarray(self.unit * self.outermost * (ratio**self.exponent - 1.0))


@lru_cache(maxsize=64)
def _scores(levels: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(map(NormalDist().inv_cdf, levels))


def _bounded(scores: Doubles) -> Doubles:
    return np.minimum(np.maximum(scores, -_FAR), _FAR)


def _taken(quantiles: Doubles, places: NDArray[np.int64]) -> Doubles:
    return np.take_along_axis(quantiles, places[..., None], axis=-1)[..., 0]
