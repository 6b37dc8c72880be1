"""The forecast as one compiled call: from rows of state to calibrated quantiles and means in the target's unit.

As ``Forecaster.decode`` with ``Prediction.quantiles`` and ``Prediction.mean``. Shapes: B rows, F steps, Q levels,
S segments, E naive forecasts, R resolutions, C known covariates.
"""

import numpy as np

from statecast.compiled.arithmetic import DONE, MISFIT, NO_ROW
from statecast.compiled.arithmetic.kernel import (
    Booleans,
    Bytes,
    Doubles,
    Floats,
    Integers,
    Network,
    entry,
    kernel,
    signature,
)
from statecast.compiled.arithmetic.memory import borrowed, carved, claimed, extent
from statecast.compiled.network import NUMBERS
from statecast.compiled.parts.decoding import look_back, set_hidden
from statecast.compiled.parts.giving import give_autocorrelation, give_row, give_scaled, give_shares, repeat_season
from statecast.compiled.parts.head import raw_quantiles
from statecast.compiled.parts.origins import Origins, origin_sizes
from statecast.compiled.parts.reading import HIDDEN, LENGTH, age_of
from statecast.compiled.parts.rows import within

# Segments decoded at once: few enough that what is made of them stays in the cache.
_SEGMENTS = 96


