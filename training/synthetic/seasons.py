"""What comes again: profiles of one season, repeated with weeks, drifting shape and breathing amplitude."""

import numpy as np

from training.synthetic.noises import log_spread, remembering, white
from training.synthetic.shape import Array, Draw, Shape, column, log_uniform, mixed, standardised

# Profiles are drawn as shapes whose steps are those of one season.


def waves(shape: Shape, generator: np.random.Generator) -> Array:
    """Harmonics whose amplitudes fall with a power of their number."""
    count = max(min(shape.steps // 2, 10), 1)
    number = np.arange(1, count + 1)
    fall = column(generator.uniform(0.3, 3.5, shape.rows))
    amplitude = generator.normal(size=(shape.rows, count)) * number[None] ** -fall
    turns = number[:, None] * shape.time / shape.steps + generator.random((shape.rows, count, 1))
    return np.asarray((amplitude[..., None] * np.sin(2 * np.pi * turns)).sum(1))


def bumps(shape: Shape, generator: np.random.Generator) -> Array:
    """Up to four peaks of different breadth, as of rush hours, meals, sales."""
    size = (shape.rows, 4, 1)
    height = np.abs(generator.normal(size=size)) * (generator.random(size) < (1.0, 0.6, 0.35, 0.2)[0])
    height[:, 1:] *= generator.random((shape.rows, 3, 1)) < 0.5
    away = shape.time / shape.steps - generator.random(size)
    sharp = np.exp(generator.uniform(np.log(1.0), np.log(60.0), size))
    return np.asarray((height * np.exp(sharp * (np.cos(2 * np.pi * away) - 1.0))).sum(1))


def daylight(shape: Shape, generator: np.random.Generator) -> Array:
    """Nothing by night, half a wave by day."""
    share = column(generator.uniform(-0.6, 0.6, shape.rows))
    wave = np.cos(2 * np.pi * (shape.time / shape.steps - column(generator.random(shape.rows))))
    return np.maximum(wave - share, 0.0) ** column(generator.uniform(0.5, 2.0, shape.rows))


def hours(shape: Shape, generator: np.random.Generator) -> Array:
    """Open or closed, with a third level at times."""
    place = np.mod(shape.time / shape.steps - column(generator.random(shape.rows)), 1.0)
    inner = place < column(generator.uniform(0.05, 0.4, shape.rows))
    return (place < column(generator.uniform(0.2, 0.8, shape.rows))) + inner * column(generator.normal(size=shape.rows))


def anyhow(shape: Shape, generator: np.random.Generator) -> Array:
    """Each step its own value, as months have."""
    return white(shape, generator)


def single(shape: Shape, generator: np.random.Generator) -> Array:
    """Alike but for one or two steps, as trade in December or in the holidays."""
    steps = shape.time.astype(np.int64)
    one, other = (generator.integers(0, shape.steps, (shape.rows, 1)) for _ in range(2))
    second = generator.normal(0, 0.7, (shape.rows, 1)) * (generator.random((shape.rows, 1)) < 0.5)
    return np.asarray((steps == one) + second * (steps == other) + 0.1 * white(shape, generator))


def rough(shape: Shape, generator: np.random.Generator) -> Array:
    """A walk that ends where it began."""
    walk = white(shape, generator).cumsum(1)
    return np.asarray(walk - shape.time / max(shape.steps - 1, 1) * walk[:, -1:])


def profile(shape: Shape, generator: np.random.Generator) -> Array:
    """One season of any kind, ``[B, season]``, of deviation 1."""
    any_step = 5.0 if shape.season < 8 or shape.season == 12 else 0.3  # months and weekdays are no smooth curves
    kinds: dict[Draw, float] = {
        waves: 3.0, bumps: 3.0, daylight: 1.0, hours: 0.7, anyhow: any_step, rough: 1.0, single: any_step / 3.0,
    }  # fmt: skip
    one = Shape(shape.rows, shape.season, shape.season)
    return standardised(mixed(one, generator, kinds))


def repeated(shape: Shape, generator: np.random.Generator) -> Array:
    """A profile again and again, from any phase; on some rows it changes slowly into another."""
    steps = shape.time.astype(np.int64) + generator.integers(0, shape.season, (shape.rows, 1))
    row = np.arange(shape.rows)[:, None]
    first = profile(shape, generator)[row, steps % shape.season]
    other = profile(shape, generator)[row, steps % shape.season]
    changing = column(generator.random(shape.rows) < 0.35) * column(generator.uniform(0.1, 1.0, shape.rows))
    share = changing / (1.0 + np.exp(-remembering(shape, generator) * 1.5))
    return np.asarray(first * (1.0 - share) + other * share)


def longer(shape: Shape, generator: np.random.Generator) -> Array:
    """The longer season as levels of the shorter ones in it: resting days, busy months. ``[B, T]`` about 0.

    None to three places rest; on some rows others rest too, once in a while and by no rule that a forecast could know.
    """
    if not shape.long:
        return np.zeros((shape.rows, shape.steps))
    count = shape.long // shape.season
    levels = generator.normal(size=(shape.rows, count)) * 0.25
    resting = generator.integers(0, count, (shape.rows, 1))
    places = (np.arange(count)[None] - resting) % count
    rest = column(np.abs(generator.normal(0, 1.0, shape.rows)))
    levels -= np.where(places < generator.choice([0, 1, 2, 3], (shape.rows, 1), p=[0.1, 0.2, 0.6, 0.1]), rest, 0.0)
    turn = (np.arange(shape.steps)[None] + generator.integers(0, shape.long, (shape.rows, 1))) // shape.season
    row = np.arange(shape.rows)[:, None]
    holidays = generator.random((shape.rows, int(turn.max()) + 1)) < column(
        (generator.random(shape.rows) < 0.3) * generator.uniform(0.0, 0.05, shape.rows)
    )
    return standardised(levels[row, turn % count] - np.where(holidays[row, turn], rest, 0.0))


def weekly(shape: Shape, generator: np.random.Generator) -> Array:
    """Two profiles, one for working and one for resting days, ordered by the longer season."""
    quiet = longer(shape, generator)
    working, resting = repeated(shape, generator), repeated(shape, generator)
    alike = column(generator.uniform(0.3, 1.0, shape.rows))
    share = 1.0 / (1.0 + np.exp(3.0 * quiet + 2.0))
    other = alike * working + (1 - alike) * resting
    calm = column(generator.uniform(0.2, 1.0, shape.rows))
    return np.asarray(
        working * (1 - share) + other * calm * share + quiet * column(generator.uniform(0, 1, shape.rows))
    )


def seasonal(shape: Shape, generator: np.random.Generator) -> Array:
    """Seasons of every kind, of deviation 1; zero where the season is one step. The amplitude breathes on some rows."""
    if shape.season == 1:
        return np.zeros((shape.rows, shape.steps))
    found = mixed(shape, generator, {repeated: 1.0, weekly: 1.5 if shape.long else 0.0})
    breathing = column(generator.random(shape.rows) < 0.4) * log_uniform(generator, 0.1, 0.8, shape.rows)
    return standardised(found * np.exp(breathing * log_spread(shape, generator)))
