"""What a client reads about a session and about what was done with its series."""

from datetime import UTC, datetime
from math import isnan

import numpy as np
from numpy.typing import NDArray

from service.models.kinds import FORECASTING
from service.sessions.summary import summary
from service.sessions.time_axis import axis_of
from service.stores.interface import Record


def session_object(
    record: Record, session: str, applied: int, duplicates: int, *, opened: bool = False, surprise: object = None
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
    surprise : object
        How surprising the request's values are, see ``surprises``.

    Returns
    -------
    dict
        Without times it has ``last_index`` for ``last_timestamp``.
    """
    time, expires_at = last_timestamp(record), instant(record.expires_at)
    return session_fields(
        session, record.count, record.last_index, time, record.digest, expires_at, applied, duplicates, opened=opened,
        surprise=surprise,
    )  # fmt: skip


def session_fields(
    session: str,
    count: int,
    last_index: int,
    last_time: str | None,
    digest: str,
    expires_at: str,
    applied: int,
    duplicates: int,
    *,
    opened: bool,
    surprise: object = None,
) -> dict[str, object]:
    """Give the ``session`` object of an answer, field by field.

    Parameters
    ----------
    session : str
        Its id, as the client wrote it.
    count : int
        Observations applied.
    last_index : int
        Time index of the last one.
    last_time : str or None
        Its time; None without times, where the index stands in its place.
    digest : str
        ``sha256:…``.
    expires_at : str
        When its life ends.
    applied : int
        Steps of the request that were new.
    duplicates : int
        Steps of the request that the session had already.
    opened : bool
        Whether the request opened it.
    surprise : object
        How surprising the request's values are.

    Returns
    -------
    dict
        In the order of the contract.
    """
    return {
        "id": session,
        "count": count,
        "last_timestamp": last_time,
        "last_index": last_index if last_time is None else None,
        "digest": digest,
        "expires_at": expires_at,
        "applied": applied,
        "duplicates": duplicates,
        "opened": opened,
        "surprise": surprise,
    }


def surprises(
    found: NDArray[np.float64], variables: tuple[str, ...], level: float | None
) -> tuple[object, dict[str, object]]:
    """Give how surprising the values of a request are, in the shape of its target.

    Parameters
    ----------
    found : array of float64, ``[V, N]``
        Surprises, NaN where there are none.
    variables : tuple of str
        Names of the V variables.
    level : float or None
        Values outside of the central interval of this nominal coverage, in per cent, are anomalies.

    Returns
    -------
    object
        ``surprise``: a list, or an object of lists; null where there is none.
    dict
        ``anomaly`` likewise; empty where no level is requested.
    """
    rows = [[None if isnan(value) else value for value in row] for row in found.tolist()]
    own = rows[0] if variables == ("",) else dict(zip(variables, rows, strict=True))
    if level is None:
        return own, {}
    tail = (1 - level / 100) / 2
    flags = [[None if value is None else not tail <= value <= 1 - tail for value in row] for row in rows]
    return own, {"anomaly": flags[0] if variables == ("",) else dict(zip(variables, flags, strict=True))}


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
        "bytes": record.state_bytes + (len(record.anchor.state) if record.anchor else 0),
        "scores": summary(record.scores, record.interval, record.variables, record.last_index)
        if record.kind in FORECASTING
        else {},
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
