"""A series' time axis: absolute indices to times in a zone and back, with local days where the zone has them.

Steps of a day or longer begin by the clocks of the axis' zone, so that a daily series stays at midnight across a change
of clocks. Shorter steps are counted in UTC, and the zone only says how times are written.
"""

from dataclasses import dataclass, replace

import numpy as np

from statecast.time.aliases import MONTHS, SECONDS
from statecast.time.frequency import Frequency, Index, Times
from statecast.time.offsets import common_offset
from statecast.time.stamps import FIRST, LAST, Stamps, TimeError
from statecast.time.wall_times import infer_times, wall_or_utc
from statecast.time.zones import fixed_offset, from_wall, instant_texts, utc_offsets

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
        """Find the axis on which stamps lie.

        Parameters
        ----------
        stamps : Stamps, shape [N]
            Of one series, N from 1.
        frequency : Frequency or None
            Distance of neighbours; None to infer it.

        Returns
        -------
        axis : TimeAxis
            The axis.
        index : ndarray, shape [N], int64
            Absolute index of each stamp.

        Raises
        ------
        TimeError, InputError
            If a stamp lies beside the axis, or the frequency was left out and cannot be inferred.
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
        index, offset = common_offset(plain, times)
        axis = cls(plain, offset, stamps.zone)
        axis._check(times, index)
        return axis, index

    @classmethod
    def of_start(cls, stamps: Stamps, frequency: Frequency) -> tuple["TimeAxis", int]:
        """Find the axis that begins at one stamp.

        Parameters
        ----------
        stamps : Stamps, shape [1]
            The stamp.
        frequency : Frequency
            Distance of neighbours; one with an anchor rolls the stamp forward to it.

        Returns
        -------
        axis : TimeAxis
            The axis.
        index : int
            Absolute index of its first step.

        Raises
        ------
        TimeError
            If no axis of this frequency can begin there.
        """
        plain, times = frequency.plain, wall_or_utc(stamps, frequency)
        if plain is frequency and plain.unit in FITTING:  # every time lies on such an axis
            index, offset = plain.place_one(int(times.astype(np.int64)[0]))
            return cls(plain, offset, stamps.zone), index
        times = frequency.roll_forward(times)
        indices, offset = common_offset(plain, times)
        axis = cls(plain, offset, stamps.zone)
        axis._check(times, indices)
        return axis, int(indices[0])

    def continued(self, stamps: Stamps) -> tuple[Index, "TimeAxis"]:
        """Place later stamps of the series, whatever offsets they were written with.

        Parameters
        ----------
        stamps : Stamps, shape [N]
            N from 1.

        Returns
        -------
        index : ndarray, shape [N], int64
            Absolute index of each stamp.
        axis : TimeAxis
            The axis as it stands after them: one without a named zone follows the offset that was written last, because
            clocks change.

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
        """Return naive times: on the zone's clocks where steps are days or longer, else UTC.

        Parameters
        ----------
        index : ndarray, shape [N], int64
            Absolute indices.

        Returns
        -------
        ndarray, shape [N], datetime64[s]
            The time of each.
        """
        return self.frequency.times(index, self.offset)

    def instants(self, index: Index) -> Times:
        """Return instants in UTC.

        Parameters
        ----------
        index : ndarray, shape [N], int64
            Absolute indices.

        Returns
        -------
        ndarray, shape [N], datetime64[s]
            The instant of each.
        """
        times = self.times(index)
        return from_wall(self.zone, times) if self.zone and self.frequency.daily else times

    def texts(self, index: Index) -> list[str]:
        """Write times as RFC 3339 in the axis' zone.

        Parameters
        ----------
        index : ndarray, shape [N], int64
            Absolute indices.

        Returns
        -------
        list of str
            N of them.
        """
        return instant_texts(self.instants(index), self.zone)

    def reaches(self, index: int) -> bool:
        """Say whether a step lies within the years that RFC 3339 can write, with a day to spare for zones.

        Parameters
        ----------
        index : int
            Absolute index.

        Returns
        -------
        bool
            False outside the years 1 to 9999.
        """
        second = int(self.frequency.times(np.asarray([index]), self.offset).astype(np.int64)[0])
        return FIRST <= second <= (LAST - 86_400 if self.zone else LAST)

    def at(self, zone: str) -> "TimeAxis":
        """Return the same axis, written in another zone.

        Parameters
        ----------
        zone : str
            See ``statecast.time.zones``.

        Returns
        -------
        TimeAxis
            A copy.
        """
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
