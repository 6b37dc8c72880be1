"""The distance of two observations: a ``Frequency`` turns times into an absolute index and an offset, and back.

Buckets of coarse resolutions, the phases of a day and the place of an observation in a session are all functions of
the index, so that they never depend on where a window happens to end.

Times here are naive (``datetime64[s]``): what a wall clock shows where days are local ones, else UTC; see
``statecast.time.axis``.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from statecast.time import business_days
from statecast.time.aliases import BUSINESS_MONTHS, DAY, END_OF_MONTH, MONTHS, SECONDS, read_alias

_EPOCH = date(1970, 1, 1).toordinal()

Times = NDArray[np.datetime64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Frequency:
    """``count`` times ``unit``; ``str`` gives the canonical text, such as ``"15min"``.

    Parameters
    ----------
    count : int
        Units per step, from 1.
    unit : str
        ``s, min, h, d, w`` (fixed length), ``b`` (business days), ``mo, q, y`` (calendar months), or ``bmo, bq, by``
        (the first or last business day of a month, quarter, year).
    anchor : int, optional
        Where within one unit an alias such as ``QE-MAR`` wants times to lie, as an offset; None keeps the data's own
        place. It decides how a start is rolled forward and is no part of the canonical text: after that, the offset
        says the same.

    Examples
    --------
    >>> str(Frequency.parse("15T")), str(Frequency.parse("QE-MAR"))
    ('15min', '1q')
    """

    count: int
    unit: str
    anchor: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Frequency":
        """Read ``"1h"``, ``"15min"``, ``"2mo"`` or an alias of pandas such as ``"D"``, ``"B"``, ``"W-SUN"``, ``"ME"``.

        Parameters
        ----------
        text : str
            The text. A bare ``"M"`` is a month that keeps the data's own day.

        Returns
        -------
        Frequency
            Parsed once per text.

        Raises
        ------
        ConfigError
            If the text names no known unit, or a count below one or beyond the calendar.
        """
        return _parsed(text)

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def plain(self) -> "Frequency":
        """The same step without an anchor."""
        return self if self.anchor is None else replace(self, anchor=None)

    @cached_property
    def seconds(self) -> int | None:
        """Length of one step in seconds, None where months or weekends make it uneven."""
        return self.count * SECONDS[self.unit] if self.unit in SECONDS else None

    @cached_property
    def months(self) -> int | None:
        """Length of one step in months, None where it is counted in seconds or business days."""
        months = MONTHS.get(self.unit) or BUSINESS_MONTHS.get(self.unit)
        return None if months is None else self.count * months

    @property
    def daily(self) -> bool:
        """Whether a step is a day or longer, so that it begins by the local calendar."""
        return self.unit not in ("s", "min", "h")

    def same_step(self, other: "Frequency") -> bool:
        """Say whether both have one length: ``24h`` and ``1d``, ``MS`` and ``ME``, ``3mo`` and ``1q``.

        Parameters
        ----------
        other : Frequency
            Another one.

        Returns
        -------
        bool
            Anchors do not matter.
        """
        return (self.seconds, self.months) == (other.seconds, other.months) and (
            self.seconds is not None or self.months is not None or self.count == other.count
        )

    def coarser(self, count: int) -> "Frequency":
        """Join steps into one, in the largest unit that they fill: 24 steps of ``1h`` are ``1d``.

        Parameters
        ----------
        count : int
            Steps to join.

        Returns
        -------
        Frequency
            Without an anchor.
        """
        families: tuple[dict[str, int], ...] = (SECONDS, MONTHS, BUSINESS_MONTHS, {"b": 1})
        units = next(family for family in families if self.unit in family)
        base = count * self.count * units[self.unit]
        unit = max((name for name, size in units.items() if base % size == 0), key=units.__getitem__)
        return Frequency(base // units[unit], unit)

    def place(self, times: Times) -> tuple[Index, Index]:
        """Turn times into absolute indices and offsets.

        Where months differ in length, several offsets give one time: compare it with ``times(index, offset)`` to see
        whether it lies on an axis.

        Parameters
        ----------
        times : ndarray, shape [N], datetime64[s]
            Naive times.

        Returns
        -------
        index : ndarray, shape [N], int64
            Absolute index of the step that each lies in.
        offset : ndarray, shape [N], int64
            Where within its step each lies: seconds, for months and business days with 86,400 per day.
        """
        seconds = times.astype("datetime64[s]").astype(np.int64)
        if self.seconds is not None:
            return np.floor_divide(seconds, self.seconds), np.mod(seconds, self.seconds)
        days = np.floor_divide(seconds, DAY)
        clock = seconds - days * DAY
        if self.months is None:
            index, part = np.divmod(business_days.number(days), self.count)
            return index, part * DAY + clock
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        index, month = np.divmod(months.astype(np.int64), self.months)
        day = days - months.astype("datetime64[D]").astype(np.int64)
        if self.unit in BUSINESS_MONTHS:
            day = np.where(day < 10, 0, END_OF_MONTH)
        return index, (month * 32 + day) * DAY + clock

    def times(self, index: Index, offset: int = 0) -> Times:
        """Turn absolute indices into times; the inverse of ``place``.

        Parameters
        ----------
        index : ndarray, shape [N], int64
            Absolute indices.
        offset : int
            Where within its step each time lies, as ``place`` has it.

        Returns
        -------
        ndarray, shape [N], datetime64[s]
            Naive times.
        """
        index = np.asarray(index, dtype=np.int64)
        if self.seconds is not None:
            return (index * self.seconds + offset).astype("datetime64[s]")
        part, clock = divmod(offset, DAY)
        if self.months is None:
            week, weekday = np.divmod(index * self.count + part, 5)
            return ((week * 7 + weekday - 3) * DAY + clock).astype("datetime64[s]")
        month, day = divmod(part, 32)
        months = (index * self.months + month).astype("datetime64[M]")
        first = months.astype("datetime64[D]").astype(np.int64)
        last = (months + 1).astype("datetime64[D]").astype(np.int64) - 1
        if self.unit in BUSINESS_MONTHS:
            days = business_days.roll_back(last) if day == END_OF_MONTH else business_days.roll_forward(first)
        else:
            days = np.minimum(first + day, last)
        return (days * DAY + clock).astype("datetime64[s]")

    def place_one(self, second: int) -> tuple[int, int]:
        """Place one time that begins an axis; not for business days.

        Parameters
        ----------
        second : int
            The time, in seconds since 1970. The last day of a month stands for ends of months.

        Returns
        -------
        tuple of int
            Absolute index and offset.
        """
        if self.seconds is not None:
            return divmod(second, self.seconds)
        days, clock = divmod(second, DAY)
        day = date.fromordinal(days + _EPOCH)
        index, month = divmod(day.year * 12 + day.month - 1 - 1970 * 12, self.months or 1)
        last = day.day == monthrange(day.year, day.month)[1]
        return index, (month * 32 + (END_OF_MONTH if last else day.day - 1)) * DAY + clock

    def roll_forward(self, times: Times) -> Times:
        """Move times to the first day at or after them that the anchor allows; the time of day stays.

        Parameters
        ----------
        times : ndarray, shape [N], datetime64[s]
            Naive times.

        Returns
        -------
        ndarray, shape [N], datetime64[s]
            Those that lie right stay as they are.
        """
        seconds = times.astype("datetime64[s]").astype(np.int64)
        days = np.floor_divide(seconds, DAY)
        clock = seconds - days * DAY
        if self.unit == "b":
            days = business_days.roll_forward(days)
        elif self.anchor is not None:
            unit = Frequency(1, self.unit)
            index = unit.place(times)[0]
            this, following = (unit.times(index + step, self.anchor).astype(np.int64) // DAY for step in (0, 1))
            days = np.where(this >= days, this, following)
        rolled: Times = (days * DAY + clock).astype("datetime64[s]")
        return rolled


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Frequency:
    return Frequency(*read_alias(text))
