"""Windows in units of scale, their gaps filled, and the naive forecasts made of them.

The forecasts are those of ``statecast.naive_forecasts``. Shapes: R look-back, m season, S segments of L steps,
E naive forecasts. Those of one origin are ``[S, E, L]``.
"""

from typing import NamedTuple

import numpy as np

from statecast.compiled.arithmetic.kernel import ZERO, Floats, Integers, Network, Number, inlined, kernel, summing
from statecast.compiled.parts.reading import inverse_of
from statecast.naive_forecasts import NAIVE_FORECASTS

_QUARTER = np.float32(0.25)
USUAL = 8
"""Steps of a segment for which there is code of its own: one vector register holds them."""
(
    _LAST, _SEASON, _FOUR_SEASONS, _SLOW_LEVEL, _LEVEL, _DRIFT, _SEVEN_SEASONS, _SEASON_WITH_DRIFT, _SHAPE, _LONG_SHAPE,
) = range(len(NAIVE_FORECASTS))  # fmt: skip


class SeasonScratch(NamedTuple):
    """Room for a scaled window ``[R]``, and ``[m]`` the mean of four seasons, the shape of all, and a count."""

    scaled: Floats
    four: Floats
    shape: Floats
    seen: Floats


@kernel
def new_season_scratch(n: Network) -> SeasonScratch:
    """Allocate what the windows and naive forecasts of one origin need.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``

    Returns
    -------
    SeasonScratch
        Not initialised.
    """
    return SeasonScratch(
        np.empty(n.lookback_length, np.float32),
        np.empty(n.season, np.float32),
        np.empty(n.season, np.float32),
        np.empty(n.season, np.float32),
    )


@kernel
def fill_window(n: Network, raw: Floats, loc: float, scale: float, scaled: Floats, window: Floats) -> None:
    """Scale a window, and fill its gaps: with the value one season before, else with 0, the slow level.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    raw : Floats, shape [R], the compressed target, NaN where missing
    loc : float, level, in the compressed target's unit
    scale : float, spread, in the same unit; 0 for none
    scaled : Floats, shape [R], overwritten: in units of scale, gaps left as they are
    window : Floats, shape [R], overwritten: in units of scale, without gaps
    """
    inverse, missing = inverse_of(scale), 0
    for i in range(n.lookback_length):
        scaled[i] = np.float32((np.float64(raw[i]) - loc) * inverse)
    for i in range(n.lookback_length):
        missing += scaled[i] != scaled[i]
    if missing == 0:
        for i in range(n.lookback_length):
            window[i] = scaled[i]
        return
    for i in range(n.lookback_length):
        value = scaled[i]
        if value != value and i >= n.season:
            value = scaled[i - n.season]
        window[i] = value if value == value else ZERO


@summing
def _mean(values: Floats, count: int) -> Number:
    total = ZERO
    for i in range(count):
        total += values[i]
    return total / np.float32(count)


@summing
def _long_shape(n: Network, window: Floats, shape: Floats, seen: Floats) -> None:
    """Mean deviation of each place of the season from its season's mean, over what has been seen."""
    season = n.season
    first = n.lookback_length - n.lookback_length // season * season
    for i in range(season):
        shape[i] = ZERO
        seen[i] = ZERO
    for begin in range(first, n.lookback_length, season):
        values = window[begin : begin + season]
        total, count = ZERO, 0
        for i in range(season):
            total += values[i]
            count += values[i] != ZERO
        mean = total / np.float32(max(count, 1))
        for i in range(season):
            there = np.float32(values[i] != ZERO)
            shape[i] += (values[i] - mean) * there
            seen[i] += there
    for i in range(season):
        shape[i] /= max(seen[i], np.float32(1))


@kernel
def naive_forecasts(
    n: Network, chosen: Integers, window: Floats, segments: int, found: Floats, s: SeasonScratch
) -> None:
    """Write the naive forecasts that a network uses, each a line plus, for most of them, values that repeat.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    chosen : Integers, shape [E], places in ``NAIVE_FORECASTS``
    window : Floats, shape [R], in units of scale, without gaps
    segments : int, S, to forecast
    found : Floats, flat [S, E, L], overwritten, in units of scale
    s : SeasonScratch, overwritten
    """
    season, size, step_count = n.season, n.lookback_length, n.segment_length
    length = season if season >= 4 else min(8, size // 2)
    level = _mean(window[size - length :], length)
    drift = level - _mean(window[size - 2 * length :], length)
    first, second = window[size - 4 * season :], window[size - 3 * season :]
    third, fourth = window[size - 2 * season :], window[size - season :]
    four = s.four
    for i in range(season):
        four[i] = (first[i] + second[i] + third[i] + fourth[i]) * _QUARTER
    weekly, last = window[size - 7 * season :], window[size - 1]
    for e in range(n.naive_forecasts):
        kind = chosen[e]
        line, slope, repeated, period = ZERO, ZERO, fourth, season
        if kind == _LAST:
            line, period = last, 0
        elif kind == _SLOW_LEVEL:
            period = 0
        elif kind == _LEVEL:
            line, period = level, 0
        elif kind == _DRIFT:
            line, slope, period = level, drift / np.float32(length), 0
        elif kind == _SEASON_WITH_DRIFT:
            line = drift
        elif kind == _FOUR_SEASONS:
            repeated = four
        elif kind == _SHAPE:
            line, repeated = level - _mean(four, season), four
        elif kind == _SEVEN_SEASONS:
            repeated, period = weekly, 7 * season
        elif kind == _LONG_SHAPE:
            _long_shape(n, window, s.shape, s.seen)
            line, repeated = level, s.shape
        if step_count == USUAL:
            _write(found, e, n.naive_forecasts, segments, line, slope, repeated, period, USUAL)
        else:
            _write(found, e, n.naive_forecasts, segments, line, slope, repeated, period, step_count)


@inlined
def _write(
    found: Floats, e: int, count: int, segments: int, line: Number, slope: Number, repeated: Floats, period: int,
    length: int,
) -> None:  # fmt: skip
    """Write one naive forecast into its place in every segment."""
    at = 0
    for segment in range(segments):
        first = (segment * count + e) * length
        out = found[first : first + length]
        if slope != ZERO:
            for step in range(length):
                out[step] = line + slope * np.float32(segment * length + step + 1)
        elif period == 0:
            for step in range(length):
                out[step] = line
        elif at + length <= period:
            values = repeated[at : at + length]
            for step in range(length):
                out[step] = line + values[step]
        else:
            for step in range(length):
                out[step] = line + repeated[(at + step) % period]
        at = (at + length) % period if period > 0 else 0
