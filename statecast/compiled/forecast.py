"""The forecast as one compiled call: from rows of state to calibrated quantiles and means in the target's unit.

As ``Forecaster.decode`` with ``Prediction.quantiles`` and ``Prediction.mean``. Shapes: B rows, F steps, Q levels,
S segments, E naive forecasts, R resolutions, C known covariates.
"""

import numpy as np

from statecast.compiled.arithmetic.kernel import (
    Booleans,
    Bytes,
    Doubles,
    Floats,
    Integers,
    Network,
    entry,
    inlined,
    kernel,
    signature,
)
from statecast.compiled.network import NUMBERS
from statecast.compiled.parts.calibrating import stretched
from statecast.compiled.parts.decoding import look_back, set_hidden
from statecast.compiled.parts.head import raw_quantiles
from statecast.compiled.parts.origins import Origins, new_origins
from statecast.compiled.parts.reading import HIDDEN, LENGTH, age_of, expand
from statecast.compiled.parts.rows import within

# Segments decoded at once: few enough that what is made of them stays in the cache.
_SEGMENTS = 96


@entry
def forecast(
    numbers: Network, coarse: Integers, chosen: Integers, weights: Floats, masses: Doubles, cache: Bytes,
    slots: Integers, future: Floats, quantiles: Doubles, mean: Doubles, finite: Booleans, seasonal_error: Doubles,
    autocorrelation: Floats, baseline: Doubles, naive_weights: Floats, resolution_weights: Floats, scaled: Floats,
    raw: Floats, scaling: Doubles,
) -> bool:  # fmt: skip
    """Fill arrays with the forecasts of rows of state, none of which change.

    Parameters
    ----------
    numbers : Network, shape [1], of ``NUMBERS``
    coarse : Integers, shape [R - 1, COLUMNS], a row per coarse resolution
    chosen : Integers, shape [E], places in ``NAIVE_FORECASTS``
    weights : Floats, all packed weights of the network
    masses : Doubles, shape [Q], probability nearest to each level
    cache : Bytes, shape [N, bytes], rows of state, only read
    slots : Integers, shape [B], which of them
    future : Floats, shape [B, F, C], calendar features, then encoded future covariates of the steps to come
    quantiles : Doubles, shape [B, F, Q], overwritten: calibrated, ascending, in the target's unit
    mean : Doubles, shape [B, F], overwritten: in the target's unit
    finite : Booleans, shape [B], overwritten: whether all quantiles and means of a row are numbers
    seasonal_error : Doubles, shape [B], overwritten: mean absolute change over a season, NaN while unknown
    autocorrelation : Floats, shape [B, horizon], overwritten: of a forecast's errors, by distance in steps
    baseline : Doubles, shape [B, K], overwritten: the seasonal naive forecast of K steps, in the target's unit
    naive_weights : Floats, shape [B, S, E], overwritten: shares of the naive forecasts
    resolution_weights : Floats, shape [B, S, R], overwritten: shares of the resolutions
    scaled : Floats, shape [B, F, Q], overwritten: the quantiles in units of scale
    raw : Floats, shape [B, F, Q], overwritten: those before calibration
    scaling : Doubles, shape [B, 2], overwritten: ``loc`` and ``scale``, in the compressed target's unit

    Returns
    -------
    bool
        Whether all of ``slots`` are rows; if not, nothing was done.
    """
    if not within(slots, len(cache)):
        return False
    n = numbers[0]
    floats, doubles, integers = cache.view(np.float32), cache.view(np.float64), cache.view(np.int64)
    steps = quantiles.shape[1]
    segments = -(-steps // n.segment_length)
    block = min(max(_SEGMENTS // segments, 1), len(slots))
    o = new_origins(n, block, segments)
    for first in range(0, len(slots), block):
        count = min(block, len(slots) - first)
        for i in range(count):
            r, b = slots[first + i], first + i
            _set_origin(n, coarse, chosen, o, i, count, segments, floats[r], doubles[r], integers[r, n.at_time_index])
            if n.known > 0:
                o.future[i * steps * n.known : (i + 1) * steps * n.known] = future[b].reshape(-1)
        raw_quantiles(n, coarse, weights, o, count, segments, steps)
        for i in range(count):
            r, b = slots[first + i], first + i
            size = segments * n.levels * n.segment_length
            flat_scaled, flat_raw = scaled[b].reshape(-1), raw[b].reshape(-1)
            own = o.raw[i * size : (i + 1) * size]
            stretched(n, weights, masses, floats[r], integers[r, n.at_count], own, flat_scaled, flat_raw, mean[b])
            loc, scale = doubles[r, n.at_locs + n.patch_length - 1], doubles[r, n.at_scales + n.patch_length - 1]
            scaling[b, 0], scaling[b, 1] = loc, scale
            finite[b] = _in_unit(n, masses, flat_scaled, flat_raw, loc, scale, quantiles[b].reshape(-1), mean[b])
            shares = segments * n.naive_forecasts
            naive_weights[b].reshape(-1)[:] = o.naive_weights[i * shares : (i + 1) * shares]
            shares = segments * n.resolutions
            resolution_weights[b].reshape(-1)[:] = o.resolution_weights[i * shares : (i + 1) * shares]
            changes, seasons = doubles[r, n.at_seasonal_error], doubles[r, n.at_seasonal_error + 1]
            seasonal_error[b] = changes / seasons if seasons > 0.0 else np.nan
            _repeat_season(n, o.window[(i + 1) * n.lookback_length - n.season :], loc, scale, baseline[b])
            _autocorrelation(n, weights, floats[r], autocorrelation[b])
    return True


@inlined
def _set_origin(
    n: Network, coarse: Integers, chosen: Integers, o: Origins, i: int, count: int, segments: int, row: Floats,
    doubles: Doubles, time_index: int,
) -> None:  # fmt: skip
    """Set what the forecast of one row depends on."""
    loc, scale = doubles[n.at_locs + n.patch_length - 1], doubles[n.at_scales + n.patch_length - 1]
    recent = row[n.at_lookback + n.kept_length - n.lookback_length : n.at_lookback + n.kept_length]
    look_back(n, chosen, o, i, segments, recent, loc, scale)
    top = (n.layers - 1) * n.parts * n.width
    set_hidden(n, o, 0, i, count, row[n.at_hidden + (n.patch_length - 1) * n.layers * n.parts * n.width + top :])
    for resolution in range(1, n.resolutions):
        own = coarse[resolution - 1]
        set_hidden(n, o, resolution, i, count, row[own[HIDDEN] + top :])
        o.ages[resolution * count + i] = age_of(own[LENGTH], time_index)
    for j in range(n.static):
        o.static[i * n.static + j] = row[n.at_static + j]


@kernel
def _in_unit(
    n: Network, masses: Doubles, scaled: Floats, raw: Floats, loc: float, scale: float, quantiles: Doubles,
    mean: Doubles,
) -> bool:  # fmt: skip
    """Give quantiles in the target's unit, and the mean, kept within the outermost; say whether all are numbers."""
    levels, unit = n.levels, n.asinh_unit
    if unit > 0.0:
        for j in range(len(quantiles)):
            quantiles[j] = expand(loc + scale * np.float64(scaled[j]), unit)
            if j % levels > 0:  # the hyperbolic sine rounds; the order must not
                quantiles[j] = max(quantiles[j], quantiles[j - 1])
    else:
        for j in range(len(quantiles)):
            quantiles[j] = loc + scale * np.float64(scaled[j])
    for step in range(len(mean)):
        first, total = step * levels, loc + scale * mean[step]
        if unit > 0.0:
            total = 0.0
            for q in range(levels):
                total += masses[q] * expand(loc + scale * np.float64(raw[first + q]), unit)
        mean[step] = min(max(total, quantiles[first]), quantiles[first + levels - 1])
    endless = 0
    for j in range(len(quantiles)):
        endless += not abs(quantiles[j]) < np.inf
    for step in range(len(mean)):
        endless += not abs(mean[step]) < np.inf
    return endless == 0


@kernel
def _repeat_season(n: Network, season: Floats, loc: float, scale: float, baseline: Doubles) -> None:
    """Repeat a window's last season, in the target's unit."""
    for step in range(len(baseline)):
        baseline[step] = expand(loc + scale * np.float64(season[step % n.season]), n.asinh_unit)


@kernel
def _autocorrelation(n: Network, weights: Floats, row: Floats, found: Floats) -> None:
    """Add what a row found out about its own errors to what validation found about those of all."""
    common = weights[n.autocorrelation : n.autocorrelation + n.horizon]
    if n.adapts > 0:
        own = row[n.at_autocorrelation : n.at_autocorrelation + n.horizon]
        for lag in range(n.horizon):
            found[lag] = common[lag] + own[lag]
    else:
        for lag in range(n.horizon):
            found[lag] = common[lag]


FORECAST = signature(
    (NUMBERS, 1), (np.int64, 2), (np.int64, 1), (np.float32, 1), (np.float64, 1), (np.uint8, 2), (np.int64, 1),
    (np.float32, 3), (np.float64, 3), (np.float64, 2), (np.bool_, 1), (np.float64, 1), (np.float32, 2),
    (np.float64, 2), (np.float32, 3), (np.float32, 3), (np.float32, 3), (np.float32, 3), (np.float64, 2),
)  # fmt: skip
"""The types that ``forecast`` takes."""
