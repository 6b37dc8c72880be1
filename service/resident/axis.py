"""Where the steps of a resident session lie, and whether an observation is plainly that of the next one."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from service.stores.record import Record
from statecast.errors import ConfigError
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency

_parsed = lru_cache(maxsize=256)(Frequency.parse)
_KINDS = 1024
"""Axes that are kept: those of a batch are told apart by what they are in memory, not by what they say."""


class SessionAxis(NamedTuple):
    """The same for all sessions that are observed together.

    Parameters
    ----------
    freq : str or None
        Canonical frequency; None without times.
    offset : int
        Place of each time within its step.
    zone : str
        In which times are written.
    """

    freq: str | None
    offset: int
    zone: str

    @classmethod
    def of(cls, record: Record) -> "SessionAxis":
        """Give the axis of a session.

        Parameters
        ----------
        record : Record
            The session.

        Returns
        -------
        SessionAxis
            It never changes while the session is streamed.
        """
        return _shared(record.freq, record.offset, record.zone)

    @property
    def times(self) -> TimeAxis | None:
        """The axis itself; None without times."""
        return _times(self)

    def text(self, index: int) -> str | None:
        """Write the time of a step.

        Parameters
        ----------
        index : int
            Time index of the step.

        Returns
        -------
        str or None
            RFC 3339; None without times.
        """
        return None if self.freq is None else _time_text(self, index)

    def follows(self, last_index: int, start: str | None, freq: str | None, index: int | None) -> bool:
        """Whether a request's value is plainly that of the next step.

        Parameters
        ----------
        last_index : int
            Time index of the last step.
        start : str or None
            Time of the value as the request has it, None where it gives none.
        freq : str or None
            As the request has it.
        index : int or None
            Its step index, None where it gives none.

        Returns
        -------
        bool
            False where it is not, or where that takes more than a look to say.
        """
        text = self.text(last_index + 1)
        # How near the end of the calendar the years 9000 to 9999 are, others say.
        far = text is not None and text[0] == "9"
        if start is not None:
            if start != text or index is not None or far:
                return False
        elif index is None and freq is None:
            return not far
        elif index is not None and index != last_index + 1:
            return False
        if freq is None:
            return index is None or self.freq is None
        return start is not None and self.freq is not None and _same_step(freq, self.freq)


@lru_cache(maxsize=4096)
def _same_step(text: str, freq: str) -> bool:
    try:
        return text == freq or _parsed(text) == _parsed(freq)
    except ConfigError:
        return False


@lru_cache(maxsize=1024)  # of 256 bytes each, which look like a leak for as long as there is room for more
def _time_text(axis: SessionAxis, index: int) -> str:
    times = axis.times
    assert times is not None
    return times.texts(np.array([index], dtype=np.int64))[0]


@lru_cache(maxsize=_KINDS)
def _shared(freq: str | None, offset: int, zone: str) -> SessionAxis:
    return SessionAxis(freq, offset, zone)


@lru_cache(maxsize=_KINDS)
def _times(axis: SessionAxis) -> TimeAxis | None:
    return None if axis.freq is None else TimeAxis(_parsed(axis.freq), axis.offset, axis.zone)
