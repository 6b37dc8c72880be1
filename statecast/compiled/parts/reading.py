"""What one observation does to a row before any weight is applied, and what the encoders are shown of it.

The same as ``statecast.state.causal_scaling``, ``statecast.layers.patch_encoder`` and, of coarse resolutions,
``statecast.layers.bucket_encoder``, a step at a time. Shapes: P patch length, K values kept, T steps of the chunk,
C covariates. A row is read in place as float64 or float32 numbers; ``n`` says at which of them a field begins.
"""

import math

import numpy as np

from statecast.compiled.arithmetic.kernel import ONE, ZERO, Doubles, Floats, Integers, Network, Number, kernel

_NOISE = 1e-7  # as in statecast.state.causal_scaling
_LIMIT = 30.0  # as in statecast.layers.patch_encoder
MEMORY = 8
INPUTS = 2 * MEMORY + 1
# Columns of a network's table of coarse resolutions: places in a row (in float64, float64, float32 numbers), then
# places among the weights, then whether it has a share at all.
LENGTH, BUCKET, MEANS, HIDDEN, EMBED, STACK, KEY, VALUE, AGE, ACTIVE, COLUMNS = range(11)


@kernel
def inverse_of(scale: float) -> float:
    """Give 1 / scale, or 0 where the series has no spread.

    Parameters
    ----------
    scale : float, in the compressed target's unit
    """
    return 1.0 / scale if scale > 0.0 else 0.0


@kernel
def compress(value: Number, unit: float) -> Number:
    """Map a target's value to its inverse hyperbolic sine; see ``statecast.state.transforms``.

    Parameters
    ----------
    value : Number, in the target's unit, NaN where missing
    unit : float, the network's ``asinh_unit``; 0 leaves the value as it is
    """
    return np.float32(math.asinh(np.float64(value) / unit)) if unit > 0.0 else value


@kernel
def expand(value: float, unit: float) -> float:
    """Give a compressed value in the target's unit; see ``statecast.state.transforms``.

    Parameters
    ----------
    value : float, compressed
    unit : float, the network's ``asinh_unit``; 0 leaves the value as it is
    """
    return unit * math.sinh(min(max(value, -700.0), 700.0)) if unit > 0.0 else value


@kernel
def follow_scale(n: Network, row: Doubles, value: Number) -> tuple[float, float]:
    """Advance the discounted sums of a row by one step.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    row : Doubles, a row of state as float64, changed in place
    value : Number, the compressed target, NaN where missing

    Returns
    -------
    tuple of float
        ``loc``, NaN before the first value, and ``scale``, 0 without spread, both in the compressed target's unit.
    """
    offset, sums = row[n.at_offset], row[n.at_sums : n.at_sums + 3]
    if offset != offset:
        offset = np.float64(value)
        row[n.at_offset] = offset
    sums[0] *= n.decay
    sums[1] *= n.decay
    sums[2] *= n.decay
    if value == value:
        away = np.float64(value) - offset
        sums[0] += 1.0
        sums[1] += away
        sums[2] += away * away
    if not sums[0] > 0.0:
        return np.nan, 0.0
    mean = sums[1] / sums[0]
    spread = math.sqrt(max(sums[2] / sums[0] - mean * mean, 0.0))
    return offset + mean, spread if spread > _NOISE * abs(mean) else 0.0


@kernel
def follow_season(n: Network, row: Doubles, value: Number, earlier: Number) -> None:
    """Add one step's change over a season to the sums of the seasonal error, in the target's unit.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    row : Doubles, a row of state as float64, changed in place
    value : Number, the compressed target of the step, NaN where missing
    earlier : Number, that of one season before
    """
    change = abs(expand(np.float64(value), n.asinh_unit) - expand(np.float64(earlier), n.asinh_unit))
    if change == change:
        row[n.at_seasonal_error] += change
        row[n.at_seasonal_error + 1] += 1.0


@kernel
def _bounded(value: float) -> float:
    return min(max(value, -_LIMIT), _LIMIT)


@kernel
def show_target(n: Network, full: Floats, end: int, loc: float, scale: float, shown: Floats) -> None:
    """Write a patch, its changes over one and seven seasons, and where it was observed.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    full : Floats, shape [K + T], a row's compressed target, NaN where missing
    end : int, the patch is the P values before this place of ``full``
    loc : float, level, in the compressed target's unit
    scale : float, spread, in the same unit; 0 for none
    shown : Floats, shape [inputs], of which the first 4 P are overwritten
    """
    length, inverse = n.patch_length, inverse_of(scale)
    begin = end - length
    now, earlier, long_ago = full[begin:end], full[begin - n.season : end], full[begin - 7 * n.season : end]
    value, change, long_change = shown[:length], shown[length : 2 * length], shown[2 * length : 3 * length]
    seen = shown[3 * length : 4 * length]
    for j in range(length):
        x = np.float32(_bounded((np.float64(now[j]) - loc) * inverse))
        value[j] = ZERO if now[j] != now[j] else x
    for j in range(length):
        x = value[j] - np.float32(_bounded((np.float64(earlier[j]) - loc) * inverse))
        change[j] = ZERO if now[j] != now[j] or earlier[j] != earlier[j] else x
    for j in range(length):
        x = value[j] - np.float32(_bounded((np.float64(long_ago[j]) - loc) * inverse))
        long_change[j] = ZERO if now[j] != now[j] or long_ago[j] != long_ago[j] else x
    for j in range(length):
        seen[j] = ZERO if now[j] != now[j] else ONE


