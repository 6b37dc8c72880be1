"""What a request means to a session: a pure function of the session's record and of what arrived.

Nothing here changes anything. ``plan_update`` either refuses, or gives a ``SessionUpdate``: what the network reads, and
the record as it will stand after that.
"""

from math import isnan
from operator import or_

import numpy as np

from service.errors import Conflict, UnknownSession, Unprocessable
from service.sessions.coarse_series import align_coarse, check_coarse, checksum_coarse
from service.sessions.duplicates import compare
from service.sessions.imputation import fill
from service.sessions.regular_series import Limits, RegularSeries, checksum_of, gap_too_long
from service.sessions.series_input import Doubles, SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.time_axis import axis_of, on_axis
from service.stores.interface import Record, Request
from statecast.inputs.level import find_level
from statecast.placement import check_gaps


def plan_update(record: Record | None, series: SeriesInput, limits: Limits) -> SessionUpdate:
    """Decide what a request adds to a session.

    Parameters
    ----------
    record : Record or None
        The session, None where it is to be opened or there is none.
    series : SeriesInput
        The request's series.
    limits : Limits
        What bounds it.

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
    _check_open(record, series)
    series = on_axis(record, series)
    if record is not None:
        _check_series(record, series)
        if steps == 0:
            check_coarse(record, series, limits, record.last_index, retry=False)
            _check_reach(record, series, 0)
            return _nothing(record, series, 0)
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
        _check_reach(record, series, steps)
    follows = series.follows if series.follows is not None else record.last_index + 1 if record else 0
    grid = RegularSeries.of(series, follows, limits)
    return _first(grid, series, limits) if record is None else _next(record, grid, series, limits)


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


def _next(record: Record, grid: RegularSeries, series: SeriesInput, limits: Limits) -> SessionUpdate:
    lead = grid.begin - record.last_index - 1
    if lead > limits.gap:
        raise gap_too_long(lead, 0, limits)
    duplicates, request = 0, _request(grid, series)
    retry = record.request == request
    check_coarse(record, series, limits, max(grid.end, record.last_index), retry=retry)
    if lead < 0:
        duplicates = int(grid.given[: record.last_index - grid.begin + 1].sum())
        if not retry:
            compare(record, grid)
    if grid.end <= record.last_index:
        return _nothing(record, series, duplicates)
    return _extend(grid.after(record.last_index), record, series, limits, request, duplicates)


def _extend(
    new: RegularSeries,
    record: Record | None,
    series: SeriesInput,
    limits: Limits,
    request: Request,
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


def _check_open(record: Record | None, series: SeriesInput) -> None:
    """Refuse a session that is not there, or is, against what the request says of it."""
    if record is None and series.open is False:
        raise UnknownSession(
            f"session {str(series.session)[:80]!r}: there is none, and open is false; check the id, or leave open out "
            "and send the whole history to open it"
        )
    if record is not None and series.open:
        raise Conflict(
            f"session {str(series.session)[:80]!r}: there is one already, and open is true; choose another id, leave "
            "open out to advance it, or DELETE it first",
            code="session_exists",
        )


def _check_reach(record: Record, series: SeriesInput, steps: int) -> None:
    """Refuse what would pass the end of the calendar; where the request has times of its own, they were checked."""
    if record.freq is None:
        return
    last = record.last_index + steps if series.time_index is None or not steps else int(series.time_index[-1])
    if not axis_of(record).reaches(last + series.horizon):
        raise Unprocessable(
            f"target: expected a forecast that ends by the year 9999, but {steps} values more and a horizon of "
            f"{series.horizon} pass it; request fewer steps"
        )


def _check_series(record: Record, series: SeriesInput) -> None:
    """Refuse a request about another kind of series. One without any times goes on from the session's last step."""

    def refuse(what: str, kept: object, came: object) -> Conflict:
        return Conflict(
            f"{what}: the session was opened with {kept}, the request has {came}; keep to that, or use another id",
            code="session_mismatch",
        )

    if series.variables != record.variables:
        raise refuse("target", f"variables {record.variables}", f"variables {series.variables}")
    if series.named and series.season != record.season:
        raise refuse("season", f"{record.season} steps", f"{series.season}")
    # Static covariates are read once, at the start; a later request may leave them out, which encodes as zeros.
    if series.static.any() and not np.array_equal(series.static, record.static):
        raise refuse("static_covariates", "other values", "new ones")


def _request(grid: RegularSeries, series: SeriesInput) -> Request:
    return Request(grid.begin, grid.end, checksum_coarse(series, checksum_of(grid.values)))
