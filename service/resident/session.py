"""One resident session: what a streamed observation reads and changes of it."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.scheduling.job import Lease
from service.stores.digest import bytes_of
from service.stores.record import Record
from statecast.errors import ConfigError
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency

_parsed = lru_cache(maxsize=256)(Frequency.parse)


class ResidentSession:
    """The numbers of a session that change with every observation; its arrays lie in a ``SessionTable`` at ``place``.

    Whoever has the session's turn may change it, nobody else may read it.

    Parameters
    ----------
    record : Record
        The session as it stands.
    place : int
        Its row in the table's arrays.
    lease : Lease
        Its slot in the state cache, idle.

    Attributes
    ----------
    opened : Record
        The record that the session was loaded from; what never changes is read from it.
    last_index : int
        Time index of the last observation.
    count : int
        Observations applied.
    checksum : int
        CRC-32 of the values before the tail.
    digest : bytes
        32 bytes, see ``service.stores.digest``.
    alike : int
        Last values that are all the same.
    pending_start : int
        Time index of the first step of the pending forecast.
    pending_steps : int
        Steps of it that are kept.
    last_time : str or None
        RFC 3339 time of the last observation; None without times.
    next_time : str or None
        RFC 3339 time of the next step; None without times.
    stored_until : float
        End of its life as the store has it, in seconds since 1970.
    tail_length : int
        Last values that are kept.
    put_until : float
        End of its life as the snapshot that is being written has it.
    spare : int
        Slot that its next state is written to, while an observation is at work.
    """

    __slots__ = (
        "alike", "checksum", "count", "digest", "expires_at", "first_index", "key", "last_index", "last_time",
        "last_used", "last_value", "lease", "next_time", "opened", "pending_start", "pending_steps", "place",
        "put_until", "spare", "stored_until", "tail_length",
    )  # fmt: skip

    def __init__(self, record: Record, place: int, lease: Lease) -> None:
        self.key, self.opened, self.place, self.lease = record.key, record, place, lease
        self.first_index, self.last_index, self.count = record.first_index, record.last_index, record.count
        self.checksum = record.checksum
        self.digest = bytes_of(record.digest)
        self.last_used, self.expires_at = record.last_used, record.expires_at
        self.stored_until = self.put_until = record.expires_at
        self.pending_start = self.pending_steps = self.spare = self.alike = self.tail_length = 0
        self.last_value = float("nan")
        self.last_time, self.next_time = self._text(self.last_index), self._text(self.last_index + 1)

    @property
    def slot(self) -> int:
        """Slot of its row of state."""
        return self.lease.slots[0]

    def step(self, value: float, ahead: int) -> None:
        """Count an observation of the next step, and the forecast that followed it.

        Parameters
        ----------
        value : float
            What was observed.
        ahead : int
            Steps of the forecast that are kept.
        """
        last = self.last_index = self.last_index + 1
        self.count += 1
        self.alike = self.alike + 1 if value == self.last_value else 1
        self.last_value = value
        self.pending_start, self.pending_steps = last + 1, ahead
        self.last_time = self.next_time
        if self.next_time is not None:
            opened = self.opened
            self.next_time = _time_text(opened.freq, opened.offset, opened.zone, last + 1)

    def follows(self, start: object, freq: str | None, index: object) -> bool:
        """Whether a request's value is plainly that of the next step.

        Parameters
        ----------
        start : object
            Time of the value as the request has it, None where it gives none.
        freq : str or None
            As the request has it.
        index : object
            Its step index, None where it gives none.

        Returns
        -------
        bool
            False where it is not, or where that takes more than a look to say.
        """
        if start is not None:
            if start != self.next_time or index is not None or self._far:
                return False
        elif index is None and freq is None:
            return not self._far
        elif index is not None and (index != self.last_index + 1 or type(index) is not int):
            return False
        if freq is None:
            return index is None or self.opened.freq is None
        return start is not None and self.opened.freq is not None and _same_step(freq, self.opened.freq)

    @property
    def _far(self) -> bool:
        """Whether the next step lies in the years 9000 to 9999: how near the calendar's end is, others say."""
        return self.next_time is not None and self.next_time[0] == "9"

    def _text(self, index: int) -> str | None:
        opened = self.opened
        if opened.freq is None:
            return None
        return _time_text(opened.freq, opened.offset, opened.zone, index)


@lru_cache(maxsize=4096)
def _same_step(text: str, freq: str) -> bool:
    try:
        return text == freq or _parsed(text) == _parsed(freq)
    except ConfigError:
        return False


@lru_cache(maxsize=1024)  # of 256 bytes each, which look like a leak for as long as there is room for more
def _time_text(freq: str | None, offset: int, zone: str, index: int) -> str:
    """Series that are observed together share their times."""
    axis = TimeAxis(_parsed(freq or "1s"), offset, zone)
    return axis.texts(np.array([index], dtype=np.int64))[0]


def last_alike(tail: NDArray[np.float64]) -> tuple[int, float]:
    """Count how many of the last values are all the same.

    Parameters
    ----------
    tail : array of float64, ``[T]``
        NaN where missing, which does not count.

    Returns
    -------
    int
        How many steps.
    float
        That value; NaN where nothing was observed.
    """
    seen = np.flatnonzero(~np.isnan(tail))
    if not len(seen):
        return len(tail), float("nan")
    last = float(tail[seen[-1]])
    other = np.flatnonzero((tail != last) & ~np.isnan(tail))
    return len(tail) - (int(other[-1]) + 1 if len(other) else 0), last