@kernel
def show_scaling(n: Network, loc: float, scale: float, loc_before: float, scale_before: float, shown: Floats) -> None:
    """Write how level and scale moved over the patch.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    loc : float, level now, in the compressed target's unit
    scale : float, spread now, 0 for none
    loc_before : float, level P steps earlier
    scale_before : float, spread P steps earlier
    shown : Floats, shape [inputs], of which the two after 4 P are overwritten
    """
    level = (loc - loc_before) * inverse_of(scale)
    ratio = math.log(
        (scale if scale > 0.0 and scale_before > 0.0 else 1.0)
        / (scale_before if scale > 0.0 and scale_before > 0.0 else 1.0)
    )
    first = 4 * n.patch_length
    shown[first] = ZERO if level != level else np.float32(_bounded(level))
    shown[first + 1] = np.float32(_bounded(ratio))


@kernel
def show_covariates(n: Network, kept: Floats, begin: int, calendar: Floats, static: Floats, shown: Floats) -> None:
    """Write a patch of covariates, the calendar of its last step and the static covariates.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    kept : Floats, flat [P + T, C], a row's covariates, kept ones and then the chunk's
    begin : int, the patch is the P steps of ``kept`` from this one
    calendar : Floats, shape [at least calendar], what is known of the patch's last step, calendar first
    static : Floats, shape [at least static], encoded static covariates
    shown : Floats, shape [inputs], of which all after 4 P + 2 is overwritten
    """
    place = 4 * n.patch_length + 2
    for c in range(n.covariates):
        for j in range(n.patch_length):
            shown[place + j] = kept[(begin + j) * n.covariates + c]
        place += n.patch_length
    for j in range(n.calendar):
        shown[place + j] = calendar[j]
    place += n.calendar
    for j in range(n.static):
        shown[place + j] = static[j]


@kernel
def fill_bucket(
    resolution: Integers, row: Doubles, time_index: int, value: Number, loc: float, scale: float, offset: float,
    shown: Floats,
) -> bool:  # fmt: skip
    """Put one value into the open bucket of a resolution, and close the bucket if this is its last step.

    Parameters
    ----------
    resolution : Integers, shape [COLUMNS], a row of the table of coarse resolutions
    row : Doubles, a row of state as float64, changed in place
    time_index : int, absolute index of the step
    value : Number, the compressed target of the step, NaN where missing
    loc : float, level, in the compressed target's unit
    scale : float, spread, in the same unit; 0 for none
    offset : float, what the bucket's sum is taken about, in the same unit
    shown : Floats, shape [INPUTS], overwritten if the bucket is closed: means, whether they exist, coverage

    Returns
    -------
    bool
        Whether the bucket was closed, so that its encoder is to advance.
    """
    length, sums = resolution[LENGTH], row[resolution[BUCKET] : resolution[BUCKET] + 2]
    if value == value:
        sums[0] += np.float64(value) - offset
        sums[1] += 1.0
    if (time_index + 1) % length != 0:
        return False
    means = row[resolution[MEANS] : resolution[MEANS] + MEMORY - 1]
    newest = sums[0] / sums[1] if sums[1] > 0.0 else np.nan
    level = loc - offset
    if level != level:
        level = 0.0
    inverse = inverse_of(scale)
    for k in range(MEMORY):
        mean = means[k] if k < MEMORY - 1 else newest
        seen = mean == mean
        shown[k] = np.float32(min(max((mean - level) * inverse, -_LIMIT), _LIMIT)) if seen else ZERO
        shown[MEMORY + k] = ONE if seen else ZERO
    shown[2 * MEMORY] = np.float32(sums[1] / length)
    for k in range(MEMORY - 2):
        means[k] = means[k + 1]
    means[MEMORY - 2] = newest
    sums[0] = 0.0
    sums[1] = 0.0
    return True


@kernel
def age_of(length: int, time_index: int) -> Number:
    """Give the share of the open bucket that has passed: 0 when one has just been closed, always below 1.

    Parameters
    ----------
    length : int, steps of a bucket
    time_index : int, absolute index of the last step read
    """
    return np.float32((time_index + 1) % length) / np.float32(length)
