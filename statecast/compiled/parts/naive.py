"""Windows in units of scale, their gaps filled, and what the naive forecasts are made of.

The forecasts are those of ``statecast.naive_forecasts``. All ten are sums of a few things with whole weights: four
shapes that repeat (the last season, the mean of four, seven seasons ago, the shape of all) and a line, which is the
last value, the level, its drift, the mean of the four seasons, and how far the drift led up to the segment. So
``4 L + 5`` numbers say for a segment what ``E L`` would, and a product with them is half the work;
``statecast.compiled.network`` adds up its weights accordingly. Shapes: R look-back, m season, S segments of L steps,
padded to eight, E naive forecasts.
"""

import numpy as np

from statecast.compiled.arithmetic.kernel import ONE, ZERO, Floats, Network, Number, kernel, summing
from statecast.compiled.arithmetic.lanes import COUNT, all_eight, eight, present, put, total
from statecast.compiled.parts.reading import inverse_of

_QUARTER = np.float32(0.25)


@kernel
def shapes_of(n: Network) -> int:
    """Numbers that say all naive forecasts of a segment.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    """
    numbers: int = 4 * n.segment_span + 5
    return numbers


@kernel
def fill_window(n: Network, raw: Floats, loc: float, scale: float, window: Floats) -> None:
    """Scale a window, and fill its gaps: with the value one season before, else with 0, the slow level.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    raw : Floats, shape [R], the compressed target, NaN where missing
    loc : float, level, in the compressed target's unit
    scale : float, spread, in the same unit; 0 for none
    window : Floats, shape [R], overwritten: in units of scale, without gaps
    """
    inverse, missing = inverse_of(scale), 0
    for i in range(n.lookback_length):
        window[i] = np.float32((np.float64(raw[i]) - loc) * inverse)
    for i in range(n.lookback_length):
        missing += window[i] != window[i]
    if missing == 0:
        return
    for i in range(n.lookback_length - 1, -1, -1):  # backwards: a gap takes what was observed, never another's filling
        value = window[i]
        if value != value and i >= n.season:
            value = window[i - n.season]
        window[i] = value if value == value else ZERO


@summing
def _mean(values: Floats, count: int) -> Number:
    total = ZERO
    for i in range(count):
        total += values[i]
    return total / np.float32(count)


@kernel
def _long_shape(n: Network, window: Floats, shape: Floats, seen: Floats) -> None:
    """Mean deviation of each place of the season from its season's mean, over what has been seen."""
    season, whole = n.season, n.season // COUNT * COUNT
    first = n.lookback_length - n.lookback_length // season * season
    for i in range(season):
        shape[i] = ZERO
        seen[i] = ZERO
    for begin in range(first, n.lookback_length, season):
        values = window[begin:]
        sums, counts = all_eight(ZERO), all_eight(ZERO)
        for i in range(0, whole, COUNT):
            sums = sums + eight(values, i)
            counts = counts + present(eight(values, i))
        sum_, count = total(sums), total(counts)
        for i in range(whole, season):
            sum_ += values[i]
            count += np.float32(values[i] != ZERO)
        mean = sum_ / max(count, ONE)
        for i in range(0, whole, COUNT):
            value, there = eight(values, i), present(eight(values, i))
            put(shape, i, eight(shape, i) + (value - all_eight(mean)) * there, COUNT)
            put(seen, i, eight(seen, i) + there, COUNT)
        for i in range(whole, season):
            there = np.float32(values[i] != ZERO)
            shape[i] += (values[i] - mean) * there
            seen[i] += there
    for i in range(season):
        shape[i] /= max(seen[i], ONE)


@kernel
def naive_shapes(n: Network, window: Floats, segments: int, found: Floats, room: Floats) -> None:
    """Write what the naive forecasts of a window are made of.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    window : Floats, shape [R], in units of scale, without gaps
    segments : int, S, to forecast
    found : Floats, flat [S, 4 L + 5], overwritten, in units of scale
    room : Floats, flat [3, m], overwritten
    """
    season, size = n.season, n.lookback_length
    length = season if season >= 4 else min(8, size // 2)
    level = _mean(window[size - length :], length)
    drift = level - _mean(window[size - 2 * length :], length)
    first, second = window[size - 4 * season :], window[size - 3 * season :]
    third, fourth = window[size - 2 * season :], window[size - season :]
    four, shape = room[:season], room[season : 2 * season]
    for i in range(season):
        four[i] = (first[i] + second[i] + third[i] + fourth[i]) * _QUARTER
    if n.long_shape > 0:
        _long_shape(n, window, shape, room[2 * season :])
    else:
        for i in range(season):
            shape[i] = ZERO
    middle, span, size_of = _mean(four, season), n.segment_span, shapes_of(n)
    weekly, at, week = window[size - 7 * season :], 0, 0
    for segment in range(segments):
        to = found[segment * size_of : (segment + 1) * size_of]
        for part in range(0, span, COUNT):
            if at + part + COUNT <= season:
                put(to, part, eight(fourth, at + part), COUNT)
                put(to, span + part, eight(four, at + part), COUNT)
                put(to, 2 * span + part, eight(weekly, week + part), COUNT)
                put(to, 3 * span + part, eight(shape, at + part), COUNT)
            else:
                for step in range(part, part + COUNT):
                    to[step] = fourth[(at + step) % season]
                    to[span + step] = four[(at + step) % season]
                    to[2 * span + step] = weekly[(week + step) % (7 * season)]
                    to[3 * span + step] = shape[(at + step) % season]
        line = to[4 * span :]
        line[0], line[1], line[2], line[3] = window[size - 1], level, drift, middle
        line[4] = drift / np.float32(length) * np.float32(segment * n.segment_length)
        at, week = (at + n.segment_length) % season, (week + n.segment_length) % (7 * season)
