"""What new steps make of a session."""

from math import isnan
from operator import or_

import numpy as np

from service.sessions.coarse_series import align_coarse, checksum_coarse
from service.sessions.imputation import fill
from service.sessions.regular_series import Limits, RegularSeries, checksum_of
from service.sessions.series_input import Doubles, SeriesInput
from service.sessions.session_update import SessionUpdate
from service.stores.interface import Record, Request
from statecast.inputs.level import find_level
from statecast.placement import check_gaps


def extend(
    new: RegularSeries,
    record: Record | None,
    series: SeriesInput,
    limits: Limits,
    request: Request | None,
    duplicates: int = 0,
) -> SessionUpdate:
    """Give what a session becomes that reads new steps.

    Parameters
    ----------
    new : RegularSeries
        The steps, of which the first follows the session's last one.
    record : Record or None
        The session; None for one that begins with them.
    series : SeriesInput
        The request's series.
    limits : Limits
        What bounds it.
    request : Request or None
        By which a retry will be known.
    duplicates : int
        Steps of the request that the session has.

    Returns
    -------
    SessionUpdate
        Of which the session keeps nothing to be read again from.
    """
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
        checksum=checksum_after(record, longer[:, :surplus]),
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


def checksum_after(record: Record | None, values: Doubles) -> int:
    """Go on with a session's checksum over values that leave its tail.

    Parameters
    ----------
    record : Record or None
        The session, None where it begins with them.
    values : array of float64, ``[V, T]``
        The values.

    Returns
    -------
    int
        CRC-32.
    """
    return checksum_of(values) if record is None else checksum_of(record.as_told_apart(values), record.checksum)


def request_of(grid: RegularSeries, series: SeriesInput) -> Request:
    """Give what a retry of a request is known by.

    Parameters
    ----------
    grid : RegularSeries
        Its steps.
    series : SeriesInput
        All of it.

    Returns
    -------
    Request
        What the record keeps.
    """
    return Request(grid.begin, grid.end, checksum_coarse(series, checksum_of(grid.values)))
