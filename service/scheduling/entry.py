"""A job on its way through the queue, one piece after the other."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from service.errors import ServiceError
from service.scheduling.forecast_result import ForecastResult
from service.scheduling.job import Job
from service.stores.interface import Record

LONGEST_CHUNK = 1024
"""Steps of a history that one piece reads at most."""

R = TypeVar("R")


def chunk_of(steps: int, any_length: bool = False) -> int:
    """Choose the length of the next chunk: all that is left, or the largest power of two in it; bounded.

    Parameters
    ----------
    steps : int
        Steps that are left.
    any_length : bool
        Whether a chunk may have any length; see ``Job``.

    Returns
    -------
    int
        Steps; 0 where none are left.

    Examples
    --------
    >>> chunk_of(11), chunk_of(100_000), chunk_of(0)
    (8, 1024, 0)
    >>> chunk_of(11, any_length=True)
    11
    """
    if not any_length and steps:
        steps = 1 << (steps.bit_length() - 1)
    return min(steps, LONGEST_CHUNK)


class Countdown(Protocol):
    """Counts outcomes."""

    def count_down(self) -> None:
        """Count one."""


class QueueEntry(Generic[R]):
    """The place of a job in the queue: how far it is, and what it came to.

    A piece of work reads a chunk of the history, or, once that is read, forecasts one more horizon. The piece that
    reads the last chunk also forecasts the first horizon.

    Parameters
    ----------
    job : Job
        The work.
    now : float
        When it came, by the batcher's clock.
    resolved : callable or None
        Called on the event loop with the entry, once, when its outcome is known.

    Attributes
    ----------
    position : int
        Steps of the history that are read.
    forecast : int
        Horizons that are forecast.
    chunk : int
        Steps that the next piece runs over.
    partial_state : object
        What the runner keeps between two pieces.
    marked : bytes
        Rows of state at the job's mark, once it is read up to there; none where that is the end.
    cancelled : ServiceError or None
        Why nobody wants the outcome any more.
    began : float or None
        When the first piece began.
    outcome : R, Exception or None
        What the job came to, set once.
    delivered : bool
        Whether the event loop knows the outcome.
    waiter : Countdown or None
        Who waits for it there.
    """

    __slots__ = (
        "began", "cancelled", "chunk", "delivered", "forecast", "job", "marked", "outcome", "partial_state", "position",
        "queued", "resolved", "running", "waiter",
    )  # fmt: skip

    def __init__(self, job: Job, now: float, resolved: "Callable[[QueueEntry[R]], None] | None" = None) -> None:
        self.job = job
        self.queued = now
        self.resolved = resolved
        self.began: float | None = None
        self.position = self.forecast = 0
        self.chunk = chunk_of(self._left, job.any_length)
        self.partial_state: object = None
        self.marked = b""
        self.running = self.delivered = False
        self.cancelled: ServiceError | None = None
        self.outcome: R | Exception | None = None
        self.waiter: Countdown | None = None

    @property
    def _left(self) -> int:
        """Steps of the history up to the next at which a piece ends in any case."""
        mark = self.job.mark or 0
        return (mark if self.position < mark else int(self.job.target.shape[1])) - self.position

    @property
    def rolling(self) -> bool:
        """Whether the history is read and the next piece forecasts one more horizon."""
        return self.forecast > 0

    @property
    def forecasts(self) -> bool:
        """Whether the next piece forecasts a horizon, after what it may read before."""
        return self.forecast > 0 or self.position + self.chunk == self.job.target.shape[1]

    @property
    def last(self) -> bool:
        """Whether the next piece is the job's last, at whose end its outcome is kept."""
        return self.forecast + 1 == self.job.horizons and self.forecasts

    @property
    def queue_ms(self) -> float:
        """Milliseconds that the job waited for its first piece."""
        return 1e3 * ((self.began or self.queued) - self.queued)

    def advance(self, partial_state: object) -> None:
        """Note that a piece is done, and that it was not the last.

        Parameters
        ----------
        partial_state : object
            What the runner goes on from.
        """
        job = self.job
        forecasts = self.forecasts
        self.partial_state = partial_state
        if not self.rolling:
            self.position += self.chunk
        self.forecast += forecasts
        self.chunk = len(job.future) // job.horizons if forecasts else chunk_of(self._left, job.any_length)


Finished = tuple[ForecastResult, slice, Record | None]
"""What a job came to: the forecasts of its batch, its rows in them, and the session's record as the store holds it."""

Entry = QueueEntry[Finished]
