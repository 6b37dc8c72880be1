"""A job on its way through the batcher, one chunk after the other."""

from typing import Generic, TypeVar

from service.errors import ServiceError
from service.scheduling.job import Job

LONGEST_CHUNK = 1024

R = TypeVar("R")


def chunk_of(steps: int) -> int:
    """Length of the next chunk of so many steps: the largest power of two in them, at most ``LONGEST_CHUNK``."""
    return min(1 << (steps.bit_length() - 1), LONGEST_CHUNK) if steps else 0


class QueueEntry(Generic[R]):
    """A job on its way.

    position: steps that have run.  chunk: steps that run next.  carry: the runner's, between two chunks.
    queued, begun: when it came and when its first chunk began, by the batcher's clock.
    outcome: what it came to; set once, before it is delivered.  waiter: whatever the submitter hangs on it.
    """

    __slots__ = ("begun", "carry", "chunk", "fate", "job", "outcome", "position", "queued", "running", "waiter")

    def __init__(self, job: Job, now: float) -> None:
        self.job = job
        self.queued = now
        self.begun: float | None = None
        self.position = 0
        self.chunk = chunk_of(job.target.shape[1])
        self.carry: object = None
        self.running = False
        self.fate: ServiceError | None = None
        self.outcome: R | Exception | None = None
        self.waiter: object = None

    @property
    def last(self) -> bool:
        """Whether the chunk that runs next is the job's last, at whose end it is decided and kept."""
        return bool(self.position + self.chunk == self.job.target.shape[1])

    @property
    def queue_ms(self) -> float:
        """Milliseconds that the job waited for its first chunk."""
        return 1e3 * ((self.begun or self.queued) - self.queued)
