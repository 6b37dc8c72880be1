"""Which forecasts are computed together and when: numbers, a clock and callables; no network, no loop, no timer.

When the engine is free, whatever waits is the batch. Long work goes in pieces that queue again: histories in chunks of
powers of two, so that rows of one batch have equal length and nothing is ever padded, and forecasts past the trained
horizon one horizon at a time. Others join between two pieces.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition
from typing import Generic, TypeVar

from service.errors import Expired, Loading, QueueFull, ServiceError, TooLarge
from service.scheduling.entry import QueueEntry
from service.scheduling.job import Job

R = TypeVar("R")

Bucket = tuple[str, int, int]
"""What is computed together: model, steps of the piece, and, where it rolls on, horizons of the whole forecast."""

Runner = Callable[[Sequence[QueueEntry[R]]], Sequence[object]]
"""Runs one piece of each entry of a bucket. Gives for each, in order, its partial state, after its last piece its
outcome, or the exception that it failed with."""


@dataclass(frozen=True)
class Bounds:
    """What bounds batches and the queue.

    Parameters
    ----------
    rows : int
        Rows of one batch.
    row_steps : int
        Rows times steps of one batch.
    queue : int
        Rows that are unfinished at a time.
    """

    rows: int
    row_steps: int
    queue: int


class Batcher(Generic[R]):
    """A bounded queue that any thread fills and one thread empties.

    Buckets take turns, and every other turn is for single steps, so that neither starves the other.

    Parameters
    ----------
    bounds : Bounds
        Of batches and of the queue.
    deliver : callable
        Called with entries whose outcome is set, from whichever thread finished them, without a lock held.
    clock : callable
        The clock of ``Job.deadline``.
    """

    def __init__(
        self,
        bounds: Bounds,
        deliver: Callable[[Sequence[QueueEntry[R]]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bounds = bounds
        self._deliver = deliver
        self._clock = clock
        self._changed = Condition()
        self._buckets: OrderedDict[Bucket, deque[QueueEntry[R]]] = OrderedDict()
        self._rows = 0
        self._stepped = self._closed = False

    @property
    def rows(self) -> int:
        """Rows of all unfinished jobs."""
        return self._rows

    def submit(self, job: Job, resolved: Callable[[QueueEntry[R]], None] | None = None) -> QueueEntry[R]:
        """Queue a job.

        Parameters
        ----------
        job : Job
            The work.
        resolved : callable or None
            See ``QueueEntry``.

        Raises
        ------
        QueueFull
            At once, if there is no room.
        TooLarge
            If there could never be.
        Loading
            If the batcher is closing.
        """
        (entry,) = self.submit_many([(job, resolved)])
        if isinstance(entry, ServiceError):
            raise entry
        return entry

    def submit_many(
        self, jobs: Sequence[tuple[Job, Callable[[QueueEntry[R]], None] | None]]
    ) -> list[QueueEntry[R] | ServiceError]:
        """Queue jobs together, each with its ``resolved``; for one that is refused its error stands in its place."""
        now = self._clock()
        with self._changed:
            return [self._refusal(job) or self._queued(QueueEntry(job, now, resolved)) for job, resolved in jobs]

    def drop(self, entries: Sequence[QueueEntry[R]], why: ServiceError) -> None:
        """Cancel jobs: those that wait at once, those that run after this piece unless it is the last, which counts."""
        dropped = []
        with self._changed:
            for entry in entries:
                if entry.outcome is not None or entry.cancelled is not None:
                    continue
                entry.cancelled = why
                if not entry.running:
                    self._finish(entry, why)
                    dropped.append(entry)
        if dropped:
            self._deliver(dropped)

    def expire(self, entries: Sequence[QueueEntry[R]]) -> None:
        """Drop jobs whose deadline has passed, unless they have begun to forecast: those are finished first."""
        late = Expired("timeout_ms passed before the work was done; it was dropped and changed nothing")
        self.drop([entry for entry in entries if not entry.rolling], late)

    def take(self) -> list[QueueEntry[R]]:
        """Give the next batch, its entries now running; empty if nothing waits. Expired jobs are dropped on the way."""
        now = self._clock()
        expired: list[QueueEntry[R]] = []
        batch: list[QueueEntry[R]] = []
        with self._changed:
            while not batch and (name := self._choose()) is not None:
                batch = self._form(name, now, expired)
        if expired:
            self._deliver(expired)
        return batch

    def settle(self, batch: Sequence[QueueEntry[R]], outcomes: Sequence[object]) -> None:
        """Take what a batch came to: finished entries are delivered, others queue for their next piece."""
        finished = []
        with self._changed:
            for entry, outcome in zip(batch, outcomes, strict=True):
                entry.running = False
                if entry.last or isinstance(outcome, Exception):
                    self._finish(entry, outcome)
                    finished.append(entry)
                    continue
                entry.advance(outcome)
                if entry.cancelled is None:
                    self._queue(entry)
                else:
                    self._finish(entry, entry.cancelled)
                    finished.append(entry)
        if finished:
            self._deliver(finished)

    def turn(self, runner: Runner[R]) -> bool:
        """Run one batch, if anything waits; gives whether it did. A runner that raises fails its whole batch."""
        batch = self.take()
        if not batch:
            return False
        try:
            outcomes = runner(batch)
        except Exception as error:  # whatever it is, the clients of these entries must learn of it
            outcomes = [error] * len(batch)
        self.settle(batch, outcomes)
        return True

    def close(self, drain_s: float) -> None:
        """Refuse new jobs, wait up to ``drain_s`` seconds until the others are done, fail the rest."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._rows == 0, timeout=drain_s)
            waiting = [entry for bucket in self._buckets.values() for entry in bucket]
        self.drop(waiting, Loading("the service shut down before this was begun", code="shutting_down"))

    def _refusal(self, job: Job) -> ServiceError | None:
        if self._closed:
            return Loading("the service is shutting down; send the request again", code="shutting_down")
        if job.rows > self.bounds.queue:
            return TooLarge(f"target: expected at most {self.bounds.queue} variables, got {job.rows}; split them")
        if self._rows + job.rows > self.bounds.queue:
            return QueueFull(f"{self._rows} of {self.bounds.queue} rows wait already; try again in a second")
        return None

    def _queued(self, entry: QueueEntry[R]) -> QueueEntry[R]:
        self._rows += entry.job.rows
        self._queue(entry)
        return entry

    def _queue(self, entry: QueueEntry[R]) -> None:
        name = (entry.job.model, entry.chunk, entry.job.horizons if entry.rolling else 0)
        self._buckets.setdefault(name, deque()).append(entry)

    def _form(self, name: Bucket, now: float, expired: list[QueueEntry[R]]) -> list[QueueEntry[R]]:
        bucket = self._buckets.pop(name)
        most = max(1, min(self.bounds.rows, self.bounds.row_steps // max(1, name[1])))
        batch: list[QueueEntry[R]] = []
        rows = 0
        while bucket and (not batch or rows + bucket[0].job.rows <= most):
            entry = bucket.popleft()
            if entry.outcome is not None:
                continue
            deadline = entry.job.deadline
            if deadline is not None and deadline <= now and not entry.rolling:
                self._finish(entry, Expired("timeout_ms passed before the work was done; it was dropped"))
                expired.append(entry)
                continue
            entry.running = True
            entry.begun = now if entry.begun is None else entry.begun
            rows += entry.job.rows
            batch.append(entry)
        if bucket:
            self._buckets[name] = bucket  # at the end: the others come first
        return batch

    def _choose(self) -> Bucket | None:
        """Take buckets in turn, but every other turn is for single steps, so that none waits for two long pieces."""
        step = next((name for name in self._buckets if name[1] <= 1 and not name[2]), None)
        long = next((name for name in self._buckets if name[1] > 1 or name[2]), None)
        self._stepped = step is not None and (long is None or not self._stepped)
        return step if self._stepped else long

    def _finish(self, entry: QueueEntry[R], outcome: object) -> None:
        entry.outcome = outcome  # type: ignore[assignment]
        entry.partial_state = None
        self._rows -= entry.job.rows
        if self._rows == 0:
            self._changed.notify_all()
