"""Times that lie in several columns: year, month, day and hour of their own, or an hour beside a date."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from statecast.tables.table import Table
from statecast.tables.values import read_floats
from statecast.time.numbers import join_date
from statecast.time.stamps import Stamps, TimeOptions

_CLOCK = r"^[0-9]{1,2}(:[0-9]{2}){0,2}$"
_DAY = 86_400
PARTS = ("year", "month", "day", "hour", "minute", "second")
"""Names of columns that hold a part of the time each."""


def join_parts(table: Table, parts: dict[str, str], options: TimeOptions) -> Stamps | None:
    """Join columns that hold a part of the time each.

    Parameters
    ----------
    table : Table
        With the columns.
    parts : dict of str to str
        Column by part, from the year down.
    options : TimeOptions
        In whose zone they are.

    Returns
    -------
    Stamps or None
        None where they are no dates.
    """
    numbers = {part: read_floats(table, name) for part, name in parts.items()}
    if any(not (np.isfinite(values).all() and (values == np.rint(values)).all()) for values in numbers.values()):
        return None
    whole = {part: values.astype(np.int64) for part, values in numbers.items()}
    first = np.ones(len(table), dtype=np.int64)
    year, month, day = whole["year"], whole.get("month", first), whole.get("day", first)
    if not len(year) or year.min() < 1000 or year.max() > 9999 or min(month.min(), day.min()) < 1 or month.max() > 12:
        return None
    wall = join_date(year, month, day)
    if (wall.astype("datetime64[M]").astype(np.int64) != (year - 1970) * 12 + month - 1).any():
        return None
    for part, seconds, most in (("hour", 3600, 24), ("minute", 60, 59), ("second", 1, 59)):
        if part in whole:
            if whole[part].min() < 0 or whole[part].max() > most:
                return None
            wall = wall + (whole[part] * seconds).astype("timedelta64[s]")
    return Stamps.of(wall, naive=True, zone=options.timezone)


def read_clock(table: Table, name: str) -> NDArray[np.int64] | None:
    """Read a column of hours, as whole numbers to 24 or as ``06:30``.

    Parameters
    ----------
    table : Table
        With the column.
    name : str
        Of the column.

    Returns
    -------
    ndarray, shape [N], int64, or None
        Seconds after midnight; None where it holds something else.
    """
    if table.kind(name) == "texts":
        texts = pc.utf8_trim_whitespace(table.column(name))
        if not pc.all(pc.match_substring_regex(texts, _CLOCK)).as_py():
            return None
        cut = [
            ([*text.split(":"), "0", "0"])[:3] for text in pc.unique(texts).to_pylist()
        ]  # few different ones at most: seconds of a day
        coded = pc.dictionary_encode(texts).combine_chunks()
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        seconds = np.array([int(h) * 3600 + int(m) * 60 + int(s) for h, m, s in cut], dtype=np.int64)
        found: NDArray[np.int64] = seconds[coded.indices.to_numpy(zero_copy_only=False)]
    elif table.kind(name) == "numbers":
        hours = read_floats(table, name)
        if not (np.isfinite(hours) & (hours == np.rint(hours))).all():
            return None
        found = hours.astype(np.int64) * 3600
    else:
        return None
    return found if len(found) and found.min() >= 0 and found.max() <= _DAY else None


def at_clock(stamps: Stamps, seconds: NDArray[np.int64], options: TimeOptions) -> Stamps:
    """Add hours to dates.

    Parameters
    ----------
    stamps : Stamps
        Midnights.
    seconds : ndarray, shape [N], int64
        After them.
    options : TimeOptions
        In whose zone they are.

    Returns
    -------
    Stamps
        N of them.
    """
    wall = stamps.wall + seconds.astype("timedelta64[s]")
    return Stamps.of(wall, stamps.ahead, naive=stamps.naive, zone=options.timezone)
