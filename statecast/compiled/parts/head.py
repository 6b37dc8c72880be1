"""From the context of each segment to raw quantiles that cannot cross: the second half of ``Forecaster._decode``.

Shapes as in ``statecast.compiled.parts.origins``.
"""

from statecast.compiled.arithmetic.elementary import gelu, softmax, softplus
from statecast.compiled.arithmetic.kernel import ZERO, Floats, Integers, Network, kernel
from statecast.compiled.arithmetic.lanes import COUNT, all_eight, eight, put
from statecast.compiled.arithmetic.products import LANE, dense, padded
from statecast.compiled.parts.decoding import attend_resolutions, mix
from statecast.compiled.parts.naive import shapes_of
from statecast.compiled.parts.origins import Origins


@kernel
def raw_quantiles(
    n: Network, coarse: Integers, weights: Floats, o: Origins, count: int, segments: int, steps: int
) -> None:
    """Forecast from origins that have been set: fills ``o.raw``, in units of scale, and the weights beside it.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    coarse : Integers, shape [R - 1, COLUMNS], a row per coarse resolution
    weights : Floats, all packed weights of the network
    o : Origins, laid out for exactly ``count`` origins and ``segments`` segments, changed in place
    count : int, M, origins
    segments : int, S, segments to forecast
    steps : int, F, at most S L: the last segment may be cut short
    """
    attend_resolutions(n, coarse, weights, o, count, segments)
    mix(n, weights, o, count, segments)
    many, scores = count * segments, padded(n.naive_forecasts)
    head = scores + padded(n.levels * n.segment_span)
    dense(o.mixed, padded(n.width), many, weights, n.head, n.width, o.head, head)
    for place in range(many):
        softmax(o.head[place * head :], scores)
    dense(o.head, head, many, weights, n.naive_parts, n.naive_forecasts, o.parts, LANE)
    if n.known > 0:
        _add_known(n, weights, o, count, segments, steps)
    size = padded(n.horizon)
    if n.linear_lookback > 0:
        depth = n.lookback_length
        dense(o.window, depth, count, weights, n.linear_lookback, depth, o.lookback, size)
    elif n.shared_lookback > 0:
        o.lookback[: count * size] = ZERO
    for i in range(count):
        if n.shared_lookback > 0:
            window = o.window[i * n.lookback_length : (i + 1) * n.lookback_length]
            _add_shared_lookback(n, weights, window, o.lookback[i * size : (i + 1) * size])
        for segment in range(segments):
            _spread_quantiles(n, weights, o, i, segment, segments)


@kernel
def _add_shared_lookback(n: Network, weights: Floats, window: Floats, ahead: Floats) -> None:
    """Each value of the whole seasons mixed with its neighbours, then one map of past seasons to coming ones."""
    season, seasons = n.season, n.lookback_length // n.season
    recent = window[n.lookback_length - seasons * season :]
    half, count = season // 2, seasons * season
    neighbours = weights[n.shared_lookback : n.shared_lookback + 2 * half + 1]
    coming = -(-n.horizon // season)
    for past in range(seasons):
        for place in range(season):
            at = past * season + place
            smooth = recent[at]
            for around in range(max(0, half - at), min(2 * half + 1, count - at + half)):
                smooth += neighbours[around] * recent[at + around - half]
            for future in range(coming):
                step = future * season + place
                if step < n.horizon:
                    ahead[step] += weights[n.shared_lookback + 2 * half + 1 + future * seasons + past] * smooth


@kernel
def _add_known(n: Network, weights: Floats, o: Origins, count: int, segments: int, steps: int) -> None:
    """Add to each step's residuals what the covariates that are known of it say. ``context`` is overwritten."""
    width, size, step_count = padded(n.width), padded(n.levels), n.segment_length
    scores = padded(n.naive_forecasts)
    head = scores + padded(n.levels * n.segment_span)
    dense(o.mixed, width, count * segments, weights, n.known_context, n.width, o.context, width)
    dense(o.future, n.known, count * steps, weights, n.from_known, n.known, o.spread, width)
    for i in range(count):
        for step in range(steps):
            known = o.spread[(i * steps + step) * width : (i * steps + step + 1) * width]
            context = o.context[(i * segments + step // step_count) * width :]
            for j in range(width):
                known[j] = gelu(known[j] + context[j])
    dense(o.spread, width, count * steps, weights, n.known_steps, n.width, o.steps, size)
    for i in range(count):
        for step in range(steps):
            more = o.steps[(i * steps + step) * size :]
            to = o.head[(i * segments + step // step_count) * head + scores + step % step_count :]
            for q in range(n.levels):
                to[q * n.segment_span] += more[q]


@kernel
def _spread_quantiles(n: Network, weights: Floats, o: Origins, i: int, segment: int, segments: int) -> None:
    """Write a segment's quantiles: a centre out of the naive forecasts, and distances that only grow."""
    span, place = n.segment_span, i * segments + segment
    scores, levels, middle = padded(n.naive_forecasts), n.levels * span, n.middle * span
    size = scores + padded(levels)
    away, raw = o.head[place * size + scores : (place + 1) * size], o.raw[place * levels : (place + 1) * levels]
    parts, shapes = o.parts[place * LANE :], o.naive[place * shapes_of(n) :]
    line, mapped = shapes[4 * span :], o.lookback[i * padded(n.horizon) + segment * n.segment_length :]
    base = parts[4] * line[0] + parts[5] * line[1] + parts[6] * line[2] + parts[7] * line[3] + parts[8] * line[4]
    base, slope = all_eight(base), all_eight(parts[9] * line[2])
    for part in range(0, span, COUNT):
        centre = eight(away, middle + part) + base + slope * eight(weights, n.counting + part)
        for shape in range(4):
            centre = centre + all_eight(parts[shape]) * eight(shapes, shape * span + part)
        if n.linear_lookback + n.shared_lookback > 0:
            centre = centre + eight(mapped, part)
        put(raw, middle + part, centre, COUNT)
    for j in range(padded(levels)):
        away[j] = softplus(away[j])
    for part in range(0, span, COUNT):
        centre = eight(raw, middle + part)
        level = centre
        for q in range(n.middle + 1, n.levels):
            level = level + eight(away, q * span + part)
            put(raw, q * span + part, level, COUNT)
        level = centre
        for q in range(n.middle - 1, -1, -1):
            level = level - eight(away, q * span + part)
            put(raw, q * span + part, level, COUNT)
