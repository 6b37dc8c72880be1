"""What a session becomes that is read again, because of late and corrected steps or of another network."""

from dataclasses import replace

import numpy as np

from service.errors import Conflict, Unprocessable
from service.sessions.regular_series import Limits, RegularSeries
from service.sessions.series_input import SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.updates.anchoring import anchored, as_of, can_be_read_again, origin_of
from service.sessions.updates.correction import put_right
from service.sessions.updates.extension import checksum_after, extend, request_of
from service.stores.interface import Record
from service.stores.states.anchor import Anchor


def replay(record: Record, grid: RegularSeries, series: SeriesInput, limits: Limits) -> SessionUpdate:
    """Read a session again from its anchor, with what a request puts right and adds.

    Parameters
    ----------
    record : Record
        The session.
    grid : RegularSeries
        What the request brings.
    series : SeriesInput
        The request's series.
    limits : Limits
        What bounds it.

    Returns
    -------
    SessionUpdate
        What a session that saw all in order would become.

    Raises
    ------
    Conflict
        ``too_late`` where the session does not keep what it would take.
    Unprocessable
        If nothing is left of the session.
    """
    _check_readable(series, limits, "too_late")
    origin = origin_of(record)
    if origin is None:
        raise Conflict(
            f"target: step {grid.begin} or a later one lies before the session's last observation, and the session has "
            f"read more than the {record.tail.shape[1]} steps that it keeps, and kept no earlier state; leave the step "
            "out, or send the history under another session id (one whose requests have on_conflict: replay from the "
            "first on keeps an earlier state)",
            code="too_late",
        )
    return _again(record, grid, series, limits, origin)


def read_kept(record: Record, grid: RegularSeries | None, series: SeriesInput, limits: Limits) -> SessionUpdate:
    """Have another network read what a session keeps, with what the request puts right and adds.

    Parameters
    ----------
    record : Record
        The session.
    grid : RegularSeries or None
        What the request brings, if anything; what of it lies before the kept steps was compared.
    series : SeriesInput
        The request's series.
    limits : Limits
        What bounds it.

    Returns
    -------
    SessionUpdate
        What a session would become that begins with the kept steps.

    Raises
    ------
    Conflict
        ``model_changed`` for models that read what a session does not keep.
    Unprocessable
        If none of the kept steps has a value.
    """
    _check_readable(series, limits, "model_changed")
    return _again(record, grid, series, limits, Anchor(record.tail_begin - 1, "", (), ()))


def _check_readable(series: SeriesInput, limits: Limits, code: str) -> None:
    if not can_be_read_again(series, limits):
        raise Conflict(
            "session: its model reads covariates or coarse resolutions, which a session does not keep, so it cannot be "
            "read again; send the whole history under a new session id",
            code=code,
        )


def _again(
    record: Record, grid: RegularSeries | None, series: SeriesInput, limits: Limits, origin: Anchor
) -> SessionUpdate:
    whole, unchanged, corrected = put_right(record, grid, origin.last_index + 1)
    request = record.request if grid is None else request_of(grid, series)
    plain = replace(series, freq=record.freq, given={})
    if origin.state:
        found = extend(whole, as_of(record, origin), plain, limits, request)
    else:
        found = _from_nothing(record, whole, plain, limits)
    new = None
    if grid is not None and grid.end > record.last_index:
        new = grid.after(max(record.last_index, found.time_index)).given
    found = replace(
        found,
        request=request,
        applied=int(series.target.shape[1]) - unchanged,
        duplicates=unchanged,
        corrected=corrected,
        replayed=max(0, record.last_index - found.time_index),
        gap=0 if new is None else int(new.size - new.sum()),
        given=None if new is None or new.all() else new,
        sparse="",
        zone=series.zone if series.stamps is not None else record.zone,
        fresh=not origin.state,
        origin=origin if origin.state else None,
    )
    return anchored(found, record, series, limits)


def _from_nothing(record: Record, whole: RegularSeries, series: SeriesInput, limits: Limits) -> SessionUpdate:
    """What a session becomes that begins with the first value of some steps; what it kept before them stays kept."""
    seen = ~np.isnan(whole.values).all(axis=0)
    if not seen.any():
        raise Unprocessable(
            "target: expected at least one value that is not null among those that the session keeps, got none",
            code="all_missing",
        )
    begun = whole.since(whole.begin + int(seen.argmax()))
    kept = np.concatenate([record.tail[:, : whole.begin - record.tail_begin], whole.values], axis=1)
    surplus = max(0, kept.shape[1] - limits.tail)
    return replace(
        extend(begun, None, series, limits, None),
        first_index=begun.begin if record.tail_begin <= record.first_index else record.first_index,
        tail=kept[:, surplus:].copy() if surplus or whole.begin > record.tail_begin else begun.values.copy(),
        checksum=checksum_after(record, kept[:, :surplus]),
    )
