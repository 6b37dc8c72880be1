"""A series' time axis: absolute indices to times in a zone and back, with local days where the zone has them.

Steps of a day or longer begin by the clocks of the axis' zone, so that a daily series stays at midnight across a change
of clocks. Shorter steps are counted in UTC, and the zone only says how times are written.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statecast.time.aliases import MONTHS, SECONDS
from statecast.time.frequency import Frequency, Index, Times
from statecast.time.infer import infer_frequency
from statecast.time.stamps import FIRST, LAST, Stamps, TimeError
from statecast.time.zones import fixed_offset, from_wall, offset_text, utc_offsets

FITTING = SECONDS | MONTHS
"""Units whose axis any time can begin."""


@dataclass(frozen=True)
class TimeAxis:
    """Where the steps of one series lie.

    Parameters
    ----------
    frequency : Frequency
        Without an anchor.
    offset : int
        Of each time within its step, see ``Frequency.place``.
    zone : str
        Whose days they are and how times are written, see ``statecast.time.zones``; ``""`` for UTC.

    Examples
    --------
    >>> axis, first = TimeAxis.of(Stamps.of(np.array(["2026-01-31"], dtype="M8[s]")), Frequency.parse("1mo"))
    >>> axis.texts(first + np.arange(3))
    ['2026-01-31T00:00:00Z', '2026-02-28T00:00:00Z', '2026-03-31T00:00:00Z']
    """

    frequency: Frequency
    offset: int = 0
    zone: str = ""

    @classmethod
    def of(cls, stamps: Stamps, frequency: Frequency | None = None) -> tuple["TimeAxis", Index]:
        """Axis of the stamps ``[N]`` of one series, N from 1, and the index of each.

        Raises
        ------
        TimeError, InputError
            If one lies beside the axis, or the frequency was left out and cannot be told.
        """
        times = None
        if frequency is None:
            times, frequency = infer_times(stamps)
        plain = frequency.plain
        times = wall_or_utc(stamps, plain) if times is None else times
        if plain.seconds is not None:
            index, offsets = plain.place(times)
            if (offsets == offsets[0]).all() and (len(index) < 2 or (index[1:] != index[:-1]).all()):
                return cls(plain, int(offsets[0]), stamps.zone), index
        index, offset = plain.settle(times)
        axis = cls(plain, offset, stamps.zone)
        axis._check(times, index)
        return axis, index

    @classmethod
    def of_start(cls, stamps: Stamps, frequency: Frequency) -> tuple["TimeAxis", int]:
        """Axis that begins at one stamp, and its index; an alias with an anchor rolls the stamp forward to it."""
        plain, times = frequency.plain, wall_or_utc(stamps, frequency)
        if plain is frequency and plain.unit in FITTING:  # every time lies on such an axis
            index, offset = plain.place_one(int(times.astype(np.int64)[0]))
            return cls(plain, offset, stamps.zone), index
        times = frequency.roll_forward(times)
        indices, offset = plain.settle(times)
        axis = cls(plain, offset, stamps.zone)
        axis._check(times, indices)
        return axis, int(indices[0])

    def continued(self, stamps: Stamps) -> tuple[Index, "TimeAxis"]:
        """Index ``[N]`` of later stamps, whatever offsets they were written with, and the axis as it stands after them.

        The zone of an axis without a named one follows what was written last, as clocks change.

        Raises
        ------
        TimeError
            If one lies beside the axis.
        """
        named = fixed_offset(self.zone) is None
        latest = self if named or stamps.naive else self.at(stamps.zone)
        readings = self._readings(stamps)
        for times in readings:
            index = self.frequency.place(times)[0]
            if (self.times(index) == times).all():
                local = self.frequency.daily and times is not stamps.wall
                return index, self if local else latest
        self._check(readings[0], self.frequency.place(readings[0])[0])
        raise TimeError(f"expected times {self.frequency} apart, got {stamps.wall[0]}")

    def times(self, index: Index) -> Times:
        """Times ``[N]`` of indices, naive: on the zone's clocks where steps are days or longer, else UTC."""
        return self.frequency.times(index, self.offset)

    def instants(self, index: Index) -> Times:
        """Instants in UTC ``[N]`` of indices."""
        times = self.times(index)
        return from_wall(self.zone, times) if self.zone and self.frequency.daily else times

    def texts(self, index: Index) -> list[str]:
        """RFC 3339 texts of indices ``[N]``, in the zone."""
        return instant_texts(self.instants(index), self.zone)

    def reaches(self, index: int) -> bool:
        """Whether a step lies within the years that RFC 3339 can write, with a day to spare for zones."""
        second = int(self.frequency.times(np.asarray([index]), self.offset).astype(np.int64)[0])
        return FIRST <= second <= (LAST - 86_400 if self.zone else LAST)

    def at(self, zone: str) -> "TimeAxis":
        """The same axis, written in another zone."""
        return replace(self, zone=zone)

    def _readings(self, stamps: Stamps) -> list[Times]:
        """Naive times that the stamps may be on this axis, the likeliest first."""
        if not self.frequency.daily:
            return [stamps.instants]
        if stamps.naive or stamps.zone == self.zone:
            return [stamps.wall]
        local = stamps.instants + utc_offsets(self.zone, stamps.instants).astype("timedelta64[s]")
        return [local] if fixed_offset(self.zone) is None else [stamps.wall, local]

    def _check(self, times: Times, index: Index) -> None:
        """Refuse the first time that is not the one of its step, and the second of two times in one step."""
        off = self.times(index) != times
        if off.any():
            at = int(np.argmax(off))
            near = self.times(index[at] + np.arange(-1, 2))
            expected = near[np.argmin(np.abs((near - times[at]).astype(np.int64)))]
            raise TimeError(
                f"expected times {self.frequency} apart, here {expected}, got {times[at]}, which is off that grid; "
                "mend the time, or regularise the series",
                at,
            )


