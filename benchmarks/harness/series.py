"""Series that look like a load: a daily and a weekly wave, and noise."""

import numpy as np


def series_of(length: int) -> list[float]:
    """The first values of one, the same at every call."""
    hours = np.arange(length)
    random = np.random.default_rng(length)
    wave = 10 * np.sin(hours / 24 * 2 * np.pi) + 4 * np.sin(hours / 168 * 2 * np.pi)
    values: list[float] = np.round(100 + wave + random.normal(size=length), 3).tolist()
    return values
