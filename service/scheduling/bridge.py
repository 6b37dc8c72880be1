"""Between the event loop and the engine's thread: jobs go over, outcomes come back."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread

from service.call_queue import CallQueue
from service.errors import Expired, ServiceError
from service.metrics import Metrics
from service.scheduling.batcher import Batcher, Runner
from service.scheduling.bounds import Bounds
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.entry import Entry, Finished
from service.scheduling.job import Job
from service.scheduling.work_loop import PieceQueue, WorkLoop
from service.threads import DRAINING

BEHIND_ROWS = 32
"""Rows of one batch of what lies behind all requests, for which one of them may have to wait."""

_log = logging.getLogger(__name__)


class Bridge:
    """Owns the queues of forecasts and the thread that works. Every method but ``call_on_loop`` belongs to one loop.

    Parameters
    ----------
    bounds : Bounds
        Of the queue of requests; what lies behind is computed in smaller batches.
    runner : callable
        Runs one batch, on the thread.
    metrics : Metrics
        Where waiting times are counted.
    others : sequence of PieceQueue
        What the thread works on beside forecasts.

    Attributes
    ----------
    forecasts : ForecastQueue
        Of requests.
    background : ForecastQueue
        Of what has its turn when nothing else is to be done.
    calls : CallQueue
        What else belongs to the thread.
    """

    def __init__(
        self, bounds: Bounds, runner: Runner[Finished], metrics: Metrics, others: Sequence[PieceQueue] = ()
    ) -> None:
        self.forecasts = ForecastQueue(bounds, runner, self, metrics.queue_seconds.observe)
        smaller = Bounds(min(bounds.rows, BEHIND_ROWS), bounds.row_steps // 4, bounds.queue)
        self.background = ForecastQueue(smaller, runner, self, lambda _: None)
        self._work = WorkLoop(self.forecasts.turn, others)
        self._work.add_behind(self.background)
        self.calls = CallQueue(self.wake)
        self._work.add(self.calls)
        self._thread: Thread | None = None
        metrics.queue_rows.set_function(lambda: self.forecasts.batcher.rows)

    @property
    def started(self) -> bool:
        """Whether jobs are taken."""
        return self._thread is not None

    async def start(self, prepare: Callable[[], None]) -> None:
        """Start the thread and wait until it is prepared.

        Parameters
        ----------
        prepare : callable
            Called on the thread first; what it raises is raised here.
        """
        self._loop = asyncio.get_running_loop()
        prepared: asyncio.Future[None] = self._loop.create_future()
        thread = Thread(target=self._run, args=(prepare, prepared), name="engine", daemon=True)
        thread.start()
        await prepared
        self._thread = thread

    def add(self, queue: PieceQueue) -> None:
        """Let the thread work on one more queue, before ``start``.

        Parameters
        ----------
        queue : PieceQueue
            Beside forecasts.
        """
        self._work.add(queue)

    def add_behind(self, queue: PieceQueue) -> None:
        """Let the thread work on one more queue when there is nothing else, before ``start``; see ``add``."""
        self._work.add_behind(queue)

    def wake(self) -> None:
        """Let the thread know that there is work in one of the other queues."""
        self._work.wake()

    def call_on_loop(self, receive: Callable[..., None], *arguments: object) -> None:
        """Call something on the event loop; from the engine's thread.

        Parameters
        ----------
        receive : callable
            What is called; it is not where the loop is closed, because nobody waits any more.
        *arguments : object
            Given to it.
        """
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(receive, *arguments)

    async def stop(self, drain_s: float, limiters: Sequence[CapacityLimiter] = ()) -> None:
        """Refuse new work, finish what there is, fail the rest, end the thread.

        Parameters
        ----------
        drain_s : float
            Seconds to wait at most for what is at work.
        limiters : sequence of CapacityLimiter
            What bounds the other queues; closed too.
        """
        closing = [DRAINING.run(limiter.close, drain_s) for limiter in limiters]
        await asyncio.gather(DRAINING.run(self.forecasts.batcher.close, drain_s), *closing)
        self._work.stop()
        if self._thread is not None:
            await DRAINING.run(self._thread.join)

    def _run(self, prepare: Callable[[], None], prepared: asyncio.Future[None]) -> None:
        try:
            prepare()
        except Exception as error:
            self._loop.call_soon_threadsafe(prepared.set_exception, error)
            return
        self._loop.call_soon_threadsafe(prepared.set_result, None)
        self._work.run()


class ForecastQueue:
    """Jobs that wait for the engine, and whoever waits for them. All but ``turn`` and ``abandon`` belongs to the loop.

    Parameters
    ----------
    bounds : Bounds
        Of the queue.
    runner : callable
        Runs one batch, on the engine's thread.
    bridge : Bridge
        The way to that thread.
    observe : callable
        Called with the seconds that a job waited.

    Attributes
    ----------
    batcher : Batcher
        What waits.
    """

    def __init__(
        self, bounds: Bounds, runner: Runner[Finished], bridge: "Bridge", observe: Callable[[float], None]
    ) -> None:
        self.batcher: Batcher[Finished] = Batcher(bounds, self._deliver)
        self._runner, self._bridge, self._observe = runner, bridge, observe

    def turn(self) -> bool:
        """Run one batch; see ``PieceQueue``."""
        return self.batcher.turn(self._runner)

    def abandon(self) -> None:
        """Fail what waits; see ``PieceQueue``."""
        self.batcher.close(0.0)

    def submit(self, jobs: Sequence[tuple[Job, Callable[[Entry], None] | None]]) -> list[Entry | ServiceError]:
        """Queue jobs together; for one that is refused its error stands in its place, see ``Batcher.submit``.

        Parameters
        ----------
        jobs : sequence of (Job, callable or None)
            Each with what is called on the loop with its entry once the outcome is known, whoever still waits.

        Returns
        -------
        list of (QueueEntry or ServiceError)
            In their order.
        """
        entries = self.batcher.submit_many(jobs)
        self._bridge.wake()
        return entries

    async def wait(self, entries: Sequence[Entry]) -> None:
        """Wait until all entries have an outcome: what the job came to, or the ``ServiceError`` that it failed with.

        Those that are not in their last piece at their deadline, or when the caller is cancelled, are dropped.

        Parameters
        ----------
        entries : sequence of QueueEntry
            Some may have their outcome already.
        """
        waiting = [entry for entry in entries if not entry.delivered]
        if not waiting:
            return
        loop = asyncio.get_running_loop()
        waiter = _Waiter(len(waiting), loop.create_future())
        for entry in waiting:
            entry.waiter = waiter
        deadlines = {entry.job.deadline for entry in waiting} - {None}
        timers = [
            loop.call_later(deadline - time.monotonic(), self._expire, waiting, deadline)
            for deadline in deadlines
            if deadline is not None
        ]
        try:
            await waiter.future
        except asyncio.CancelledError:
            self.batcher.drop(waiting, Expired("the client left"))
            raise
        finally:
            for timer in timers:
                timer.cancel()

    def _expire(self, entries: Sequence[Entry], deadline: float) -> None:
        self.batcher.expire([entry for entry in entries if entry.job.deadline == deadline])

    def _deliver(self, entries: Sequence[Entry]) -> None:
        self._bridge.call_on_loop(self._hand_out, entries)

    def _hand_out(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            outcome = entry.outcome
            if isinstance(outcome, Exception) and not isinstance(outcome, ServiceError):
                _log.error("the engine failed", exc_info=outcome)
                entry.outcome = ServiceError("the forecast failed; the session, if any, is unchanged")
            if entry.began is not None:
                self._observe(entry.began - entry.queued)
            entry.delivered = True
            if entry.resolved is not None:
                entry.resolved(entry)
            if entry.waiter is not None:
                entry.waiter.count_down()


class _Waiter:
    """Wakes whoever waits for several entries once the last of them has its outcome."""

    __slots__ = ("_left", "future")

    def __init__(self, left: int, future: asyncio.Future[None]) -> None:
        self._left, self.future = left, future

    def count_down(self) -> None:
        self._left -= 1
        if not self._left and not self.future.done():
            self.future.set_result(None)
