"""Time zones: UTC offsets of many instants at once, from the standard library's zone data.

A zone is text: ``""`` for UTC, ``"+02:00"`` for a fixed offset, or an IANA name such as ``"Europe/Berlin"``.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError

Times = NDArray[np.datetime64]
Seconds = NDArray[np.int64]

_DAY = 86_400
_MOST_YEARS = 40  # a year's changes take as long to find as some four hundred single offsets
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIXED = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")


def read_zone(text: str) -> str:
    """Check a zone's text and return its canonical form.

    Parameters
    ----------
    text : str
        A name such as ``Europe/Berlin``, or an offset such as ``+02:00``.

    Returns
    -------
    str
        ``""`` for UTC.

    Raises
    ------
    InputError
        If it is neither a fixed offset nor a name that this machine's zone data has.

    Examples
    --------
    >>> read_zone("UTC"), read_zone("+0530"), read_zone("Europe/Berlin")
    ('', '+05:30', 'Europe/Berlin')
    """
    if text in ("", "Z", "z", "UTC", "Etc/UTC"):
        return ""
    fixed = _FIXED.fullmatch(text)
    if fixed and int(fixed[2]) < 24 and int(fixed[3]) < 60:
        return offset_text((1 if fixed[1] == "+" else -1) * (int(fixed[2]) * 3600 + int(fixed[3]) * 60))
    try:
        _zone(text)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"timezone: expected a name such as Europe/Berlin, or an offset such as +02:00, got {text[:40]!r}; check it"
        ) from None
    return text


def offset_text(seconds: int) -> str:
    """Write a fixed offset.

    Parameters
    ----------
    seconds : int
        East of Greenwich.

    Returns
    -------
    str
        Such as ``+02:00``; ``""`` for 0.
    """
    if not seconds:
        return ""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'+' if seconds > 0 else '-'}{hours:02d}:{minutes:02d}"


def fixed_offset(zone: str) -> int | None:
    """Read the offset of a zone without clock changes.

    Parameters
    ----------
    zone : str
        Canonical form of a zone.

    Returns
    -------
    int or None
        Seconds east of Greenwich; None for a zone with a name.
    """
    if not zone:
        return 0
    fixed = _FIXED.fullmatch(zone)
    if fixed is None:
        return None
    return (1 if fixed[1] == "+" else -1) * (int(fixed[2]) * 3600 + int(fixed[3]) * 60)


def utc_offsets(zone: str, instants: Times) -> Seconds:
    """Look up how far a zone's wall clocks are ahead of UTC.

    Parameters
    ----------
    zone : str
        Canonical form of a zone.
    instants : ndarray, shape [N], datetime64
        In UTC.

    Returns
    -------
    ndarray, shape [N], int64
        Seconds, negative west of Greenwich.
    """
    fixed = fixed_offset(zone)
    if fixed is not None or not instants.size:
        return np.full(instants.shape, fixed or 0, dtype=np.int64)
    seconds = instants.astype("datetime64[s]").astype(np.int64)
    years = np.unique(instants.astype("datetime64[Y]").astype(np.int64)).tolist()
    if len(years) > _MOST_YEARS and instants.size < 366 * len(years):
        return np.array([_offset(zone, second) for second in seconds.tolist()], dtype=np.int64)
    parts = zip(*(_year(zone, year + 1970) for year in years), strict=True)
    begins, offsets = (np.concatenate(part) for part in parts)
    found: Seconds = offsets[np.maximum(np.searchsorted(begins, seconds, side="right") - 1, 0)]
    return found


def instant_texts(instants: Times, zone: str) -> list[str]:
    """Write instants as RFC 3339.

    Parameters
    ----------
    instants : ndarray, shape [N], datetime64[s]
        In UTC.
    zone : str
        Zone to write them in; its offsets are cut to whole minutes.

    Returns
    -------
    list of str
        N of them.

    Examples
    --------
    >>> instant_texts(np.array(["2026-07-01"], dtype="M8[s]"), "Europe/Berlin")
    ['2026-07-01T02:00:00+02:00']
    """
    if not zone:
        return [f"{text}Z" for text in np.datetime_as_string(instants, unit="s").tolist()]
    ahead = utc_offsets(zone, instants) // 60 * 60
    ends = {one: offset_text(one) or "+00:00" for one in set(ahead.tolist())}
    texts = np.datetime_as_string(instants + ahead.astype("timedelta64[s]"), unit="s").tolist()
    return [text + ends[one] for text, one in zip(texts, ahead.tolist(), strict=True)]


def from_wall(zone: str, wall: Times) -> Times:
    """Find the instants at which a zone's wall clocks show given times.

    Parameters
    ----------
    zone : str
        Canonical form of a zone.
    wall : ndarray, shape [N], datetime64[s]
        What the clocks show.

    Returns
    -------
    ndarray, shape [N], datetime64[s]
        In UTC. Of a time that comes twice the first is taken; a time that the clock skips becomes the one as long after
        the change.
    """
    day = np.timedelta64(_DAY, "s")
    seconds = np.timedelta64(1, "s")
    before, after = (utc_offsets(zone, wall + shift) for shift in (-day, day))
    early = wall - before * seconds
    if (before == after).all():
        return early
    late = wall - after * seconds
    skipped = (utc_offsets(zone, early) != before) & (utc_offsets(zone, late) == after)
    return np.where(skipped, late, early)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=4096)
def _year(zone: str, year: int) -> tuple[Seconds, Seconds]:
    """Instants of one year at which an offset begins to hold, its first second included, and the offsets."""
    year = min(max(year, 1), 9999)
    begin = int(np.datetime64(f"{year:04d}", "s").astype(np.int64))
    end = int((np.datetime64(f"{year:04d}", "Y") + 1).astype("datetime64[s]").astype(np.int64))
    days = range(begin, end + 1, _DAY)
    seen = [_offset(zone, second) for second in days]
    begins, offsets = [begin], [seen[0]]
    for second, old, new in zip(days, seen, seen[1:], strict=False):
        if new != old:
            low, high = second, second + _DAY
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == old else (low, middle)
            begins.append(high)
            offsets.append(new)
    return np.array(begins, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(zone: str, second: int) -> int:
    moment = _EPOCH + timedelta(seconds=min(max(second, -62_135_510_400), 253_402_214_400))
    found = moment.astimezone(_zone(zone)).utcoffset()
    return 0 if found is None else int(found.total_seconds())
