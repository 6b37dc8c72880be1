"""From an arrival to its answer: session, batcher, engine and store put together. Lives on the event loop."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from service.errors import Loading, ServiceError, Unprocessable
from service.metrics import Metrics
from service.scheduling.bridge import Waiter
from service.serving.catalog import Catalog, Model
from service.serving.job_builder import advance_of, job_of, new_record
from service.serving.runtime import Runtime, check_model
from service.serving.series_answer import SeriesAnswer
from service.serving.views import session_details, session_object, warnings_of
from service.sessions.registry import unknown
from service.sessions.series_input import SeriesInput
from service.sessions.turn import SessionTurn
from service.sessions.update import plan_update
from service.settings import Settings
from service.stores.interface import Record, Store, StoreError
from statecast.errors import StatecastError

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
        self.runtime = Runtime.of(catalogue, settings, metrics, store)
        self._catalogue = catalogue
        self._settings = settings
        self._metrics = metrics
        self.store = self.runtime.store
        self._sessions = self.runtime.sessions
        self._dispatch = self.runtime.dispatch
        self._cleaner: asyncio.Task[None] | None = None

    @property
    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether a model is warm and the last step worked, and what is known beside."""
        warm = self._dispatch.started
        ready = warm and self.runtime.engine.healthy
        return ready, {
            "engine": "ready" if ready else "failed" if warm else "loading",
            "models": [str(model) for model in self._catalogue.models],
            "broken": self._catalogue.broken,
            "store": {"name": self.store.name, "durable": self.store.durable},
        }

    async def start(self) -> None:
        """Start the engine's thread and wait until every model is warm."""
        await self.runtime.start()
        self._cleaner = asyncio.create_task(self._clean())

    async def stop(self, drain_s: float) -> None:
        """Refuse new work, finish what there is within ``drain_s``, fail the rest, close the store."""
        if self._cleaner is not None:
            self._cleaner.cancel()
            with suppress(asyncio.CancelledError):
                await self._cleaner
        await self.runtime.stop(drain_s)

    async def forecast(self, model: Model, series: SeriesInput) -> SeriesAnswer:
        """Forecast one series, opening or advancing its session where it names one.

        A caller that is cancelled drops the work if it has not begun; else it is finished and kept as if it had stayed.

        Raises
        ------
        ServiceError
            One of its subclasses; the session is then as it was.
        """
        self.runtime.require()
        if series.session is not None:
            return await self._advance(model, series, series.session)
        model = model.member(series.season)
        update = plan_update(None, series, self.runtime.limits(model))
        entry = self._dispatch.submit(job_of(model, series, update, None, series.horizon))
        outcome = await self._dispatch.outcome(entry)
        warnings = warnings_of(model, series, update, update.target.shape[1], series.freq)
        start = update.last_clock + 1
        return SeriesAnswer(
            outcome.result, outcome.rows, start, None, warnings, series.freq, series.offset, series.zone, model.season,
            entry.queue_ms,
        )  # fmt: skip

    async def forecast_many(self, model: Model, inputs: Sequence[SeriesInput]) -> list[SeriesAnswer | ServiceError]:
        """Forecast many series at once; one that fails does so alone.

        Parameters
        ----------
        model : Model
            What forecasts.
        inputs : sequence of SeriesInput
            The series; two that name the same session are applied in their order.

        Returns
        -------
        list of SeriesAnswer or ServiceError
            In the order of ``inputs``.
        """

        async def one(series: SeriesInput) -> SeriesAnswer | ServiceError:
            try:
                return await self.forecast(model, series)
            except ServiceError as error:
                return error
            except StatecastError as error:
                return Unprocessable(str(error))

        return list(await asyncio.gather(*map(one, inputs)))

    async def session(self, session_id: str, owner: str) -> dict[str, object]:
        """Describe a session as ``GET /sessions/{id}`` does, once the requests before this one are done.

        Raises
        ------
        UnknownSession, ExpiredSession, Loading
            If this owner has none, it expired, or the store cannot be read.
        """
        async with SessionTurn(self._sessions, owner, session_id) as turn:
            record = await turn.find()
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
        async with SessionTurn(self._sessions, owner, session_id) as turn:
            await self._sessions.end(turn.key, session_id)

    async def _advance(self, model: Model, series: SeriesInput, session: str) -> SeriesAnswer:
        async with SessionTurn(self._sessions, series.owner, session, series.deadline) as turn:
            record = await turn.find()
            if record is not None:
                check_model(record, model, session)
            model = model.member(series.season if record is None else record.season)
            update = plan_update(record, series, self.runtime.limits(model))
            now = self._sessions.now()
            before = new_record(turn.key, model, series, now, self._settings.metric_names) if record is None else record
            coming = update.advance(before).used(now, self._sessions.ttl)
            lease = turn.checkout(model.key, len(series.variables))
            touch = now - before.last_used > self._sessions.slack
            job = job_of(model, series, update, before, series.horizon)
            entry = self._dispatch.submit(
                advance_of(job, lease, model.config, coming, fresh=record is None, touch=touch),
                partial(_settle, turn, coming),
            )
            turn.hand_over()
        outcome = await self._dispatch.outcome(entry)
        after = outcome.record or coming
        self._metrics.observations.inc(update.applied)
        self._metrics.duplicates.inc(update.duplicates)
        view = session_object(after, session, update.applied, update.duplicates)
        warnings = warnings_of(model, series, update, after.last_clock - after.first_clock + 1, after.freq)
        return SeriesAnswer(
            outcome.result, outcome.rows, update.last_clock + 1, view, warnings, after.freq, after.offset,
            after.zone, model.season, entry.queue_ms,
        )  # fmt: skip

    async def _clean(self) -> None:
        while True:
            with suppress(StoreError):  # the next request that needs the store will say so
                ended = await self._sessions.expire()
                if ended:
                    _log.info("%d sessions expired", ended)
            await asyncio.sleep(HOUSEKEEPING_S)


def _settle(turn: SessionTurn, coming: Record, waiter: Waiter) -> None:
    """End the turn once the engine has resolved a job, whoever still waits for it."""
    error = waiter.exception()
    if isinstance(error, Loading):
        turn.invalidate()
    else:
        turn.settle(turn.record if error else waiter.result().record or coming)
