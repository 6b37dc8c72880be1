"""Any number of steps of any number of series as one compiled call: from rows of state to rows of state.

A history and a single observation take the same way. Rows go through in blocks that stay in the cache; the steps of a
block go through in rounds of at most a patch, because within a patch every step advances another phase state, so that
the products of a round are one. The order of sums does not depend on the rounds: stepping equals running.

Shapes: B rows, T steps, P patch length, K values kept, C past and known covariates, D width, W its padding.
"""

import numpy as np

from statecast.compiled.arithmetic import DONE, MISFIT, NO_ROW
from statecast.compiled.arithmetic.cells import StackScratch, stack_sizes, step_stack
from statecast.compiled.arithmetic.kernel import (
    ZERO,
    Booleans,
    Bytes,
    Floats,
    Integers,
    Network,
    entry,
    kernel,
    signature,
)
from statecast.compiled.arithmetic.memory import borrowed, carved, claimed, extent
from statecast.compiled.arithmetic.products import dense, padded
from statecast.compiled.network import NUMBERS
from statecast.compiled.parts.encoder_inputs import (
    EncoderInputs,
    Places,
    encoder_input_sizes,
    fill_encoder_inputs,
    fill_needed_steps,
    join_covariates,
)
from statecast.compiled.parts.hindcasts import (
    hindcast_extent,
    hindcasts_at_once,
    new_hindcast_scratch,
    settle_hindcasts,
    touches_hindcasts,
)
from statecast.compiled.parts.reading import EMBED, HIDDEN, INPUTS, STACK, compress, fill_bucket
from statecast.compiled.parts.rows import Joined, Rows, begin_row, end_row, full_of, joined_sizes, phase_of, within

# Steps of the recurrence that are computed at once: few enough that what is made of them stays in the cache.
_AT_ONCE = 48


