"""Forecasts that were possible a horizon ago, made when their truth has come in.

As ``statecast.uncertainty.hindcasts`` and ``Forecaster._look_back``, a step at a time.

Shapes: F horizon, H kept hindcasts, R resolutions, D width.
"""

from typing import NamedTuple

import numpy as np

from statecast.compiled.arithmetic.kernel import Doubles, Floats, Integers, Network, kernel
from statecast.compiled.arithmetic.memory import carved, extent
from statecast.compiled.parts.decoding import look_back, set_hidden
from statecast.compiled.parts.head import raw_quantiles
from statecast.compiled.parts.origins import Origins, origin_sizes
from statecast.compiled.parts.reading import HIDDEN, LENGTH, age_of
from statecast.compiled.parts.rows import Rows, full_of, known_of, phase_of
from statecast.compiled.parts.truth import PlacesScratch, TruthScratch, follow_truth, places_sizes

# Hindcasts decoded at once, as segments.
_SEGMENTS = 96


class Due(NamedTuple):
    """Which hindcasts are decoded, H at most.

    Parameters
    ----------
    row : Integers, shape [H]
        Place of its row in the block.
    step : Integers, shape [H]
        Step of the chunk at which its truth is complete.
    """

    row: Integers
    step: Integers


class Scales(NamedTuple):
    """Scaling of the origins of hindcasts, in the compressed target's unit: ``loc`` and ``scale``, ``[H]``."""

    loc: Doubles
    scale: Doubles


class HindcastScratch(NamedTuple):
    """Room for the hindcasts that are decoded at once: what they are forecast from, and which they are."""

    origins: Origins
    places: PlacesScratch
    truth: TruthScratch
    scales: Scales
    due: Due


