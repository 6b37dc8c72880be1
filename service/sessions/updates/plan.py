"""What a request means to a session: a pure function of the session's record and of what arrived.

Nothing here changes anything. ``plan_update`` either refuses, or gives a ``SessionUpdate``: what the network reads, and
the record as it will stand after that.
"""

from dataclasses import replace

import numpy as np

from service.errors import Conflict, UnknownSession, Unprocessable
from service.sessions.agreement import check_open, check_reach, check_series, compare
from service.sessions.coarse_series import check_coarse
from service.sessions.regular_series import Limits, RegularSeries, gap_too_long
from service.sessions.series_input import SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.time_axis import on_axis
from service.sessions.updates.anchoring import anchored
from service.sessions.updates.extension import extend, request_of
from service.sessions.updates.reading import read_kept, replay
from service.stores.interface import Record


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
            return read_kept(record, None, series, limits) if reprime else _nothing(record, series, 0)
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
    request = request_of(grid, series)
    trimmed = grid.since(grid.begin + int(seen.argmax()))
    return anchored(extend(trimmed, None, series, limits, request), None, series, limits)


def _next(record: Record, grid: RegularSeries, series: SeriesInput, limits: Limits, *, reprime: bool) -> SessionUpdate:
    lead = grid.begin - record.last_index - 1
    if lead > limits.gap:
        raise gap_too_long(lead, 0, limits)
    duplicates, request = 0, request_of(grid, series)
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
            return read_kept(record, grid, series, limits) if reprime else replay(record, grid, series, limits)
    if reprime:  # what lies before the tail was compared
        early = max(0, min(record.tail_begin - grid.begin, grid.given.size - 1))
        found, known = read_kept(record, grid.since(grid.begin + early), series, limits), int(grid.given[:early].sum())
        return replace(found, applied=found.applied - known, duplicates=found.duplicates + known)
    if grid.end <= record.last_index:
        return _nothing(record, series, duplicates)
    found = extend(grid.after(record.last_index), record, series, limits, request, duplicates)
    return anchored(found, record, series, limits)


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
        anchor=record.anchor,
    )
