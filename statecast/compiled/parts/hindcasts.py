"""Forecasts that were possible a horizon ago, made when their truth has come in.

As ``statecast.uncertainty.hindcasts`` and ``Forecaster._look_back``, a step at a time.

Shapes: F horizon, H kept hindcasts, R resolutions, D width.
"""

from typing import NamedTuple

import numpy as np

from statecast.compiled.arithmetic.kernel import Doubles, Floats, Integers, Network, kernel
from statecast.compiled.parts.calibrating import TruthScratch, follow_truth, new_truth_scratch
from statecast.compiled.parts.decoding import look_back, set_hidden
from statecast.compiled.parts.head import raw_quantiles
from statecast.compiled.parts.origins import Origins, new_origins
from statecast.compiled.parts.reading import HIDDEN, LENGTH, age_of
from statecast.compiled.parts.rows import Rows, phase_of

# Hindcasts decoded at once, as segments.
_SEGMENTS = 96


class HindcastScratch(NamedTuple):
    """Room for the hindcasts that are decoded at once, H at most.

    Parameters
    ----------
    origins : Origins
        What they are forecast from.
    truth : TruthScratch
        For one of them at a time.
    row : Integers, shape [H]
        Place of its row in the block.
    step : Integers, shape [H]
        Step of the chunk at which its truth is complete.
    scaling : Doubles, shape [H, 2]
        ``loc`` and ``scale`` of its origin, in the compressed target's unit.
    """

    origins: Origins
    truth: TruthScratch
    row: Integers
    step: Integers
    scaling: Doubles


