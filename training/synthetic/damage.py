"""What sensors and people do to a series: outages, spikes, shifts, coarse steps, hanging values, gaps."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.shape import Array, Rows, deviation, log_uniform


def some(values: Array, generator: np.random.Generator, share: float) -> Rows:
    """Choose the rows that are struck, so that what strikes few is computed for few.

    Parameters
    ----------
    values : ndarray, shape [B, T]
        The series.
    generator : numpy.random.Generator
        Source of all randomness.
    share : float
        Chance of each row, 0 to 1.

    Returns
    -------
    ndarray of intp, shape [M]
        The rows, ascending.
    """
    return np.flatnonzero(generator.random(len(values)) < share)


def stretches(
    values: Array, generator: np.random.Generator, share: float, longest: float = 0.1
) -> tuple[Rows, NDArray[np.bool_]]:
    """Choose some rows and one stretch in each, anywhere.

    Parameters
    ----------
    values : ndarray, shape [B, T]
        The series.
    generator : numpy.random.Generator
        Source of all randomness.
    share : float
        Chance of each row, 0 to 1.
    longest : float
        Longest stretch as a share of the T steps.

    Returns
    -------
    tuple of ndarray
        The rows ``[M]``, and whether a step of these is in the stretch, ``[M, T]``.
    """
    rows, steps = values.shape
    length = log_uniform(generator, 1.0, max(steps * longest, 2.0), rows)
    begin = generator.random((rows, 1)) * steps
    hit = some(values, generator, share)
    time = np.arange(steps)[None]
    return hit, (time >= begin[hit]) & (time < (begin + length)[hit])


def damage(values: Array, generator: np.random.Generator) -> Array:
    """Strike some rows with each kind of damage.

    There are shifts, spikes, outages, hanging values, coarse steps, and lower and upper bounds.

    Parameters
    ----------
    values : ndarray, shape [B, T]
        Series about 0 with a deviation of 1 or so; they are not changed.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray, shape [B, T]
        The damaged series, in the same unit.
    """
    rows, steps = values.shape
    struck = values.copy()
    hit, shift = stretches(values, generator, 0.03, 1.0)
    struck[hit] += shift * generator.normal(0, 1.5, (rows, 1))[hit] * deviation(values[hit])
    chance, rate = generator.random((rows, steps)), log_uniform(generator, 0.0005, 0.01, rows)
    hit = some(values, generator, 0.08)
    struck[hit] += (
        (chance[hit] < rate[hit]) * generator.standard_t(2.5, (rows, steps))[hit] * 3.0 * deviation(values[hit])
    )
    hit, off = stretches(values, generator, 0.04)
    lost = np.where(generator.random((rows, 1))[hit] < 0.5, values[hit].min(1, keepdims=True), 0.0)
    struck[hit] = np.where(off, lost, struck[hit])
    hit, hanging = stretches(values, generator, 0.03, 0.05)
    begin = hanging.argmax(1)[:, None]
    struck[hit] = np.where(hanging, np.take_along_axis(struck[hit], begin, 1), struck[hit])
    step = log_uniform(generator, 0.02, 0.5, rows)
    hit = some(values, generator, 0.15)
    spread = deviation(values[hit])
    coarse = step[hit] * np.where(spread > 0, spread, 1.0)
    struck[hit] = np.round(struck[hit] / coarse) * coarse
    share = generator.uniform(0.02, 0.4)
    hit = some(values, generator, 0.04)
    struck[hit] = np.maximum(struck[hit], np.quantile(struck[hit], share, axis=1, keepdims=True))
    share = generator.uniform(0.7, 0.99)
    hit = some(values, generator, 0.03)
    struck[hit] = np.minimum(struck[hit], np.quantile(struck[hit], share, axis=1, keepdims=True))
    return struck


def gaps(values: Array, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Choose what is missing: single values, stretches, and the first few of some rows, so that series begin anywhere.

    Parameters
    ----------
    values : ndarray, shape [B, T]
        The series, of which only the shape counts.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray of bool, shape [B, T]
        Whether a value is missing.
    """
    rows, steps = values.shape
    missing = np.zeros((rows, steps), dtype=bool)
    chance, rate = generator.random((rows, steps)), log_uniform(generator, 0.002, 0.2, rows)
    hit = some(values, generator, 0.08)
    missing[hit] = chance[hit] < rate[hit]
    hit, long = stretches(values, generator, 0.06, 0.15)
    missing[hit] |= long
    begin = np.minimum(generator.integers(0, 33, (rows, 1)), steps // 8)
    hit = some(values, generator, 0.15)
    missing[hit] |= np.arange(steps)[None] < begin[hit]
    return missing
