"""Time stamps as they came: what wall clocks showed, and how far those were ahead of UTC."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.time.zones import fixed_offset, from_wall, offset_text, read_zone, utc_offsets

Times = NDArray[np.datetime64]
Seconds = NDArray[np.int64]

FIRST = int(np.datetime64("0001-01-01T00:00:00", "s").astype(np.int64))
LAST = int(np.datetime64("9999-12-31T23:59:59", "s").astype(np.int64))
"""Seconds since 1970 of the first and the last second that RFC 3339 can write."""


class TimeError(InputError):
    """A time that cannot be taken.

    Parameters
    ----------
    msg : str
        What was expected, what came, and how to mend it.
    index : int, optional
        Which one of several times it is about.
    """

    def __init__(self, msg: str, index: int | None = None) -> None:
        super().__init__(msg)
        self.index = index


@dataclass(frozen=True)
class TimeOptions:
    """How time stamps are to be read.

    Parameters
    ----------
    timezone : str, optional
        Zone whose calendar decides and in which times are written; naive times are on its clocks.
    timestamp_unit : str, optional
        ``s`` or ``ms``: whole numbers are that long after 1970. Left out, their range decides.
    dayfirst : bool, optional
        Whether ``01.02.2021`` is the 1st of February. Left out, the values themselves must show it.
    """

    timezone: str | None = None
    timestamp_unit: str | None = None
    dayfirst: bool | None = None

    def filled(self, other: "TimeOptions") -> "TimeOptions":
        """Fill in what these options leave out.

        Parameters
        ----------
        other : TimeOptions
            Where to take it from.

        Returns
        -------
        TimeOptions
            A copy.
        """
        own = {name: value for name, value in vars(self).items() if value is not None}
        return replace(other, **own)


AS_THEY_ARE = TimeOptions()
"""Nothing is known beside the stamps themselves."""
UNITS = ("s", "ms")
"""Values of ``timestamp_unit``."""


@dataclass(frozen=True)
class Stamps:
    """N time stamps.

    Parameters
    ----------
    wall : NDArray
        ``datetime64[s]`` ``[N]``, what the clocks showed.
    ahead : int or NDArray
        Seconds that those clocks were ahead of UTC; ``[N]`` where that changes.
    naive : bool
        Whether they came without any offset; they count as UTC until a zone is said.
    zone : str
        Where they are to be written again, see ``statecast.time.zones``; of several offsets the last.
    """

    wall: Times
    ahead: int | Seconds = 0
    naive: bool = False
    zone: str = ""

    @classmethod
    def of(cls, wall: Times, ahead: int | Seconds = 0, *, naive: bool = False, zone: str | None = None) -> "Stamps":
        """Make stamps of what was read.

        Parameters
        ----------
        wall : ndarray, shape [N], datetime64[s]
            What the clocks showed.
        ahead : int or ndarray, shape [N]
            Seconds that those clocks were ahead of UTC.
        naive : bool
            Whether they came without any offset.
        zone : str or None
            Zone to move them to; None to keep the one that they were written with.

        Returns
        -------
        Stamps
            N of them.

        Raises
        ------
        TimeError
            If one lies outside the years 1 to 9999, in UTC or in its zone.
        InputError
            If there is no such zone.
        """
        ahead = _alike(ahead) if isinstance(ahead, np.ndarray) else ahead
        last = int(ahead[-1]) if isinstance(ahead, np.ndarray) else ahead
        stamps = cls(wall, ahead, naive, offset_text(last))
        if zone is not None:
            stamps = stamps.moved(read_zone(zone))
        for seconds in (stamps.instants.astype(np.int64), stamps.wall.astype(np.int64)):
            if seconds.size and (seconds.min() < FIRST or seconds.max() > LAST):
                index = int(np.argmax((seconds < FIRST) | (seconds > LAST)))
                raise TimeError(f"expected a year from 1 to 9999, in UTC too, got {wall[index]}; check it", index)
        return stamps

    def __len__(self) -> int:
        return len(self.wall)

    def take(self, rows: Any) -> "Stamps":
        """Return some of the stamps.

        Parameters
        ----------
        rows : ndarray or slice
            Which, as numpy indexes.

        Returns
        -------
        Stamps
            A copy.
        """
        wall = self.wall[rows]
        if isinstance(self.ahead, int):
            return replace(self, wall=wall)
        ahead, zone = _alike(self.ahead[rows]), self.zone
        if fixed_offset(zone) is not None:
            zone = offset_text(ahead if isinstance(ahead, int) else int(ahead[-1]))
        return replace(self, wall=wall, ahead=ahead, zone=zone)

    @property
    def instants(self) -> Times:
        """Instants in UTC ``[N]``."""
        if isinstance(self.ahead, int):
            return self.wall if not self.ahead else self.wall - np.timedelta64(self.ahead, "s")
        shifted: Times = self.wall - self.ahead.astype("timedelta64[s]")
        return shifted

    def moved(self, zone: str) -> "Stamps":
        """Return the same instants on the clocks of a zone.

        Parameters
        ----------
        zone : str
            See ``statecast.time.zones``. Naive stamps are taken to be what its clocks show.

        Returns
        -------
        Stamps
            N of them, no longer naive.
        """
        if self.naive:
            instants = from_wall(zone, self.wall)
            wall = self.wall
        else:
            instants = self.instants
            wall = instants + utc_offsets(zone, instants).astype("timedelta64[s]")
        return replace(self, wall=wall, ahead=_alike((wall - instants).astype(np.int64)), naive=False, zone=zone)


def _alike(ahead: Seconds) -> int | Seconds:
    """One number where all are the same."""
    if not ahead.size:
        return 0
    return int(ahead[0]) if (ahead == ahead[0]).all() else ahead
