"""Calendar features of times: the place within hour, day, week and year, as a network reads them."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from statecast.errors import ConfigError, InputError
from statecast.time.frequency import Times


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
"""``hour``: place within the hour; ``day``, ``week``, ``year`` likewise (sine and cosine); ``weekend``: 0 or 1."""


def calendar_width(names: Sequence[str]) -> int:
    """Columns that ``calendar_features`` gives for these names.

    Raises
    ------
    ConfigError
        If a name is not one of ``CALENDAR_FEATURES``.
    """
    for name in names:
        if name not in _FEATURES:
            raise ConfigError(f"calendar: expected names out of {', '.join(_FEATURES)}, got {name!r}")
    return sum(1 if name == "weekend" else 2 for name in names)


def calendar_features(names: Sequence[str], times: Times) -> NDArray[np.float32]:
    """Calendar covariates ``[..., K]`` of times ``[...]`` of an axis; they are known for every future step."""
    if np.isnat(times).any():
        raise InputError("timestamp: expected instants, got a missing one; give every observation a time")
    seconds = times.astype("datetime64[s]")
    columns = [_FEATURES[name](seconds) for name in names]
    if not columns:
        return np.zeros((*times.shape, 0), dtype=np.float32)
    return np.concatenate(columns, axis=-1).astype(np.float32)
