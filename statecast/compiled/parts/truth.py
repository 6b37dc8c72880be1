"""Intervals that follow their own misses, row by row; the formulas are those of ``statecast.uncertainty.calibration``.

Shapes: F horizon, S segments of L steps, padded to eight, Q levels. A forecast's steps lie in N = S L places, of which
those past a segment's or the horizon's end have no truth; loops over all N become vector instructions.
"""

from typing import Any, NamedTuple

import numpy as np

from statecast.compiled.arithmetic.elementary import exp, log, sigmoid
from statecast.compiled.arithmetic.kernel import ONE, ZERO, Doubles, Floats, Network, Number, kernel, summing
from statecast.compiled.parts.calibrating import expected, widening
from statecast.compiled.parts.reading import inverse_of

_SOFT = np.float32(1 / 0.05)  # these four as in statecast.uncertainty.calibration
_FADING, _RECENT = np.float32(0.8), np.float32(0.2)
_FAR = np.float32(4.0)
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


class PlacesScratch(NamedTuple):
    """Room for what is known at each of the N places, and for the quantiles there.

    Parameters
    ----------
    value : Floats, shape [N]
        The truth in units of scale, 0 where missing.
    there : Floats, shape [N]
        1 where observed, else 0.
    below, above : Floats, shape [N]
        Log of the stretch that an average series needs on either side.
    own_below, own_above : Floats, shape [N]
        The row's offsets from it.
    stretch_below, stretch_above : Floats, shape [N]
        The stretch that both come to.
    missed_below, missed_above : Floats, shape [N]
        Whether the truth lay outside, softly.
    right : Floats, shape [N]
        Quantiles below the truth.
    score : Floats, shape [N]
        Normal score of the truth.
    raw, quantiles : Floats, flat [Q, N]
        The forecast, raw and stretched.
    """

    value: Floats
    there: Floats
    below: Floats
    above: Floats
    own_below: Floats
    own_above: Floats
    stretch_below: Floats
    stretch_above: Floats
    missed_below: Floats
    missed_above: Floats
    right: Floats
    score: Floats
    raw: Floats
    quantiles: Floats


@kernel
def places_sizes(n: Network) -> Any:
    """Give the lengths of what ``PlacesScratch`` needs.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    """
    size = n.segments * n.segment_span
    many = n.levels * size
    return size, size, size, size, size, size, size, size, size, size, size, size, many, many


