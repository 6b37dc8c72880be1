"""Which forecasts are computed together and when: numbers, a clock and callables; no network, no loop, no timer.

When the engine is free, whatever waits is the batch. Long work goes in pieces that queue again: histories in chunks, so
that rows of one batch have equal length and nothing is ever padded, and forecasts past the trained horizon one horizon
at a time. Others join between two pieces.
"""

import time
from collections.abc import Callable, Sequence
from threading import Condition
from typing import Generic, TypeVar

from service.errors import Expired, Loading, QueueFull, ServiceError, TooLarge
from service.scheduling.bounds import Bounds
from service.scheduling.buckets import Bucket, Buckets
from service.scheduling.entry import QueueEntry
from service.scheduling.job import Job
from service.scheduling.wait_estimate import WaitEstimate, work_of

R = TypeVar("R")

Runner = Callable[[Sequence[QueueEntry[R]]], Sequence[object]]
"""Runs one piece of each entry of a bucket. Gives for each, in order, its partial state, after its last piece its
outcome, or the exception that it failed with."""


class Batcher(Generic[R]):
    """A bounded queue that any thread fills and one thread empties.

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
        self._buckets: Buckets[R] = Buckets()
        self._estimate = WaitEstimate(clock)
        self._rows = self._running = 0
        self._closed = False

    @property
    def rows(self) -> int:
        """Rows of all unfinished jobs."""
        return self._rows

    def submit(self, job: Job, resolved: Callable[[QueueEntry[R]], None] | None = None) -> QueueEntry[R]:
        """Queue a job.

        Parameters
        ----------
        job, resolved
            See ``QueueEntry``.

        Returns
        -------
        QueueEntry
            The job's place in the queue.

        Raises
        ------
        QueueFull
            At once, if there is no room, or if it would be done after its deadline.
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
        """Queue jobs together; for one that is refused its error stands in its place, see ``submit``.

        Where nothing waits, all have room, however many they are.

        Parameters
        ----------
        jobs : sequence of (Job, callable or None)
            Each with its ``resolved``, see ``QueueEntry``.
        """
        now = self._clock()
        with self._changed:
            alone = self._rows == self._running
            return [self._refusal(job, alone) or self._queued(QueueEntry(job, now, resolved)) for job, resolved in jobs]

    def drop(self, entries: Sequence[QueueEntry[R]], why: ServiceError) -> None:
        """Cancel jobs: those that wait at once, those that run after this piece unless it is the last, which counts.

        Parameters
        ----------
        entries : sequence of QueueEntry
            Theirs; those that are done already stay so.
        why : ServiceError
            Becomes their outcome.
        """
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
        """Drop jobs whose deadline has passed: those that run after this piece, unless it is the last, which counts.

        Parameters
        ----------
        entries : sequence of QueueEntry
            Theirs.
        """
        late = Expired("timeout_ms passed before the work was done; it was dropped and changed nothing")
        self.drop(entries, late)

    def take(self) -> list[QueueEntry[R]]:
        """Give the next batch, its entries now running; empty if nothing waits. Expired jobs are dropped on the way."""
        now = self._clock()
        expired: list[QueueEntry[R]] = []
        batch: list[QueueEntry[R]] = []
        with self._changed:
            while not batch and (bucket := self._buckets.choose()) is not None:
                batch = self._form(bucket, now, expired)
        if expired:
            self._deliver(expired)
        return batch

    def settle(self, batch: Sequence[QueueEntry[R]], outcomes: Sequence[object]) -> None:
        """Take what a batch came to: finished entries are delivered, others queue for their next piece.

        Parameters
        ----------
        batch : sequence of QueueEntry
            What ``take`` gave.
        outcomes : sequence of object
            What a ``Runner`` gives, in the same order.
        """
        finished = []
        done = 0
        with self._changed:
            for entry, outcome in zip(batch, outcomes, strict=True):
                entry.running = False
                self._running -= entry.job.rows
                if entry.last or isinstance(outcome, Exception):
                    done += work_of(entry.job)
                    self._finish(entry, outcome)
                    finished.append(entry)
                    continue
                entry.advance(outcome)
                if entry.cancelled is None:
                    self._buckets.add(entry)
                else:
                    self._finish(entry, entry.cancelled)
                    finished.append(entry)
            if done:
                self._estimate.learn(done)
        if finished:
            self._deliver(finished)

    def turn(self, runner: Runner[R]) -> bool:
        """Run one batch, if anything waits; gives whether it did. A runner that raises fails its whole batch.

        Parameters
        ----------
        runner : Runner
            Runs it, on the calling thread.
        """
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
        """Refuse new jobs, wait until the others are done, fail the rest.

        Parameters
        ----------
        drain_s : float
            Seconds to wait at most.
        """
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._rows == 0, timeout=drain_s)
            waiting = self._buckets.entries()
        self.drop(waiting, Loading("the service shut down before this had begun", code="shutting_down"))

    def _refusal(self, job: Job, alone: bool) -> ServiceError | None:
        if self._closed:
            return Loading("the service is shutting down; send the request again", code="shutting_down")
        if job.rows > self.bounds.queue:
            return TooLarge(f"target: expected at most {self.bounds.queue} variables, got {job.rows}; split them")
        if alone:
            return None
        if self._rows + job.rows > self.bounds.queue:
            return QueueFull(f"{self._rows} of {self.bounds.queue} rows wait already; try again in a second")
        return None if job.deadline is None else self._estimate.refusal(work_of(job), job.deadline)

    def _queued(self, entry: QueueEntry[R]) -> QueueEntry[R]:
        self._rows += entry.job.rows
        self._estimate.begin(work_of(entry.job))
        self._buckets.add(entry)
        return entry

    def _form(self, bucket: Bucket, now: float, expired: list[QueueEntry[R]]) -> list[QueueEntry[R]]:
        queue = self._buckets.take(bucket)
        most = max(1, min(self.bounds.rows, self.bounds.row_steps // max(1, bucket[1])))
        batch: list[QueueEntry[R]] = []
        rows = 0
        while queue and (not batch or rows + queue[0].job.rows <= most):
            entry = queue.popleft()
            if entry.outcome is not None:
                continue
            deadline = entry.job.deadline
            if deadline is not None and deadline <= now:
                self._finish(entry, Expired("timeout_ms passed before the work was done; it was dropped"))
                expired.append(entry)
                continue
            entry.running = True
            self._running += entry.job.rows
            entry.began = now if entry.began is None else entry.began
            rows += entry.job.rows
            batch.append(entry)
        if queue:
            self._buckets.put_back(bucket, queue)
        return batch

    def _finish(self, entry: QueueEntry[R], outcome: object) -> None:
        entry.outcome = outcome  # type: ignore[assignment]
        entry.partial_state = None
        self._rows -= entry.job.rows
        self._estimate.withdraw(work_of(entry.job))
        if self._rows == 0:
            self._changed.notify_all()
