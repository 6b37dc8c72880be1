"""Time stamps as they came: what wall clocks showed, and how far those were ahead of UTC."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.time.zones import from_wall, offset_text, read_zone, utc_offsets

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
        """Make stamps of what was read; ``zone`` is the one that was asked for.

        Raises
        ------
        TimeError
            If one lies outside the years 1 to 9999 in UTC.
        """
        if isinstance(ahead, np.ndarray) and (not ahead.size or (ahead == ahead[0]).all()):
            ahead = int(ahead[0]) if ahead.size else 0
        last = int(ahead[-1]) if isinstance(ahead, np.ndarray) else ahead
        stamps = cls(wall, ahead, naive, offset_text(last))
        if zone is not None:
            stamps = stamps.moved(read_zone(zone))
        seconds = stamps.instants.astype(np.int64)
        if seconds.size and (seconds.min() < FIRST or seconds.max() > LAST):
            index = int(np.argmax((seconds < FIRST) | (seconds > LAST)))
            raise TimeError(f"expected a year from 1 to 9999 in UTC, got {wall[index]}; check it", index)
        return stamps

    def __len__(self) -> int:
        return len(self.wall)

    @property
    def instants(self) -> Times:
        """Instants in UTC ``[N]``."""
        if isinstance(self.ahead, int):
            return self.wall if not self.ahead else self.wall - np.timedelta64(self.ahead, "s")
        shifted: Times = self.wall - self.ahead.astype("timedelta64[s]")
        return shifted

    def moved(self, zone: str) -> "Stamps":
        """The same instants on the clocks of a zone; naive ones are taken to be what its clocks show."""
        if self.naive:
            instants = from_wall(zone, self.wall)
            wall = self.wall
        else:
            instants = self.instants
            wall = instants + utc_offsets(zone, instants).astype("timedelta64[s]")
        ahead: Any = (wall - instants).astype(np.int64)
        if not ahead.size or (ahead == ahead[0]).all():
            ahead = int(ahead[0]) if ahead.size else 0
        return replace(self, wall=wall, ahead=ahead, naive=False, zone=zone)
