"""Any number of steps of any number of series as one compiled call: from rows of state to rows of state.

A history and a single observation take the same way. Rows go through in blocks that stay in the cache; the steps of a
block go through in rounds of at most a patch, because within a patch every step advances another phase state, so that
the products of a round are one. The order of sums does not depend on the rounds: stepping equals running.

Shapes: B rows, T steps, P patch length, K values kept, C past and known covariates, D width, W its padding.
"""

from typing import NamedTuple

import numpy as np

from statecast.compiled.arithmetic.cells import StackScratch, new_stack_scratch, step_stack
from statecast.compiled.arithmetic.kernel import ZERO, Bytes, Floats, Integers, Network, entry, kernel, signature
from statecast.compiled.arithmetic.products import dense, padded
from statecast.compiled.network import NUMBERS
from statecast.compiled.parts.hindcasts import new_hindcast_scratch, settle_hindcasts
from statecast.compiled.parts.reading import (
    EMBED,
    HIDDEN,
    INPUTS,
    STACK,
    compress,
    fill_bucket,
    follow_scale,
    follow_season,
    show_covariates,
    show_scaling,
    show_target,
)
from statecast.compiled.parts.rows import Rows, begin_row, end_row, phase_of, within

# Steps of the recurrence that are computed at once: few enough that what is made of them stays in the cache.
_AT_ONCE = 48


class _Round(NamedTuple):
    """Room for the steps of one round, M at most: what is shown, embedded and where phase states lie.

    before, ended: of each coarse resolution and row the hidden vector before the round, the step that ends a bucket.
    """

    shown: Floats
    embedded: Floats
    places: Integers
    bucket_shown: Floats
    before: Floats
    ended: Integers
    stack: StackScratch


@kernel
def _new_round(n: Network, rows: int, steps: int) -> _Round:
    width, most, coarse = padded(n.width), rows * steps, max(n.resolutions - 1, 1)
    return _Round(
        np.empty(most * n.inputs, np.float32),
        np.empty(most * width, np.float32),
        np.empty(most, np.int64),
        np.empty(rows * INPUTS, np.float32),
        np.empty(coarse * rows * n.width, np.float32),
        np.empty((coarse, rows), np.int64),
        new_stack_scratch(n, most),
    )


