"""Time as whole numbers: a ``Freq`` turns instants into an absolute step index, the *clock*, and back.

Buckets of coarse resolutions, the phases of a day and the place of an observation in a session are all functions
of the clock, so that they never depend on where a window happens to end.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statecast.errors import ConfigError, InputError

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MONTHS = {"mo": 1, "q": 3, "y": 12}
# What pandas, GluonTS and Nixtla call the same units.
_ALIASES = {
    "sec": "s", "t": "min", "m": "min", "hour": "h", "day": "d", "week": "w", "month": "mo", "ms": "mo", "me": "mo",
    "qs": "q", "qe": "q", "quarter": "q", "year": "y", "ys": "y", "ye": "y", "a": "y",
}  # fmt: skip

Times = NDArray[np.datetime64]
Clocks = NDArray[np.int64]


@dataclass(frozen=True)
class Freq:
    """The distance of two neighbouring observations: ``count`` times ``unit``.

    Units: ``s, min, h, d, w`` (fixed length) and ``mo, q, y`` (calendar months). ``str`` gives the canonical text,
    for example ``"15min"``.
    """

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Freq":
        """Read ``"1h"``, ``"15min"``, ``"D"``, ``"MS"``; a bare upper-case ``"M"`` is a month, as in pandas.

        Raises
        ------
        ConfigError
            If the text names no known unit or a count below one.
        """
        match = re.fullmatch(r"\s*(\d*)\s*([A-Za-z]+)(-[A-Za-z]+)?\s*", text)
        if match:
            word = match[2]
            unit = "mo" if word == "M" else _ALIASES.get(word.lower(), word.lower())
            count = int(match[1] or 1)
            if unit in _SECONDS | _MONTHS and 1 <= count <= 1_000_000:
                return cls(count, unit)
        raise ConfigError(
            f"freq: expected a count and one of s, min, h, d, w, mo, q, y (such as '1h' or '15min'), got {text[:40]!r}"
        )

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    def coarser(self, count: int) -> "Freq":
        """``count`` steps as one, in the largest unit that they fill: 24 steps of ``1h`` are ``1d``."""
        units, total = (_SECONDS if self.unit in _SECONDS else _MONTHS), count * self.count
        base = total * units[self.unit]
        unit = max((name for name, size in units.items() if base % size == 0), key=units.__getitem__)
        return Freq(base // units[unit], unit)

    @property
    def seconds(self) -> int | None:
        """Length of one step in seconds, or None where months make it uneven."""
        return self.count * _SECONDS[self.unit] if self.unit in _SECONDS else None

    def clocks(self, times: Times) -> tuple[Clocks, NDArray[np.int64]]:
        """Absolute step index of each instant, and how many seconds the instant lies after that step's start.

        Two observations belong to one regular series only if their offsets agree.
        """
        seconds = times.astype("datetime64[s]").astype(np.int64)
        if self.seconds is not None:
            return np.floor_divide(seconds, self.seconds), np.mod(seconds, self.seconds)
        months = times.astype("datetime64[M]").astype(np.int64)
        step = self.count * _MONTHS[self.unit]
        clock = np.floor_divide(months, step)
        starts = (clock * step).astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
        return clock, seconds - starts

    def times(self, clocks: Clocks, offset: int = 0) -> Times:
        """Instants (``datetime64[s]``) of absolute step indices; the inverse of ``clocks``."""
        clocks = np.asarray(clocks, dtype=np.int64)
        if self.seconds is not None:
            return (clocks * self.seconds + offset).astype("datetime64[s]")
        starts = (clocks * (self.count * _MONTHS[self.unit])).astype("datetime64[M]").astype("datetime64[s]")
        return (starts.astype(np.int64) + offset).astype("datetime64[s]")


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
    """Calendar covariates ``[..., K]`` of instants ``[...]`` in UTC; they are known for every future step."""
    if np.isnat(times).any():
        raise InputError("timestamp: expected instants, got a missing one; give every observation a time")
    seconds = times.astype("datetime64[s]")
    columns = [_FEATURES[name](seconds) for name in names]
    if not columns:
        return np.zeros((*times.shape, 0), dtype=np.float32)
    return np.concatenate(columns, axis=-1).astype(np.float32)
