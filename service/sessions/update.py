"""What a request means to a session: a pure function of the session's record and of what arrived.

Nothing here changes anything. ``plan_update`` either refuses, or gives a ``SessionUpdate``: what the network reads, and
the record as it will stand after that.
"""

from dataclasses import replace
from math import isnan
from operator import or_

import numpy as np

from service.errors import Conflict, UnknownSession, Unprocessable
from service.sessions.agreement import check_open, check_reach, check_series, check_whole, compare, replay
from service.sessions.coarse_series import align_coarse, check_coarse, checksum_coarse
from service.sessions.imputation import fill
from service.sessions.regular_series import Limits, RegularSeries, checksum_of, gap_too_long
from service.sessions.series_input import Doubles, SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.time_axis import on_axis
from service.stores.interface import Record, Request
from statecast.inputs.level import find_level
from statecast.placement import check_gaps


def plan_update(record: Record | None, series: SeriesInput, limits: Limits, *, reprime: bool = False) -> SessionUpdate:
    """Decide what a request adds to a session.

    Parameters
    ----------
    record : Record or None
        The session, None where it is to be opened or there is none.
    series : SeriesInput
        The request's series.
    limits : Limits
        What bounds it.
    reprime : bool
        Whether another network takes the session over and reads what it keeps.

    Returns
    -------
    SessionUpdate
        What is new.

    Raises
    ------
    UnknownSession, Unprocessable, Conflict, TooLarge
        Each says which step it is about and how to go on.
    """
    steps = int(series.target.shape[1])
    check_open(record, series)
    series = on_axis(record, series)
    if record is not None:
        check_series(record, series)
        if steps == 0:
            check_coarse(record, series, limits, record.last_index, retry=False)
            check_reach(record, series, 0)
            return _again(record, None, series, limits) if reprime else _nothing(record, series, 0)
    elif steps == 0:
        if series.session is not None:
            raise UnknownSession(
                f"session {series.session[:80]!r}: there is none, and the request brings no history to open it with; "
                "send the whole history in target"
            )
        raise Unprocessable("target: expected at least one value, got none; give the history", code="empty_target")
    if np.isinf(series.target).any():
        raise Unprocessable("target: expected finite values, got an infinite one; write null where there is none")
    if record is not None and (series.time_index is None or series.unclear):
        check_reach(record, series, steps)
    follows = series.follows if series.follows is not None else record.last_index + 1 if record else 0
    grid = RegularSeries.of(series, follows, limits)
    return _first(grid, series, limits) if record is None else _next(record, grid, series, limits, reprime=reprime)


def _first(grid: RegularSeries, series: SeriesInput, limits: Limits) -> SessionUpdate:
    seen = ~np.isnan(grid.values).all(axis=0)
    if not seen.any():
        raise Unprocessable(
            "target: expected at least one value that is not null, got none; a series cannot begin unseen",
            code="all_missing",
        )
    check_coarse(None, series, limits, grid.end, retry=False)
    request = _request(grid, series)
    trimmed = grid.since(grid.begin + int(seen.argmax()))
    return _extend(trimmed, None, series, limits, request)


def _next(record: Record, grid: RegularSeries, series: SeriesInput, limits: Limits, *, reprime: bool) -> SessionUpdate:
    lead = grid.begin - record.last_index - 1
    if lead > limits.gap:
        raise gap_too_long(lead, 0, limits)
    duplicates, request = 0, _request(grid, series)
    retry = record.request == request
    check_coarse(record, series, limits, max(grid.end, record.last_index), retry=retry)
    if lead < 0:
        duplicates = int(grid.given[: record.last_index - grid.begin + 1].sum())
        try:
            if not retry:
                compare(record, grid)
        except Conflict:
            if series.on_conflict != "replay":
                raise
            if not reprime:
                check_whole(record, grid)
            return _again(record, grid, series, limits)
    if reprime:  # what lies before the tail was compared
        early = max(0, min(record.tail_begin - grid.begin, grid.given.size - 1))
        return _again(record, grid.since(grid.begin + early), series, limits, known=int(grid.given[:early].sum()))
    if grid.end <= record.last_index:
        return _nothing(record, series, duplicates)
    return _extend(grid.after(record.last_index), record, series, limits, request, duplicates)