@kernel
def new_hindcast_scratch(n: Network, most: int) -> HindcastScratch:
    """Allocate for as many hindcasts as are decoded at once; none where nothing adapts.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    most : int
        Hindcasts that can mature in one round.

    Returns
    -------
    HindcastScratch
        Not initialised.
    """
    count = min(max(_SEGMENTS // n.segments, 1), most) if n.adapts > 0 else 0
    return HindcastScratch(
        new_origins(n, count, n.segments),
        new_truth_scratch(n),
        np.empty(count, np.int64),
        np.empty(count, np.int64),
        np.empty((count, 2)),
    )


@kernel
def settle_hindcasts(
    n: Network, coarse: Integers, chosen: Integers, weights: Floats, rows: Rows, h: HindcastScratch, before: Floats,
    ended: Integers, count: int, begin: int, some: int, steps: int,
) -> None:  # fmt: skip
    """Go through a round's steps: compare what matured with what came, and keep what the new origins need.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    coarse : Integers, shape [R - 1, COLUMNS], a row per coarse resolution
    chosen : Integers, shape [E], places in ``NAIVE_FORECASTS``
    weights : Floats, all packed weights of the network
    rows : Rows
        Read up to the end of the round; offsets, autocorrelation and kept origins are changed in place.
    h : HindcastScratch
        Overwritten.
    before : Floats, flat [R - 1, count, D]
        Hidden vectors of coarse resolutions before the round.
    ended : Integers, shape [R - 1, at least count]
        Step of the chunk that closed a resolution's bucket; ``begin + some`` if none did.
    count : int
        Rows of the block.
    begin : int
        First step of the round, counted from the start of the chunk.
    some : int
        Steps of the round.
    steps : int, T
        Steps of the whole chunk.
    """
    most, found = len(h.row), 0
    for i in range(count):
        r = rows.places[i]
        for step in range(begin, begin + some):
            time_index = rows.integers[r, n.at_time_index] + 1 + step
            read = rows.integers[r, n.at_count] + 1 + step - n.horizon
            if (time_index - n.horizon) % n.stride == 0 and read >= n.burn_in:
                slot = (time_index - n.horizon) // n.stride % n.hindcasts
                scaling = rows.doubles[r, n.at_hindcast_scaling + 2 * slot : n.at_hindcast_scaling + 2 * slot + 2]
                if scaling[1] > 0.0:  # a series that had not moved by then has no unit to measure errors in
                    h.row[found], h.step[found] = i, step
                    h.scaling[found] = scaling
                    _recollect(n, coarse, chosen, rows, h, found, most, r, i, time_index - n.horizon, slot, step)
                    found += 1
            if time_index % n.stride == 0:
                _keep_origin(n, coarse, rows, before, ended, r, i, count, step, steps, time_index)
            if found == most:
                _compare(n, coarse, weights, rows, h, found, most)
                found = 0
    _compare(n, coarse, weights, rows, h, found, most)


@kernel
def _keep_origin(
    n: Network, coarse: Integers, rows: Rows, before: Floats, ended: Integers, r: int, i: int, count: int, step: int,
    steps: int, time_index: int,
) -> None:  # fmt: skip
    slot = time_index // n.stride % n.hindcasts
    top, phase = (n.layers - 1) * n.parts * n.width, phase_of(n, step, steps)
    floats, doubles = rows.floats[r], rows.doubles[r]
    doubles[n.at_hindcast_scaling + 2 * slot] = doubles[n.at_locs + phase]
    doubles[n.at_hindcast_scaling + 2 * slot + 1] = doubles[n.at_scales + phase]
    to = floats[n.at_hindcasts + slot * n.resolutions * n.width :]
    hidden = floats[n.at_hidden + phase * n.layers * n.parts * n.width + top :]
    for j in range(n.width):
        to[j] = hidden[j]
    for resolution in range(1, n.resolutions):
        # A bucket that ends later in the round was not over yet.
        if ended[resolution - 1, i] <= step:
            hidden = floats[coarse[resolution - 1, HIDDEN] + top :]
        else:
            hidden = before[((resolution - 1) * count + i) * n.width :]
        for j in range(n.width):
            to[resolution * n.width + j] = hidden[j]


@kernel
def _recollect(
    n: Network, coarse: Integers, chosen: Integers, rows: Rows, h: HindcastScratch, found: int, most: int, r: int,
    i: int, origin: int, slot: int, step: int,
) -> None:  # fmt: skip
    """Set what the forecast from ``origin`` depended on."""
    o = h.origins
    for resolution in range(n.resolutions):
        kept = rows.floats[r, n.at_hindcasts + (slot * n.resolutions + resolution) * n.width :]
        set_hidden(n, o, resolution, found, most, kept)
        if resolution > 0:
            o.ages[resolution * most + found] = age_of(coarse[resolution - 1, LENGTH], origin)
    end = n.kept_length + step + 1 - n.horizon
    window = rows.full[i, end - n.lookback_length : end]
    look_back(n, chosen, o, found, n.segments, window, h.scaling[found, 0], h.scaling[found, 1])
    for j in range(n.static):
        o.static[found * n.static + j] = rows.floats[r, n.at_static + j]
    if n.known > 0:
        size = n.horizon * n.known
        o.future[found * size : (found + 1) * size] = rows.known[i, (step + 1) * n.known : (step + 1) * n.known + size]


@kernel
def _compare(
    n: Network, coarse: Integers, weights: Floats, rows: Rows, h: HindcastScratch, found: int, most: int
) -> None:
    """Forecast from the origins found, and let their rows follow how they turned out."""
    if found == 0:
        return
    for resolution in range(1, n.resolutions):
        # Rows of a resolution follow one another; with fewer than there is room for, they close up.
        size = len(h.origins.hidden) // n.resolutions
        width = size // most
        to, from_ = h.origins.hidden[resolution * found * width :], h.origins.hidden[resolution * size :]
        for j in range(found * width):
            to[j] = from_[j]
        for k in range(found):
            h.origins.ages[resolution * found + k] = h.origins.ages[resolution * most + k]
    raw_quantiles(n, coarse, weights, h.origins, found, n.segments, n.horizon)
    size = n.segments * n.levels * n.segment_length
    for k in range(found):
        i, r = h.row[k], rows.places[h.row[k]]
        origin = rows.integers[r, n.at_time_index] + 1 + h.step[k] - n.horizon
        age = rows.integers[r, n.at_count] + 1 + h.step[k] - n.horizon
        truth = rows.full[i, n.kept_length + h.step[k] + 1 - n.horizon : n.kept_length + h.step[k] + 1]
        raw = h.origins.raw[k * size : (k + 1) * size]
        follow_truth(n, weights, rows.floats[r], origin, age, raw, truth, h.scaling[k, 0], h.scaling[k, 1], h.truth)
