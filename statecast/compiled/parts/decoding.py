"""From hidden vectors and windows to the context of each horizon segment, at many origins at once.

The first half of ``Forecaster._decode``; ``statecast.compiled.parts.head`` is the other. Shapes as in
``statecast.compiled.parts.origins``.
"""

import numpy as np

from statecast.compiled.arithmetic.cells import gru
from statecast.compiled.arithmetic.elementary import gelu, softmax
from statecast.compiled.arithmetic.kernel import (
    NEVER,
    ONE,
    ZERO,
    Floats,
    Integers,
    Network,
    Number,
    inlined,
    kernel,
    summing,
)
from statecast.compiled.arithmetic.products import dense, padded
from statecast.compiled.parts.naive import fill_window, naive_shapes, shapes_of
from statecast.compiled.parts.origins import Origins
from statecast.compiled.parts.reading import ACTIVE, AGE, KEY, VALUE


@inlined
def look_back(n: Network, o: Origins, i: int, segments: int, raw: Floats, loc: float, scale: float) -> None:
    """Set the window of origin ``i``, and what the naive forecasts that it gives are made of.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    o : Origins
        Changed in place.
    i : int
        Place of the origin, 0 to M - 1.
    segments : int, S
        Segments that ``o`` is laid out for.
    raw : Floats, shape [K]
        The compressed target of the look-back, NaN where missing.
    loc : float
        Level at the origin, in the compressed target's unit.
    scale : float
        Spread at the origin, in the same unit; 0 for none.
    """
    window = o.window[i * n.lookback_length : (i + 1) * n.lookback_length]
    fill_window(n, raw, loc, scale, window)
    size = segments * shapes_of(n)
    naive_shapes(n, window, segments, o.naive[i * size : (i + 1) * size], o.seasons)


@inlined
def set_hidden(n: Network, o: Origins, resolution: int, i: int, count: int, kept: Floats) -> None:
    """Set the hidden vector of one resolution at origin ``i``.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    o : Origins
        Changed in place.
    resolution : int
        0 for the finest, else 1 + the row of ``coarse``.
    i : int
        Place of the origin, 0 to M - 1.
    count : int, M
        Origins that ``o`` is laid out for.
    kept : Floats, shape [at least D]
        Begins with the top layer's hidden vector.
    """
    width = padded(n.width)
    to = o.hidden[(resolution * count + i) * width : (resolution * count + i + 1) * width]
    for j in range(n.width):
        to[j] = kept[j]
    for j in range(n.width, width):
        to[j] = ZERO


@summing
def _dot(a: Floats, b: Floats, count: int) -> Number:
    total = ZERO
    for j in range(count):
        total += a[j] * b[j]
    return total


@kernel
def attend_resolutions(n: Network, coarse: Integers, weights: Floats, o: Origins, count: int, segments: int) -> None:
    """Fill ``o.mixed`` with what each segment reads of the resolutions, its own question added.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    coarse : Integers, shape [R - 1, COLUMNS], a row per coarse resolution
    weights : Floats, all packed weights of the network
    o : Origins
        Changed in place.
    count : int, M
        Origins that ``o`` is laid out for.
    segments : int, S
        Segments that ``o`` is laid out for.
    """
    width = padded(n.width)
    size = count * width
    dense(o.hidden, width, count, weights, n.value, n.width, o.values, width)
    if n.resolutions > 1:
        dense(o.hidden, width, count, weights, n.query, n.width, o.query, width)
        dense(o.hidden, width, count, weights, n.key, n.width, o.keys, width)
        for r in range(1, n.resolutions):
            own = coarse[r - 1]
            dense(o.hidden[r * size :], width, count, weights, own[KEY], n.width, o.keys[r * size :], width)
            dense(o.hidden[r * size :], width, count, weights, own[VALUE], n.width, o.values[r * size :], width)
            ageing = weights[own[AGE] : own[AGE] + width]
            for i in range(count):
                age, value = o.ages[r * count + i], o.values[r * size + i * width : r * size + (i + 1) * width]
                for j in range(width):
                    value[j] += age * ageing[j]
    for i in range(count):
        for segment in range(segments):
            place = i * segments + segment
            asking = weights[n.questions + segment * width : n.questions + (segment + 1) * width]
            share = o.resolution_weights[place * n.resolutions : (place + 1) * n.resolutions]
            share[0] = ONE
            if n.resolutions > 1:  # to hand so much room on costs more than all that is done with it here
                _shares(n, coarse, o, i, count, asking, share)
            out = o.mixed[place * width : (place + 1) * width]
            finest, weight = o.values[i * width : (i + 1) * width], share[0]
            for j in range(width):
                out[j] = asking[j] + weight * finest[j]
            for r in range(1, n.resolutions):
                weight, value = share[r], o.values[r * size + i * width : r * size + (i + 1) * width]
                for j in range(width):
                    out[j] += weight * value[j]


