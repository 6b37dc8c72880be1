"""Series that no sum of trend, season and noise describes."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.noises import Memory, clustered, heavy, recalling, remembering, white
from training.synthetic.seasons import daylight, hours, profile, seasonal
from training.synthetic.shape import Array, Shape, again, column, log_uniform, mixed, weighed
from training.synthetic.trends import trend

_FEATURES = 24
_STEPS = weighed({white: 1.0, heavy: 1.0, clustered: 1.0})


def gaussian(shape: Shape, generator: np.random.Generator) -> Array:
    """A Gaussian process by random features: smooth, rough and periodic kernels added. See ``Draw.__call__``.

    Frequencies of the smooth part follow the spectrum of a Matérn kernel (a t distribution); the periodic part has
    harmonics of the season, each a little blurred, so that its shape changes slowly.

    References
    ----------
    Rahimi, A. and Recht, B. (2007). Random features for large-scale kernel machines. NeurIPS.
    """
    size = (shape.rows, _FEATURES)
    length = log_uniform(generator, 3.0, max(shape.steps / 2.0, 6.0), shape.rows)
    spectrum = generator.standard_t(column(generator.choice([1.0, 3.0, 30.0], shape.rows)) * np.ones(size)) / length
    season = max(shape.season, 2)
    harmonics = generator.integers(1, 6, size) * 2 * np.pi / season
    blurred = harmonics + generator.standard_normal(size) / (season * log_uniform(generator, 2.0, 200.0, shape.rows))
    periodic = generator.random(size) < column(generator.choice([0.0, 0.3, 0.7], shape.rows) * (shape.season > 1))
    frequency = np.clip(np.where(periodic, blurred, spectrum), -np.pi, np.pi).astype(np.float32)
    phase = generator.uniform(0, 2 * np.pi, (*size, 1)).astype(np.float32)
    amplitude = generator.standard_normal((*size, 1)).astype(np.float32)
    waves = frequency[..., None] * shape.time.astype(np.float32)
    waves += phase
    np.cos(waves, out=waves)
    waves *= amplitude
    return np.asarray(waves.sum(1), dtype=np.float64)


def market(shape: Shape, generator: np.random.Generator) -> Array:
    """A price: its logarithm is a random walk, with calm and rough times. See ``Draw.__call__``."""
    pace = log_uniform(generator, 0.001, 0.05, shape.rows)
    steps = mixed(shape, generator, _STEPS)
    return np.asarray(np.exp((steps * pace).cumsum(1)))


def sun(shape: Shape, generator: np.random.Generator) -> Array:
    """What the sun drives: nothing by night, clouds by day; or its slow effect, as on a temperature.

    See ``Draw.__call__``.
    """
    if shape.season < 8:
        return gaussian(shape, generator)
    day = daylight(Shape(shape.rows, shape.season, shape.season), generator)
    clear = again(day, generator.integers(0, shape.season, (shape.rows, 1)), shape.steps)
    clouds = 1.0 / (1.0 + np.exp(2.0 * remembering(shape, generator) - generator.normal(0.5, 1.0, (shape.rows, 1))))
    light = clear * clouds
    answer = 1.0 - np.exp(generator.uniform(np.log(0.01), np.log(0.5), shape.rows))
    slow = recalling(light, answer) + 3.0 * remembering(shape, generator)
    return np.asarray(np.where(generator.random((shape.rows, 1)) < 0.5, light, slow))


def counts(shape: Shape, generator: np.random.Generator) -> Array:
    """Whole numbers, Poisson or with more spread, about a rate that has season and trend. See ``Draw.__call__``."""
    rate = log_uniform(generator, 0.1, 60.0, shape.rows)
    shape_of_rate = seasonal(shape, generator) * generator.uniform(0, 0.8, (shape.rows, 1))
    drift = trend(shape, generator) * generator.uniform(0, 0.5, (shape.rows, 1))
    drift += homing(shape, generator) * column(np.maximum(generator.uniform(-0.5, 0.6, shape.rows), 0.0))
    crowding = np.where(generator.random((shape.rows, 1)) < 0.4, log_uniform(generator, 0.5, 8.0, shape.rows), 1e3)
    gamma = generator.gamma(crowding, 1.0 / crowding, (shape.rows, shape.steps))
    return generator.poisson(np.minimum(rate * np.exp(shape_of_rate + drift) * gamma, 1e6)).astype(np.float64)


def rain(shape: Shape, generator: np.random.Generator) -> Array:
    """Mostly 0; otherwise in spells (a two-state Markov chain) and of any size. See ``Draw.__call__``."""
    ends = log_uniform(generator, 0.03, 0.7, shape.rows)
    begins = ends * log_uniform(generator, 0.05, 1.0, shape.rows)
    chance = generator.random((shape.rows, shape.steps))
    wet = chain(chance > ends, chance < begins, generator.random((shape.rows, 1)) < 0.3)
    return wet * generator.gamma(generator.uniform(0.4, 3.0, (shape.rows, 1)), 1.0, wet.shape)


def chain(stays: NDArray[np.bool_], starts: NDArray[np.bool_], now: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Run two-state Markov chains.

    Parameters
    ----------
    stays : ndarray of bool, shape [B, T]
        Whether a chain that is on before a step is on after it.
    starts : ndarray of bool, shape [B, T]
        Whether a chain that is off before a step is on after it.
    now : ndarray of bool, shape [B, 1]
        Whether it is on before the first step.

    Returns
    -------
    ndarray of bool, shape [B, T]
        Whether it is on after each step.

    Examples
    --------
    >>> stays, starts = np.array([[True, False, True]]), np.array([[True, False, False]])
    >>> chain(stays, starts, np.array([[False]])).tolist()
    [[True, False, False]]
    """
    # A step keeps the state, turns it over, or decides it whatever it was: the last decision holds, turned over since.
    turned = np.logical_xor.accumulate(starts & ~stays, 1)
    decided = np.where(stays == starts, np.arange(1, stays.shape[1] + 1), 0)
    last = np.maximum.accumulate(decided, 1)
    return np.take_along_axis(np.concatenate([now, stays ^ turned], 1), last, 1) ^ turned