@kernel
def hindcasts_at_once(n: Network, most: int) -> int:
    """Give H, the hindcasts that are decoded at once; 0 where nothing adapts.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    most : int, hindcasts that can mature in one round
    """
    return min(max(_SEGMENTS // n.segments, 1), most) if n.adapts > 0 else 0


@kernel
def hindcast_extent(n: Network, count: int) -> int:
    """Numbers that ``new_hindcast_scratch`` takes.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    count : int, H, hindcasts
    """
    doubles = extent((n.horizon, n.horizon)) + extent((count, count))
    return (
        extent(origin_sizes(n, count, n.segments)) + extent(places_sizes(n)) + 2 * doubles + 2 * extent((count, count))
    )


@kernel
def new_hindcast_scratch(n: Network, count: int, room: Floats) -> HindcastScratch:
    """Cut a room for hindcasts.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    count : int, H, hindcasts
    room : Floats, as many as ``hindcast_extent`` says
    """
    sizes, places = origin_sizes(n, count, n.segments), places_sizes(n)
    doubles = room[extent(sizes) + extent(places) :].view(np.float64)
    truth, each = (n.horizon, n.horizon), (count, count)
    scales = doubles[extent(truth) :]
    return HindcastScratch(
        carved(Origins, room, sizes),
        carved(PlacesScratch, room[extent(sizes) :], places),
        carved(TruthScratch, doubles, truth),
        carved(Scales, scales, each),
        carved(Due, scales[extent(each) :].view(np.int64), each),
    )


@kernel
def touches_hindcasts(n: Network, rows: Rows, count: int, begin: int, some: int) -> bool:
    """Whether any step of a round is an origin to keep, or one at which a kept one has matured.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows
    count : int, rows of the block
    begin : int, first step of the round
    some : int, steps of the round
    """
    for i in range(count):
        first = rows.integers[rows.places[i], n.at_time_index] + 1 + begin
        for step in range(some):
            place = (first + step) % n.stride
            if place == 0 or place == n.horizon % n.stride:
                return True
    return False


@kernel
def settle_hindcasts(
    n: Network, coarse: Integers, weights: Floats, rows: Rows, h: HindcastScratch, before: Floats,
    ended: Integers, count: int, begin: int, some: int,
) -> None:  # fmt: skip
    """Go through a round's steps: compare what matured with what came, and keep what the new origins need.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    coarse : Integers, shape [R - 1, COLUMNS], a row per coarse resolution
    weights : Floats, all packed weights of the network
    rows : Rows
        Read up to the end of the round; offsets, autocorrelation and kept origins are changed in place.
    h : HindcastScratch
        Overwritten.
    before : Floats, flat [R - 1, count, D]
        Hidden vectors of coarse resolutions before the round.
    ended : Integers, flat [R - 1, count]
        Step of the chunk that closed a resolution's bucket; ``begin + some`` if none did.
    count : int
        Rows of the block.
    begin : int
        First step of the round, counted from the start of the chunk.
    some : int
        Steps of the round.
    """
    most, found = len(h.due.row), 0
    for i in range(count):
        r = rows.places[i]
        for step in range(begin, begin + some):
            time_index = rows.integers[r, n.at_time_index] + 1 + step
            read = rows.integers[r, n.at_count] + 1 + step - n.horizon
            if (time_index - n.horizon) % n.stride == 0 and read >= n.burn_in:
                slot = (time_index - n.horizon) // n.stride % n.hindcasts
                scaling = rows.doubles[r, n.at_hindcast_scaling + 2 * slot : n.at_hindcast_scaling + 2 * slot + 2]
                if scaling[1] > 0.0:  # a series that had not moved by then has no unit to measure errors in
                    h.due.row[found], h.due.step[found] = i, step
                    h.scales.loc[found], h.scales.scale[found] = scaling[0], scaling[1]
                    _recollect(n, coarse, rows, h, found, most, r, i, time_index - n.horizon, slot, step)
                    found += 1
            if time_index % n.stride == 0:
                _keep_origin(n, coarse, rows, before, ended, r, i, count, step, time_index)
            if found == most:
                _compare(n, coarse, weights, rows, h, found, most)
                found = 0
    _compare(n, coarse, weights, rows, h, found, most)


@kernel
def _keep_origin(
    n: Network, coarse: Integers, rows: Rows, before: Floats, ended: Integers, r: int, i: int, count: int, step: int,
    time_index: int,
) -> None:  # fmt: skip
    slot = time_index // n.stride % n.hindcasts
    top, phase = (n.layers - 1) * n.parts * n.width, phase_of(n, step, rows.steps)
    floats, doubles = rows.floats[r], rows.doubles[r]
    doubles[n.at_hindcast_scaling + 2 * slot] = doubles[n.at_locs + phase]
    doubles[n.at_hindcast_scaling + 2 * slot + 1] = doubles[n.at_scales + phase]
    to = floats[n.at_hindcasts + slot * n.resolutions * n.width :]
    hidden = floats[n.at_hidden + phase * n.layers * n.parts * n.width + top :]
    for j in range(n.width):
        to[j] = hidden[j]
    for resolution in range(1, n.resolutions):
        # A bucket that ends later in the round was not over yet.
        if ended[(resolution - 1) * count + i] <= step:
            hidden = floats[coarse[resolution - 1, HIDDEN] + top :]
        else:
            hidden = before[((resolution - 1) * count + i) * n.width :]
        for j in range(n.width):
            to[resolution * n.width + j] = hidden[j]


@kernel
def _recollect(
    n: Network, coarse: Integers, rows: Rows, h: HindcastScratch, found: int, most: int, r: int,
    i: int, origin: int, slot: int, step: int,
) -> None:  # fmt: skip
    """Set what the forecast from ``origin`` depended on."""
    o = h.origins
    for resolution in range(n.resolutions):
        kept = rows.floats[r, n.at_hindcasts + (slot * n.resolutions + resolution) * n.width :]
        set_hidden(n, o, resolution, found, most, kept)
        if resolution > 0:
            o.ages[resolution * most + found] = age_of(coarse[resolution - 1, LENGTH], origin)
    full, end = full_of(n, rows, i), n.kept_length + step + 1 - n.horizon
    window = full[end - n.lookback_length : end]
    look_back(n, o, found, n.segments, window, h.scales.loc[found], h.scales.scale[found])
    for j in range(n.static):
        o.static[found * n.static + j] = rows.floats[r, n.at_static + j]
    if n.known > 0:
        size = n.horizon * n.known
        ahead = known_of(n, rows, i)[(step + 1) * n.known :]
        for j in range(size):
            o.future[found * size + j] = ahead[j]


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
    size = n.segments * n.levels * n.segment_span
    for k in range(found):
        i, r, ahead = h.due.row[k], rows.places[h.due.row[k]], h.due.step[k] + 1 - n.horizon
        origin, age = rows.integers[r, n.at_time_index] + ahead, rows.integers[r, n.at_count] + ahead
        truth = full_of(n, rows, i)[n.kept_length + ahead :]
        raw, loc, scale = h.origins.raw[k * size : (k + 1) * size], h.scales.loc[k], h.scales.scale[k]
        follow_truth(n, weights, rows.floats[r], origin, age, raw, truth, loc, scale, h.truth, h.places)
