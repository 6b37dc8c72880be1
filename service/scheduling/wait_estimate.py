"""How long work would wait, from how fast earlier work was finished; and the refusal of what would wait too long."""

import math
import time
from collections.abc import Callable
from functools import lru_cache

from service.errors import QueueFull
from service.scheduling.job import Job

FORECAST_STEPS = 32
"""Steps of a history that take about as long as to forecast one horizon."""
MEMORY_S = 2.0
"""Seconds of work after which a measurement counts a third."""
SPREAD = 1.2
"""Waits vary: as many times the estimate must fit into what is left of a timeout."""
REPLY_S = 0.02
"""Left for the reply."""


class WaitEstimate:
    """Counts work that is unfinished, and learns the seconds that a unit of it takes.

    Time counts from one finish to the next while there is work. So it holds whatever the work waits for: other queues
    on the same thread, the event loop, the disk. Large batches weigh more than small ones, because they show what one
    unit more costs; a server that was answering one client does not mistake a burst for more than it can do.

    Whoever uses it from several threads holds a lock.

    Parameters
    ----------
    clock : callable
        Seconds, such as ``time.monotonic``, by which deadlines are given too.

    Attributes
    ----------
    unfinished : float
        Units that have begun to wait and are not finished.

    Examples
    --------
    >>> now = 0.0
    >>> estimate = WaitEstimate(lambda: now)
    >>> estimate.begin(100)
    >>> now = 0.5
    >>> estimate.finish(100)
    >>> estimate.begin(300)
    >>> estimate.seconds(100)
    2.0
    """

    __slots__ = ("_clock", "_mark", "_squares", "_took", "_weighted_s", "unfinished")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.unfinished = 0.0
        self._mark = 0.0
        self._took = self._weighted_s = self._squares = 0.0

    def begin(self, units: float) -> None:
        """Count work in.

        Parameters
        ----------
        units : float
            That wait from now on.
        """
        if not self.unfinished:
            self._mark = self._clock()
        self.unfinished += units

    def finish(self, units: float) -> None:
        """Count work out that is done, and learn from when it was.

        Parameters
        ----------
        units : float
            Finished together.
        """
        self.learn(units)
        self.withdraw(units)

    def learn(self, units: float) -> None:
        """Learn from work that is done now, and still or no longer counted.

        Parameters
        ----------
        units : float
            Finished together.
        """
        now = self._clock()
        self._took, self._mark = now - self._mark, now
        kept = math.exp(-self._took / MEMORY_S)
        # Least squares through zero, each measurement weighing as much as the time that it covers.
        self._weighted_s = kept * self._weighted_s + self._took * self._took * units
        self._squares = kept * self._squares + self._took * units * units

    def withdraw(self, units: float) -> None:
        """Count work out that was not done.

        Parameters
        ----------
        units : float
            Refused later, dropped or failed.
        """
        self.unfinished -= units

    def seconds(self, units: float) -> float:
        """Estimate how long work would take that came now, its wait included.

        Parameters
        ----------
        units : float
            Of the work.

        Returns
        -------
        float
            Seconds; 0 until some work was finished.
        """
        return (self.unfinished + units) * self._weighted_s / self._squares if self._squares else 0.0

    def soon(self, most: float) -> float:
        """Give the time by which the next batch should be answered, whatever comes between.

        Parameters
        ----------
        most : float
            Units of a batch at most.

        Returns
        -------
        float
            By the clock; now, until some work was finished.
        """
        if not self._squares:
            return self._clock()
        return self._clock() + SPREAD * min(most, self.unfinished) * self._weighted_s / self._squares + REPLY_S

    def refusal(self, units: float, deadline: float) -> QueueFull | None:
        """Refuse what could not be answered by its deadline. Where nothing else is at work, it is tried.

        Parameters
        ----------
        units : float
            Of the work.
        deadline : float
            By the clock.

        Returns
        -------
        QueueFull or None
            Says when to come back; None where the work is welcome.
        """
        if self.unfinished <= 0:
            return None
        # While a batch is delivered, the bytes of later requests wait until they are read, at most as long as it takes.
        needed, left = SPREAD * self.seconds(units) + self._took + REPLY_S, deadline - self._clock()
        if needed <= left:
            return None
        refused = QueueFull(_too_long(round(100 * needed), round(100 * left)))
        refused.retry_after = max(1, math.ceil(needed - left))
        return refused


@lru_cache(maxsize=256)
def _too_long(needed: int, left: int) -> str:
    """Say so in hundredths of a second: under load many are refused, and those that are alike share an answer."""
    return (
        f"timeout_ms: with what is before it this would take about {10 * needed} ms, and {10 * left} are left; "
        "try again later, or allow more"
    )


def work_of(job: Job) -> int:
    """Give what a job takes of the engine.

    Parameters
    ----------
    job : Job
        Not begun.

    Returns
    -------
    int
        Rows times steps, those of its forecast included.
    """
    return job.rows * (int(job.target.shape[1]) + FORECAST_STEPS * job.horizons)
