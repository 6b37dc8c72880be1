"""What a client reads about a session and about what was done with its series."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from service.serving.model import Model
from service.sessions.live_metrics import summary
from service.sessions.series_input import Doubles, SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.time_axis import axis_of
from service.stores.interface import Record


def session_object(
    record: Record, session: str, applied: int, duplicates: int, *, opened: bool = False
) -> dict[str, object]:
    """Give the ``session`` object of an answer.

    Parameters
    ----------
    record : Record
        The session after the request.
    session : str
        Its id, as the client wrote it.
    applied : int
        Steps of the request that were new.
    duplicates : int
        Steps of the request that the session had already.
    opened : bool
        Whether the request opened it.

    Returns
    -------
    dict
        Without times it has ``last_index`` for ``last_timestamp``.
    """
    return {
        "id": session,
        "count": record.count,
        "last_timestamp": last_timestamp(record),
        "last_index": record.last_index if record.freq is None else None,
        "digest": record.digest,
        "expires_at": instant(record.expires_at),
        "applied": applied,
        "duplicates": duplicates,
        "opened": opened,
    }


def opening_warnings(series: SeriesInput, update: SessionUpdate) -> tuple[tuple[str, str], ...]:
    """Name a session that was opened with a single value: often the id of another one, mistyped.

    Parameters
    ----------
    series : SeriesInput
        The request that opens it.
    update : SessionUpdate
        What the session becomes.

    Returns
    -------
    tuple of (str, str)
        Code and detail, or nothing.
    """
    if np.count_nonzero(~np.isnan(update.values).all(axis=0)) > 1:
        return ()
    session = str(series.session)[:80]
    detail = (
        f"session {session!r} did not exist and was opened with one value; if it should have existed, check the id "
        "(open: false refuses an unknown one), DELETE it and send the value again"
    )
    return (("opened_with_one_value", detail),)


def _without(model: Model, update: SessionUpdate) -> Iterator[str]:
    """Say of which lower frequencies buckets ended without a value."""
    if not model.config.mixed_frequency:
        return
    index = update.time_index + 1 + np.arange(update.target.shape[1])
    for place, (name, length) in enumerate(model.config.mixed_frequency_names.items()):
        own = update.mixed_frequency[:, place, (index + 1) % length == 0]
        missing = int(np.isnan(own).all(axis=0).sum())
        opened = update.first_index == update.time_index + 1
        if opened and missing == own.shape[1] and np.isnan(update.coarse_history[:, place]).all():
            yield f"{name}: no value came at all; the model is given this resolution, see resolutions"
        elif missing:
            yield f"{name}: no value came for {missing} of the {own.shape[1]} buckets that ended; they are missing now"


def session_details(record: Record, session: str) -> dict[str, object]:
    """Give what ``GET /sessions/{id}`` answers.

    Parameters
    ----------
    record : Record
        The session.
    session : str
        Its id, as the client wrote it.

    Returns
    -------
    dict
        Body of the answer.
    """
    name, _, version = record.model_name.rpartition("@")
    return session_object(record, session, 0, 0) | {
        "model": {"name": name, "version": version, "digest": record.model},
        "created_at": instant(record.created_at),
        "kind": record.kind,
        "season": record.season,
        "bytes": record.state_bytes,
        "scores": {} if record.kind == "generator" else summary(record.scores, record.interval),
    }


def last_timestamp(record: Record) -> str | None:
    """Give the time of a session's last observation.

    Parameters
    ----------
    record : Record
        The session.

    Returns
    -------
    str or None
        RFC 3339; None without times.
    """
    if record.freq is None:
        return None
    return axis_of(record).texts(np.array([record.last_index]))[0]


def instant(seconds: float) -> str:
    """Write a time.

    Parameters
    ----------
    seconds : float
        Since 1970.

    Returns
    -------
    str
        RFC 3339, in UTC; the end of the calendar for times beyond it.

    Examples
    --------
    >>> instant(0)
    '1970-01-01T00:00:00.000Z'
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "9999-12-31T23:59:59.999Z"


def warnings_of(
    model: Model, series: SeriesInput, update: SessionUpdate, read: int, freq: str | None
) -> tuple[tuple[str, str], ...]:
    """List what makes a forecast less than it could be.

    Parameters
    ----------
    model : Model
        What forecast.
    series : SeriesInput
        What the request brought; its own warnings come first.
    update : SessionUpdate
        What of it was new.
    read : int
        Steps that the series has had so far.
    freq : str or None
        Of the series, None without times.

    Returns
    -------
    tuple of (str, str)
        Code and detail of each.
    """
    config, warnings = model.config, list(series.warnings)
    if read < max(2 * config.season, config.patch_length):
        warnings.append(("short_history", f"{read} of {config.lookback_length} steps given"))
    if _constant(update.tail):
        warnings.append(("constant_history", f"the last {update.tail.shape[1]} steps are all the same"))
    warnings += [("resolution_missing", detail) for detail in _without(model, update)]
    if update.sparse:
        warnings.append(("mostly_missing", update.sparse))
    if update.gap:
        warnings.append(("gap_filled", f"{update.gap} steps were not given; missing is {series.missing!r}"))
    if config.calendar and freq is None:
        warnings.append(("calendar_missing", "the model reads the calendar, but the series has no times"))
    return tuple(warnings)


def _constant(tail: Doubles) -> bool:
    """Whether every variable ``[V, T]`` has had one value throughout."""
    if tail.shape[1] < 2:
        return False
    first, last = tail[0, -2], tail[0, -1]
    if first != last and not np.isnan(first) and not np.isnan(last):
        return False  # the usual case, at a fraction of the time
    return bool((np.fmin.reduce(tail, axis=1) == np.fmax.reduce(tail, axis=1)).all())