def instant_texts(instants: Times, zone: str) -> list[str]:
    """RFC 3339 texts of instants ``[N]``, written in a zone; its offsets in whole minutes."""
    if not zone:
        return [f"{text}Z" for text in np.datetime_as_string(instants, unit="s").tolist()]
    ahead = utc_offsets(zone, instants) // 60 * 60
    ends = {one: offset_text(one) or "+00:00" for one in set(ahead.tolist())}
    texts = np.datetime_as_string(instants + ahead.astype("timedelta64[s]"), unit="s").tolist()
    return [text + ends[one] for text, one in zip(texts, ahead.tolist(), strict=True)]


def off_anchor(stamps: Stamps, frequency: Frequency) -> str | None:
    """Say what an alias such as ``W-SUN`` would make of the first stamp, None where it lies as the alias wants it."""
    if (frequency.anchor is None and frequency.unit != "b") or not len(stamps):
        return None
    first = wall_or_utc(stamps, frequency)[:1]
    rolled = frequency.roll_forward(first)
    return None if rolled[0] == first[0] else f"{first[0]} does not lie where freq has it, which is {rolled[0]}"


def wall_or_utc(stamps: Stamps, frequency: Frequency) -> Times:
    """Naive times in which stamps are counted: on their clocks by days and longer steps, else in UTC."""
    return stamps.wall if frequency.daily else stamps.instants


def infer_times(stamps: Stamps, breaks: NDArray[np.bool_] | None = None) -> tuple[Times, Frequency]:
    """Infer a frequency that was left out, and give the naive times it was inferred from; see ``infer_frequency``.

    Raises
    ------
    InputError
        If it cannot be told.
    """
    if isinstance(stamps.ahead, int):
        frequency = infer_frequency(stamps.wall, breaks)
        return wall_or_utc(stamps, frequency), frequency
    # Where clocks changed, only the clocks' own times show whether the steps are days.
    frequency = infer_frequency(stamps.wall, breaks)
    if frequency.daily:
        return stamps.wall, frequency
    return stamps.instants, infer_frequency(stamps.instants, breaks)
