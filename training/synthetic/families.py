"""Kinds of series, composed of parts. Some are held out: nothing is learned from them, validation uses them.

The weights say how often a kind is drawn. They were set from what series of each freq look like in general, and from
scores on the kinds that are held out, never from scores on real data sets.
"""

from functools import cache

import numpy as np

from training.synthetic import processes
from training.synthetic.noises import noise
from training.synthetic.seasons import seasonal
from training.synthetic.shape import Array, Kinds, Shape, deviation, log_uniform, mixed, standardised, weighed
from training.synthetic.trends import trend


def composed(shape: Shape, generator: np.random.Generator) -> Array:
    """Trend, season and noise added, in all proportions; multiplied on half of the rows. See ``Draw.__call__``."""
    season = seasonal(shape, generator)
    drift = trend(shape, generator) * log_uniform(generator, 0.1, 3.0, shape.rows)
    drift *= generator.random((shape.rows, 1)) < 0.7
    left = noise(shape, generator) * log_uniform(generator, 0.02, 2.0, shape.rows)
    uneven = np.exp(generator.uniform(-0.8, 0.8, (shape.rows, 1)) * season)
    left *= np.where(generator.random((shape.rows, 1)) < 0.4, uneven, 1.0)
    total = season + drift + left
    share = log_uniform(generator, 0.05, 0.8, shape.rows) / np.maximum(deviation(total), 1e-9)
    return np.asarray(np.where(generator.random((shape.rows, 1)) < 0.5, total, np.exp(total * share)))


def regular(shape: Shape, generator: np.random.Generator) -> Array:
    """Season above all, as of loads and traffic, with autocorrelated noise, drift and the weather.

    See ``Draw.__call__``.
    """
    season = seasonal(shape, generator)
    left = noise(shape, generator) * log_uniform(generator, 0.003, 0.4, shape.rows)
    drift = trend(shape, generator) * log_uniform(generator, 0.03, 0.7, shape.rows)
    # Weather comes and goes over days, and counts for more at the hours when more is used.
    weather, size = processes.homings(shape, generator), log_uniform(generator, 0.05, 0.8, shape.rows)
    rows = np.flatnonzero(generator.random(shape.rows) < 0.35)
    more = generator.uniform(-0.3, 0.6, (shape.rows, 1))
    away = left + drift
    if rows.size:
        away[rows] += weather.of(rows).series() * size[rows] * np.exp(more[rows] * season[rows])
    share = generator.uniform(0.1, 0.6, (shape.rows, 1))
    return np.asarray(np.exp(share * season * np.exp(0.1 * drift) + share * away))


def grown(shape: Shape, generator: np.random.Generator) -> Array:
    """Business by the month or quarter: relative growth, a cycle, a season of its own, shocks.

    See ``Draw.__call__``.
    """
    pace = generator.normal(0.3, 0.6, (shape.rows, 1))
    log = pace * shape.time / max(shape.steps, 30) + trend(shape, generator) * log_uniform(
        generator, 0.02, 0.4, shape.rows
    )
    log = log + seasonal(shape, generator) * log_uniform(generator, 0.02, 0.4, shape.rows)
    return np.exp(log + noise(shape, generator) * log_uniform(generator, 0.003, 0.2, shape.rows))


def drifting(shape: Shape, generator: np.random.Generator) -> Array:
    """A trend and noise, no season. See ``Draw.__call__``."""
    left = noise(shape, generator) * log_uniform(generator, 0.01, 1.0, shape.rows)
    return trend(shape, generator) + left


@cache
def _kinds(short: bool) -> Kinds:
    """What to draw from. Days and hours are seldom trade, months are seldom sunlight."""
    return weighed({
        composed: 5.0,
        regular: 5.0 if short else 2.0,
        grown: 0.5 if short else 5.0,
        processes.returning: 5.0 if short else 2.0,
        drifting: 1.5,
        processes.gaussian: 1.5,
        processes.market: 1.0,
        processes.sun: 1.5 if short else 0.0,
        processes.pollution: 1.0,
        processes.counts: 1.0,
        processes.rain: 0.4,
        processes.machine: 0.6,
    })  # fmt: skip


_APART = weighed({processes.smoothed: 2.0, processes.cyclic: 1.0})


def learned(shape: Shape, generator: np.random.Generator) -> Array:
    """Series to learn from, each about 0 with deviation 1; some are blends or splices of two kinds.

    Parameters
    ----------
    shape : Shape
        Number of series, length and seasons.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray, shape [B, T]
        The series; a constant one is 0.

    Examples
    --------
    >>> learned(Shape(rows=2, steps=48, season=24), np.random.default_rng(0)).shape
    (2, 48)
    """
    one = standardised(mixed(shape, generator, _kinds(shape.season >= 20)))
    other = generator.permutation(shape.rows)
    share = generator.uniform(0.1, 0.9, (shape.rows, 1))
    cut = generator.uniform(0.1, 0.9, (shape.rows, 1)) * shape.steps
    fate = generator.random(shape.rows)
    blended, spliced = np.flatnonzero(fate < 0.1), np.flatnonzero((fate >= 0.1) & (fate < 0.14))
    found = one.copy()
    found[blended] = share[blended] * one[blended] + (1 - share[blended]) * one[other[blended]]
    found[spliced] = np.where(shape.time < cut[spliced], one[spliced], one[other[spliced]])
    return standardised(found)


def held_apart(shape: Shape, generator: np.random.Generator) -> Array:
    """Series to validate on, each about 0 with deviation 1, of kinds that are not learned from.

    Parameters
    ----------
    shape : Shape
        Number of series, length and seasons.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray, shape [B, T]
        The series.
    """
    return standardised(mixed(shape, generator, _APART))
