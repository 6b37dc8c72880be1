"""Rows of state while a chunk is read into them: what moves along with time, and what stands beside it meanwhile.

A row is read and written where it lies. Of fields that hold one entry a step, or one a phase, the entry of step i lies
from the start where it will lie after the chunk's T steps: what moves is copied once, whatever T.
"""

from typing import NamedTuple

from statecast.compiled.arithmetic.kernel import Doubles, Floats, Integers, Network, inlined, kernel


class Joined(NamedTuple):
    """Of a block of rows what is kept joined to what is new.

    Parameters
    ----------
    full : Floats, flat [block, K + T]
        The compressed target.
    covariates : Floats, flat [block, P + T, C]
        Past covariates of each step, then future ones.
    known : Floats, flat [block, F + T, Ck]
        What was known of each step in advance; empty where nothing adapts.
    """

    full: Floats
    covariates: Floats
    known: Floats


class Rows(NamedTuple):
    """All rows as numbers of each kind, and of a block of them what is kept joined to what is new.

    Parameters
    ----------
    floats, doubles, integers : Floats, Doubles, Integers, shape [N, .]
        The same bytes, as float32, float64 and int64.
    places : Integers, shape [block]
        Of each row of the block its place among all N.
    steps : int, T, of the whole chunk
    joined : Joined
        Of the block.
    """

    floats: Floats
    doubles: Doubles
    integers: Integers
    places: Integers
    steps: int
    joined: Joined


@kernel
def joined_sizes(n: Network, block: int, steps: int) -> tuple[int, int, int]:
    """Give the lengths of what ``Joined`` needs.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    block : int, rows
    steps : int, T, of the whole chunk
    """
    known = (n.horizon + steps) * n.known if n.adapts > 0 else 0
    return block * (n.kept_length + steps), block * (n.patch_length + steps) * n.covariates, block * known


@kernel
def full_of(n: Network, rows: Rows, i: int) -> Floats:
    """The compressed target of row ``i`` of the block, ``[K + T]``.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows
    i : int, place of the row in the block
    """
    size = n.kept_length + rows.steps
    return rows.joined.full[i * size : (i + 1) * size]


@kernel
def covariates_of(n: Network, rows: Rows, i: int) -> Floats:
    """The covariates of row ``i`` of the block, flat ``[P + T, C]``.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows
    i : int, place of the row in the block
    """
    size = (n.patch_length + rows.steps) * n.covariates
    return rows.joined.covariates[i * size : (i + 1) * size]


@kernel
def known_of(n: Network, rows: Rows, i: int) -> Floats:
    """What was known in advance to row ``i`` of the block, flat ``[F + T, Ck]``.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows
    i : int, place of the row in the block
    """
    size = (n.horizon + rows.steps) * n.known
    return rows.joined.known[i * size : (i + 1) * size]


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
def _copy(to: Floats, from_: Floats, begin: int, end: int, shift: int) -> None:
    """Copy a range of numbers, to a place that is ``shift`` further on."""
    target, source = to[begin + shift : end + shift], from_[begin:end]
    for j in range(end - begin):
        target[j] = source[j]


@inlined
def _turn(to: Floats, from_: Floats, begin: int, size: int, first: int, count: int) -> None:
    """Copy ``count`` entries so that entry ``first`` comes to lie at the beginning."""
    _copy(to, from_, begin, begin + first * size, (count - first) * size)
    _copy(to, from_, begin + first * size, begin + count * size, -first * size)


@kernel
def begin_row(n: Network, kept: Floats, rows: Rows, i: int) -> None:
    """Copy a row: phases to where they will lie, the look-back and covariates to where new ones follow.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    kept : Floats, the row as it was before the chunk, only read; other memory than where it is copied to
    rows : Rows, to be filled
    i : int, place of the row in the block
    """
    row, size = rows.floats[rows.places[i]], n.layers * n.parts * n.width
    later, earlier = n.patch_length, rows.steps % n.patch_length  # phases below `earlier` come to lie at the end
    _copy(row, kept, 0, 2 * n.at_locs, 0)
    _turn(row, kept, 2 * n.at_locs, 2, earlier, later)
    _turn(row, kept, 2 * n.at_scales, 2, earlier, later)
    _turn(row, kept, n.at_hidden, size, earlier, later)
    _copy(row, kept, n.at_static, n.at_hidden, 0)
    _copy(row, kept, n.at_hidden + later * size, n.at_known, 0)
    after = n.at_known + n.horizon * n.known if n.adapts > 0 else n.at_known
    _copy(row, kept, after, n.row_floats, 0)
    full, covariates = full_of(n, rows, i), covariates_of(n, rows, i)
    _copy(full, kept, n.at_lookback, n.at_lookback + n.kept_length, -n.at_lookback)
    _copy(covariates, kept, n.at_covariates, n.at_covariates + later * n.covariates, -n.at_covariates)
    if n.adapts > 0:
        known = known_of(n, rows, i)
        _copy(known, kept, n.at_known, n.at_known + n.horizon * n.known, -n.at_known)


@kernel
def end_row(n: Network, rows: Rows, i: int) -> None:
    """Write what moved along with time, once all steps have been read.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows, changed in place
    i : int, place of the row in the block
    """
    r, steps = rows.places[i], rows.steps
    row = rows.floats[r]
    _copy(row, full_of(n, rows, i), steps, steps + n.kept_length, n.at_lookback - steps)
    first, size = steps * n.covariates, n.patch_length * n.covariates
    _copy(row, covariates_of(n, rows, i), first, first + size, n.at_covariates - first)
    if n.adapts > 0:
        first, size = steps * n.known, n.horizon * n.known
        _copy(row, known_of(n, rows, i), first, first + size, n.at_known - first)
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
