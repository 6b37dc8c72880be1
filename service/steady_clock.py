"""A clock that does not believe a jump at once: by the time of day alone, a wrong clock would end every session."""

import time
from collections.abc import Callable

TOLERANCE = 60.0
"""Seconds by which the time of day may move against the monotonic clock and is followed at once."""

GRACE = 3600.0
"""Seconds that a larger jump forward must last before it is believed."""


class SteadyClock:
    """The time of day, held against the monotonic clock.

    It never goes back: after a jump back it goes on at the monotonic clock's pace until the time of day has caught up.
    A jump forward is believed once it has lasted for ``GRACE``, as it does when a machine was suspended.

    Parameters
    ----------
    before : float or None
        When sessions were last written before this process began, as far as is known. A time of day far past it is
        taken for a jump forward.
    wall : callable
        Time of day, in seconds since 1970.
    monotonic : callable
        Seconds that only grow.

    Examples
    --------
    >>> wall, passed = [1_000_000.0], [0.0]
    >>> clock = SteadyClock(None, lambda: wall[0], lambda: passed[0])
    >>> wall[0], passed[0] = 4_000_000.0, 5.0
    >>> clock.certain(), clock.now()
    (1000005.0, 4000000.0)
    >>> wall[0], passed[0] = wall[0] + GRACE, passed[0] + GRACE
    >>> clock.certain()
    4003600.0
    """

    def __init__(
        self,
        before: float | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._time, self._at = wall() if before is None else min(wall(), before), monotonic()
        self._jump: tuple[float, float] | None = None

    def certain(self) -> float:
        """Give the time that has surely come, by which sessions expire.

        Returns
        -------
        float
            Seconds since 1970.
        """
        wall, at = self._wall(), self._monotonic()
        steady = self._time + (at - self._at)
        ahead = wall - steady
        if ahead <= TOLERANCE:
            self._jump = None
            if ahead > 0:
                self._time, self._at = wall, at
            return max(wall, steady)
        if self._jump is None or abs(ahead - self._jump[0]) > TOLERANCE:
            self._jump = ahead, at
        elif at - self._jump[1] >= GRACE:
            self._time, self._at, self._jump = wall, at, None
            return wall
        return steady

    def now(self) -> float:
        """Give the later of that and the time of day: sessions are used now, and their life is counted from now.

        Returns
        -------
        float
            Seconds since 1970.
        """
        return max(self._wall(), self.certain())
