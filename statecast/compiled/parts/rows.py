"""Rows of state while a chunk is read into them: what moves along with time, and what stands beside it meanwhile.

A row is read and written where it lies. Of fields that hold one entry a step, or one a phase, the entry of step i lies
from the start where it will lie after the chunk's T steps: what moves is copied once, whatever T.
"""

from typing import NamedTuple

from statecast.compiled.arithmetic.kernel import Doubles, Floats, Integers, Network, inlined, kernel


class Rows(NamedTuple):
    """All rows as numbers of each kind, and of a block of them what is kept joined to what is new.

    Parameters
    ----------
    floats, doubles, integers : Floats, Doubles, Integers, shape [N, .]
        The same bytes, as float32, float64 and int64.
    places : Integers, shape [block]
        Of each row of the block its place among all N.
    full : Floats, shape [block, K + T]
        The compressed target.
    covariates : Floats, shape [block, (P + T) C]
        Past covariates of each step, then future ones.
    known : Floats, shape [block, (F + T) Ck]
        What was known of each step in advance; empty where nothing adapts.
    """

    floats: Floats
    doubles: Doubles
    integers: Integers
    places: Integers
    full: Floats
    covariates: Floats
    known: Floats


@kernel
def phase_of(n: Network, step: int, steps: int) -> int:
    """Place of the phase state that a step advances; the chunk's last step advances the last.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    step : int, step of the chunk, from 0
    steps : int, T, of the whole chunk
    """
    phase: int = (step - steps) % n.patch_length
    return phase


@inlined
def begin_row(n: Network, kept: Floats, kept_doubles: Doubles, rows: Rows, i: int, steps: int) -> None:
    """Copy a row: phases to where they will lie, the look-back and covariates to where new ones follow.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    kept : Floats, the row as it was before the chunk, only read; other memory than where it is copied to
    kept_doubles : Doubles, the same bytes
    rows : Rows, to be filled
    i : int, place of the row in the block
    steps : int, T, of the whole chunk
    """
    r = rows.places[i]
    floats, doubles = rows.floats[r], rows.doubles[r]
    floats[:] = kept
    length, size = n.patch_length, n.layers * n.parts * n.width
    for entry in range(length):
        phase = phase_of(n, entry, steps)
        doubles[n.at_locs + phase] = kept_doubles[n.at_locs + entry]
        doubles[n.at_scales + phase] = kept_doubles[n.at_scales + entry]
        to, from_ = floats[n.at_hidden + phase * size :], kept[n.at_hidden + entry * size :]
        for j in range(size):
            to[j] = from_[j]
    rows.full[i, : n.kept_length] = kept[n.at_lookback : n.at_lookback + n.kept_length]
    joined = length * n.covariates
    rows.covariates[i, :joined] = kept[n.at_covariates : n.at_covariates + joined]
    if n.adapts > 0:
        ahead = n.horizon * n.known
        rows.known[i, :ahead] = kept[n.at_known : n.at_known + ahead]


@inlined
def end_row(n: Network, rows: Rows, i: int, steps: int) -> None:
    """Write what moved along with time, once all steps have been read.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows, changed in place
    i : int, place of the row in the block
    steps : int, T, of the whole chunk
    """
    r = rows.places[i]
    floats = rows.floats[r]
    floats[n.at_lookback : n.at_lookback + n.kept_length] = rows.full[i, steps:]
    first, size = steps * n.covariates, n.patch_length * n.covariates
    floats[n.at_covariates : n.at_covariates + size] = rows.covariates[i, first : first + size]
    if n.adapts > 0:
        first, size = steps * n.known, n.horizon * n.known
        floats[n.at_known : n.at_known + size] = rows.known[i, first : first + size]
    rows.integers[r, n.at_time_index] += steps
    rows.integers[r, n.at_count] += steps


@kernel
def within(slots: Integers, count: int) -> bool:
    """Whether all slots are rows of a cache of ``count`` rows; nothing else checks bounds.

    Parameters
    ----------
    slots : Integers, shape [B]
    count : int, N
    """
    outside = 0
    for slot in slots:
        outside += slot < 0 or slot >= count
    return outside == 0
