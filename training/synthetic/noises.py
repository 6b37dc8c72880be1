"""What is left when the regular is taken away: memory, weight in the tails, calm and rough times."""

from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

from training.synthetic.shape import Array, Rows, Shape, mixed, standardised, weighed


def white(shape: Shape, generator: np.random.Generator) -> Array:
    """Independent normal values. See ``Draw.__call__``."""
    return generator.standard_normal((shape.rows, shape.steps))


def heavy(shape: Shape, generator: np.random.Generator) -> Array:
    """Independent values of Student's t with 2.2 to 8 degrees of freedom. See ``Draw.__call__``."""
    found = np.empty((shape.rows, shape.steps))
    # One call a row: drawing by an array of degrees takes half as long again.
    for row, freedom in enumerate(generator.uniform(2.2, 8.0, shape.rows).tolist()):
        found[row] = generator.standard_t(freedom, shape.steps)
    return standardised(found)


def filtered(values: Array, ahead: Array, back: Array) -> Array:
    """Run each row through its own recursion ``y_t = sum_k ahead_k x_{t-k} - sum_k back_k y_{t-k}``.

    Parameters
    ----------
    values : ndarray, shape [B, T]
        The inputs x.
    ahead : ndarray, shape [B, K]
        Weights of the inputs, that of the latest first.
    back : ndarray, shape [B, L]
        Weights of the outputs; the first is 1, that of ``y_t`` itself.

    Returns
    -------
    ndarray, shape [B, T]
        The outputs y.
    """
    found = np.empty_like(values)
    for row, (x, b, a) in enumerate(zip(values, ahead, back, strict=True)):
        found[row] = lfilter(b, a, x)
    return found


def recalling(values: Array, memory: Array) -> Array:
    """Run each row through ``y_t = x_t + memory y_{t-1}``.

    Parameters
    ----------
    values : ndarray, shape [B, T]
        The inputs x.
    memory : ndarray, shape [B]
        Share of each output that stays in the next one.

    Returns
    -------
    ndarray, shape [B, T]
        The outputs y.

    Examples
    --------
    >>> recalling(np.array([[1.0, 0.0, 0.0]]), np.array([0.5])).tolist()
    [[1.0, 0.5, 0.25]]
    """
    back = np.ones((len(values), 2))
    back[:, 1] = -memory
    return filtered(values, back[:, :1], back)


class Memory(NamedTuple):
    """What a first-order autoregression is made of."""

    shocks: Array
    """``[B, T]`` shocks."""
    memory: Array
    """``[B]`` share of each step that stays in the next one."""

    def of(self, rows: Rows) -> "Memory":
        """Take some rows, so that nothing is computed for the others.

        Parameters
        ----------
        rows : ndarray of intp, shape [M]
            Which rows.

        Returns
        -------
        Memory
            Theirs.
        """
        return Memory(self.shocks[rows], self.memory[rows])

    def series(self) -> Array:
        """The autoregression, ``[B, T]``, each row about 0 with deviation 1."""
        return standardised(recalling(self.shocks, self.memory))


def remembering(shape: Shape, generator: np.random.Generator) -> Array:
    """First-order autoregression, from barely correlated to nearly a random walk. See ``Draw.__call__``."""
    return memories(shape, generator).series()


def memories(shape: Shape, generator: np.random.Generator) -> Memory:
    """Draw what ``remembering`` is made of.

    Parameters
    ----------
    shape : Shape
        Number of series and length.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    Memory
        Shocks, and shares of 0.2 to 0.996.
    """
    memory = 1.0 - np.exp(generator.uniform(np.log(0.004), np.log(0.8), shape.rows))
    return Memory(mixed(shape, generator, _SHOCKS), memory)


def swinging(shape: Shape, generator: np.random.Generator) -> Array:
    """Second-order autoregression with complex roots: cycles that lose their phase. See ``Draw.__call__``."""
    radius = 1.0 - np.exp(generator.uniform(np.log(0.003), np.log(0.3), shape.rows))
    period = np.exp(generator.uniform(np.log(4.0), np.log(max(shape.steps / 3.0, 8.0)), shape.rows))
    ones = np.ones_like(radius)
    back = np.stack([ones, -2.0 * radius * np.cos(2 * np.pi / period), radius * radius], 1)
    return standardised(filtered(white(shape, generator), ones[:, None], back))


def averaged(shape: Shape, generator: np.random.Generator) -> Array:
    """First-order autoregression with one moving-average term, ARMA(1, 1). See ``Draw.__call__``."""
    memory, term = generator.uniform(-0.5, 0.95, shape.rows), generator.uniform(-0.9, 0.9, shape.rows)
    ones = np.ones_like(memory)
    return standardised(filtered(white(shape, generator), np.stack([ones, term], 1), np.stack([ones, -memory], 1)))


def clustered(shape: Shape, generator: np.random.Generator) -> Array:
    """Calm and rough times: the logarithm of the spread is an autoregression. See ``Draw.__call__``.

    References
    ----------
    Taylor, S. J. (1986). Modelling financial time series. Wiley.
    """
    wandering, size = log_spreads(shape, generator)
    rough = wandering.series() * size
    return standardised(mixed(shape, generator, _CLUSTERED) * np.exp(rough))


def log_spreads(shape: Shape, generator: np.random.Generator) -> tuple[Memory, Array]:
    """Draw a slowly changing logarithm, and how far it changes.

    Parameters
    ----------
    shape : Shape
        Number of series and length.
    generator : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    tuple of Memory and ndarray
        What the logarithm is made of, and the deviation that it is to have, 0.2 to 1, ``[B, 1]``.
    """
    memory = 1.0 - np.exp(generator.uniform(np.log(0.003), np.log(0.1), shape.rows))
    return Memory(white(shape, generator), memory), generator.uniform(0.2, 1.0, (shape.rows, 1))


def noise(shape: Shape, generator: np.random.Generator) -> Array:
    """Noise of any kind in this file, each row with deviation 1. See ``Draw.__call__``."""
    return mixed(shape, generator, _NOISES)


_SHOCKS = weighed({white: 3.0, heavy: 1.0})
_CLUSTERED = weighed({white: 1.0, remembering: 1.0})
_NOISES = weighed({white: 2.0, heavy: 1.0, remembering: 4.0, swinging: 1.0, averaged: 1.0, clustered: 1.0})
