"""From raw quantiles to what is given back: calibrated, in the target's unit, and what is read off a row beside it.

Shapes: F steps, Q levels, S segments of L steps, padded to eight. Quantiles are given as ``[Q, F]``.
"""

import numpy as np

from statecast.compiled.arithmetic.kernel import ONE, Doubles, Floats, Network, Number, kernel
from statecast.compiled.arithmetic.lanes import COUNT, all_eight, between, eight, endless, put, widened
from statecast.compiled.arithmetic.products import padded
from statecast.compiled.parts.calibrating import stretches
from statecast.compiled.parts.origins import Origins
from statecast.compiled.parts.reading import expand


@kernel
def give_row(
    n: Network, weights: Floats, masses: Doubles, o: Origins, i: int, row: Floats, age: int, loc: float, scale: float,
    quantiles: Doubles, mean: Doubles,
) -> bool:  # fmt: skip
    """Write a row's quantiles and mean, and say whether all are numbers.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    masses : Doubles, shape [Q], probability nearest to each level
    o : Origins, whose ``raw`` has been filled
    i : int, place of the row among them
    row : Floats, the row of state as float32
    age : int, steps read by the origin
    loc : float, level, in the compressed target's unit
    scale : float, spread, in the same unit; 0 for none
    quantiles : Doubles, flat [Q, F], overwritten: calibrated, ascending, in the target's unit
    mean : Doubles, shape [F], overwritten: likewise, kept within the outermost quantiles
    """
    segments, bad = -(-len(mean) // n.segment_length), 0
    for segment in range(segments):
        below, above = stretches(n, weights, row, age, segment)
        raw = o.raw[(i * segments + segment) * n.levels * n.segment_span :]
        bad += _give_segment(n, masses, raw, segment, below, above, loc, scale, quantiles, mean)
    if n.asinh_unit > 0.0:
        return _give_expanded(n, masses, o, i, loc, scale, quantiles, mean)
    return bad == 0


@kernel
def _give_segment(
    n: Network, masses: Doubles, raw: Floats, segment: int, below: Number, above: Number, loc: float, scale: float,
    quantiles: Doubles, mean: Doubles,
) -> int:  # fmt: skip
    """Write a segment, eight steps at once, in the compressed target's unit; gives 0 if all are numbers."""
    steps, first, span, bad = len(mean), segment * n.segment_length, n.segment_span, 0
    level, unit = all_eight(loc), all_eight(scale)
    narrow, wide, unmoved = all_eight(below), all_eight(above), all_eight(ONE)
    for part in range(0, min(n.segment_length, steps - first), COUNT):
        count = min(n.segment_length, steps - first) - part
        centre, average = eight(raw, n.middle * span + part), all_eight(0.0)
        lowest = highest = average
        for q in range(n.levels):
            value = eight(raw, q * span + part)
            average = average + all_eight(masses[q]) * widened(value)
            stretch = narrow if q < n.middle else wide if q > n.middle else unmoved
            highest = level + unit * widened(centre + (value - centre) * stretch)
            lowest = highest if q == 0 else lowest
            put(quantiles, q * steps + first + part, highest, count)
        average = between(level + unit * average, lowest, highest)
        put(mean, first + part, average, count)
        bad += endless(average, count) + endless(lowest, count) + endless(highest, count)
    return bad


@kernel
def _give_expanded(
    n: Network, masses: Doubles, o: Origins, i: int, loc: float, scale: float, quantiles: Doubles, mean: Doubles
) -> bool:
    """Expand quantiles; the mean of a transformed target is that of its expanded raw quantiles."""
    steps, span, bad = len(mean), n.segment_span, 0
    segments = -(-steps // n.segment_length)
    for q in range(n.levels):
        own, nearer = quantiles[q * steps :], quantiles[max(q - 1, 0) * steps :]
        for step in range(steps):
            own[step] = expand(own[step], n.asinh_unit)
            if q > 0:  # the hyperbolic sine rounds; the order must not
                own[step] = max(own[step], nearer[step])
            bad += not abs(own[step]) < np.inf
    lowest, highest = quantiles, quantiles[(n.levels - 1) * steps :]
    for step in range(steps):
        segment, total = step // n.segment_length, 0.0
        raw = o.raw[(i * segments + segment) * n.levels * span + step - segment * n.segment_length :]
        for q in range(n.levels):
            total += masses[q] * expand(loc + scale * np.float64(raw[q * span]), n.asinh_unit)
        mean[step] = min(max(total, lowest[step]), highest[step])
        bad += not abs(mean[step]) < np.inf
    return bad == 0


@kernel
def give_scaled(
    n: Network, weights: Floats, o: Origins, i: int, row: Floats, age: int, scaled: Floats, raw: Floats, steps: int
) -> None:
    """Write a row's calibrated and raw quantiles in units of scale.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    o : Origins, whose ``raw`` has been filled
    i : int, place of the row among them
    row : Floats, the row of state as float32
    age : int, steps read by the origin
    scaled : Floats, flat [Q, F], overwritten
    raw : Floats, flat [Q, F], overwritten
    steps : int, F
    """
    length, span, segments = n.segment_length, n.segment_span, -(-steps // n.segment_length)
    for segment in range(segments):
        below, above = stretches(n, weights, row, age, segment)
        levels, first = o.raw[(i * segments + segment) * n.levels * span :], segment * length
        for q in range(n.levels):
            wide = below if q < n.middle else above if q > n.middle else ONE
            for step in range(min(length, steps - first)):
                level, centre = levels[q * span + step], levels[n.middle * span + step]
                raw[q * steps + first + step] = level
                scaled[q * steps + first + step] = centre + (level - centre) * wide


@kernel
def give_shares(n: Network, o: Origins, i: int, naive: Floats, resolutions: Floats) -> None:
    """Write the shares of the naive forecasts and of the resolutions.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    o : Origins, forecast from
    i : int, place of the row among them
    naive : Floats, shape [S, E], overwritten
    resolutions : Floats, shape [S, R], overwritten
    """
    segments, scores = len(naive), padded(n.naive_forecasts)
    head = scores + padded(n.levels * n.segment_span)
    for segment in range(segments):
        place = i * segments + segment
        share, to = o.head[place * head :], naive[segment]
        for e in range(n.naive_forecasts):
            to[e] = share[e]
        share, to = o.resolution_weights[place * n.resolutions :], resolutions[segment]
        for r in range(n.resolutions):
            to[r] = share[r]


@kernel
def repeat_season(n: Network, season: Floats, loc: float, scale: float, baseline: Doubles) -> None:
    """Write the seasonal naive forecast, in the target's unit.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    season : Floats, shape [m], a window's last season, in units of scale
    loc : float, level, in the compressed target's unit
    scale : float, spread, in the same unit; 0 for none
    baseline : Doubles, shape [K], overwritten
    """
    for step in range(len(baseline)):
        baseline[step] = expand(loc + scale * np.float64(season[step % n.season]), n.asinh_unit)


@kernel
def give_autocorrelation(n: Network, weights: Floats, row: Floats, found: Floats) -> None:
    """Add what a row found out about its own errors to what validation found about those of all.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    row : Floats, the row of state as float32
    found : Floats, shape [horizon], overwritten
    """
    common = weights[n.autocorrelation : n.autocorrelation + n.horizon]
    if n.adapts > 0:
        own = row[n.at_autocorrelation : n.at_autocorrelation + n.horizon]
        for lag in range(n.horizon):
            found[lag] = common[lag] + own[lag]
    else:
        for lag in range(n.horizon):
            found[lag] = common[lag]
