"""Whether a request agrees with what its session is and has read."""

import numpy as np

from service.errors import Conflict, UnknownSession, Unprocessable
from service.sessions.regular_series import RegularSeries, checksum_of
from service.sessions.series_input import SeriesInput
from service.sessions.time_axis import axis_of
from service.stores.interface import Record


def check_open(record: Record | None, series: SeriesInput) -> None:
    """Refuse a session that is not there, or is, against what the request says of it.

    Parameters
    ----------
    record : Record or None
        The session.
    series : SeriesInput
        The request's series.

    Raises
    ------
    UnknownSession, Conflict
        As ``open`` of the request and the session say.
    """
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


def check_reach(record: Record, series: SeriesInput, steps: int) -> None:
    """Refuse what would pass the end of the calendar; where the request has times of its own, they were checked.

    Parameters
    ----------
    record : Record
        The session.
    series : SeriesInput
        The request's series.
    steps : int
        Steps that it brings.

    Raises
    ------
    Unprocessable
        If a time would be after the year 9999.
    """
    if record.freq is None:
        return
    last = record.last_index + steps if series.time_index is None or not steps else int(series.time_index[-1])
    if not axis_of(record).reaches(last + series.horizon):
        raise Unprocessable(
            f"target: expected a forecast that ends by the year 9999, but {steps} values more and a horizon of "
            f"{series.horizon} pass it; request fewer steps"
        )


def check_series(record: Record, series: SeriesInput) -> None:
    """Refuse a request about another kind of series. One without any times goes on from the session's last step.

    Parameters
    ----------
    record : Record
        The session.
    series : SeriesInput
        The request's series.

    Raises
    ------
    Conflict
        ``session_mismatch``.
    """

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


def compare(record: Record, grid: RegularSeries) -> None:
    """Hold every given step up to the session's last one against what the session read then.

    The last values are compared one by one. Older ones can only be vouched for all together, by their checksum, and
    only if the request begins where the session began.

    Parameters
    ----------
    record : Record
        The session.
    grid : RegularSeries
        What the request brings, from before the session's end.

    Raises
    ------
    Conflict
        ``conflicting_observation`` where another value stands, ``too_late`` where none was read or none is kept.
    """
    size = record.last_index - grid.begin + 1
    given, values = grid.given[:size], grid.values[:, :size]
    # Before the first observation there was nothing: a missing value there repeats nothing and contradicts nothing.
    lead = max(0, min(record.first_index - grid.begin, given.size))
    early = ~np.isnan(values[:, :lead]).all(axis=0)
    if early.any():
        raise too_late(int(early.argmax()), record)
    skip = max(lead, min(record.tail_begin - grid.begin, given.size))
    if given[lead:skip].any():
        if grid.begin > record.first_index or skip < record.tail_begin - grid.begin:
            raise too_late(lead, record)
        if checksum_of(record.as_told_apart(values[:, lead:skip])) != record.checksum:
            raise _conflict(f"one of the steps {lead} to {skip - 1} differs from what the session read then")
    begin = grid.begin + skip - record.tail_begin
    came, kept = values[:, skip:], record.tail[:, begin : begin + given.size - skip]
    if record.single_until is not None:
        index = record.tail_begin + begin + np.arange(came.shape[1])
        came = np.where(index <= record.single_until, came.astype(np.float32), came)
    differs = (came != kept) & ~(np.isnan(came) & np.isnan(kept)) & given[skip:]
    if not differs.any():
        return
    step = int(differs.any(axis=0).argmax())
    for variable in np.flatnonzero(differs[:, step]):
        if not np.isnan(kept[variable, step]):
            raise _conflict(
                f"step {skip + step} is {came[variable, step]}, the session read {kept[variable, step]} for that time"
            )
    raise too_late(skip + step, record)


def _conflict(finding: str) -> Conflict:
    return Conflict(
        f"target: expected the same values for times that the session already holds, but {finding}; send them "
        "unchanged, leave them out, or use another session id",
        code="conflicting_observation",
    )


def too_late(step: int, record: Record) -> Conflict:
    """Make the refusal of a value for a step that was passed.

    Parameters
    ----------
    step : int
        Its place in the request.
    record : Record
        The session.

    Returns
    -------
    Conflict
        Not raised yet.
    """
    return Conflict(
        f"target: expected values after the session's last observation, but step {step} lies before it and was not "
        f"read in time (only the last {record.tail.shape[1]} steps can be compared one by one); leave it out, or send "
        "the history under another session id",
        code="too_late",
    )