@entry
def advance(
    room: Floats, taken: Integers, numbers: Network, coarse: Integers, weights: Floats, before: Bytes, read: Integers,
    after: Bytes, write: Integers, target: Floats, past: Floats, known: Floats, final: Booleans,
) -> int:  # fmt: skip
    """Fill rows with what others become T steps later.

    Parameters
    ----------
    room : Floats, to work in, overwritten
    taken : Integers, shape [1], 0 at first: rows that are taken, by any of the threads that run this call together
    numbers : Network, shape [1], of ``NUMBERS``
    coarse : Integers, shape [R - 1, COLUMNS], a row per coarse resolution
    weights : Floats, all packed weights of the network
    before : Bytes, shape [N, bytes], rows of state, only read
    read : Integers, shape [B], which of them
    after : Bytes, shape [M, bytes], rows of which some are overwritten; may be the same memory as ``before``
    write : Integers, shape [B], which of them, each once; in the same memory none that another one reads
    target : Floats, shape [B, T], in the target's unit, NaN where missing; T is at least 1
    past : Floats, shape [B, T, Cp], encoded past covariates
    known : Floats, shape [B, T, Ck], calendar features, then encoded future covariates
    final : Booleans, shape [B], rows that are only forecast from, and never advanced again: phase states that their
        forecast does not depend on are left behind

    Returns
    -------
    int
        ``DONE``, or why nothing was done: ``MISFIT`` of shapes, ``NO_ROW`` at a place, or ``room`` is to have so many
        numbers more than it has.
    """
    n = numbers[0]
    count, steps = target.shape
    if steps == 0 or before.shape[1] != 4 * n.row_floats or after.shape[1] != 4 * n.row_floats:
        return MISFIT
    if len(read) != count or len(write) != count or past.shape != (count, steps, n.past):
        return MISFIT
    if known.shape != (count, steps, n.known) or len(final) != count:
        return MISFIT
    if not within(read, len(before)) or not within(write, len(after)):
        return NO_ROW
    longest = min(n.round_length, steps)
    block = min(max(_AT_ONCE // longest, 1), count)
    sizes, stack = encoder_input_sizes(n, block, longest), stack_sizes(n, block * longest)
    joined = joined_sizes(n, block, steps)
    places = block, block * longest, (n.resolutions - 1) * block, block * n.patch_length
    hindcasts = hindcasts_at_once(n, block * (-(-longest // n.stride)))
    needed = extent(sizes) + extent(stack) + extent(joined) + 2 * extent(places) + padded(n.row_floats)
    needed += hindcast_extent(n, hindcasts)
    if len(room) < needed:
        return needed - len(room)
    lent, weights, same = borrowed(room), borrowed(weights), before.ctypes.data == after.ctypes.data
    new = borrowed(after)
    old, new_floats, new_doubles = borrowed(before).view(np.float32), new.view(np.float32), new.view(np.float64)
    spare, lent = lent[: n.row_floats], lent[padded(n.row_floats) :]
    its, lent = carved(Places, lent.view(np.int64), places), lent[2 * extent(places) :]
    kept, lent = carved(Joined, lent, joined), lent[extent(joined) :]
    rows = Rows(new_floats, new_doubles, new.view(np.int64), its.rows, steps, kept)
    this, lent = carved(EncoderInputs, lent, sizes), lent[extent(sizes) :]
    scratch, lent = carved(StackScratch, lent, stack), lent[extent(stack) :]
    h = new_hindcast_scratch(n, hindcasts, lent)
    first = claimed(taken, block)
    while first < count:
        some_rows = min(block, count - first)
        for i in range(some_rows):
            rows.places[i] = write[first + i]
            row = old[read[first + i]]
            if same and read[first + i] == write[first + i]:
                spare[:] = row
                row = spare
            begin_row(n, row, rows, i)
            until = its.until[i * n.patch_length : (i + 1) * n.patch_length]
            fill_needed_steps(n, rows, i, final[first + i], until)
            full = full_of(n, rows, i)
            for step in range(steps):
                full[n.kept_length + step] = compress(target[first + i, step], n.asinh_unit)
            if n.covariates + n.known > 0:
                join_covariates(n, rows, i, past[first + i], known[first + i])
        for begin in range(0, steps, longest):
            some = min(longest, steps - begin)
            many = fill_encoder_inputs(n, rows, this, its, some_rows, begin, some, known[first : first + some_rows])
            _advance_finest(n, weights, rows, this, its.states, many, scratch)
            if n.resolutions > 1:
                _advance_coarse(n, coarse, weights, rows, this, its, some_rows, begin, some, scratch)
            if n.adapts > 0 and touches_hindcasts(n, rows, some_rows, begin, some):
                settle_hindcasts(n, coarse, weights, rows, h, this.before, its.ended, some_rows, begin, some)
        for i in range(some_rows):
            end_row(n, rows, i)
        first = claimed(taken, block)
    return DONE


@kernel
def _advance_finest(
    n: Network, weights: Floats, rows: Rows, this: EncoderInputs, states: Integers, many: int, scratch: StackScratch
) -> None:
    """Advance the phase states of a round's ``many`` steps, each another one."""
    width = padded(n.width)
    dense(this.shown, n.inputs, many, weights, n.embed, n.inputs, this.embedded, width)
    for j in range(many * width):
        this.embedded[j] = max(this.embedded[j], ZERO)
    step_stack(n, weights, n.recurrent, this.embedded, rows.floats.reshape(-1), states, many, scratch)


@kernel
def _advance_coarse(
    n: Network, coarse: Integers, weights: Floats, rows: Rows, this: EncoderInputs, its: Places, count: int, begin: int,
    some: int, scratch: StackScratch,
) -> None:  # fmt: skip
    """Fill the open buckets, and advance each resolution over the bucket that the round completed, if it did."""
    width, top = padded(n.width), (n.layers - 1) * n.parts * n.width
    for resolution in range(n.resolutions - 1):
        own = coarse[resolution]
        many = 0
        for i in range(count):
            r, full, at = rows.places[i], full_of(n, rows, i), resolution * count + i
            row, hidden = rows.doubles[r], rows.floats[r, own[HIDDEN] + top :]
            kept = this.before[at * n.width : (at + 1) * n.width]
            for j in range(n.width):
                kept[j] = hidden[j]
            its.ended[at] = begin + some
            for step in range(begin, begin + some):
                value, phase = full[n.kept_length + step], phase_of(n, step, rows.steps)
                time_index = rows.integers[r, n.at_time_index] + 1 + step
                loc, scale = row[n.at_locs + phase], row[n.at_scales + phase]
                shown = this.bucket_shown[many * INPUTS : (many + 1) * INPUTS]
                if fill_bucket(own, row, time_index, value, loc, scale, row[n.at_offset], shown):
                    its.ended[at] = step
                    its.states[many] = r * n.row_floats + own[HIDDEN]
                    many += 1
        if many > 0:
            dense(this.bucket_shown, INPUTS, many, weights, own[EMBED], INPUTS, this.embedded, width)
            for j in range(many * width):
                this.embedded[j] = max(this.embedded[j], ZERO)
            step_stack(n, weights, own[STACK], this.embedded, rows.floats.reshape(-1), its.states, many, scratch)


ADVANCE = signature(
    (np.float32, 1), (np.int64, 1), (NUMBERS, 1), (np.int64, 2), (np.float32, 1), (np.uint8, 2), (np.int64, 1),
    (np.uint8, 2), (np.int64, 1), (np.float32, 2), (np.float32, 3), (np.float32, 3), (np.bool_, 1),
)  # fmt: skip
"""The types that ``advance`` takes."""
