"""The forecast of a graph: from the next state to quantiles, as ``Forecaster.decode``.

Shapes: B series, R look-back, D width, E naive forecasts, S segments of L steps, F horizon, Q levels, m season.
"""

import math
from collections.abc import Callable

import numpy as np

from statecast.config import ForecasterConfig
from training.edge.exportable.network_weights import Array, NetworkWeights
from training.edge.graph.builder import GraphBuilder
from training.edge.graph.products import Products
from training.edge.integer.head import YOUNGEST, level_length


def add_forecast(b: GraphBuilder, products: Products, weights: NetworkWeights, config: ForecasterConfig) -> None:
    """Add what is forecast from the fields ``next_...``, down to the output ``quantiles``.

    Parameters
    ----------
    b : GraphBuilder
        Builds the graph.
    products : Products
        The network's.
    weights : NetworkWeights
        Segments and calibration.
    config : ForecasterConfig
        The network's.
    """
    period, segments, length = config.patch_length, config.segments, config.segment_length
    loc, scale = b.take("next_locs", period - 1, 1), b.take("next_scales", period - 1, 1)
    window = _window(b, config, loc, scale)
    naive = _naive_forecasts(b, config, window)
    hidden = b.take(b.take("next_hidden", period - 1, 1), config.layers - 1, 1)
    attended = b.add("Add", b.constant(weights.segments), b.widen(products.add("value", hidden), 1))
    known = products.add("naive", b.reshape(naive, 0, segments, length * len(config.naive_forecasts)))
    context = _gelu(b, products.add("mix", _gelu(b, b.add("Add", attended, known))))
    shares = b.add("Softmax", products.add("score", context), axis=-1)
    mixed = b.add("MatMul", b.reshape(naive, 0, segments, length, -1), b.widen(shares, 3))
    centre = b.cut(b.reshape(mixed, 0, segments * length), 0, config.horizon, 1)
    if config.linear_lookback:
        centre = b.add("Add", centre, products.add("lookback", window))
    away = b.reshape(products.add("head", context), 0, segments * length, len(config.quantile_levels))
    scaled = _spread(b, config, centre, b.cut(away, 0, config.horizon, 1), _stretches(b, weights, config))
    level = b.add("Add", "next_level", loc)
    out = b.add("Mul", b.cast(scaled, "float64"), b.widen(scale, 1, 2))
    b.add("Add", b.widen(level, 1, 2), out, name="quantiles")


def _spread(b: GraphBuilder, config: ForecasterConfig, centre: str, away: str, stretches: tuple[str, str]) -> str:
    """Quantiles ``[B, F, Q]``: a centre, and distances from it that only grow."""
    middle, levels = config.quantile_levels.index(0.5), len(config.quantile_levels)
    centre = b.widen(b.add("Add", centre, b.take(away, middle, 2)), 2)
    # Distances of one side added up outwards are a product with a triangle of ones.
    below = np.tril(np.ones((middle, middle), np.float32))
    above = np.triu(np.ones((levels - 1 - middle, levels - 1 - middle), np.float32))
    parts = [centre]
    if middle:
        distance = b.add("MatMul", b.add("Softplus", b.cut(away, 0, middle, 2)), b.constant(below))
        parts.insert(0, b.add("Sub", centre, b.add("Mul", distance, b.widen(stretches[0], 2))))
    if middle < levels - 1:
        distance = b.add("MatMul", b.add("Softplus", b.cut(away, middle + 1, levels, 2)), b.constant(above))
        parts.append(b.add("Add", centre, b.add("Mul", distance, b.widen(stretches[1], 2))))
    return b.add("Concat", *parts, axis=2)


def _stretches(b: GraphBuilder, weights: NetworkWeights, config: ForecasterConfig) -> tuple[str, str]:
    """How many times as far from the median quantiles lie, below and above it, ``[B, F]`` each."""
    half_life = float(config.half_life)
    age = b.add("Max", b.cast("next_count", "float64"), b.constant(np.asarray(half_life * YOUNGEST)))
    lives = b.cast(b.add("Div", b.constant(np.asarray(half_life)), age), "float32")

    def by_step(values: Array) -> str:
        return b.constant(np.repeat(values, config.segment_length)[: config.horizon])

    wider = b.add("Mul", b.widen(lives, 1), by_step(weights.widening))
    below, above = (b.add("Exp", b.add("Add", wider, by_step(side))) for side in weights.offsets)
    return below, above