@kernel
def _shares(n: Network, coarse: Integers, o: Origins, i: int, count: int, asking: Floats, share: Floats) -> None:
    """Softmax of how well each resolution's key answers a segment's question."""
    width, root = padded(n.width), np.float32(np.sqrt(np.float64(n.width)))
    query = o.query[i * width : (i + 1) * width]
    for r in range(n.resolutions):
        key = o.keys[(r * count + i) * width : (r * count + i + 1) * width]
        share[r] = (_dot(asking, key, width) + _dot(query, key, width)) / root
        if r > 0 and coarse[r - 1, ACTIVE] == 0:
            share[r] = NEVER
    softmax(share, n.resolutions)
    for r in range(1, n.resolutions):
        if coarse[r - 1, ACTIVE] == 0:
            share[r] = ZERO


@kernel
def mix(n: Network, weights: Floats, o: Origins, count: int, segments: int) -> None:
    """Turn ``o.mixed`` from what each segment attended to into its context, naive forecasts and statics included.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    weights : Floats, all packed weights of the network
    o : Origins
        Changed in place.
    count : int, M
        Origins that ``o`` is laid out for.
    segments : int, S
        Segments that ``o`` is laid out for.
    """
    width, many = padded(n.width), count * segments
    depth = shapes_of(n)
    dense(o.naive, depth, many, weights, n.from_naive, depth, o.context, width)
    if n.static > 0:
        dense(o.static, n.static, count, weights, n.from_static, n.static, o.query, width)
        for i in range(many):
            to, static = o.context[i * width : (i + 1) * width], o.query[i // segments * width :]
            for j in range(width):
                to[j] += static[j]
    if n.recurrent_decoder:
        _recurrent_context(n, weights, o, count, segments)
        return
    for i in range(many):
        known, attended = o.context[i * width : (i + 1) * width], o.mixed[i * width : (i + 1) * width]
        for j in range(width):
            known[j] = gelu(known[j] + attended[j])
    dense(o.context, width, many, weights, n.mix, n.width, o.mixed, width)
    for i in range(many):
        out = o.mixed[i * width : (i + 1) * width]
        for j in range(width):
            out[j] = gelu(out[j])


@kernel
def _recurrent_context(n: Network, weights: Floats, o: Origins, count: int, segments: int) -> None:
    """One step of a GRU a segment: its question and what is known are the input, what it attended to the state."""
    width, many = padded(n.width), count * segments
    for i in range(many):
        known, segment = o.context[i * width : (i + 1) * width], n.questions + i % segments * width
        asking = weights[segment : segment + width]
        for j in range(width):
            known[j] += asking[j]
    gates = 3 * width
    past = o.gates[many * gates :]
    dense(o.context, width, many, weights, n.mix, n.width, o.gates, gates)
    dense(o.mixed, width, many, weights, n.mix + (n.width + 1) * gates, n.width, past, gates)
    for i in range(many):
        gru(
            o.gates[i * gates : (i + 1) * gates], past[i * gates : (i + 1) * gates],
            o.mixed[i * width : (i + 1) * width], width,
        )  # fmt: skip
