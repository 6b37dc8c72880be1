"""Times of a request on the axis of its session, however they were written."""

from dataclasses import replace

import numpy as np

from service.errors import Conflict, Unprocessable
from service.sessions.series_input import SeriesInput
from service.stores.record import Record
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.stamps import TimeError


def axis_of(record: Record) -> TimeAxis:
    """Give the time axis of a session that has times.

    Parameters
    ----------
    record : Record
        The session.

    Returns
    -------
    TimeAxis
        Of its freq, offset and zone.
    """
    return TimeAxis(Frequency.parse(record.freq or "1s"), record.offset, record.zone)


def on_axis(record: Record | None, series: SeriesInput) -> SeriesInput:
    """Give a series indices, offset and zone of its session's axis.

    Parameters
    ----------
    record : Record or None
        The session, None where it is to be opened.
    series : SeriesInput
        What the request brings.

    Returns
    -------
    SeriesInput
        The same values.

    Raises
    ------
    Conflict
        ``session_mismatch`` where one of the two has no times, or a time lies beside the axis.
    Unprocessable
        If a freq was left out that only an open session could know.
    """
    stamps, time_index = series.stamps, series.time_index
    if record is None:
        if series.unclear:
            raise Unprocessable(series.unclear)
        return series
    alike = (series.freq, series.offset, series.zone) == (record.freq, record.offset, record.zone)
    if time_index is None or (alike and not series.unclear):
        return series
    if record.freq is not None and series.freq is None and stamps is None:
        raise _mismatch("freq", record.freq, "no times")
    if record.freq is None:
        raise _mismatch("freq", "no times", series.freq or "times")
    axis = axis_of(record)
    if series.freq is not None and not series.inferred and not axis.frequency.same_step(Frequency.parse(series.freq)):
        raise _mismatch("freq", record.freq, series.freq)
    if stamps is None or not len(stamps) or not len(time_index):
        return replace(series, freq=record.freq, offset=record.offset, zone=record.zone)
    try:
        index, axis = axis.continued(stamps)
    except TimeError as error:
        last = axis.texts(np.array([record.last_index]))[0]
        raise Conflict(
            f"timestamp: {error}; the session's last time is {last}: keep to its steps, or use another id",
            code="session_mismatch",
        ) from None
    if len(index) != len(time_index):
        index = index[0] + np.arange(len(time_index), dtype=np.int64)
    return replace(series, freq=record.freq, time_index=index, offset=record.offset, zone=axis.zone)


def _mismatch(what: str, kept: object, came: object) -> Conflict:
    return Conflict(
        f"{what}: the session was opened with {kept}, the request has {came}; keep to that, or use another id",
        code="session_mismatch",
    )
