"""Whether what a request repeats is what the session read: duplicates are counted, contradictions refused."""

import numpy as np

from service.errors import Conflict
from service.sessions.regular_series import RegularSeries, checksum_of
from service.stores.interface import Record


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
        raise _too_late(int(early.argmax()), record)
    skip = max(lead, min(record.tail_begin - grid.begin, given.size))
    if given[lead:skip].any():
        if grid.begin > record.first_index or skip < record.tail_begin - grid.begin:
            raise _too_late(lead, record)
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
    raise _too_late(skip + step, record)


def _conflict(finding: str) -> Conflict:
    return Conflict(
        f"target: expected the same values for times that the session already holds, but {finding}; send them "
        "unchanged, leave them out, or use another session id",
        code="conflicting_observation",
    )


def _too_late(step: int, record: Record) -> Conflict:
    return Conflict(
        f"target: expected values after the session's last observation, but step {step} lies before it and was not "
        f"read in time (only the last {record.tail.shape[1]} steps can be compared one by one); leave it out, or send "
        "the history under another session id",
        code="too_late",
    )
