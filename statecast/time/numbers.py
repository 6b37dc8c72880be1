"""Whole numbers as times: seconds or milliseconds since 1970, or digits of a date such as 20260131, by their range."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.time.stamps import Stamps, TimeError

Times = NDArray[np.datetime64]
Whole = NDArray[np.int64]

_SECOND, _MILLISECOND, _MICROSECOND = 10**9, 10**12, 10**15


def number_list(texts: Sequence[Any]) -> NDArray[Any]:
    """Turn numbers and texts of digits into one array.

    Parameters
    ----------
    texts : sequence
        Numbers or texts.

    Returns
    -------
    ndarray, shape [N]
        Integers, or floats where one has a point.

    Raises
    ------
    TimeError
        If one is neither, with its index.
    """
    for index, text in enumerate(texts):
        if (
            isinstance(text, bool)
            or not isinstance(text, (int, float, str))
            or (isinstance(text, str) and not (text.isascii() and text.isdigit() and len(text) < 19))
        ):
            raise TimeError(f"expected whole numbers, as the first time is, got {str(text)[:40]!r}", index)
    try:
        return np.asarray([float(text) if isinstance(text, float) else int(text) for text in texts])
    except OverflowError:
        raise TimeError("expected whole numbers of at most 18 digits, got a longer one; check it") from None


def as_whole(values: NDArray[Any]) -> Whole:
    """Turn numbers without a fraction into integers.

    Parameters
    ----------
    values : ndarray, shape [N]
        Numbers.

    Returns
    -------
    ndarray, shape [N], int64
        The same.

    Raises
    ------
    TimeError
        If one has a fraction, with its index.
    """
    if values.dtype.kind in "fO":
        bad = [not (isinstance(v, int) or float(v).is_integer()) or abs(v) > 2**62 for v in values.tolist()]
        if any(bad):
            index = int(np.argmax(bad))
            raise TimeError(f"expected dates or whole steps, got {values[index]!r}; write steps without a point", index)
    return values.astype(np.int64)


def stamps_of_numbers(values: Whole, zone: str | None, unit: str | None) -> Stamps | Whole:
    """Read whole numbers as times.

    Parameters
    ----------
    values : ndarray, shape [N], int64
        Digits of dates (20260131, 202601), or seconds or milliseconds since 1970; their range says which.
    zone : str or None
        Zone whose clocks naive dates are on; None for UTC.
    unit : str or None
        ``s`` or ``ms`` since 1970, whatever the range; None to go by it.

    Returns
    -------
    Stamps or ndarray, shape [N]
        Times; or the numbers themselves where they are counted steps.

    Raises
    ------
    TimeError
        If one is not a date among dates, or times are finer than a second.

    Examples
    --------
    >>> stamps_of_numbers(np.array([20260131, 20260201]), None, None).wall.tolist()[0].day
    31
    >>> stamps_of_numbers(np.array([1, 2, 3]), None, None).tolist()
    [1, 2, 3]
    """
    if unit is not None:
        return _of_epoch(values, 1000 if unit == "ms" else 1, zone)
    if not values.size:
        return values
    low, high = int(values.min()), int(values.max())
    for least, most, scale in ((10_000_101, 99_991_231, 1), (160_001, 299_912, 100)):
        if least <= low and high <= most:
            found = _of_calendar_numbers(values * scale + (scale > 1), values, zone)
            if found is not None:
                return found
    if low >= _MICROSECOND:
        raise TimeError(f"expected seconds or milliseconds since 1970, got {low}; divide finer ones", 0)
    if low >= _MILLISECOND:
        return _of_epoch(values, 1000, zone)
    if low >= _SECOND:
        return _of_epoch(values, 1, zone)
    return values


def _of_calendar_numbers(values: Whole, shown: Whole, zone: str | None) -> Stamps | None:
    """Numbers such as 20260131 as dates; None where most of them are none, so that they are counted steps."""
    year, rest = np.divmod(values, 10_000)
    month, day = np.divmod(rest, 100)
    fits = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    wall = join_date(year, np.where(fits, month, 1), np.where(fits, day, 1))
    fits &= wall.astype("datetime64[M]").astype(np.int64) == (year - 1970) * 12 + month - 1
    if not fits.all():
        if 2 * fits.sum() < len(values):
            return None
        index = int(np.argmin(fits))
        raise TimeError(
            f"expected a date as the others are, such as {shown[int(np.argmax(fits))]}, got {shown[index]}", index
        )
    return Stamps.of(wall, naive=True, zone=zone)


def _of_epoch(values: Whole, scale: int, zone: str | None) -> Stamps:
    seconds, rest = np.divmod(values, scale)
    if rest.any():
        index = int(np.argmax(rest != 0))
        raise TimeError(f"expected whole seconds, got {values[index]} milliseconds; round the times", index)
    return Stamps.of(seconds.astype("datetime64[s]"), zone=zone)


def join_date(year: Whole, month: Whole, day: Whole) -> Times:
    """Join dates to midnights; days beyond a month's end run on into the next.

    Parameters
    ----------
    year, month, day : ndarray, shape [N], int64
        Parts of the dates, months and days from 1.

    Returns
    -------
    ndarray, shape [N], datetime64[s]
        Naive times.
    """
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    joined: Times = (months.astype("datetime64[D]") + (day - 1)).astype("datetime64[s]")
    return joined
