"""Time stamps out of what tables and requests hold: texts in many forms, whole numbers, arrays of instants."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.time.dates import EXAMPLE, order_of_day_and_month, read_spelled, shown
from statecast.time.numbers import as_whole, join_date, number_list, stamps_of_numbers
from statecast.time.stamps import AS_THEY_ARE, Stamps, TimeError, TimeOptions

Times = NDArray[np.datetime64]
Whole = NDArray[np.int64]

_FEW = 16  # texts, for which a call each is quicker than an array
_LONGEST = 40  # letters
_TIME = r"(?:[Tt ](?P<h>9{1,2}):(?P<min>99)(?::(?P<s>99)(?:\.(?P<fraction>9+))?)?)?(?P<zone> ?(?:[Zz]|UTC|[+-]99:?99))?"
_FORMS = tuple(
    re.compile(date + _TIME)
    for date in (
        r"(?P<y>9{4})-(?P<mo>9{1,2})(?:-(?P<d>9{1,2}))?",
        r"(?P<y>9{4})/(?P<mo>9{1,2})/(?P<d>9{1,2})",
        r"(?P<y>9{4})\.(?P<mo>9{1,2})\.(?P<d>9{1,2})",
        r"(?P<a>9{1,2})(?P<mark>[./-])(?P<b>9{1,2})(?P=mark)(?P<y>9{4})",
    )
)


def read_stamps(
    values: Sequence[str | int | float] | NDArray[Any], options: TimeOptions = AS_THEY_ARE
) -> Stamps | Whole:
    """Read time stamps; whole numbers that are not dates are counted steps and come back as such.

    Parameters
    ----------
    values : sequence of str, int or float, or ndarray, shape [N]
        Texts, whole numbers, or ``datetime64`` (UTC).
    options : TimeOptions
        How to read them.

    Returns
    -------
    Stamps or ndarray, shape [N], int64
        Times, or counted steps.

    Raises
    ------
    TimeError
        If one cannot be read or can be read in two ways, with its index.
    """
    zone, unit = options.timezone, options.timestamp_unit
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return Stamps.of(_whole_seconds(values), naive=True, zone=zone)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return stamps_of_numbers(as_whole(values), zone, unit)
    return _of_list(values.tolist() if isinstance(values, np.ndarray) else values, options)


def _of_list(texts: Any, options: TimeOptions) -> Stamps | Whole:
    zone, unit = options.timezone, options.timestamp_unit
    if not len(texts):
        return Stamps.of(np.zeros(0, dtype="datetime64[s]"), zone=zone)
    if not isinstance(texts[0], str):
        return stamps_of_numbers(as_whole(number_list(texts)), zone, unit)
    if zone is None and len(texts) <= _FEW and all(type(text) is str and len(text) == 20 for text in texts):
        found = _few_in_utc(texts)
        if found is not None:
            return found
    letters = _letters(texts)
    if _all_digits(letters):
        return stamps_of_numbers(as_whole(number_list(texts)), zone, unit)
    return _of_texts(texts, letters, zone, options.dayfirst)


def _few_in_utc(texts: Sequence[str]) -> Stamps | None:
    """Times written as ``2026-01-01T00:00:00Z``; None if one is not."""
    try:
        times = [datetime.fromisoformat(text[:19]) for text in texts if text[10] == "T" and text[19] == "Z"]
    except ValueError:
        return None
    return Stamps(np.array(times, dtype="datetime64[s]")) if len(times) == len(texts) else None


def read_start(value: object, options: TimeOptions = AS_THEY_ARE) -> Stamps:
    """Read the one time at which a series begins, as ``read_stamps`` does; a counted step is refused.

    Parameters
    ----------
    value : object
        A text or a whole number.
    options : TimeOptions
        How to read it.

    Returns
    -------
    Stamps, shape [1]
        The time.

    Raises
    ------
    TimeError
        If it is not a time.

    Examples
    --------
    >>> str(read_start("2026-01-31").wall[0])
    '2026-01-31T00:00:00'
    """
    if isinstance(value, str) and options.timezone is None and len(value) == 20:
        quick = _few_in_utc([value])
        if quick is not None:
            return quick
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        found = read_stamps([value], options)
        if isinstance(found, Stamps):
            return found
    raise TimeError(f"{EXAMPLE}, got {shown(value)}")


def _whole_seconds(times: Times) -> Times:
    missing = np.isnat(times)
    if missing.any():
        raise TimeError("expected a time, got a missing one; give every value a time", int(np.argmax(missing)))
    seconds = times.astype("datetime64[s]")
    fine = seconds != times
    if fine.any():
        index = int(np.argmax(fine))
        raise TimeError(f"expected whole seconds, got {times[index]}; times finer than a second: round them", index)
    return seconds


def _letters(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Bytes ``[N, W]`` of the texts, zeros after their ends."""
    try:
        joined = "".join(texts).encode("ascii")
        lengths = set(map(len, texts))
        width = max(lengths)
        if min(lengths) > 0 and width <= _LONGEST:
            if len(lengths) > 1:
                joined = np.asarray(texts, dtype=f"S{width}").tobytes()
            return np.frombuffer(joined, dtype=np.uint8).reshape(len(texts), width)
    except (UnicodeEncodeError, TypeError):
        pass
    for index, text in enumerate(texts):
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or not text.isascii():
            raise TimeError(f"{EXAMPLE}, got {shown(text)}", index)
    raise TimeError(f"{EXAMPLE} throughout")


