"""Calendar features of times: the place within hour, day, week and year, as a network reads them."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from statecast.errors import ConfigError, InputError
from statecast.time.frequency import Times

HOLIDAYS = "holidays:"
"""What a calendar feature begins with that is 1 on holidays, such as ``holidays:US-CA``."""


def _circle(position: NDArray[np.float64]) -> NDArray[np.float64]:
    angle = 2.0 * np.pi * position
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def _share(times: Times, outer: str, length: float) -> NDArray[np.float64]:
    begin = times.astype(f"datetime64[{outer}]").astype("datetime64[s]")
    share: NDArray[np.float64] = (times - begin).astype("timedelta64[s]").astype(np.float64) / length
    return share


# 1970-01-01 was a Thursday; four days later the week begins on a Monday.
_FEATURES: dict[str, Callable[[Times], NDArray[np.float64]]] = {
    "hour": lambda t: _circle(_share(t, "h", 3600.0)),
    "day": lambda t: _circle(_share(t, "D", 86_400.0)),
    "week": lambda t: _circle(((t.astype(np.int64) / 86_400.0) + 3.0) % 7.0 / 7.0),
    "weekend": lambda t: ((((t.astype(np.int64) // 86_400) + 3) % 7) >= 5).astype(np.float64)[..., None],
    "year": lambda t: _circle(_share(t, "Y", 365.2425 * 86_400.0)),
}
CALENDAR_FEATURES = tuple(_FEATURES)
"""``hour``: place within the hour; ``day``, ``week``, ``year`` likewise (sine and cosine); ``weekend``: 0 or 1.

Beside these, ``holidays:US`` or ``holidays:US-CA``: 0 or 1, of a country or one of its regions."""


def calendar_width(names: Sequence[str]) -> int:
    """Count the columns that ``calendar_features`` returns.

    Parameters
    ----------
    names : sequence of str
        Features, out of ``CALENDAR_FEATURES``.

    Returns
    -------
    int
        Two per feature, one for ``weekend`` and for holidays.

    Raises
    ------
    ConfigError
        If a name is not one of ``CALENDAR_FEATURES``.

    Examples
    --------
    >>> calendar_width(("day", "weekend"))
    3
    """
    for name in names:
        if name not in _FEATURES and not name.startswith(HOLIDAYS):
            raise ConfigError(f"calendar: expected names out of {', '.join(_FEATURES)}, got {name!r}")
    return sum(1 if name == "weekend" or name.startswith(HOLIDAYS) else 2 for name in names)


def calendar_features(names: Sequence[str], times: Times) -> NDArray[np.float32]:
    """Compute calendar covariates, which are known for every future step.

    Parameters
    ----------
    names : sequence of str
        Features, out of ``CALENDAR_FEATURES``.
    times : ndarray, shape [...], datetime64
        Naive times of an axis.

    Returns
    -------
    ndarray, shape [..., K], float32
        Sine and cosine of the place within each period, or 0 and 1.

    Raises
    ------
    InputError
        If a time is missing.

    Examples
    --------
    >>> calendar_features(("day",), np.array(["2026-01-01T06:00"], dtype="M8[s]")).round(3).tolist()
    [[1.0, 0.0]]
    """
    if np.isnat(times).any():
        raise InputError("timestamp: expected instants, got a missing one; give every observation a time")
    seconds = times.astype("datetime64[s]")
    columns = [_feature(name, seconds) for name in names]
    if not columns:
        return np.zeros((*times.shape, 0), dtype=np.float32)
    return np.concatenate(columns, axis=-1).astype(np.float32)


def _feature(name: str, times: Times) -> NDArray[np.float64]:
    if name.startswith(HOLIDAYS):
        return holiday_flags(name.removeprefix(HOLIDAYS), times).astype(np.float64)[..., None]
    return _FEATURES[name](times)


def holiday_flags(country: str, times: Times) -> NDArray[np.bool_]:
    """Say which times lie on a public holiday.

    Parameters
    ----------
    country : str
        ISO 3166 code of a country, such as ``US``, or of one of its regions, such as ``US-CA``.
    times : ndarray, shape [...], datetime64
        Naive times.

    Returns
    -------
    ndarray, shape [...], bool
        True on holidays.

    Raises
    ------
    InputError
        If the package ``holidays`` is not installed, or knows no such country or region.
    """
    days = times.astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    if not years.size:
        return np.zeros(times.shape, dtype=bool)
    return np.isin(days, _days(country, int(years.min()), int(years.max())))


@lru_cache(maxsize=64)
def _days(country: str, first: int, last: int) -> NDArray[np.datetime64]:
    """All holidays from one year to another."""
    try:
        import holidays
    except ImportError:
        raise InputError("country: needs the package holidays; pip install 'statecast[holidays]'") from None
    code, _, region = country.partition("-")
    years = range(max(first, 1), min(last, 9999) + 1)
    try:
        found = holidays.country_holidays(code, subdiv=region or None, years=years)
    except NotImplementedError:
        raise InputError(
            f"country: expected a code that the package holidays knows, such as US or US-CA, got {country!r}; "
            "leave it out"
        ) from None
    return np.asarray(sorted(found), dtype="datetime64[D]")
