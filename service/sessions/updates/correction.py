"""Late and corrected steps of a request, put where they belong among those that a session keeps."""

from typing import NamedTuple

import numpy as np

from service.errors import Conflict
from service.sessions.agreement import compare, too_late
from service.sessions.regular_series import RegularSeries
from service.stores.interface import Record


class Corrected(NamedTuple):
    """What a session reads again.

    Parameters
    ----------
    whole : RegularSeries
        To the last step of session and request; without covariates.
    unchanged : int
        Steps of the request that the session had read like that.
    corrected : int
        Steps of the request that the session had counted, with another value.
    """

    whole: RegularSeries
    unchanged: int
    corrected: int


def put_right(record: Record, grid: RegularSeries | None, begin: int) -> Corrected:
    """Put the steps of a request where they belong.

    Parameters
    ----------
    record : Record
        The session.
    grid : RegularSeries or None
        What the request brings, if anything.
    begin : int
        Time index of the first step that is read again, one of those that are kept.

    Returns
    -------
    Corrected
        What is to be read.

    Raises
    ------
    Conflict
        ``too_late`` where the request says something new of an earlier step.
    """
    kept = record.tail[:, begin - record.tail_begin :]
    end = record.last_index if grid is None else max(record.last_index, grid.end)
    values = np.full((len(kept), end - begin + 1), np.nan)
    values[:, : kept.shape[1]] = kept
    given = ~np.isnan(values).all(axis=0)
    unchanged = corrected = 0
    if grid is not None:
        came = grid
        if grid.begin < begin:
            unchanged = _check_earlier(record, grid.until(begin))
            came = grid.since(begin)
        place = slice(came.begin - begin, came.begin - begin + came.given.size)
        before, known = values[:, place], max(0, min(record.last_index - came.begin + 1, came.given.size))
        same = ((came.values == before) | (np.isnan(came.values) & np.isnan(before))).all(axis=0)[:known]
        alike = int((same & came.given[:known]).sum())
        # Of steps without a value some were given as missing, and count; the others are gaps that nobody gave.
        late = int((came.given[:known] & ~same & ~given[place][:known]).sum())
        gaps = record.last_index - record.first_index + 1 - record.count
        corrected = int(came.given[:known].sum()) - alike - min(late, max(0, gaps))
        unchanged += alike
        values[:, place] = np.where(came.given, came.values, before)
        given[place] |= came.given
    none = np.zeros((values.shape[1], 0), dtype=np.float32)
    return Corrected(RegularSeries(begin, values, none, none, given), unchanged, corrected)


def _check_earlier(record: Record, early: RegularSeries) -> int:
    """Refuse steps before those that are read again if they differ; gives how many the session has."""
    try:
        compare(record, early)
    except Conflict:
        raise too_late(int(early.given.argmax()), record) from None
    return int(early.given.sum())
