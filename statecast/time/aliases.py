"""How people write a frequency: ISO-like steps such as ``15min`` and the aliases of pandas such as ``QE-MAR``."""

import re

from statecast.errors import ConfigError

DAY = 86_400
"""Seconds."""
END_OF_MONTH = 30
"""Place within a month, counted from 0, that stands for its last day however long it is."""

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
MONTHS = {"mo": 1, "q": 3, "y": 12}
# Months of which only the first or the last business day counts.
BUSINESS_MONTHS = {"bmo": 1, "bq": 3, "by": 12}
_WORDS = {
    "sec": "s", "t": "min", "m": "min", "hour": "h", "day": "d", "week": "w", "month": "mo", "quarter": "q",
    "year": "y", "a": "y",
}  # fmt: skip
_FINER = {"ms", "us", "ns", "l", "u", "n"}
# pandas' anchored aliases -> unit, place within the month, usual month or weekday (counted from 0).
_ANCHORED = {
    "W": ("w", 0, 6),
    "MS": ("mo", 0, 0), "ME": ("mo", END_OF_MONTH, 0),
    "QS": ("q", 0, 0), "QE": ("q", END_OF_MONTH, 11),
    "YS": ("y", 0, 0), "YE": ("y", END_OF_MONTH, 11),
    "BMS": ("bmo", 0, 0), "BME": ("bmo", END_OF_MONTH, 0),
    "BQS": ("bq", 0, 0), "BQE": ("bq", END_OF_MONTH, 11),
    "BYS": ("by", 0, 0), "BYE": ("by", END_OF_MONTH, 11),
}  # fmt: skip
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_TEXT = re.compile(r"\s*([0-9]{0,12})\s*([A-Za-z]{1,8})(?:-([A-Za-z]{3}))?\s*")
_LONGEST = 9998 * 365 * DAY


def read_alias(text: str) -> tuple[int, str, int | None]:
    """Read a frequency's text, see ``statecast.time.frequency.Frequency``.

    Parameters
    ----------
    text : str
        ISO-like steps such as ``15min``, or an alias of pandas such as ``QE-MAR``.

    Returns
    -------
    count : int
        Units per step, from 1.
    unit : str
        One of ``s, min, h, d, b, w, mo, q, y, bmo, bq, by``.
    anchor : int or None
        Offset within one unit at which an alias wants times to lie, see ``Frequency``.

    Raises
    ------
    ConfigError
        If the text names no known unit, or a count below one or beyond the calendar.

    Examples
    --------
    >>> read_alias("15T"), read_alias("MS")
    ((15, 'min', None), (1, 'mo', 0))
    """
    match = _TEXT.fullmatch(text)
    if match:
        count, word, suffix = int(match[1] or 1), match[2], match[3]
        if word.lower() in _FINER and word != "MS":
            raise ConfigError(
                f"freq: expected steps of whole seconds, got {text[:40]!r}; aggregate to seconds or longer"
            )
        found = _anchored(count, word, suffix) if suffix or word == "W" else _plain(count, word)
        if found is not None and count >= 1:
            length = count * (SECONDS.get(found[1]) or (MONTHS | BUSINESS_MONTHS).get(found[1], 1) * 28 * DAY)
            if length > _LONGEST:
                raise ConfigError(f"freq: expected a step of at most 9998 years, got {text[:40]!r}; check it")
            return found
    raise ConfigError(
        "freq: expected a count and one of s, min, h, d, b, w, mo, q, y (such as '1h' or '15min'), or an alias of "
        f"pandas such as 'MS', 'ME', 'W-SUN', 'QE-MAR', got {text[:40]!r}"
    )


def _plain(count: int, word: str) -> tuple[int, str, int | None] | None:
    if word.upper() in _ANCHORED and word.lower() != "w":
        return _anchored(count, word, None)
    unit = "mo" if word == "M" else _WORDS.get(word.lower(), word.lower())
    known = unit in SECONDS | MONTHS | BUSINESS_MONTHS | {"b": 1}
    return (count, unit, None) if known else None


def _anchored(count: int, word: str, suffix: str | None) -> tuple[int, str, int | None] | None:
    # As pandas once wrote them, what ends with a month was bare: Q-MAR, A-JUN.
    word = {"Q": "QE", "Y": "YE", "A": "YE", "AS": "YS"}.get(word.upper(), word.upper())
    if word not in _ANCHORED or (suffix and word in ("MS", "ME", "BMS", "BME")):
        return None
    unit, day, usual = _ANCHORED[word]
    names = _WEEKDAYS if unit == "w" else _MONTH_NAMES
    if suffix and suffix.upper() not in names:
        return None
    at = names.index(suffix.upper()) if suffix else usual
    if unit == "w":  # weeks are counted from a Thursday, as 1970-01-01 was
        return count, unit, (at - 3) % 7 * DAY
    return (count, unit, (at % (MONTHS | BUSINESS_MONTHS)[unit] * 32 + day) * DAY)
