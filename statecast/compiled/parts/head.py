"""From the context of each segment to raw quantiles that cannot cross: the second half of ``Forecaster._decode``.

Shapes as in ``statecast.compiled.parts.origins``.
"""

from statecast.compiled.arithmetic.elementary import gelu, softmax, softplus
from statecast.compiled.arithmetic.kernel import ZERO, Floats, Integers, Network, inlined, kernel
from statecast.compiled.arithmetic.products import dense, padded
from statecast.compiled.parts.decoding import attend_resolutions, mix
from statecast.compiled.parts.naive import USUAL
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
    width, levels = padded(n.width), n.levels * n.segment_length
    dense(o.mixed, width, count * segments, weights, n.head, n.width, o.head, padded(levels + n.naive_forecasts))
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
            if n.segment_length == USUAL:
                _spread_quantiles(n, o, i, segment, segments, USUAL)
            else:
                _spread_quantiles(n, o, i, segment, segments, n.segment_length)


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
    levels = n.levels * step_count
    head = padded(levels + n.naive_forecasts)
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
            to = o.head[(i * segments + step // step_count) * head + step % step_count :]
            for q in range(n.levels):
                to[q * step_count] += more[q]


@inlined
def _spread_quantiles(n: Network, o: Origins, i: int, segment: int, segments: int, length: int) -> None:
    """Write a segment's quantiles: a centre out of the naive forecasts, and distances that only grow."""
    place, levels, count = i * segments + segment, n.levels * length, n.naive_forecasts
    size, middle = padded(levels + count), n.middle * length
    head = o.head[place * size : (place + 1) * size]
    share = o.naive_weights[place * count : (place + 1) * count]
    for e in range(count):
        share[e] = head[levels + e]
    softmax(share, count)
    raw = o.raw[place * levels : (place + 1) * levels]
    centre, given = raw[middle : middle + length], head[middle : middle + length]
    naive = o.naive[place * count * length : (place + 1) * count * length]
    for step in range(length):
        centre[step] = given[step]
    for e in range(count):
        weight = share[e]
        for step in range(length):
            centre[step] += weight * naive[e * length + step]
    if n.linear_lookback + n.shared_lookback > 0:
        mapped = o.lookback[i * padded(n.horizon) + segment * length :]
        for step in range(min(length, n.horizon - segment * length)):
            centre[step] += mapped[step]
    for j in range(levels):
        head[j] = softplus(head[j])
    nearer, to, away = raw[middle:], raw[middle + length :], head[middle + length :]
    for j in range(levels - middle - length):
        to[j] = nearer[j] + away[j]
    for q in range(n.middle - 1, -1, -1):
        to, nearer, away = raw[q * length :], raw[(q + 1) * length :], head[q * length :]
        for step in range(length):
            to[step] = nearer[step] - away[step]
