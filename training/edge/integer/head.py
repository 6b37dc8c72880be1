"""From look-back and hidden vector to quantiles in units of scale: the int8 form of ``Forecaster._decode``.

Shapes: B series, R look-back, D width, E naive forecasts, S segments of L steps, F horizon, Q levels, m season.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from statecast.config import ForecasterConfig
from statecast.naive_forecasts import NAIVE_FORECASTS
from training.edge.exportable.network_weights import NetworkWeights
from training.edge.exportable.quantization import IntegerProduct
from training.edge.integer.arithmetic import activate, hidden_activations, mean, multiply, softmax
from training.edge.integer.elementary import ONE, ZERO, Floats, exp, gelu, softplus

YOUNGEST = 0.1
"""As in ``statecast.uncertainty.calibration``."""
_QUARTER = np.float32(0.25)


def level_length(config: ForecasterConfig) -> int:
    """Steps that a level is the mean of, as in ``compute_naive_forecasts``.

    Parameters
    ----------
    config : ForecasterConfig
        Of the network.

    Returns
    -------
    int
        A season, or less than that where it is short.
    """
    return config.season if config.season >= 4 else min(8, config.lookback_length // 2)


def forecast_scaled(
    parameters: NetworkWeights,
    products: Mapping[str, IntegerProduct],
    window: Floats,
    hidden: NDArray[np.int16],
    count: NDArray[np.int64],
) -> Floats:
    """Forecast in units of scale.

    Parameters
    ----------
    parameters : NetworkWeights
        Segments and calibration.
    products : mapping of str to IntegerProduct
        What ``quantize_all`` gave.
    window : array
        ``[B, R]`` in units of scale, without gaps.
    hidden : array
        ``[B, D]``, the newest hidden vector of the top layer.
    count : array
        ``[B]``, steps read.

    Returns
    -------
    array
        Calibrated quantiles ``[B, F, Q]``, ascending.
    """
    config = parameters.config
    levels, length, segments = len(config.quantile_levels), config.segment_length, config.segments
    naive = naive_forecasts(config, window).reshape(len(window), segments, length, -1)
    value = multiply(products["value"], hidden_activations(hidden.astype(np.int32)))
    known = multiply(products["naive"], activate(naive.reshape(*naive.shape[:2], -1), products["naive"].limit))
    context = gelu((parameters.segments + value[:, None]) + known)
    mixed = gelu(multiply(products["mix"], activate(context, products["mix"].limit)))
    whole = activate(mixed, products["head"].limit)
    shares = softmax(multiply(products["score"], whole))
    centre = np.zeros(naive.shape[:3], np.float32)
    for e in range(naive.shape[-1]):
        centre = centre + shares[:, :, e, None] * naive[..., e]
    away = multiply(products["head"], whole).reshape(len(window), segments * length, levels)
    centre = centre.reshape(len(window), -1)
    if "lookback" in products:
        ahead = multiply(products["lookback"], activate(window, products["lookback"].limit))
        centre[:, : config.horizon] = centre[:, : config.horizon] + ahead
    below, above = (np.repeat(one, length, axis=1) for one in _stretches(parameters, count))
    return _spread(config, centre, away, below, above)[:, : config.horizon]


def _spread(config: ForecasterConfig, centre: Floats, away: Floats, below: Floats, above: Floats) -> Floats:
    """Quantiles ``[B, S L, Q]``: a centre, and distances from it that only grow."""
    middle, levels = config.quantile_levels.index(0.5), away.shape[-1]
    centre = centre + away[..., middle]
    distance, found = softplus(away), np.empty_like(away)
    found[..., middle] = centre
    total = np.zeros_like(centre)
    for q in range(middle + 1, levels):
        total = total + distance[..., q]
        found[..., q] = centre + total * above
    total = np.zeros_like(centre)
    for q in range(middle - 1, -1, -1):
        total = total + distance[..., q]
        found[..., q] = centre - total * below
    return found


def _stretches(parameters: NetworkWeights, count: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """How many times as far from the median quantiles lie, below and above it, ``[B, S]`` each."""
    half_life = parameters.config.half_life
    age = np.maximum(count.astype(np.float64), half_life * YOUNGEST)
    lives = (half_life / age).astype(np.float32)
    wider = lives[:, None] * parameters.widening
    return exp(parameters.offsets[0] + wider), exp(parameters.offsets[1] + wider)


def naive_forecasts(config: ForecasterConfig, window: Floats) -> Floats:
    """Compute naive forecasts side by side, as ``compute_naive_forecasts`` does.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.
    window : array
        ``[B, R]`` in units of scale, without gaps.

    Returns
    -------
    array
        ``[B, S L, E]``.
    """
    season, size = config.season, window.shape[1]
    length = level_length(config)
    level = mean(window[:, size - length :])[:, None]
    drift = level - mean(window[:, size - 2 * length : size - length])[:, None]
    first, second, third, last = (window[:, size - k * season :][:, :season] for k in (4, 3, 2, 1))
    four = (((first + second) + third) + last) * _QUARTER
    middle = mean(four)[:, None]
    steps = np.arange(config.segments * config.segment_length)
    place, ahead = steps % season, (steps + 1).astype(np.float32)
    slope = drift / np.float32(length)
    flat = np.zeros((len(window), steps.size), np.float32)
    found = (
        flat + window[:, -1:], last[:, place], four[:, place], flat, flat + level, level + slope * ahead,
        window[:, size - 7 * season :][:, steps % (7 * season)], last[:, place] + drift,
        (four[:, place] - middle) + level,
        _long_shape(window, season)[:, place] + level,
    )  # fmt: skip
    return np.stack([found[NAIVE_FORECASTS.index(name)] for name in config.naive_forecasts], axis=-1)


def _long_shape(window: Floats, season: int) -> Floats:
    """Mean deviation of each place of the season from its season's mean, ``[B, m]``, over what has been seen."""
    size = window.shape[1]
    shape: Floats = np.zeros((len(window), season), np.float32)
    counts: Floats = np.zeros((len(window), season), np.float32)
    for begin in range(size - size // season * season, size, season):
        values = window[:, begin : begin + season]
        seen = np.asarray(values != ZERO, dtype=np.float32)
        total = np.cumsum(values, axis=1, dtype=np.float32)[:, -1]
        there = np.cumsum(seen, axis=1, dtype=np.float32)[:, -1]
        average = total / np.maximum(there, ONE)
        shape = np.asarray(shape + (values - average[:, None]) * seen, dtype=np.float32)
        counts = counts + seen
    return np.asarray(shape / np.maximum(counts, ONE), dtype=np.float32)