@entry
def advance(
    numbers: Network, coarse: Integers, chosen: Integers, weights: Floats, before: Bytes, read: Integers,
    after: Bytes, write: Integers, target: Floats, past: Floats, known: Floats,
) -> bool:  # fmt: skip
    """Fill rows with what others become T steps later.

    Parameters
    ----------
    numbers : Network, shape [1], of ``NUMBERS``
    coarse : Integers, shape [R - 1, COLUMNS], a row per coarse resolution
    chosen : Integers, shape [E], places in ``NAIVE_FORECASTS``
    weights : Floats, all packed weights of the network
    before : Bytes, shape [N, bytes], rows of state, only read
    read : Integers, shape [B], which of them
    after : Bytes, shape [M, bytes], rows of which some are overwritten; may be the same memory as ``before``
    write : Integers, shape [B], which of them, each once; in the same memory none that another one reads
    target : Floats, shape [B, T], in the target's unit, NaN where missing; T is at least 1
    past : Floats, shape [B, T, Cp], encoded past covariates
    known : Floats, shape [B, T, Ck], calendar features, then encoded future covariates

    Returns
    -------
    bool
        Whether all of ``read`` and ``write`` are rows; if not, nothing was done.
    """
    if not within(read, len(before)) or not within(write, len(after)):
        return False
    n = numbers[0]
    steps = target.shape[1]
    longest = min(n.round_length, steps)
    block = min(max(_AT_ONCE // longest, 1), len(target))
    rows = Rows(
        after.view(np.float32),
        after.view(np.float64),
        after.view(np.int64),
        np.empty(block, np.int64),
        np.empty((block, n.kept_length + steps), np.float32),
        np.empty((block, (n.patch_length + steps) * n.covariates), np.float32),
        np.empty((block, (n.horizon + steps) * n.known if n.adapts > 0 else 0), np.float32),
    )
    old, spare = before.view(np.float64), np.empty(n.row_floats // 2, np.float64)
    same = before.ctypes.data == after.ctypes.data
    room = _new_round(n, block, longest)
    hindcasts = new_hindcast_scratch(n, block * (-(-longest // n.stride)))
    for first in range(0, len(target), block):
        count = min(block, len(target) - first)
        for i in range(count):
            rows.places[i] = write[first + i]
            kept = old[read[first + i]]
            if same and read[first + i] == write[first + i]:
                spare[:] = kept
                kept = spare
            begin_row(n, kept.view(np.float32), kept, rows, i, steps)
            for step in range(steps):
                rows.full[i, n.kept_length + step] = compress(target[first + i, step], n.asinh_unit)
            _join_covariates(n, rows, i, past[first + i], known[first + i])
        for begin in range(0, steps, longest):
            some = min(longest, steps - begin)
            _read_round(n, rows, room, count, begin, some, steps, known[first : first + count])
            _advance_finest(n, weights, rows, room, count * some)
            _advance_coarse(n, coarse, weights, rows, room, count, begin, some)
            if n.adapts > 0:
                settle_hindcasts(
                    n, coarse, chosen, weights, rows, hindcasts, room.before, room.ended, count, begin, some, steps
                )
        for i in range(count):
            end_row(n, rows, i, steps)
    return True


@kernel
def _join_covariates(n: Network, rows: Rows, i: int, past: Floats, known: Floats) -> None:
    """Put the new steps' past and then future covariates behind those that were kept, and what was known of them."""
    steps = len(past)
    joined, ahead = rows.covariates[i], rows.known[i]
    for step in range(steps):
        place = (n.patch_length + step) * n.covariates
        for c in range(n.past):
            joined[place + c] = past[step, c]
        for c in range(n.known - n.calendar):
            joined[place + n.past + c] = known[step, n.calendar + c]
        if n.adapts > 0:
            for c in range(n.known):
                ahead[(n.horizon + step) * n.known + c] = known[step, c]


@kernel
def _read_round(
    n: Network, rows: Rows, room: _Round, count: int, begin: int, some: int, steps: int, known: Floats
) -> None:
    """Follow level and scale through a round, and write what the encoder is shown at each of its steps."""
    for i in range(count):
        r = rows.places[i]
        row, full = rows.doubles[r], rows.full[i]
        static = rows.floats[r, n.at_static :]
        for step in range(begin, begin + some):
            value = full[n.kept_length + step]
            loc, scale = follow_scale(n, row, value)
            phase = phase_of(n, step, steps)
            loc_before, scale_before = row[n.at_locs + phase], row[n.at_scales + phase]
            row[n.at_locs + phase], row[n.at_scales + phase] = loc, scale
            follow_season(n, row, value, full[n.kept_length + step - n.season])
            place = i * some + step - begin
            shown = room.shown[place * n.inputs : (place + 1) * n.inputs]
            show_target(n, full, n.kept_length + step + 1, loc, scale, shown)
            show_scaling(n, loc, scale, loc_before, scale_before, shown)
            show_covariates(n, rows.covariates[i], step + 1, known[i, step], static, shown)
            room.places[place] = r * n.row_floats + n.at_hidden + phase * n.layers * n.parts * n.width


@kernel
def _advance_finest(n: Network, weights: Floats, rows: Rows, room: _Round, many: int) -> None:
    """Advance the phase states of a round's ``many`` steps, each another one."""
    width = padded(n.width)
    dense(room.shown, n.inputs, many, weights, n.embed, n.inputs, room.embedded, width)
    for i in range(many):
        embedded = room.embedded[i * width : (i + 1) * width]
        for j in range(width):
            embedded[j] = max(embedded[j], ZERO)
    step_stack(n, weights, n.recurrent, room.embedded, rows.floats.reshape(-1), room.places, many, room.stack)


@kernel
def _advance_coarse(
    n: Network, coarse: Integers, weights: Floats, rows: Rows, room: _Round, count: int, begin: int, some: int
) -> None:
    """Fill the open buckets, and advance each resolution over the bucket that the round completed, if it did."""
    width, top = padded(n.width), (n.layers - 1) * n.parts * n.width
    for resolution in range(n.resolutions - 1):
        own = coarse[resolution]
        many = 0
        for i in range(count):
            r = rows.places[i]
            kept = room.before[(resolution * count + i) * n.width : (resolution * count + i + 1) * n.width]
            kept[:] = rows.floats[r, own[HIDDEN] + top : own[HIDDEN] + top + n.width]
            room.ended[resolution, i] = begin + some
            for step in range(begin, begin + some):
                value = rows.full[i, n.kept_length + step]
                time_index = rows.integers[r, n.at_time_index] + 1 + step
                phase = phase_of(n, step, rows.full.shape[1] - n.kept_length)
                loc, scale = rows.doubles[r, n.at_locs + phase], rows.doubles[r, n.at_scales + phase]
                shown = room.bucket_shown[many * INPUTS : (many + 1) * INPUTS]
                if fill_bucket(
                    own, rows.doubles[r], time_index, value, loc, scale, rows.doubles[r, n.at_offset], shown
                ):
                    room.ended[resolution, i] = step
                    room.places[many] = r * n.row_floats + own[HIDDEN]
                    many += 1
        if many > 0:
            dense(room.bucket_shown, INPUTS, many, weights, own[EMBED], INPUTS, room.embedded, width)
            for j in range(many * width):
                room.embedded[j] = max(room.embedded[j], ZERO)
            step_stack(n, weights, own[STACK], room.embedded, rows.floats.reshape(-1), room.places, many, room.stack)


ADVANCE = signature(
    (NUMBERS, 1), (np.int64, 2), (np.int64, 1), (np.float32, 1), (np.uint8, 2), (np.int64, 1), (np.uint8, 2),
    (np.int64, 1), (np.float32, 2), (np.float32, 3), (np.float32, 3),
)  # fmt: skip
"""The types that ``advance`` takes."""
