"""From an arrival to its answer: session, batcher, engine and store put together. Lives on the event loop."""

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial
from typing import Any

from service.errors import Expired, Loading
from service.metrics import Metrics
from service.scheduling.bridge import Waiter
from service.scheduling.job import Answer, Lease, SeriesInput
from service.serving.catalog import Catalog, Model
from service.serving.job_builder import advance_of, blank, job_of
from service.serving.runtime import Runtime, agree
from service.serving.views import session_details, session_object, warnings_of
from service.sessions.registry import key_of, unknown
from service.sessions.update import plan_update
from service.settings import Settings
from service.stores.interface import Record, Store, StoreError

HOUSEKEEPING_S = 600.0
"""Seconds between two looks for sessions whose life has ended."""

_log = logging.getLogger(__name__)


class ForecastService:
    """The service without HTTP.

    Built once an app; ``start`` before the first request, ``stop`` after the last. All methods belong to one loop.

    Raises
    ------
    StoreError
        If the store that the settings name cannot be opened.
    """

    def __init__(self, catalogue: Catalog, settings: Settings, metrics: Metrics, store: Store | None = None) -> None:
        self.desk = Runtime.of(catalogue, settings, metrics, store)
        self._catalogue = catalogue
        self._settings = settings
        self._metrics = metrics
        self.store = self.desk.store
        self._sessions = self.desk.sessions
        self._dispatch = self.desk.dispatch
        self._cleaner: asyncio.Task[None] | None = None

    @property
    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether a model is warm and the last step worked, and what is known beside."""
        warm = self._dispatch.started
        ready = warm and self.desk.engine.healthy
        return ready, {
            "engine": "ready" if ready else "failed" if warm else "loading",
            "models": [str(model) for model in self._catalogue.models],
            "broken": self._catalogue.broken,
            "store": {"name": self.store.name, "durable": self.store.durable},
        }

    async def start(self) -> None:
        """Start the engine's thread and wait until every model is warm."""
        await self.desk.start()
        self._cleaner = asyncio.create_task(self._clean())

    async def stop(self, drain_s: float) -> None:
        """Refuse new work, finish what there is within ``drain_s``, fail the rest, close the store."""
        if self._cleaner is not None:
            self._cleaner.cancel()
            with suppress(asyncio.CancelledError):
                await self._cleaner
        await self.desk.stop(drain_s)

    async def forecast(self, model: Model, arrival: SeriesInput) -> Answer:
        """Forecast one series, opening or advancing its session where it names one.

        A caller that is cancelled drops the work if it has not begun; else it is finished and kept as if it had stayed.

        Raises
        ------
        ServiceError
            One of its subclasses; the session is then as it was.
        """
        self.desk.require()
        if arrival.session is not None:
            return await self._advance(model, arrival, arrival.session)
        model = model.member(arrival.season)
        plan = plan_update(None, arrival, self.desk.limits(model))
        ticket = self._dispatch.submit(job_of(model, arrival, plan, None, arrival.horizon))
        result = (await self._dispatch.outcome(ticket)).result
        warnings = warnings_of(model, arrival, plan, plan.target.shape[1], arrival.freq)
        return Answer(result, plan.last_clock + 1, None, warnings, arrival.freq, arrival.offset, model.season)

    async def session(self, session_id: str, owner: str) -> dict[str, object]:
        """Describe a session as ``GET /sessions/{id}`` does, once the requests before this one are done.

        Raises
        ------
        UnknownSession, ExpiredSession, Loading
            If this owner has none, it expired, or the store cannot be read.
        """
        key = key_of(owner, session_id)
        await self._sessions.enter(key)
        try:
            record = await self._sessions.find(key, session_id)
        finally:
            self._sessions.leave(key)
        if record is None:
            raise unknown(session_id)
        return session_details(record, session_id)

    async def end(self, session_id: str, owner: str) -> None:
        """Delete a session or its tombstone, once the requests before this one are done.

        Raises
        ------
        UnknownSession, Loading
            If this owner has none, or the store cannot be written.
        """
        key = key_of(owner, session_id)
        await self._sessions.enter(key)
        try:
            await self._sessions.end(key, session_id)
        finally:
            self._sessions.leave(key)

    async def _advance(self, model: Model, arrival: SeriesInput, session: str) -> Answer:
        key = key_of(arrival.owner, session)
        await self._enter(key, arrival.deadline)
        handed = False
        try:
            record = await self._sessions.find(key, session)
            if record is not None:
                agree(record, model, session)
            model = model.member(arrival.season if record is None else record.season)
            plan = plan_update(record, arrival, self.desk.limits(model))
            now = self._sessions.now()
            before = blank(key, model, arrival, now) if record is None else record
            coming = plan.advance(before).used(now, self._sessions.ttl)
            lease = self._sessions.checkout(key, model.key, len(arrival.variables))
            try:
                touch = now - before.last_used > self._sessions.slack
                job = job_of(model, arrival, plan, before, arrival.horizon)
                ticket = self._dispatch.submit(
                    advance_of(job, lease, model.config, coming, fresh=record is None, touch=touch),
                    partial(self._settle, lease, model.key, record, coming),
                )
            except BaseException:
                self._sessions.settle(lease, model.key, record)
                raise
            handed = True
        finally:
            if not handed:
                self._sessions.leave(key)
        outcome = await self._dispatch.outcome(ticket)
        after = outcome.record or coming
        self._metrics.observations.inc(plan.applied)
        self._metrics.duplicates.inc(plan.duplicates)
        described = session_object(after, session, plan.applied, plan.duplicates)
        warnings = warnings_of(model, arrival, plan, after.last_clock - after.first_clock + 1, after.freq)
        start = plan.last_clock + 1
        return Answer(outcome.result, start, described, warnings, after.freq, after.offset, model.season)

    async def _enter(self, key: str, deadline: float | None) -> None:
        if deadline is None or not self._sessions.taken(key):
            await self._sessions.enter(key)
            return
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._sessions.enter(key)
        except TimeoutError:
            raise Expired("timeout_ms passed while an earlier request of this session was at work") from None

    def _settle(self, lease: Lease, model: str, record: Record | None, coming: Record, waiter: Waiter) -> None:
        """Give slots and turn back once the engine has resolved a job, whoever still waits for it."""
        error = waiter.exception()
        if isinstance(error, Loading):
            self._sessions.distrust(lease, model)
        else:
            self._sessions.settle(lease, model, record if error else waiter.result().record or coming)
        self._sessions.leave(lease.key)

    async def _clean(self) -> None:
        while True:
            with suppress(StoreError):  # the next request that needs the store will say so
                ended = await self._sessions.expire()
                if ended:
                    _log.info("%d sessions expired", ended)
            await asyncio.sleep(HOUSEKEEPING_S)
