"""What comes again: profiles of one season, repeated with weeks, slowly changing shape and amplitude."""

from functools import cache

import numpy as np

from training.synthetic.noises import log_spreads, memories, white
from training.synthetic.shape import Array, Draw, Kinds, Shape, again, column, log_uniform, mixed, standardised, weighed

# Profiles are drawn as shapes whose steps are those of one season.


def waves(shape: Shape, generator: np.random.Generator) -> Array:
    """Harmonics whose amplitudes fall with a power of their number. See ``Draw.__call__``."""
    count = max(min(shape.steps // 2, 10), 1)
    number = np.arange(1, count + 1)
    fall = generator.uniform(0.3, 3.5, (shape.rows, 1))
    amplitude = generator.standard_normal((shape.rows, count)) * number[None] ** -fall
    turns = number[:, None] * shape.time / shape.steps + generator.random((shape.rows, count, 1))
    turns *= 2 * np.pi
    wave = np.sin(turns, out=turns)
    wave *= amplitude[..., None]
    return np.asarray(wave.sum(1))


def bumps(shape: Shape, generator: np.random.Generator) -> Array:
    """Up to four peaks of different breadth, as of rush hours, meals, sales. See ``Draw.__call__``."""
    size = (shape.rows, 4, 1)
    height = np.abs(generator.standard_normal(size))
    generator.random(size)  # unused; drawn so that all later draws stay as they were
    height[:, 1:] *= generator.random((shape.rows, 3, 1)) < 0.5
    away = shape.time / shape.steps - generator.random(size)
    sharp = np.exp(generator.uniform(np.log(1.0), np.log(60.0), size))
    away *= 2 * np.pi
    peak = np.cos(away, out=away)
    peak -= 1.0
    peak *= sharp
    np.exp(peak, out=peak)
    peak *= height
    return np.asarray(peak.sum(1))


def daylight(shape: Shape, generator: np.random.Generator) -> Array:
    """Nothing by night, part of a wave by day. See ``Draw.__call__``."""
    share = generator.uniform(-0.6, 0.6, (shape.rows, 1))
    wave = np.cos(2 * np.pi * (shape.time / shape.steps - generator.random((shape.rows, 1))))
    return np.maximum(wave - share, 0.0) ** generator.uniform(0.5, 2.0, (shape.rows, 1))


def hours(shape: Shape, generator: np.random.Generator) -> Array:
    """Open or closed, with a third level at times. See ``Draw.__call__``."""
    place = np.mod(shape.time / shape.steps - generator.random((shape.rows, 1)), 1.0)
    inner = place < generator.uniform(0.05, 0.4, (shape.rows, 1))
    return (place < generator.uniform(0.2, 0.8, (shape.rows, 1))) + inner * generator.standard_normal((shape.rows, 1))


def anyhow(shape: Shape, generator: np.random.Generator) -> Array:
    """Each step its own value, as months have. See ``Draw.__call__``."""
    return white(shape, generator)


def single(shape: Shape, generator: np.random.Generator) -> Array:
    """Level but for one or two steps, as trade in December or in the holidays. See ``Draw.__call__``."""
    one, other = (generator.integers(0, shape.steps, (shape.rows, 1)) for _ in range(2))
    second = generator.normal(0, 0.7, (shape.rows, 1)) * (generator.random((shape.rows, 1)) < 0.5)
    return np.asarray((shape.time == one) + second * (shape.time == other) + 0.1 * white(shape, generator))


def rough(shape: Shape, generator: np.random.Generator) -> Array:
    """A random walk that ends where it began. See ``Draw.__call__``."""
    walk = white(shape, generator).cumsum(1)
    return np.asarray(walk - shape.time / max(shape.steps - 1, 1) * walk[:, -1:])


@cache
def _profiles(any_step: float) -> Kinds:
    kinds: dict[Draw, float] = {
        waves: 3.0, bumps: 3.0, daylight: 1.0, hours: 0.7, anyhow: any_step, rough: 1.0, single: any_step / 3.0,
    }  # fmt: skip
    return weighed(kinds)


def profile(shape: Shape, generator: np.random.Generator) -> Array:
    """One season of any kind, of deviation 1.

    Parameters
    ----------
    shape : Shape
        Number of series and the season; its length does not count.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray, shape [B, season]
        A value per step of the season.
    """
    return standardised(_profile(shape, generator))


def _profile(shape: Shape, generator: np.random.Generator) -> Array:
    any_step = 5.0 if shape.season < 8 or shape.season == 12 else 0.3  # months and weekdays are no smooth curves
    one = Shape(shape.rows, shape.season, shape.season)
    return mixed(one, generator, _profiles(any_step))


def repeated(shape: Shape, generator: np.random.Generator) -> Array:
    """A profile again and again, from any phase; on some rows it changes slowly into another. See ``Draw.__call__``."""
    phase = generator.integers(0, shape.season, (shape.rows, 1))
    found = again(profile(shape, generator), phase, shape.steps)
    other = _profile(shape, generator)
    rows = np.flatnonzero(generator.random(shape.rows) < 0.35)
    changing = generator.uniform(0.1, 1.0, (shape.rows, 1))[rows]
    pace = memories(shape, generator)
    if rows.size:
        share = changing / (1.0 + np.exp(-pace.of(rows).series() * 1.5))
        found[rows] = found[rows] * (1.0 - share) + again(standardised(other[rows]), phase[rows], shape.steps) * share
    return found


def longer(shape: Shape, generator: np.random.Generator) -> Array:
    """The longer season as levels of the shorter ones in it: resting days, busy months. See ``Draw.__call__``.

    None to three places rest; on some rows others rest too, once in a while and by no rule that a forecast could know.
    Without a longer season the series are 0.
    """
    if not shape.long:
        return np.zeros((shape.rows, shape.steps))
    count = shape.long // shape.season
    levels = generator.standard_normal((shape.rows, count)) * 0.25
    resting = generator.integers(0, count, (shape.rows, 1))
    places = (np.arange(count)[None] - resting) % count
    rest = column(np.abs(generator.normal(0, 1.0, shape.rows)))
    levels -= np.where(places < generator.choice([0, 1, 2, 3], (shape.rows, 1), p=[0.1, 0.2, 0.6, 0.1]), rest, 0.0)
    begin = generator.integers(0, shape.long, shape.rows)
    turns = (shape.steps - 1 + int(begin.max())) // shape.season + 1
    holidays = generator.random((shape.rows, turns)) < column(
        (generator.random(shape.rows) < 0.3) * generator.uniform(0.0, 0.05, shape.rows)
    )
    each = np.repeat(levels[:, np.arange(turns) % count] - np.where(holidays, rest, 0.0), shape.season, 1)
    return standardised(np.stack([row[first : first + shape.steps] for row, first in zip(each, begin, strict=True)]))


def weekly(shape: Shape, generator: np.random.Generator) -> Array:
    """Two profiles, one for working and one for resting days, ordered by the longer season. See ``Draw.__call__``."""
    quiet = longer(shape, generator)
    working, resting = repeated(shape, generator), repeated(shape, generator)
    alike = generator.uniform(0.3, 1.0, (shape.rows, 1))
    share = 1.0 / (1.0 + np.exp(3.0 * quiet + 2.0))
    other = alike * working + (1 - alike) * resting
    calm = generator.uniform(0.2, 1.0, (shape.rows, 1))
    return np.asarray(working * (1 - share) + other * calm * share + quiet * generator.uniform(0, 1, (shape.rows, 1)))


def seasonal(shape: Shape, generator: np.random.Generator) -> Array:
    """Seasons of every kind, of deviation 1; on some rows the amplitude changes. See ``Draw.__call__``.

    Where a season is one step, there is none: the series are 0.
    """
    if shape.season == 1:
        return np.zeros((shape.rows, shape.steps))
    found = mixed(shape, generator, _LONG if shape.long else _SHORT)
    rows = np.flatnonzero(generator.random(shape.rows) < 0.4)
    breathing = log_uniform(generator, 0.1, 0.8, shape.rows)[rows]
    wandering, size = log_spreads(shape, generator)
    if rows.size:
        found[rows] *= np.exp(breathing * (wandering.of(rows).series() * size[rows]))
    return standardised(found)


_SHORT = weighed({repeated: 1.0, weekly: 0.0})
_LONG = weighed({repeated: 1.0, weekly: 1.5})
