"""What sensors and people do to a series: outages, spikes, shifts, coarse steps, hanging values, gaps."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.shape import Array, log_uniform


def stretches(values: Array, generator: np.random.Generator, longest: float = 0.1) -> NDArray[np.bool_]:
    """One stretch in each row, anywhere, up to a share of its length, ``[B, T]``."""
    rows, steps = values.shape
    length = log_uniform(generator, 1.0, max(steps * longest, 2.0), rows)
    begin = generator.random((rows, 1)) * steps
    time = np.arange(steps)[None]
    return np.asarray((time >= begin) & (time < begin + length))


def some(values: Array, generator: np.random.Generator, share: float) -> NDArray[np.bool_]:
    """Which rows are struck, ``[B, 1]``."""
    return generator.random((len(values), 1)) < share


def damage(values: Array, generator: np.random.Generator) -> Array:
    """Strike some rows with each kind; what is given is about 0 with deviation 1 or so, and is not changed."""
    rows, steps = values.shape
    spread = values.std(1, keepdims=True)
    low = values.min(1, keepdims=True)
    struck = values.copy()
    shift = stretches(values, generator, 1.0) & some(values, generator, 0.03)
    struck += shift * generator.normal(0, 1.5, (rows, 1)) * spread
    spikes = (generator.random((rows, steps)) < log_uniform(generator, 0.0005, 0.01, rows)) & some(
        values, generator, 0.08
    )
    struck += spikes * generator.standard_t(2.5, (rows, steps)) * 3.0 * spread
    off = stretches(values, generator) & some(values, generator, 0.04)
    struck = np.where(off, np.where(generator.random((rows, 1)) < 0.5, low, 0.0), struck)
    hanging = stretches(values, generator, 0.05) & some(values, generator, 0.03)
    begin = np.where(hanging.any(1), hanging.argmax(1), 0)
    struck = np.where(hanging, struck[np.arange(rows), begin][:, None], struck)
    step = log_uniform(generator, 0.02, 0.5, rows) * np.where(spread > 0, spread, 1.0)
    struck = np.where(some(values, generator, 0.15), np.round(struck / step) * step, struck)
    least = np.quantile(struck, generator.uniform(0.02, 0.4), axis=1, keepdims=True)
    struck = np.where(some(values, generator, 0.04), np.maximum(struck, least), struck)
    most = np.quantile(struck, generator.uniform(0.7, 0.99), axis=1, keepdims=True)
    return np.asarray(np.where(some(values, generator, 0.03), np.minimum(struck, most), struck))


def gaps(values: Array, generator: np.random.Generator) -> NDArray[np.bool_]:
    """What is missing: single values, stretches, and the first few of some rows, so that lives begin anywhere."""
    rows, steps = values.shape
    single = (generator.random((rows, steps)) < log_uniform(generator, 0.002, 0.2, rows)) & some(
        values, generator, 0.08
    )
    long = stretches(values, generator, 0.15) & some(values, generator, 0.06)
    begin = generator.integers(0, 33, (rows, 1)) * some(values, generator, 0.15)
    before = np.arange(steps)[None] < np.minimum(begin, steps // 8)
    return np.asarray(single | long | before)