def _window(b: GraphBuilder, config: ForecasterConfig, loc: str, scale: str) -> str:
    """The look-back ``[B, R]`` in units of scale, gaps filled with the value one season before, else with 0."""
    inverse, _ = inverse_of(b, scale)
    away = b.add("Sub", b.cast("next_lookback", "float64"), b.widen(loc, 1))
    scaled = b.cast(b.add("Mul", away, b.widen(inverse, 1)), "float32")
    missing = b.add("IsNaN", scaled)
    there = b.add("Where", missing, b.constant(np.asarray(0.0, np.float32)), scaled)
    # What lies a season before the first values is 0; gaps there are 0 anyhow.
    first = b.add("Mul", b.cut(there, 0, config.season, 1), b.constant(np.asarray(0.0, np.float32)))
    earlier = b.add("Concat", first, b.cut(there, 0, config.lookback_length - config.season, 1), axis=1)
    return b.add("Where", missing, earlier, there)


def _naive_forecasts(b: GraphBuilder, config: ForecasterConfig, window: str) -> str:
    """The naive forecasts ``[B, S L, E]``, as ``compute_naive_forecasts``."""
    season, size, length = config.season, config.lookback_length, level_length(config)
    steps = np.arange(config.segments * config.segment_length)
    place = steps % season

    def mean(x: str, axis: int, keep: int = 1) -> str:
        return b.add("ReduceMean", x, axes=[axis], keepdims=keep)

    def repeated(x: str) -> str:
        return b.add("Add", x, b.constant(np.zeros(steps.size, np.float32)))

    level = mean(b.cut(window, size - length, size, 1), 1)
    drift = b.add("Sub", level, mean(b.cut(window, size - 2 * length, size - length, 1), 1))
    four = mean(b.reshape(b.cut(window, size - 4 * season, size, 1), 0, 4, season), 1, 0)
    slope = b.add("Div", drift, b.constant(np.asarray(length, np.float32)))
    again = b.take(window, size - season + place, 1)
    shape = b.add("Sub", b.take(four, place, 1), mean(four, 1))
    made: dict[str, Callable[[], str]] = {
        "last value": lambda: repeated(b.cut(window, size - 1, size, 1)),
        "season": lambda: again,
        "mean of four seasons": lambda: b.take(four, place, 1),
        "slow level": lambda: b.add("Mul", again, b.constant(np.asarray(0.0, np.float32))),
        "level of the last season": lambda: repeated(level),
        "level with drift": lambda: b.add(
            "Add", level, b.add("Mul", slope, b.constant((steps + 1).astype(np.float32)))
        ),
        "seven seasons ago": lambda: b.take(window, size - 7 * season + steps % (7 * season), 1),
        "season with drift": lambda: b.add("Add", again, drift),
        "shape of four seasons on the last level": lambda: b.add("Add", shape, level),
        "shape of all seasons on the last level": lambda: b.add(
            "Add", b.take(_long_shape(b, config, window), place, 1), level
        ),
    }
    return b.add("Concat", *(b.widen(made[name](), 2) for name in config.naive_forecasts), axis=2)


def _long_shape(b: GraphBuilder, config: ForecasterConfig, window: str) -> str:
    """Mean deviation of each place of the season from its season's mean, ``[B, m]``, over what has been seen."""
    season, size = config.season, config.lookback_length
    zero, one = (b.constant(np.asarray(value, np.float32)) for value in (0.0, 1.0))
    seasons = b.reshape(b.cut(window, size % season, size, 1), 0, size // season, season)
    seen = b.add("Where", b.add("Equal", seasons, zero), zero, one)

    def total(x: str, axis: int, keep: int) -> str:
        return b.add("ReduceSum", x, b.constant(np.asarray([axis], np.int64)), keepdims=keep)

    mean = b.add("Div", total(seasons, 2, 1), b.add("Max", total(seen, 2, 1), one))
    away = b.add("Mul", b.add("Sub", seasons, mean), seen)
    return b.add("Div", total(away, 1, 0), b.add("Max", total(seen, 1, 0), one))


def _gelu(b: GraphBuilder, x: str) -> str:
    """``x`` times the share of a standard normal distribution below it."""
    half, one = (b.constant(np.asarray(value, np.float32)) for value in (0.5, 1.0))
    share = b.add("Erf", b.add("Mul", x, b.constant(np.asarray(math.sqrt(0.5), np.float32))))
    return b.add("Mul", b.add("Mul", x, half), b.add("Add", share, one))


def inverse_of(b: GraphBuilder, scale: str) -> tuple[str, str]:
    """Add 1 / scale, 0 where a series has no spread, and whether it has.

    Parameters
    ----------
    b : GraphBuilder
        Builds the graph.
    scale : str
        ``[B]`` float64.

    Returns
    -------
    tuple of str
        ``[B]`` float64 and ``[B]`` bool.
    """
    zero, one = (b.constant(np.asarray(value)) for value in (0.0, 1.0))
    moves = b.add("Greater", scale, zero)
    return b.add("Where", moves, b.add("Div", one, b.add("Where", moves, scale, one)), zero), moves
