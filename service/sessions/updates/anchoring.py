"""Which earlier state a session keeps to be read again from, and when that moves on.

It is as old as the kept steps or younger, so that all that came since is kept. As steps leave, the state must move on:
the network reads it on by a quarter of what is kept, so that of every so many requests one takes the time of a history.
"""

from dataclasses import replace
from math import isnan
from operator import or_

import numpy as np

from service.sessions.imputation import fill
from service.sessions.regular_series import Limits
from service.sessions.series_input import Doubles, SeriesInput
from service.sessions.session_update import SessionUpdate
from service.stores.digest import bytes_of, extend, opening
from service.stores.interface import Record
from service.stores.states.anchor import Anchor
from statecast.inputs.level import find_level


def can_be_read_again(series: SeriesInput, limits: Limits) -> bool:
    """Whether a session keeps all that its network reads.

    Parameters
    ----------
    series : SeriesInput
        A request's series, with the columns of covariates that the network reads.
    limits : Limits
        Say which coarse resolutions it reads.
    """
    return not (series.past.shape[1] or series.known.shape[1] or limits.mixed_frequency)


def origin_of(record: Record) -> Anchor | None:
    """Find from where a session can be read again.

    Parameters
    ----------
    record : Record
        The session.

    Returns
    -------
    Anchor or None
        What it keeps, or the empty state where it keeps all that it has read; None where it can not.
    """
    if record.anchor is not None and record.anchor.last_index >= record.tail_begin - 1:
        return record.anchor
    if record.tail_begin <= record.first_index and record.single_until is None:
        return Anchor(record.tail_begin - 1, "", (), ())
    return None


def as_of(record: Record, anchor: Anchor) -> Record:
    """Give a session as it stood, in what the steps after depend on.

    Parameters
    ----------
    record : Record
        The session.
    anchor : Anchor
        When.

    Returns
    -------
    Record
        Only to be extended.
    """
    return replace(
        record,
        last_index=anchor.last_index,
        tail=record.tail[:, : anchor.last_index + 1 - record.tail_begin],
        level=anchor.level,
        below_zero=anchor.below_zero,
    )


def chain_at(record: Record, origin: Anchor | None, history: Doubles | None = None) -> bytes:
    """Give the digest's chain from which a network reads on.

    Parameters
    ----------
    record : Record
        The session.
    origin : Anchor or None
        Where it does, None for the empty state.
    history : array of float64, ``[V, G, K]``, or None
        Values of lower frequencies from before the first step.

    Returns
    -------
    bytes
        See ``service.stores.digest``.
    """
    if origin is not None and origin.digest:
        return bytes_of(origin.digest)
    return opening(
        record.model, record.variables, record.static,
        season=record.season, freq=record.freq, offset=record.offset, history=history,
    )  # fmt: skip


def anchored(update: SessionUpdate, before: Record | None, series: SeriesInput, limits: Limits) -> SessionUpdate:
    """Have a session keep an earlier state if its requests want it.

    Parameters
    ----------
    update : SessionUpdate
        What the session becomes.
    before : Record or None
        The session as it stands, None where it is opened.
    series : SeriesInput
        The request's series.
    limits : Limits
        What bounds it.

    Returns
    -------
    SessionUpdate
        The same, or one that has the network read from the earlier state on, so that this moves.
    """
    wanted = series.on_conflict == "replay" or (before is not None and before.anchor is not None)
    if series.session is None or not wanted or not can_be_read_again(series, limits):
        return update
    if before is None or update.fresh or update.origin is not None:
        start = update.origin or Anchor(update.time_index, "", (), ())
        mark = _mark(start.last_index, update.last_index, limits)
        return replace(update, anchor=start) if mark is None else _marked(update, start, mark, limits)
    now = Anchor(before.last_index, before.digest, before.level, before.below_zero)
    kept = origin_of(before)
    if kept is None:
        return _marked(update, now, _mark(now.last_index, update.last_index, limits) or 0, limits)
    mark = _mark(kept.last_index, update.last_index, limits)
    if mark is None:
        return replace(update, anchor=kept)
    ahead = kept.last_index + mark - now.last_index
    moved = None if ahead >= 0 else _read_from(kept, update, before, series, limits)
    return _marked(update, now, max(0, ahead), limits) if moved is None else _marked(moved, kept, mark, limits)


def _mark(index: int, last: int, limits: Limits) -> int | None:
    """Steps by which a state is to move on; None where it is young enough."""
    oldest = last - limits.tail
    return None if index >= oldest else oldest - index + max(1, limits.tail // 4)


def _marked(update: SessionUpdate, start: Anchor, mark: int, limits: Limits) -> SessionUpdate:
    """Have the state be kept after so many steps."""
    rows, unknown = len(update.values), np.nan if limits.deviations else 0.0
    level = start.level or (unknown,) * rows
    if any(map(isnan, level)):
        level = tuple(find_level(update.target[:, :mark], level).tolist())
    came = [bool((row < 0).any()) for row in update.values[:, :mark]]
    below_zero = map(or_, start.below_zero or (False,) * rows, came)
    return replace(update, anchor=Anchor(start.last_index + mark, "", level, tuple(below_zero)), mark=mark)


def _read_from(
    origin: Anchor, update: SessionUpdate, before: Record, series: SeriesInput, limits: Limits
) -> SessionUpdate | None:
    """Have the network read from an earlier state on; None where it would not read what it has read."""
    earlier, old = np.split(before.tail, [origin.last_index + 1 - before.tail_begin], axis=1)
    policy = "mask" if series.missing == "error" else series.missing
    read = fill(old, earlier, policy, limits.tail, origin.last_index + 1)
    if extend(chain_at(before, origin), origin.last_index + 1, read) != bytes_of(before.digest):
        return None
    steps = read.shape[1] + update.target.shape[1]
    none = np.zeros((steps, 0), dtype=np.float32)
    return replace(
        update,
        time_index=origin.last_index,
        values=np.concatenate([old, update.values], axis=1),
        target=np.concatenate([read, update.target], axis=1),
        past=none,
        known=none,
        mixed_frequency=np.zeros((len(read), 0, steps)),
        replayed=read.shape[1],
        fresh=not origin.state,
        origin=origin if origin.state else None,
    )
