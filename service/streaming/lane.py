"""The queue of streamed observations: whose turn it is, what is computed together, and who gets which answer."""

import asyncio
import logging
import time

import numpy as np

from service.engine import StepBatch
from service.errors import DEFECT, Loading, QueueFull, ServiceError
from service.models.terms import terms_of
from service.resident.calendar import known_ahead
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.wait_estimate import WaitEstimate
from service.serving.client import Answer, Client
from service.serving.runtime import Runtime
from service.streaming.body import StreamedBody
from service.streaming.checkout import Checkout
from service.streaming.forecasts import BatchForecasts
from service.streaming.journal import Journal, NoJournal
from service.streaming.request import Part, Reply, StreamedRequest
from service.streaming.waiting import WaitingRequests
from service.threads import DRAINING

_log = logging.getLogger(__name__)

BATCHES = 2
"""Observations in a batch, as a multiple of other rows: each takes microseconds, and a commit milliseconds."""
PUT_AT_ONCE = 256
"""Sessions that are put whole in one commit while the service stops."""


class StreamingLane:
    """Takes requests that need only arrays: one new value of each of some resident sessions.

    One batch is at work at a time, and whatever arrives meanwhile is the next. The first request after a pause waits
    until the loop has read what else its sockets hold. ``turn`` and ``abandon`` belong to the engine's thread, all else
    to the event loop.

    Parameters
    ----------
    runtime : Runtime
        Sessions, store and the engine's thread.

    Attributes
    ----------
    limiter : CapacityLimiter
        Bounds the observations that are at work.
    journal : Journal
        Chooses what is put whole.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._catalogue, self._settings, self._metrics = runtime.catalogue, runtime.settings, runtime.metrics
        self._sessions, self._residents, self._runner = runtime.sessions, runtime.residents, runtime.steps
        self._bridge = runtime.bridge
        self._bridge.add(self)
        self.limiter = CapacityLimiter(self._settings.queue_rows, "observations")
        self._estimate = WaitEstimate()
        self.journal = Journal(self._residents, self._sessions) if runtime.store.journaled else NoJournal()
        self._waiting = WaitingRequests()
        self._work: tuple[StepBatch, list[Part]] | None = None
        self._at_work = self._scheduled = False
        self._checkout = Checkout(runtime)
        self._takes = runtime.store.journaled or self._sessions.shared is not None
        rows = self._settings.batch_rows
        self._room = BATCHES * rows if rows > 1 else 1

    def start(self) -> None:
        """Belong to the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._idle = asyncio.Event()

    async def stop(self, until: float) -> None:
        """Refuse new requests, finish those that there are, and put every dirty session whole.

        A store that is durable has the rest in its journal, which the next start reads.

        Parameters
        ----------
        until : float
            ``time.monotonic()`` at which this ends in any case.
        """
        if not self._bridge.started:
            return
        self._takes = False
        await DRAINING.run(self.limiter.close, until - time.monotonic())
        while (self._residents.dirty or self._residents.unflushed) and time.monotonic() < until:
            await self._finished()
            before = len(self._residents.dirty) + len(self._residents.unflushed)
            self._hand_over(StepBatch.empty(), [], PUT_AT_ONCE)
            await self._finished()
            if len(self._residents.dirty) + len(self._residents.unflushed) >= before:
                return

    def accept(
        self, body: StreamedBody, owner: str, identity: str, client: Client, reply: Reply, answer: Answer
    ) -> bool:
        """Take a request, if it is one of those that go this way.

        Parameters
        ----------
        body : StreamedBody
            What is requested.
        owner : str
            Whose request it is.
        identity : str
            Its id.
        client : Client
            Who sent it and when.
        reply : Reply
            Of the client's format, empty.
        answer : callable
            Called once with the reply, if True is given here.

        Returns
        -------
        bool
            False where it goes the general way; nothing has changed then.
        """
        size = len(body.sessions)
        terms = terms_of(body.options, size, client.began, self._catalogue, self._settings) if self._takes else None
        if terms is None:
            return False
        refused = self.refusal(size, terms.deadline)
        if refused is not None:
            answer(refused)
            return True
        try:
            self.limiter.take(size)
        except QueueFull as error:
            answer(error)
            return True
        except Loading:
            return False
        groups = self._checkout.enter(body, owner, terms.model, terms.horizon)
        if groups is None:
            self.limiter.give(size)
            return False
        self._estimate.begin(size)
        self._waiting.append(StreamedRequest(body, terms, identity, client, reply, answer, groups))
        self._schedule()
        return True

    def refusal(self, size: int, deadline: float) -> QueueFull | None:
        """Refuse observations that could not be answered by their deadline, see ``WaitEstimate.refusal``."""
        return self._estimate.refusal(size, deadline)

    def turn(self) -> bool:
        """Run the batch that waits, if one does; see ``PieceQueue``."""
        if self._work is None:
            return False
        (batch, parts), self._work = self._work, None
        began = time.monotonic()
        try:
            self._runner.run(batch)
        except Exception:  # whatever it is, the clients must learn of it
            _log.exception("a batch of observations failed")
            batch.error = ServiceError("the forecast failed; the sessions are unchanged")
        else:
            self._note(batch, parts, began)
        self._bridge.call_on_loop(self._deliver, batch, parts)
        return True

    def abandon(self) -> None:
        """See ``PieceQueue``; the limiter has waited for all that could be finished."""

    def _schedule(self) -> None:
        if not self._scheduled and not self._at_work:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        if self._at_work:
            return
        found = self._form()
        if found is not None:
            self._hand_over(*found, 0)
        elif self.journal.can_flush():
            self._hand_over(StepBatch.empty(), [], 0)
        else:
            self._idle.set()

    def _hand_over(self, batch: StepBatch, parts: list[Part], at_least: int) -> None:
        self._at_work = True
        self._idle.clear()
        self.journal.plan(batch, at_least)
        self._work = batch, parts
        self._bridge.wake()

    async def _finished(self) -> None:
        while self._at_work:
            await self._idle.wait()

    def _form(self) -> tuple[StepBatch, list[Part]] | None:
        # One that waits alone is tried; of others those are given up for which even the next batch would be too late.
        alone = len(self._waiting) < 2
        soon = time.monotonic() if alone else self._estimate.soon(self._room)
        for request in self._waiting.drop(soon):
            for group in request.groups:
                self._checkout.leave(group.table, group.rows)
            self._estimate.withdraw(request.size)
            self._answer(request)
        parts = self._waiting.take(self._room)
        if not parts:
            return None
        table = parts[0].table
        rows, values = np.concatenate([part.rows for part in parts]), np.concatenate([part.values for part in parts])
        horizon = max(part.request.horizon for part in parts)
        now = self._sessions.now()
        known = known_ahead(table, rows, horizon)
        shared = self._sessions.shared is not None
        of = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts]) if shared else None
        return StepBatch(table, rows, values, horizon, known, now + self._sessions.ttl, now, of), parts

    def _note(self, batch: StepBatch, parts: list[Part], began: float) -> None:
        """Write what the batch came to into the replies; on the engine's thread, whose turn the sessions still are."""
        if batch.lost:
            batch.error = Loading("the session is being read from the store; send the request again")
        if batch.error is not None or batch.table is None:
            return
        forecasts = BatchForecasts(batch)
        for part in parts:
            try:
                part.request.forecast(part, forecasts, began)
            except Exception:  # the observations are kept; this client alone goes without its reply
                _log.exception("request %s could not be answered", part.request.identity)
                if part.request.left:
                    part.request.fail(ServiceError(DEFECT), part.places)
                else:
                    part.request.outcome = ServiceError(DEFECT)

    def _deliver(self, batch: StepBatch, parts: list[Part]) -> None:
        """Let the sessions go, answer what is done, and go on with what waits."""
        self._at_work = False
        self.journal.settle(batch)
        if parts:
            self._estimate.finish(len(batch.rows))
        if batch.table is not None:
            moved, stale = batch.moved, batch.stale
            keys = [] if stale is None else batch.table.keys[batch.rows[stale]].tolist()
            self._checkout.leave(batch.table, batch.rows, moved)
            for key in keys:
                self._sessions.forget(key)
            self._metrics.observations.inc(0 if moved is None else int(moved.sum()))
        for part in parts:
            if batch.error is not None:
                part.request.fail(batch.error, part.places)
            if part.request.outcome is not None:
                self._answer(part.request)
        if self._waiting or (batch.error is None and self.journal.can_flush()):
            self._flush()
        else:
            self._idle.set()

    def _answer(self, request: StreamedRequest) -> None:
        self.limiter.give(request.size)
        if request.outcome is not None and not request.client.closed:
            request.answer(request.outcome)
