"""Values of given coarse resolutions against a session: which are read now, which were, which come early or late.

A bucket's value belongs to the bucket's last step: it is read with that step, or missing for good.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

from service.errors import Conflict, Unprocessable
from service.sessions.regular_series import Limits
from service.sessions.series_input import Coarse, Doubles, SeriesInput
from service.stores.interface import Record
from statecast.inputs.bucket_values import align
from statecast.time.frequency import Frequency


def align_coarse(series: SeriesInput, limits: Limits, time_index: int, steps: int) -> tuple[Doubles, Doubles]:
    """Lay values of lower frequencies beside the steps that read them.

    Parameters
    ----------
    series : SeriesInput
        What the request brings.
    limits : Limits
        Names the G series that the model reads.
    time_index : int
        Index of the step before the first new one.
    steps : int
        Number T of new steps.

    Returns
    -------
    array of float64, ``[V, G, T]``
        Each value with the last step of its bucket, NaN elsewhere.
    array of float64, ``[V, G, K]``
        K values of each from before these steps.
    """
    variables, count = len(series.variables), len(limits.mixed_frequency)
    given = np.full((variables, count, steps), np.nan)
    earlier = np.full((variables, count, limits.coarse_history), np.nan)
    for place, (name, length) in enumerate(limits.mixed_frequency.items()):
        if name in series.given:
            coarse = series.given[name]
            given[:, place], earlier[:, place] = align(
                coarse.values, coarse.first, length, time_index, steps, limits.coarse_history
            )
    return given, earlier


def check_coarse(record: Record | None, series: SeriesInput, limits: Limits, last: int, *, retry: bool) -> None:
    """Refuse values of buckets that are not over yet, or that a session has read otherwise.

    Parameters
    ----------
    record : Record or None
        The session, None where it is to be opened.
    series : SeriesInput
        What the request brings.
    limits : Limits
        Names the series that the model reads.
    last : int
        Time index of the last step that is known after the request.
    retry : bool
        Whether the request is the session's last one again, whose values were compared as a whole.

    Raises
    ------
    Unprocessable
        ``no_times``, or ``not_over``.
    Conflict
        ``conflicting_observation``, or ``too_late``.
    """
    freq = series.freq if record is None else record.freq
    if series.given and freq is None:
        raise Unprocessable(
            "resolutions: expected a series with times, got one without; a value's bucket is known from its time: give "
            "start or timestamps",
            code="no_times",
        )
    for place, (name, length) in enumerate(limits.mixed_frequency.items()):
        if name in series.given:
            coarse = series.given[name]
            ends = (coarse.first + 1 + np.arange(coarse.values.shape[1])) * length - 1
            seen = ~np.isnan(coarse.values).all(axis=0)
            ahead = np.flatnonzero(seen & (ends > last))
            if len(ahead):
                raise Unprocessable(
                    f"resolutions.{name}: expected values of buckets that are over by the last step of target, but "
                    f"that of {_begin(name, coarse, ahead[0])} is not; send it with the step that ends its bucket",
                    code="not_over",
                )
            if record is not None and not retry:
                _compare(record, name, place, coarse, np.where(seen, ends, last + 1))


def _compare(record: Record, name: str, place: int, coarse: Coarse, ends: NDArray[np.int64]) -> None:
    """Hold values of buckets that ended within a session against what it read then."""
    for index in np.flatnonzero(ends <= record.last_index):
        came, at = coarse.values[:, index], int(ends[index]) - record.tail_begin
        given = ~np.isnan(came)
        kept = record.given_tail[:, place, at] if at >= 0 else np.full(len(came), np.nan)
        if record.rounded(ends[index]):
            came = came.astype(np.float32)
        differs = given & (came != kept)
        if (differs & ~np.isnan(kept)).any():
            raise Conflict(
                f"resolutions.{name}: expected the same values for buckets that the session already holds, but that of "
                f"{_begin(name, coarse, index)} is {came[differs][0]}, the session read {kept[differs][0]}; send it "
                "unchanged, leave it out, or use another session id",
                code="conflicting_observation",
            )
        if differs.any():
            raise Conflict(
                f"resolutions.{name}: expected values with the step that ends their bucket, but that of "
                f"{_begin(name, coarse, index)} ended by the session's last observation and was not read then (only "
                f"the last {record.tail.shape[1]} steps can be compared); leave it out, or begin anew under another "
                "session id",
                code="too_late",
            )


def _begin(name: str, coarse: Coarse, index: np.int64) -> str:
    return f"{Frequency.parse(name).times(np.asarray([coarse.first + index]))[0]}Z"


def checksum_coarse(series: SeriesInput, before: int) -> int:
    """Go on with a CRC-32 over what came of lower frequencies.

    Parameters
    ----------
    series : SeriesInput
        What the request brings.
    before : int
        The CRC-32 so far.

    Returns
    -------
    int
        The CRC-32 after them.
    """
    for name, coarse in sorted(series.given.items()):
        values = np.where(np.isnan(coarse.values), np.nan, coarse.values)
        before = zlib.crc32(values.tobytes(), zlib.crc32(f"{name} {coarse.first}".encode(), before))
    return before
