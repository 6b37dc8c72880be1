"""Where a series goes when its season is taken away: ``[B, T]``; ``trend`` gives each row deviation 1, or 0."""

import numpy as np

from training.synthetic.noises import heavy, remembering, white
from training.synthetic.shape import Array, Shape, column, log_uniform, mixed, standardised, weighed


def level(shape: Shape, _generator: np.random.Generator) -> Array:
    """No trend. See ``Draw.__call__``."""
    return np.zeros((shape.rows, shape.steps))


def straight(shape: Shape, generator: np.random.Generator) -> Array:
    """Up or down at one pace. See ``Draw.__call__``."""
    return np.asarray(shape.time * generator.choice([-1.0, 1.0], (shape.rows, 1)))


def broken(shape: Shape, generator: np.random.Generator) -> Array:
    """Straight pieces that meet; up to six bends. See ``Draw.__call__``."""
    bends = generator.random((shape.rows, 6)) * shape.steps * np.where(generator.random((shape.rows, 6)) < 0.5, 1, 9)
    turns = generator.standard_normal((shape.rows, 6))
    pieces = np.maximum(shape.time[:, None] - bends[..., None], 0.0) * turns[..., None]
    return np.asarray(pieces.sum(1) + shape.time * generator.standard_normal((shape.rows, 1)))


def walking(shape: Shape, generator: np.random.Generator) -> Array:
    """A random walk, with drift at times. See ``Draw.__call__``."""
    steps = mixed(shape, generator, _STEPS)
    drift = column(generator.normal(0, 0.1, shape.rows) * (generator.random(shape.rows) < 0.4))
    return (steps + drift).cumsum(1)


def gliding(shape: Shape, generator: np.random.Generator) -> Array:
    """A walk whose pace is autocorrelated: smooth, with momentum. See ``Draw.__call__``."""
    return remembering(shape, generator).cumsum(1)


def jumping(shape: Shape, generator: np.random.Generator) -> Array:
    """Constant but for a few jumps of level. See ``Draw.__call__``."""
    rate = log_uniform(generator, 1.0 / shape.steps, 12.0 / shape.steps, shape.rows)
    jumps = generator.random((shape.rows, shape.steps)) < rate
    return np.where(jumps, generator.standard_normal(jumps.shape), 0.0).cumsum(1)


def waving(shape: Shape, generator: np.random.Generator) -> Array:
    """A long cycle, as of a year or an economy: 0.3 to 6 turns of it and of its second harmonic.

    See ``Draw.__call__``.
    """
    turns = log_uniform(generator, 0.3, 6.0, shape.rows)
    phase = 2 * np.pi * (turns * shape.time / shape.steps + generator.random((shape.rows, 1)))
    second = generator.normal(0, 0.3, (shape.rows, 1))
    return np.sin(phase) + second * np.sin(2 * phase + 1.0)


def saturating(shape: Shape, generator: np.random.Generator) -> Array:
    """Growth that ends: a logistic curve. See ``Draw.__call__``."""
    middle = generator.uniform(0.1, 1.2, (shape.rows, 1)) * shape.steps
    pace = log_uniform(generator, 3.0, 20.0, shape.rows) / shape.steps
    return 1.0 / (1.0 + np.exp(-pace * (shape.time - middle)))


def trend(shape: Shape, generator: np.random.Generator) -> Array:
    """A trend of any kind in this file, each row with deviation 1 or constant. See ``Draw.__call__``."""
    return standardised(mixed(shape, generator, _TRENDS))


_STEPS = weighed({white: 2.0, heavy: 1.0})
_TRENDS = weighed({
    level: 3.0, straight: 1.5, broken: 1.5, walking: 2.0, gliding: 1.0, jumping: 1.0, waving: 2.0, saturating: 0.5,
})  # fmt: skip