def machine(shape: Shape, generator: np.random.Generator) -> Array:
    """On and off by the time of day or by chance, at another level each time, with a little noise.

    See ``Draw.__call__``.
    """
    chance = rain(shape, generator) > 0
    one = Shape(shape.rows, max(shape.season, 2), shape.season)
    phase = generator.integers(0, one.steps, (shape.rows, 1))
    clock = again(hours(one, generator), phase, shape.steps)
    by_clock = generator.random((shape.rows, 1)) < (0.6 if shape.season > 1 else 0.0)
    on = np.where(by_clock, clock, chance)
    return np.asarray(on * (1.0 + generator.uniform(0, 0.3, (shape.rows, 1)) * remembering(shape, generator)))


def pollution(shape: Shape, generator: np.random.Generator) -> Array:
    """Builds up and is blown away: the exponential of an autoregression, with a little season.

    See ``Draw.__call__``.
    """
    log = remembering(shape, generator) + generator.uniform(0, 0.6, (shape.rows, 1)) * seasonal(shape, generator)
    return np.exp(log * generator.uniform(0.3, 1.2, (shape.rows, 1)))


def homing(shape: Shape, generator: np.random.Generator) -> Array:
    """A level that drifts and returns, within a day or within months. See ``Draw.__call__``."""
    return homings(shape, generator).series()


def homings(shape: Shape, generator: np.random.Generator) -> Memory:
    """Draw what ``homing`` is made of.

    Parameters
    ----------
    shape : Shape
        Number of series and length.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    Memory
        Shocks, and shares of 0.97 to 0.999.
    """
    slow = 1.0 - np.exp(generator.uniform(np.log(0.001), np.log(0.03), shape.rows))
    return Memory(white(shape, generator), slow)


def returning(shape: Shape, generator: np.random.Generator) -> Array:
    """A profile about a level that drifts but returns, with autocorrelated noise: what sensors show.

    See ``Draw.__call__``.
    """
    return np.asarray(
        seasonal(shape, generator) * log_uniform(generator, 0.2, 1.5, shape.rows)
        + homing(shape, generator) * log_uniform(generator, 0.3, 2.0, shape.rows)
        + remembering(shape, generator) * log_uniform(generator, 0.1, 1.0, shape.rows)
    )


def cyclic(shape: Shape, generator: np.random.Generator) -> Array:
    """Cycles of no fixed length that rise faster than they fall, as of sunspots or trade. See ``Draw.__call__``."""
    period = log_uniform(generator, 6.0, max(shape.steps / 3.0, 8.0), shape.rows)
    pace = np.exp(0.25 * remembering(shape, generator)) / period
    place = np.mod(pace.cumsum(1) + generator.random((shape.rows, 1)), 1.0)
    rise = generator.uniform(0.15, 0.5, (shape.rows, 1))
    wave = np.where(place < rise, place / rise, (1.0 - place) / (1.0 - rise))
    height = np.exp(0.4 * remembering(shape, generator))
    return np.asarray(wave * height + 0.05 * white(shape, generator))


def smoothed(shape: Shape, generator: np.random.Generator) -> Array:
    """Innovations exponential smoothing: level, damped trend and season learn from one shock. See ``Draw.__call__``.

    References
    ----------
    Hyndman, R. J. et al. (2008). Forecasting with exponential smoothing: the state space approach. Springer.
    """
    rows, season = shape.rows, shape.season
    alpha = generator.uniform(0.02, 0.9, rows)
    beta = alpha * generator.uniform(0.0, 0.2, rows) * (generator.random(rows) < 0.5)
    gamma = (1 - alpha) * generator.uniform(0.0, 0.3, rows) * (season > 1)
    damping = generator.uniform(0.8, 1.0, rows)
    seasons = profile(shape, generator) * log_uniform(generator, 0.5, 5.0, rows) * (season > 1)
    shocks = generator.standard_normal((rows, shape.steps))
    level, pace = np.zeros(rows), generator.normal(0, 0.05, rows)
    values = np.empty((rows, shape.steps))
    for step in range(shape.steps):
        place = step % season
        expected, shock = level + damping * pace, shocks[:, step]
        values[:, step] = expected + seasons[:, place] + shock
        level, pace = expected + alpha * shock, damping * pace + beta * shock
        seasons[:, place] += gamma * shock
    return values
