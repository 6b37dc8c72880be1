"""Intervals that follow their own misses, row by row; the formulas are those of ``statecast.uncertainty.calibration``.

Shapes: F horizon, S segments of L steps, Q levels. Raw quantiles of one origin are ``[S, Q, L]`` in units of scale;
L padded to eight; offsets are ``[2, S]``, below and above the median.
"""

import math
from typing import NamedTuple

import numpy as np

from statecast.compiled.arithmetic.elementary import exp, sigmoid
from statecast.compiled.arithmetic.kernel import ZERO, Doubles, Floats, Network, Number, kernel, summing
from statecast.compiled.parts.reading import inverse_of

_SOFT = np.float32(0.05)  # these five as in statecast.uncertainty.calibration
_FADING, _RECENT = np.float32(0.8), np.float32(0.2)
_FAR, _YOUNGEST = np.float32(4.0), 0.1
_NEAREST = np.float32(1e-9)
_LEAST, _MOST = np.float32(1e-4), np.float32(1e4)


class TruthScratch(NamedTuple):
    """Room for one forecast's truth.

    Parameters
    ----------
    scores : Doubles, shape [F]
        Normal scores, 0 where missing.
    seen : Doubles, shape [F]
        1 where observed, else 0.
    """

    scores: Doubles
    seen: Doubles


@kernel
def widening(n: Network, weights: Floats, age: int, segment: int) -> Number:
    """Give the log of the width that a young series adds on both sides of a segment.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    age : int, steps read by the origin
    segment : int, of the horizon, from 0
    """
    lives = np.float32(n.half_life / max(np.float64(age), n.half_life * _YOUNGEST))
    return lives * weights[n.cold_start_widening + segment]


@kernel
def expected(n: Network, weights: Floats, side: int, segment: int, in_sample: bool) -> Number:
    """Give the log of the stretch that an average series needs, without widening.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    side : int, 0 below the median, 1 above
    segment : int, of the horizon, from 0
    in_sample : bool, whether the network was fitted on the step in question
    """
    table = n.in_sample_offsets if in_sample else n.conformal_offsets
    return weights[table + side * n.segments + segment]


@kernel
def follow_truth(
    n: Network, weights: Floats, row: Floats, origin: int, age: int, raw: Floats, truth: Floats,
    loc: float, scale: float, s: TruthScratch,
) -> None:  # fmt: skip
    """Compare a matured forecast with what came; a row's offsets and autocorrelation move.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    row : Floats, a row of state as float32, changed in place
    origin : int, time index of the last step that the forecast had read
    age : int, steps read by then
    raw : Floats, flat [S, Q, L], its raw quantiles, in units of scale
    truth : Floats, shape [F], the compressed target of the steps after ``origin``, NaN where missing
    loc : float, level at the origin, in the compressed target's unit
    scale : float, spread at the origin, above 0
    s : TruthScratch, overwritten
    """
    inverse, step_count, span = inverse_of(scale), n.segment_length, n.segment_span
    for segment in range(n.segments):
        first = segment * step_count
        last = min(first + step_count, n.horizon)
        own_below = row[n.at_conformal_offsets + segment]
        own_above = row[n.at_conformal_offsets + n.segments + segment]
        wider = widening(n, weights, age, segment)
        missed_below, missed_above, count = ZERO, ZERO, 0
        for step in range(first, last):
            y = np.float32((np.float64(truth[step]) - loc) * inverse)
            s.seen[step] = 0.0 if y != y else 1.0
            s.scores[step] = 0.0
            if y != y:
                continue
            count += 1
            in_sample = origin + 1 + step < n.in_sample_until
            below = expected(n, weights, 0, segment, in_sample) + wider
            above = expected(n, weights, 1, segment, in_sample) + wider
            quantiles = raw[segment * n.levels * span + step - first :]
            centre = quantiles[n.middle * span]
            needs_below = _needed(centre - y, centre - quantiles[0]) - below
            needs_above = _needed(y - centre, quantiles[(n.levels - 1) * span] - centre) - above
            missed_below += sigmoid(needs_below / _SOFT - own_below / _SOFT)
            missed_above += sigmoid(needs_above / _SOFT - own_above / _SOFT)
            # Scores are of the offsets as they stood before this forecast.
            s.scores[step] = np.float64(
                _normal_score(n, weights, quantiles, centre, y, exp(below + own_below), exp(above + own_above))
            )
        if count > 0:
            weight = np.float32(n.rate / count)
            row[n.at_conformal_offsets + segment] = own_below + missed_below * weight - np.float32(n.promised_below)
            row[n.at_conformal_offsets + n.segments + segment] = (
                own_above + missed_above * weight - np.float32(n.promised_above)
            )
    _recall(n, weights, row[n.at_autocorrelation : n.at_autocorrelation + n.horizon], s.scores, s.seen)


@kernel
def _needed(distance: Number, width: Number) -> Number:
    """Log of the stretch at which the outermost quantile would have held."""
    share = min(max(distance / max(width, _NEAREST), _LEAST), _MOST)
    return np.float32(math.log(share))


@kernel
def _normal_score(
    n: Network, weights: Floats, quantiles: Floats, centre: Number, y: Number, below: Number, above: Number
) -> Number:
    """Where a standard normal variable would stand that fell as ``y``; the quantiles lie a segment's span apart."""
    right = 0
    for q in range(n.levels):
        away = quantiles[q * n.segment_span] - centre
        right += y > centre + away * (below if q < n.middle else above)
    right = min(max(right, 1), n.levels - 1)
    away = quantiles[(right - 1) * n.segment_span] - centre
    low = centre + away * (below if right - 1 < n.middle else above)
    away = quantiles[right * n.segment_span] - centre
    high = centre + away * (below if right < n.middle else above)
    from_, to = weights[n.normal + right - 1], weights[n.normal + right]
    score = from_ + (to - from_) * (y - low) / max(high - low, _NEAREST)
    return min(max(score, -_FAR), _FAR)


@summing
def _product(a: Doubles, b: Doubles, count: int) -> float:
    total = 0.0
    for i in range(count):
        total += a[i] * b[i]
    return total


@kernel
def _recall(n: Network, weights: Floats, own: Floats, scores: Doubles, seen: Doubles) -> None:
    """Move a row's own autocorrelation towards that of these scores, if enough of them are known and they move."""
    horizon = n.horizon
    count = _product(seen, seen, horizon)
    power = _product(scores, scores, horizon) / max(count, 1.0)
    if not (power > 1e-6 and 2.0 * count > horizon):
        return
    for lag in range(horizon):
        pairs = float(horizon - lag) if count == horizon else _product(seen[lag:], seen, horizon - lag)
        found = _product(scores[lag:], scores, horizon - lag) / max(pairs, 1.0) / power
        own[lag] = own[lag] * _FADING + _RECENT * (np.float32(found) - weights[n.autocorrelation + lag])


@kernel
def stretches(n: Network, weights: Floats, row: Floats, age: int, segment: int) -> tuple[Number, Number]:
    """Give how many times as far from the median a row's quantiles lie as its raw ones, below and above it.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    row : Floats, a row of state as float32
    age : int, steps read by the origin
    segment : int, of the horizon, from 0
    """
    wider = widening(n, weights, age, segment)
    below = expected(n, weights, 0, segment, False) + wider
    above = expected(n, weights, 1, segment, False) + wider
    if n.adapts > 0:
        below += row[n.at_conformal_offsets + segment]
        above += row[n.at_conformal_offsets + n.segments + segment]
    return exp(below), exp(above)
