"""Times of a forecast as the column that they belong to has them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.time.stamps import Stamps
from statecast.time.zones import instant_texts, utc_offsets

Times = NDArray[np.datetime64]
_DATE = 10  # characters of 2026-01-31
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def wall_times(instants: Times, zone: str) -> Times:
    """Say what the clocks of a zone show.

    Parameters
    ----------
    instants : ndarray, shape [N], datetime64
        In UTC.
    zone : str
        See ``statecast.time.zones``.

    Returns
    -------
    ndarray, shape [N], datetime64[s]
        Its wall times.
    """
    instants = instants.astype("M8[s]")
    wall: Times = instants + utc_offsets(zone, instants).astype("timedelta64[s]")
    return wall


def as_texts(instants: Times, like: str, zone: str) -> list[str]:
    """Write times as another was written.

    Parameters
    ----------
    instants : ndarray, shape [N], datetime64
        In UTC.
    like : str
        One of the column.
    zone : str
        Whose clocks they are.

    Returns
    -------
    list of str
        Dates where that is a date and all are at midnight; with an offset where it has one.

    Examples
    --------
    >>> as_texts(np.array(["2026-02-01"], dtype="M8[s]"), "2026-01-31", "")
    ['2026-02-01']
    >>> as_texts(np.array(["2026-02-01T01"], dtype="M8[s]"), "2026-01-31 23:00", "")
    ['2026-02-01 01:00:00']
    """
    like = like.strip()
    wall = wall_times(instants, zone)
    if len(like) <= _DATE and (wall == wall.astype("M8[D]")).all():
        return list(np.datetime_as_string(wall, unit="D").tolist())
    mark = " " if like[_DATE : _DATE + 1] == " " else "T"
    offset = like.endswith(("Z", "z")) or any(sign in like[_DATE:] for sign in "+-")
    texts = instant_texts(instants.astype("M8[s]"), zone) if offset else np.datetime_as_string(wall, unit="s").tolist()
    return [text.replace("T", mark) for text in texts]


def as_numbers(instants: Times, like: int, stamps: Any) -> NDArray[np.int64] | None:
    """Count times as another was counted.

    Parameters
    ----------
    instants : ndarray, shape [N], datetime64
        In UTC.
    like : int
        The first of the column.
    stamps : Stamps
        What the column was read as.

    Returns
    -------
    ndarray, shape [N], int64, or None
        Seconds or milliseconds since 1970; None where the column counts neither, but writes dates as numbers, say.
    """
    if not isinstance(stamps, Stamps) or not len(stamps):
        return None
    first = int(stamps.instants[:1].astype("M8[s]").astype(np.int64)[0])
    unit = next((one for one, count in _PER_SECOND.items() if like // count == first), None)
    return None if unit is None else instants.astype(f"M8[{unit}]").astype(np.int64)