@entry
def forecast(
    room: Floats, taken: Integers, numbers: Network, coarse: Integers, weights: Floats, masses: Doubles, cache: Bytes,
    slots: Integers, future: Floats, quantiles: Doubles, mean: Doubles, finite: Booleans, seasonal_error: Doubles,
    autocorrelation: Floats, baseline: Doubles, naive_weights: Floats, resolution_weights: Floats, scaled: Floats,
    raw: Floats, scaling: Doubles,
) -> int:  # fmt: skip
    """Fill arrays with the forecasts of rows of state, none of which change.

    Parameters
    ----------
    room : Floats, to work in, overwritten
    taken : Integers, shape [1], 0 at first: rows that are taken, by any of the threads that run this call together
    numbers : Network, shape [1], of ``NUMBERS``
    coarse : Integers, shape [R - 1, COLUMNS], a row per coarse resolution
    weights : Floats, all packed weights of the network
    masses : Doubles, shape [Q], probability nearest to each level
    cache : Bytes, shape [N, bytes], rows of state, only read
    slots : Integers, shape [B], which of them
    future : Floats, shape [B, F, C], calendar features, then encoded future covariates of the steps to come
    quantiles : Doubles, shape [B, Q, F], overwritten: calibrated, ascending, in the target's unit
    mean : Doubles, shape [B, F], overwritten: in the target's unit
    finite : Booleans, shape [B], overwritten: whether all quantiles and means of a row are numbers
    seasonal_error : Doubles, shape [B], overwritten: mean absolute change over a season, NaN while unknown
    autocorrelation : Floats, shape [B, horizon], overwritten: of a forecast's errors, by distance in steps
    baseline : Doubles, shape [B, K], overwritten: the seasonal naive forecast of K steps, in the target's unit
    naive_weights : Floats, shape [B, S, E], overwritten: shares of the naive forecasts
    resolution_weights : Floats, shape [B, S, R], overwritten: shares of the resolutions
    scaled : Floats, shape [B, Q, F], overwritten: the quantiles in units of scale; empty where nobody wants them
    raw : Floats, shape [B, Q, F], overwritten: those before calibration; likewise
    scaling : Doubles, shape [B, 2], overwritten: ``loc`` and ``scale``, in the compressed target's unit; likewise

    Returns
    -------
    int
        ``DONE``, or why nothing was done: ``MISFIT`` of shapes, ``NO_ROW`` at a place, or ``room`` is to have so many
        numbers more than it has.
    """
    n = numbers[0]
    steps, many = mean.shape[1], len(slots)
    if not 1 <= steps <= n.horizon or future.shape != (many, steps, n.known) or cache.shape[1] != 4 * n.row_floats:
        return MISFIT
    if not within(slots, len(cache)):
        return NO_ROW
    segments = -(-steps // n.segment_length)
    block = min(max(_SEGMENTS // segments, 1), many)
    sizes = origin_sizes(n, block, segments)
    if len(room) < extent(sizes):
        return extent(sizes) - len(room)
    weights, masses, rows = borrowed(weights), borrowed(masses), borrowed(cache)
    floats, doubles, integers = rows.view(np.float32), rows.view(np.float64), rows.view(np.int64)
    quantiles, mean, scaled, raw = borrowed(quantiles), borrowed(mean), borrowed(scaled), borrowed(raw)
    o = carved(Origins, borrowed(room), sizes)
    first = claimed(taken, block)
    while first < many:
        count = min(block, many - first)
        for i in range(count):
            r = slots[first + i]
            _set_origin(n, coarse, o, i, count, segments, floats[r], doubles[r], integers[r, n.at_time_index])
            if n.known > 0:
                ahead, given = o.future[i * steps * n.known :], future[first + i].reshape(-1)
                for j in range(steps * n.known):
                    ahead[j] = given[j]
        raw_quantiles(n, coarse, weights, o, count, segments, steps)
        for i in range(count):
            r, b = slots[first + i], first + i
            loc, scale = doubles[r, n.at_locs + n.patch_length - 1], doubles[r, n.at_scales + n.patch_length - 1]
            age = integers[r, n.at_count]
            finite[b] = give_row(
                n, weights, masses, o, i, floats[r], age, loc, scale, quantiles[b].reshape(-1), mean[b]
            )
            changes, seasons = doubles[r, n.at_seasonal_error], doubles[r, n.at_seasonal_error + 1]
            seasonal_error[b] = changes / seasons if seasons > 0.0 else np.nan
            if baseline.shape[1] > 0:
                repeat_season(n, o.window[(i + 1) * n.lookback_length - n.season :], loc, scale, baseline[b])
            give_autocorrelation(n, weights, floats[r], autocorrelation[b])
            give_shares(n, o, i, naive_weights[b], resolution_weights[b])
            if len(scaling) > 0:
                scaling[b, 0], scaling[b, 1] = loc, scale
                give_scaled(n, weights, o, i, floats[r], age, scaled[b].reshape(-1), raw[b].reshape(-1), steps)
        first = claimed(taken, block)
    return DONE


@kernel
def _set_origin(
    n: Network, coarse: Integers, o: Origins, i: int, count: int, segments: int, row: Floats, doubles: Doubles,
    time_index: int,
) -> None:  # fmt: skip
    """Set what the forecast of one row depends on."""
    loc, scale = doubles[n.at_locs + n.patch_length - 1], doubles[n.at_scales + n.patch_length - 1]
    recent = row[n.at_lookback + n.kept_length - n.lookback_length : n.at_lookback + n.kept_length]
    look_back(n, o, i, segments, recent, loc, scale)
    top = (n.layers - 1) * n.parts * n.width
    set_hidden(n, o, 0, i, count, row[n.at_hidden + (n.patch_length - 1) * n.layers * n.parts * n.width + top :])
    for resolution in range(1, n.resolutions):
        own = coarse[resolution - 1]
        set_hidden(n, o, resolution, i, count, row[own[HIDDEN] + top :])
        o.ages[resolution * count + i] = age_of(own[LENGTH], time_index)
    for j in range(n.static):
        o.static[i * n.static + j] = row[n.at_static + j]


FORECAST = signature(
    (np.float32, 1), (np.int64, 1), (NUMBERS, 1), (np.int64, 2), (np.float32, 1), (np.float64, 1), (np.uint8, 2),
    (np.int64, 1), (np.float32, 3), (np.float64, 3), (np.float64, 2), (np.bool_, 1), (np.float64, 1),
    (np.float32, 2), (np.float64, 2), (np.float32, 3), (np.float32, 3), (np.float32, 3), (np.float32, 3),
    (np.float64, 2),
)  # fmt: skip
"""The types that ``forecast`` takes."""
