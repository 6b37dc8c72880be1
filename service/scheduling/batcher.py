"""Which work runs together and when: numbers, a clock and callables; no network, no loop, no timer.

When the engine is free, whatever waits is the batch. Long histories go in chunks of powers of two, so that rows of one
batch have equal length and nothing is ever padded; others join between two chunks.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition
from typing import Generic, TypeVar

from service.errors import Expired, Loading, QueueFull, ServiceError, TooLarge
from service.scheduling.entry import QueueEntry, chunk_of
from service.scheduling.job import Job

R = TypeVar("R")

Bucket = tuple[str, int, int]
"""What runs together: model, steps of the chunk, and steps beyond the horizon that are rolled over after it."""

Runner = Callable[[Sequence[QueueEntry[R]]], Sequence[object]]
"""Runs one batch: tickets of one bucket in, for each in order its carry (if the chunk was not the last), its result, or
the exception that it failed with."""


@dataclass(frozen=True)
class Bounds:
    """rows: of one batch.  row_steps: rows times steps of one batch.  queue: rows unfinished at a time."""

    rows: int
    row_steps: int
    queue: int


class Batcher(Generic[R]):
    """A bounded queue that any thread fills and one thread empties.

    Parameters
    ----------
    bounds:
        Of batches and of the queue.
    deliver:
        Called with tickets whose outcome is set, from whichever thread finished them, without a lock held.
    clock:
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
        self._lines: dict[str, deque[QueueEntry[R]]] = {}
        self._rows = 0
        self._stepped = False
        self._closed = self._stopped = self._woken = False

    @property
    def rows(self) -> int:
        """Rows of all unfinished jobs."""
        return self._rows

    def submit(self, job: Job) -> QueueEntry[R]:
        """Queue a job.

        Raises
        ------
        QueueFull
            At once, if there is no room.
        TooLarge
            If there could never be.
        Loading
            If the batcher is closing.
        """
        ticket: QueueEntry[R] = QueueEntry(job, self._clock())
        with self._changed:
            if self._closed:
                raise Loading("the service is shutting down; send the request again", code="shutting_down")
            if job.rows > self.bounds.queue:
                raise TooLarge(f"target: expected at most {self.bounds.queue} variables, got {job.rows}; split them")
            if self._rows + job.rows > self.bounds.queue:
                raise QueueFull(f"{self._rows} of {self.bounds.queue} rows wait already; try again in a second")
            self._rows += job.rows
            if job.lease is None or self._heads_line(ticket, job.lease.key):
                self._queue(ticket)
        return ticket

    def drop(self, ticket: QueueEntry[R], why: ServiceError) -> None:
        """Give a job up: at once if it waits; after the chunk that runs, unless that is the last, which counts."""
        with self._changed:
            if ticket.outcome is not None or ticket.fate is not None:
                return
            ticket.fate = why
            if ticket.running:
                return
            self._finish(ticket, why)
        self._deliver([ticket])

    def take(self, *, brief: bool = False) -> list[QueueEntry[R]]:
        """Give the next batch, its tickets now running; empty if nothing waits. Expired jobs are dropped on the way.

        ``brief``: none that rolls on beyond its horizon.
        """
        now = self._clock()
        expired: list[QueueEntry[R]] = []
        with self._changed:
            batch: list[QueueEntry[R]] = []
            while not batch and (name := self._choose(brief)) is not None:
                batch = self._form(name, now, expired)
        if expired:
            self._deliver(expired)
        return batch

    def settle(self, batch: Sequence[QueueEntry[R]], outcomes: Sequence[object]) -> None:
        """Take what a batch came to: finished tickets are delivered, others queue for their next chunk."""
        finished = []
        with self._changed:
            for ticket, outcome in zip(batch, outcomes, strict=True):
                ticket.running = False
                if ticket.last or isinstance(outcome, Exception):
                    self._finish(ticket, outcome)
                    finished.append(ticket)
                    continue
                ticket.position += ticket.chunk
                ticket.chunk = chunk_of(ticket.job.target.shape[1] - ticket.position)
                ticket.carry = outcome
                if ticket.fate is None:
                    self._queue(ticket)
                else:
                    self._finish(ticket, ticket.fate)
                    finished.append(ticket)
        if finished:
            self._deliver(finished)

    def turn(self, runner: Runner[R], *, brief: bool = False) -> bool:
        """Run one batch, if anything waits; whether it did. ``brief``: see ``take``."""
        batch = self.take(brief=brief)
        if not batch:
            return False
        try:
            outcomes = runner(batch)
        except Exception as error:  # whatever it is, these tickets' clients must hear of it
            outcomes = [error] * len(batch)
        self.settle(batch, outcomes)
        return True

    def run(self, runner: Runner[R], aside: Callable[[], bool] = lambda: False) -> None:
        """Take, run and settle until ``stop``; a runner that raises fails its whole batch.

        ``aside`` is other work of the same thread: one turn of it after each batch, so that neither waits for more than
        one of the other's; it says whether there was anything to do. ``wake`` tells of new work there.
        """
        while True:
            worked = self.turn(runner)
            if aside() or worked:
                continue
            with self._changed:
                if self._stopped:
                    return
                if not self._buckets and not self._woken:
                    self._changed.wait()
                self._woken = False

    def wake(self) -> None:
        """Have ``run`` look for work aside, should it be waiting."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self, drain_s: float) -> None:
        """Refuse new jobs, wait up to ``drain_s`` until the others are done, fail the rest."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._rows == 0, timeout=drain_s)
            waiting = [ticket for bucket in self._buckets.values() for ticket in bucket]
            waiting += [ticket for line in self._lines.values() for ticket in line]
        for ticket in waiting:
            self.drop(ticket, Loading("the service shut down before this was begun", code="shutting_down"))

    def stop(self) -> None:
        """End ``run`` once nothing is left to do, aside neither."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _heads_line(self, ticket: QueueEntry[R], key: str) -> bool:
        """Whether no earlier job of the same session is unfinished; else the ticket waits in line behind it."""
        line = self._lines.get(key)
        if line is None:
            self._lines[key] = deque()
            return True
        line.append(ticket)
        return False

    def _queue(self, ticket: QueueEntry[R]) -> None:
        name = (ticket.job.model, ticket.chunk, ticket.job.beyond if ticket.last else 0)
        self._buckets.setdefault(name, deque()).append(ticket)
        self._changed.notify_all()

    def _form(self, name: Bucket, now: float, expired: list[QueueEntry[R]]) -> list[QueueEntry[R]]:
        bucket = self._buckets.pop(name)
        most = max(1, min(self.bounds.rows, self.bounds.row_steps // max(1, name[1] + name[2])))
        batch: list[QueueEntry[R]] = []
        rows = 0
        while bucket and (not batch or rows + bucket[0].job.rows <= most):
            ticket = bucket.popleft()
            if ticket.outcome is not None:
                continue
            if ticket.job.deadline is not None and ticket.job.deadline <= now:
                self._finish(ticket, Expired("timeout_ms passed before the work was done; it was dropped"))
                expired.append(ticket)
                continue
            ticket.running = True
            ticket.begun = now if ticket.begun is None else ticket.begun
            rows += ticket.job.rows
            batch.append(ticket)
        if bucket:
            self._buckets[name] = bucket  # at the end: the others come first
        return batch

    def _choose(self, brief: bool) -> Bucket | None:
        """Take buckets in turn, but every other turn is for single steps, so that none waits for two chunks."""
        steps = next((name for name in self._buckets if name[1] <= 1 and not name[2]), None)
        chunk = next((name for name in self._buckets if (not brief if name[2] else name[1] > 1)), None)
        self._stepped = steps is not None and (chunk is None or not self._stepped)
        return steps if self._stepped else chunk

    def _finish(self, ticket: QueueEntry[R], outcome: object) -> None:
        ticket.outcome = outcome  # type: ignore[assignment]
        ticket.carry = None
        self._rows -= ticket.job.rows
        lease = ticket.job.lease
        if lease is not None:
            line = self._lines[lease.key]
            if ticket in line:
                line.remove(ticket)
            elif line:
                self._queue(line.popleft())
            else:
                del self._lines[lease.key]
        if self._rows == 0:
            self._changed.notify_all()
