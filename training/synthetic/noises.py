"""What is left when the regular is taken away: memory, weight in the tails, calm and rough times."""

import numpy as np
from scipy.signal import lfilter

from training.synthetic.shape import Array, Draw, Shape, column, mixed, standardised


def white(shape: Shape, generator: np.random.Generator) -> Array:
    """Independent normal values."""
    return generator.normal(size=(shape.rows, shape.steps))


def heavy(shape: Shape, generator: np.random.Generator) -> Array:
    """Independent values of Student's t, 2.2 to 8 degrees of freedom."""
    freedom = column(generator.uniform(2.2, 8.0, shape.rows))
    return standardised(generator.standard_t(np.broadcast_to(freedom, (shape.rows, shape.steps))))


def filtered(values: Array, ahead: Array, back: Array) -> Array:
    """Each row through its own recursion ``y_t = sum ahead_k x_{t-k} - sum back_k y_{t-k}``, ``[B, k + 1]`` each."""
    return np.stack([lfilter(b, a, x) for x, b, a in zip(values, ahead, back, strict=True)])


def remembering(shape: Shape, generator: np.random.Generator) -> Array:
    """First-order autoregression, from barely to nearly a random walk."""
    memory = 1.0 - np.exp(generator.uniform(np.log(0.004), np.log(0.8), shape.rows))
    shocks = mixed(shape, generator, {white: 3.0, heavy: 1.0})
    ones = np.ones_like(memory)
    return standardised(filtered(shocks, ones[:, None], np.stack([ones, -memory], 1)))


def swinging(shape: Shape, generator: np.random.Generator) -> Array:
    """Second-order autoregression with complex roots: cycles that lose their phase."""
    radius = 1.0 - np.exp(generator.uniform(np.log(0.003), np.log(0.3), shape.rows))
    period = np.exp(generator.uniform(np.log(4.0), np.log(max(shape.steps / 3.0, 8.0)), shape.rows))
    ones = np.ones_like(radius)
    back = np.stack([ones, -2.0 * radius * np.cos(2 * np.pi / period), radius * radius], 1)
    return standardised(filtered(white(shape, generator), ones[:, None], back))


def averaged(shape: Shape, generator: np.random.Generator) -> Array:
    """First-order autoregression with one moving-average term (ARMA)."""
    memory, term = generator.uniform(-0.5, 0.95, shape.rows), generator.uniform(-0.9, 0.9, shape.rows)
    ones = np.ones_like(memory)
    return standardised(filtered(white(shape, generator), np.stack([ones, term], 1), np.stack([ones, -memory], 1)))


def clustered(shape: Shape, generator: np.random.Generator) -> Array:
    """Calm and rough times: the logarithm of the spread wanders (stochastic volatility)."""
    rough = log_spread(shape, generator)
    return standardised(mixed(shape, generator, {white: 1.0, remembering: 1.0}) * np.exp(rough))


def log_spread(shape: Shape, generator: np.random.Generator) -> Array:
    """A slowly wandering logarithm, of deviation 0.2 to 1."""
    memory = 1.0 - np.exp(generator.uniform(np.log(0.003), np.log(0.1), shape.rows))
    ones = np.ones_like(memory)
    wandering = filtered(white(shape, generator), ones[:, None], np.stack([ones, -memory], 1))
    return standardised(wandering) * column(generator.uniform(0.2, 1.0, shape.rows))


def noise(shape: Shape, generator: np.random.Generator) -> Array:
    """Any of them, each row of deviation 1."""
    kinds: dict[Draw, float] = {white: 2.0, heavy: 1.0, remembering: 4.0, swinging: 1.0, averaged: 1.0, clustered: 1.0}
    return mixed(shape, generator, kinds)