@kernel
def follow_truth(
    n: Network, weights: Floats, row: Floats, origin: int, age: int, raw: Floats, truth: Floats,
    loc: float, scale: float, s: TruthScratch, p: PlacesScratch,
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
    p : PlacesScratch, overwritten
    """
    span = n.segment_span
    _lay_out(n, weights, row, origin, age, raw, truth, loc, scale, p)
    _stretch(n, p)
    _score(n, weights, p)
    _miss(n, p)
    for segment in range(n.segments):
        missed_below, missed_above, count = ZERO, ZERO, ZERO
        for j in range(segment * span, (segment + 1) * span):
            missed_below += p.missed_below[j]
            missed_above += p.missed_above[j]
            count += p.there[j]
        for step in range(segment * n.segment_length, min((segment + 1) * n.segment_length, n.horizon)):
            j = segment * span + step - segment * n.segment_length
            s.seen[step], s.scores[step] = np.float64(p.there[j]), np.float64(p.score[j])
        if count > ZERO:
            weight, at = np.float32(n.rate / np.float64(count)), n.at_conformal_offsets + segment
            row[at] = row[at] + missed_below * weight - np.float32(n.promised_below)
            at += n.segments
            row[at] = row[at] + missed_above * weight - np.float32(n.promised_above)
    _recall(n, weights, row[n.at_autocorrelation : n.at_autocorrelation + n.horizon], s.scores, s.seen)


@kernel
def _lay_out(
    n: Network, weights: Floats, row: Floats, origin: int, age: int, raw: Floats, truth: Floats,
    loc: float, scale: float, p: PlacesScratch,
) -> None:  # fmt: skip
    """Put everything at its place: truth, offsets and raw quantiles."""
    inverse, length, span, size = inverse_of(scale), n.segment_length, n.segment_span, len(p.value)
    for segment in range(n.segments):
        first, wider = segment * length, widening(n, weights, age, segment)
        own_below = row[n.at_conformal_offsets + segment]
        own_above = row[n.at_conformal_offsets + n.segments + segment]
        began = origin + 1 + first
        fitted = min(max(n.in_sample_until, began), began + span) - began  # steps that the network was fitted on
        for j in range(segment * span, (segment + 1) * span):
            p.value[j] = ZERO
            p.there[j] = ZERO
            p.own_below[j] = own_below
            p.own_above[j] = own_above
        for part in range(2):
            begin, end = (fitted, span) if part == 0 else (0, fitted)
            below = expected(n, weights, 0, segment, part == 1) + wider
            above = expected(n, weights, 1, segment, part == 1) + wider
            for j in range(segment * span + begin, segment * span + end):
                p.below[j] = below
                p.above[j] = above
        for j in range(min(length, n.horizon - first)):
            y = np.float32((np.float64(truth[first + j]) - loc) * inverse)
            p.value[segment * span + j] = y if y == y else ZERO
            p.there[segment * span + j] = ONE if y == y else ZERO
        for q in range(n.levels):
            to = p.raw[q * size + segment * span : q * size + (segment + 1) * span]
            from_ = raw[(segment * n.levels + q) * span : (segment * n.levels + q + 1) * span]
            for j in range(span):
                to[j] = from_[j]


@kernel
def _stretch(n: Network, p: PlacesScratch) -> None:
    """Move the quantiles to where they stood when the forecast was made, and count those below the truth."""
    size = len(p.value)
    for j in range(size):
        p.stretch_below[j] = exp(p.below[j] + p.own_below[j])
    for j in range(size):
        p.stretch_above[j] = exp(p.above[j] + p.own_above[j])
    for j in range(size):
        p.right[j] = ZERO
    centre = p.raw[n.middle * size : (n.middle + 1) * size]
    for q in range(n.levels):
        raw, level = p.raw[q * size : (q + 1) * size], p.quantiles[q * size : (q + 1) * size]
        stretch = p.stretch_below if q < n.middle else p.stretch_above
        for j in range(size):
            level[j] = centre[j] + (raw[j] - centre[j]) * stretch[j]
        for j in range(size):
            p.right[j] += ONE if p.value[j] > level[j] else ZERO


@kernel
def _score(n: Network, weights: Floats, p: PlacesScratch) -> None:
    """Say where a standard normal variable would stand that fell as the truth among the stretched quantiles."""
    size, last = len(p.value), np.float32(n.levels - 1)
    for j in range(size):
        p.score[j] = ZERO
    for q in range(1, n.levels):
        place, from_, to = np.float32(q), weights[n.normal + q - 1], weights[n.normal + q]
        low, high = p.quantiles[(q - 1) * size : q * size], p.quantiles[q * size : (q + 1) * size]
        for j in range(size):
            score = from_ + (to - from_) * (p.value[j] - low[j]) / max(high[j] - low[j], _NEAREST)
            p.score[j] = score if min(max(p.right[j], ONE), last) == place else p.score[j]
    for j in range(size):
        p.score[j] = min(max(p.score[j], -_FAR), _FAR) * p.there[j]


@kernel
def _miss(n: Network, p: PlacesScratch) -> None:
    """Say how far the truth lay outside on either side, softly: 0 inside, 1 outside."""
    size = len(p.value)
    centre, lowest = p.raw[n.middle * size : (n.middle + 1) * size], p.raw[:size]
    highest = p.raw[(n.levels - 1) * size : n.levels * size]
    for j in range(size):
        needed = _needed(centre[j] - p.value[j], centre[j] - lowest[j]) - p.below[j]
        p.missed_below[j] = sigmoid((needed - p.own_below[j]) * _SOFT) * p.there[j]
    for j in range(size):
        needed = _needed(p.value[j] - centre[j], highest[j] - centre[j]) - p.above[j]
        p.missed_above[j] = sigmoid((needed - p.own_above[j]) * _SOFT) * p.there[j]


@kernel
def _needed(distance: Number, width: Number) -> Number:
    """Log of the stretch at which the outermost quantile would have held."""
    return log(min(max(distance / max(width, _NEAREST), _LEAST), _MOST))


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