def _all_digits(letters: NDArray[np.uint8]) -> bool:
    return bool((((letters >= 48) & (letters <= 57)) | (letters == 0)).all())


def _of_texts(texts: Sequence[str], letters: NDArray[np.uint8], zone: str | None, dayfirst: bool | None) -> Stamps:
    count = len(texts)
    wall = np.zeros(count, dtype="datetime64[s]")
    ahead = np.zeros(count, dtype=np.int64)
    naive = np.zeros(count, dtype=np.bool_)
    unordered: list[tuple[NDArray[np.intp], dict[str, Whole]]] = []
    patterns = np.where((letters >= 48) & (letters <= 57), np.uint8(57), letters)
    for pattern, rows in _groups(patterns):
        form = next((match for form in _FORMS if (match := form.fullmatch(pattern))), None)
        if form is None:
            read_spelled(texts, rows, wall)
            naive[rows] = True
            continue
        parts = {
            name: _digits(letters[rows], *form.span(name))
            for name in form.groupdict()
            if name not in ("zone", "mark") and form[name]
        }
        if "fraction" in parts and parts["fraction"].any():
            index = int(rows[np.argmax(parts["fraction"] != 0)])
            raise TimeError(f"expected whole seconds, got {shown(texts[index])}; round it", index)
        ahead[rows], naive[rows] = _ahead(letters[rows], form.span("zone"), form["zone"])
        if (np.abs(ahead[rows]) >= 86_400).any():
            index = int(rows[np.argmax(np.abs(ahead[rows]) >= 86_400)])
            raise TimeError(f"expected a UTC offset within a day, got {shown(texts[index])}; check it", index)
        if "a" in parts:
            unordered.append((rows, parts))
        else:
            wall[rows] = _instants(parts, rows, texts)
    if unordered:
        first = order_of_day_and_month(texts, unordered, dayfirst)
        for rows, parts in unordered:
            day, month = (parts["a"], parts["b"]) if first else (parts["b"], parts["a"])
            wall[rows] = _instants(parts | {"d": day, "mo": month}, rows, texts)
    if naive.any() and not naive.all() and (zone is not None or ahead.any()):
        index = int(np.argmax(naive != naive[0]))
        raise TimeError(f"expected every time with its UTC offset, or none, got {shown(texts[index])}; add it", index)
    return Stamps.of(wall, ahead, naive=bool(naive.all()), zone=zone)


def _groups(patterns: NDArray[np.uint8]) -> list[tuple[str, NDArray[np.intp]]]:
    """Rows of each way of writing, its digits as nines."""
    if not len(patterns):
        return []
    keys = patterns.view(f"S{patterns.shape[1]}")[:, 0]
    if (patterns == patterns[0]).all():
        return [(keys[0].decode("ascii"), np.arange(len(keys)))]
    names, codes = np.unique(keys, return_inverse=True)
    return [(name.decode("ascii"), np.flatnonzero(codes == place)) for place, name in enumerate(names)]


def _digits(letters: NDArray[np.uint8], begin: int, end: int) -> Whole:
    number = np.zeros(len(letters), dtype=np.int64)
    for place in range(begin, min(end, begin + 18)):
        number = number * 10 + (letters[:, place] - 48)
    return number


def _ahead(letters: NDArray[np.uint8], span: tuple[int, int], text: str | None) -> tuple[int | Whole, bool]:
    if text is None:
        return 0, True
    if text[-1] in "ZzC":
        return 0, False
    begin = span[0] + (text[0] == " ")
    hours = _digits(letters, begin + 1, begin + 3)
    minutes = _digits(letters, span[1] - 2, span[1])
    sign = np.where(letters[:, begin] == ord("-"), -1, 1)
    return sign * np.where(minutes < 60, hours * 3600 + minutes * 60, 86_400), False


def _instants(parts: dict[str, Whole], rows: NDArray[np.intp], texts: Sequence[str]) -> Times:
    day = parts.get("d")
    year, month = parts["y"], parts["mo"]
    hour, minute, second = (parts.get(name, np.zeros(len(rows), dtype=np.int64)) for name in ("h", "min", "s"))
    fits = (year >= 1) & (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60)
    wall = join_date(year, month, np.ones_like(year) if day is None else day)
    fits &= wall.astype("datetime64[M]").astype(np.int64) == (year - 1970) * 12 + month - 1
    if not fits.all():
        index = int(rows[np.argmin(fits)])
        raise TimeError(f"{EXAMPLE}, got {shown(texts[index])}; there is no such time", index)
    times: Times = wall + (hour * 3600 + minute * 60 + second).astype("timedelta64[s]")
    return times
