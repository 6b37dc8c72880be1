"""Between the loop and the engine's thread: jobs go over, outcomes come back as futures."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread

from service.errors import Expired, ServiceError
from service.metrics import Metrics
from service.scheduling.background import BackgroundTasks
from service.scheduling.batcher import Batcher, Bounds, Runner
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.entry import QueueEntry
from service.scheduling.job import Job, Outcome

_log = logging.getLogger(__name__)

Waiter = asyncio.Future[Outcome]


class Bridge:
    """Owns the batcher and the thread that runs it. Every method but ``started`` belongs to one loop.

    Parameters
    ----------
    bounds:
        Of the batcher.
    runner:
        Called on the thread, batch after batch.
    """

    def __init__(self, bounds: Bounds, runner: Runner[Outcome], metrics: Metrics) -> None:
        self._batcher: Batcher[Outcome] = Batcher(bounds, self._deliver)
        self._runner = runner
        self._metrics = metrics
        self._thread: Thread | None = None
        self._aside = BackgroundTasks(())
        metrics.queue_rows.set_function(lambda: self._batcher.rows)

    @property
    def started(self) -> bool:
        """Whether jobs are taken."""
        return self._thread is not None

    async def start(self, prepare: Callable[[], None]) -> None:
        """Start the thread and wait until ``prepare`` has run on it; what that raises is raised here."""
        self._loop = asyncio.get_running_loop()
        prepared: asyncio.Future[None] = self._loop.create_future()
        thread = Thread(target=self._work, args=(prepare, prepared), name="engine", daemon=True)
        thread.start()
        await prepared
        self._thread = thread

    def also(self, aside: BackgroundTasks) -> None:
        """Set what the thread does between two batches; before it is started."""
        self._aside = aside

    def wake(self) -> None:
        """Tell the thread that there is work aside."""
        self._batcher.wake()

    def tell(self, receive: Callable[..., None], *arguments: object) -> None:
        """Call something on the loop; from the engine's thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(receive, *arguments)

    def breathe(self) -> None:
        """Run forecasts that wait, in the middle of longer work; on the engine's thread. Long ones wait on."""
        self._batcher.turn(self._runner, brief=True)

    async def stop(self, drain_s: float, rooms: Sequence[CapacityLimiter] = ()) -> None:
        """Refuse new work, finish what there is within ``drain_s``, fail the rest, end the thread."""
        closing = [asyncio.to_thread(room.close, drain_s) for room in rooms]
        await asyncio.gather(asyncio.to_thread(self._batcher.close, drain_s), *closing)
        self._aside.abandon()
        self._batcher.stop()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def submit(self, job: Job, done: Callable[[Waiter], None] | None = None) -> QueueEntry[Outcome]:
        """Queue a job; see ``Batcher.submit`` for what it raises.

        ``done`` is called on the loop once the job is resolved, before ``outcome`` returns, whoever still waits.
        """
        ticket = self._batcher.submit(job)
        # Set before the loop can turn, and so before the engine's answer can be handed out.
        waiter: Waiter = self._loop.create_future()
        waiter.add_done_callback(done or _read)
        ticket.waiter = waiter
        return ticket

    async def outcome(self, ticket: QueueEntry[Outcome]) -> Outcome:
        """Wait for a job; one that has not begun at its deadline, or when the caller is cancelled, is dropped.

        Raises
        ------
        ServiceError
            What the job failed with.
        """
        waiter: Waiter = ticket.waiter  # type: ignore[assignment]
        timer = None
        if ticket.job.deadline is not None:
            late = Expired("timeout_ms passed before the work was done; it was dropped and changed nothing")
            timer = self._loop.call_later(ticket.job.deadline - time.monotonic(), self._batcher.drop, ticket, late)
        try:
            outcome = await asyncio.shield(waiter)
        except asyncio.CancelledError:
            self._batcher.drop(ticket, Expired("the client left"))
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if ticket.begun is not None:
            self._metrics.queue_seconds.observe(ticket.begun - ticket.queued)
        return outcome

    def _deliver(self, tickets: Sequence[QueueEntry[Outcome]]) -> None:
        self.tell(_hand_out, tickets)

    def _work(self, prepare: Callable[[], None], prepared: asyncio.Future[None]) -> None:
        try:
            prepare()
        except Exception as error:
            self._loop.call_soon_threadsafe(prepared.set_exception, error)
            return
        self._loop.call_soon_threadsafe(prepared.set_result, None)
        self._batcher.run(self._runner, self._aside.turn)


def _hand_out(tickets: Sequence[QueueEntry[Outcome]]) -> None:
    for ticket in tickets:
        waiter: Waiter = ticket.waiter  # type: ignore[assignment]
        outcome = ticket.outcome
        if isinstance(outcome, Outcome):
            waiter.set_result(outcome)
        elif isinstance(outcome, ServiceError):
            waiter.set_exception(outcome)
        else:
            _log.error("the engine failed", exc_info=outcome)
            waiter.set_exception(ServiceError("the forecast failed; the session, if any, is unchanged"))


def _read(waiter: Waiter) -> None:
    """Look at a result that its client no longer waits for, so that the loop does not complain."""
    waiter.exception()