def _again(
    record: Record, grid: RegularSeries | None, series: SeriesInput, limits: Limits, known: int = 0
) -> SessionUpdate:
    """Have a network read from its beginning what the session keeps, with what the request puts right and adds."""
    if series.past.shape[1] or series.known.shape[1] or limits.mixed_frequency:
        raise Conflict(
            "session: its model reads covariates or coarse resolutions, which a session does not keep, so it cannot be "
            "read again; send the whole history under a new session id",
            code="too_late" if grid is not None and series.on_conflict == "replay" else "model_changed",
        )
    whole, unchanged, corrected = replay(record, grid)
    unchanged += known
    seen = ~np.isnan(whole.values).all(axis=0)
    if not seen.any():
        raise Unprocessable(
            "target: expected at least one value that is not null among those that the session keeps, got none",
            code="all_missing",
        )
    begun = whole.since(whole.begin + int(seen.argmax()))
    request = record.request if grid is None else _request(grid, series)
    found = _extend(begun, None, replace(series, freq=record.freq, given={}), limits, request)
    new = None if grid is None or grid.end <= record.last_index else grid.after(record.last_index).given
    surplus = max(0, whole.values.shape[1] - limits.tail)
    return replace(
        found,
        applied=int(series.target.shape[1]) - unchanged,
        duplicates=unchanged,
        corrected=corrected,
        replayed=record.last_index - found.time_index,
        gap=0 if new is None else int(new.size - new.sum()),
        given=None if new is None or new.all() else new,
        first_index=begun.begin if record.tail_begin <= record.first_index else record.first_index,
        tail=begun.values[:, -limits.tail :].copy() if not surplus else whole.values[:, surplus:].copy(),
        checksum=_checksum(record, whole.values[:, :surplus]),
        sparse="",
        zone=series.zone if series.stamps is not None else record.zone,
    )


def _extend(
    new: RegularSeries,
    record: Record | None,
    series: SeriesInput,
    limits: Limits,
    request: Request | None,
    duplicates: int = 0,
) -> SessionUpdate:
    tail = record.tail if record else np.zeros((new.values.shape[0], 0))
    longer = np.concatenate([tail, new.values], axis=1)
    surplus = max(0, longer.shape[1] - limits.tail)
    mixed, history = align_coarse(series, limits, new.begin - 1, new.values.shape[1])
    kept = mixed if record is None or not limits.mixed_frequency else np.concatenate([record.given_tail, mixed], axis=2)
    target = fill(new.values, tail, series.missing, limits.tail, new.begin)
    below_zero = [bool((row < 0).any()) for row in new.values]
    return SessionUpdate(
        time_index=new.begin - 1,
        values=new.values,
        target=target,
        past=new.past,
        known=new.known,
        mixed_frequency=mixed,
        coarse_history=history if record is None else np.full_like(history, np.nan),
        applied=int(series.target.shape[1]) - duplicates,
        duplicates=duplicates,
        gap=int(new.given.size - new.given.sum()),
        first_index=record.first_index if record else new.begin,
        tail=longer[:, surplus:].copy(),
        given_tail=kept[:, :, surplus:].copy(),
        checksum=_checksum(record, longer[:, :surplus]),
        request=request,
        sparse=_sparse(new, series.freq or (record.freq if record else None)),
        zone=series.zone if series.stamps is not None or record is None else record.zone,
        level=_level(record, target, limits),
        below_zero=tuple(below_zero if record is None else map(or_, below_zero, record.below_zero)),
        given=None if new.given.all() else new.given,
    )


def _level(record: Record | None, target: Doubles, limits: Limits) -> tuple[float, ...]:
    """Give the level that each variable has, or now gets."""
    if record is not None and not any(map(isnan, record.level)):
        return record.level
    begun = np.nan if limits.deviations else 0.0
    return tuple(find_level(target, begun if record is None else record.level).tolist())


def _sparse(new: RegularSeries, freq: str | None) -> str:
    """Say where most of several new steps are missing; a single one is the usual case, and a gap before it is named."""
    steps = int(new.values.shape[1])
    if steps == 1 or np.count_nonzero(new.given) == 1:
        return ""
    seen = steps - int(np.count_nonzero(np.isnan(new.values).all(axis=0)))
    return check_gaps(seen, steps, freq or "the series") or ""


def _checksum(record: Record | None, values: Doubles) -> int:
    """Go on with a session's checksum over values that leave its tail."""
    return checksum_of(values) if record is None else checksum_of(record.as_told_apart(values), record.checksum)


def _nothing(record: Record, series: SeriesInput, duplicates: int) -> SessionUpdate:
    nothing = np.zeros((len(record.variables), 0))
    return SessionUpdate(
        time_index=record.last_index,
        values=nothing,
        target=nothing,
        past=np.zeros((0, series.past.shape[1]), dtype=np.float32),
        known=np.zeros((0, series.known.shape[1]), dtype=np.float32),
        mixed_frequency=record.given_tail[..., :0],
        coarse_history=record.given_tail[..., :0],
        applied=0,
        duplicates=duplicates,
        gap=0,
        first_index=record.first_index,
        tail=record.tail,
        given_tail=record.given_tail,
        checksum=record.checksum,
        request=record.request,
        zone=record.zone,
        level=record.level,
        below_zero=record.below_zero,
    )


def _request(grid: RegularSeries, series: SeriesInput) -> Request:
    return Request(grid.begin, grid.end, checksum_coarse(series, checksum_of(grid.values)))
