"""From series to their forecasts: sessions, engine and store put together. Lives on the event loop."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from service.errors import ServiceError, unknown
from service.metrics import Metrics
from service.models.catalog import Catalog
from service.models.model import Model
from service.models.session_model import choose_member, taken_over
from service.scheduling.bridge import ForecastQueue
from service.serving.housekeeping import keep_house
from service.serving.job_builder import build_job, each, new_record
from service.serving.runtime import Runtime
from service.serving.series_answer import SeriesAnswer
from service.serving.series_work import SeriesWork, run_series
from service.serving.views import session_details
from service.serving.warnings import session_warnings
from service.sessions.live_metrics import Interval, score
from service.sessions.series_input import SeriesInput
from service.sessions.session_update import SessionUpdate
from service.sessions.turn import SessionTurn
from service.sessions.updates.commit import SessionWrites
from service.sessions.updates.plan import plan_update
from service.settings import Settings
from service.stores.interface import Record, Scores, Store


class ForecastService:
    """The service without HTTP, once per app: ``start`` comes first, ``stop`` last. All methods belong to one loop.

    Parameters
    ----------
    catalogue : Catalog
        The models.
    settings : Settings
        How to run.
    metrics : Metrics
        What is counted.
    store : Store, optional
        Instead of the one that the settings name.

    Raises
    ------
    StoreError
        If the store that the settings name cannot be opened.
    """

    def __init__(self, catalogue: Catalog, settings: Settings, metrics: Metrics, store: Store | None = None) -> None:
        self.runtime = Runtime.of(catalogue, settings, metrics, store)
        self._catalogue, self._settings, self._metrics = catalogue, settings, metrics
        self.store, self._sessions, self._bridge = self.runtime.store, self.runtime.sessions, self.runtime.bridge
        self._cleaner: asyncio.Task[None] | None = None

    @property
    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether a model is warm and the last step worked, and what is known beside."""
        ready = (warm := self._bridge.started) and self.runtime.engine.healthy
        return ready, {
            "engine": "ready" if ready else "failed" if warm else "loading",
            "models": [str(model) for model in self._catalogue.models],
            "broken": self._catalogue.broken,
            "store": {"name": self.store.name, "durable": self.store.durable},
        }

    async def start(self) -> None:
        """Start the engine's thread and wait until every model is warm."""
        await self.runtime.start()
        self._cleaner = asyncio.create_task(keep_house(self._sessions))

    async def stop(self, drain_s: float) -> None:
        """Refuse new work, finish what there is, fail the rest, close the store.

        Parameters
        ----------
        drain_s : float
            Seconds to wait at most for what is at work.
        """
        if self._cleaner is not None:
            self._cleaner.cancel()
            with suppress(asyncio.CancelledError):
                await self._cleaner
        await self.runtime.stop(drain_s)

    async def forecast(self, model: Model, series: SeriesInput) -> SeriesAnswer:
        """Forecast one series, see ``forecast_many``.

        Parameters
        ----------
        model : Model
            What forecasts.
        series : SeriesInput
            The series.

        Returns
        -------
        SeriesAnswer
            Its forecast.

        Raises
        ------
        ServiceError
            One of its subclasses; the session is then as it was.
        """
        answer = (await self.forecast_many(model, [series]))[0]
        if isinstance(answer, ServiceError):
            raise answer
        return answer

    async def forecast_many(
        self, model: Model, inputs: Sequence[SeriesInput], queue: ForecastQueue | None = None
    ) -> list[SeriesAnswer | ServiceError]:
        """Forecast many series at once, opening or advancing the sessions that they name; each fails alone.

        A caller that is cancelled drops what has not begun; the rest is finished and kept as if it had stayed.

        Parameters
        ----------
        model : Model
            What forecasts.
        inputs : sequence of SeriesInput
            The series; two that name the same session are applied in their order.
        queue : ForecastQueue, optional
            Where they wait; left out, that of requests.

        Returns
        -------
        list of SeriesAnswer or ServiceError
            In the order of ``inputs``. Where it is an error, the session is as it was.

        Raises
        ------
        Loading
            If the models are not loaded yet.
        """
        self.runtime.require()
        queue = queue or self._bridge.forecasts
        answers = await run_series(queue, self._sessions, inputs, partial(self._prepare, model))
        kept = [answer for answer in answers if isinstance(answer, SeriesAnswer) and answer.session is not None]
        self._metrics.observations.inc(sum(answer.applied for answer in kept))
        self._metrics.duplicates.inc(sum(answer.duplicates for answer in kept))
        return answers

    async def session(self, session_id: str, owner: str) -> dict[str, object]:
        """Describe a session as ``GET /sessions/{id}`` does, once the requests before this one are done.

        Parameters
        ----------
        session_id : str
            As the client wrote it.
        owner : str
            Whose session it is.

        Returns
        -------
        dict
            Body of the answer.

        Raises
        ------
        UnknownSession
            If this owner has none.
        ExpiredSession
            If it was idle for too long.
        Loading
            If the store cannot be read.
        """
        async with SessionTurn(self._sessions, owner, session_id) as turn:
            record = await turn.find()
        if record is None:
            raise unknown(session_id)
        return session_details(record, session_id)

    async def end(self, session_id: str, owner: str, match: tuple[str, ...] = ()) -> None:
        """Delete a session or its tombstone, once the requests before this one are done.

        Parameters
        ----------
        session_id : str
            As the client wrote it.
        owner : str
            Whose session it is.
        match : tuple of str
            See ``SessionTurn.check_match``.

        Raises
        ------
        UnknownSession
            If this owner has none.
        StateMoved
            If the session has another digest.
        Loading
            If the store cannot be written.
        """
        async with SessionTurn(self._sessions, owner, session_id) as turn:
            after = None
            if match and (record := await turn.find()) is not None:
                turn.check_match(match)
                turn.record, after = None, record.digest
            await self._sessions.end(turn.key, session_id, after)

    def _prepare(
        self, model: Model, inputs: Sequence[SeriesInput], turns: Sequence[SessionTurn | None]
    ) -> list[SeriesWork | ServiceError]:
        """Plan some series: what their sessions will become, and what the engine has to do for that."""
        plans = each(partial(self._plan, model), inputs, turns)
        sessions = [plan for plan in plans if not isinstance(plan, ServiceError) and plan[3] is not None]
        scored = iter(score([update.observed(before) for *_, update, before in sessions if before is not None]))

        def build(series: SeriesInput, turn: SessionTurn | None) -> SeriesWork:
            plan = next(planned)
            if isinstance(plan, ServiceError):
                raise plan
            member, series, update, before = plan
            if turn is None or before is None:
                any_length = self.runtime.any_length(member)
                return SeriesWork(member, series, update, build_job(member, series, update, any_length=any_length))
            return self._session_work(member, series, update, before, next(scored), turn)

        planned = iter(plans)
        return each(build, inputs, turns)

    def _plan(
        self, model: Model, series: SeriesInput, turn: SessionTurn | None
    ) -> tuple[Model, SeriesInput, SessionUpdate, Record | None]:
        """Decide what of a series is new, and to which record of its session."""
        record = held = None if turn is None else turn.record
        if turn is not None and record is not None:
            waits = self.runtime.residents.absent.record(turn.key) is not None
            record = taken_over(record, model, turn.session, "error" if waits else series.on_model_change)
            turn.check_match(series.match)
        model, series = choose_member(model, series, record)
        update = plan_update(record, series, self.runtime.limits(model), reprime=record is not held)
        if turn is not None and record is None:
            turn.check_match(series.match)
            record = new_record(turn, model, series, self._sessions.now(), self._settings.metric_names)
        return model, series, update, record

    def _session_work(
        self,
        model: Model,
        series: SeriesInput,
        update: SessionUpdate,
        before: Record,
        scores: Scores,
        turn: SessionTurn,
    ) -> SeriesWork:
        now, config = self._sessions.now(), model.config
        named, until = before.named(series.owner, turn.session), now + self._sessions.ttl
        after = update.advance(named, scores, model.tail_exponents, now, until)
        touch = self._sessions.shared is not None or now - before.last_used > self._sessions.slack
        kept, interval = min(series.horizon or config.horizon, config.horizon), Interval.of(config.quantile_levels)
        writes = SessionWrites(after, update, interval, kept, touch, series.receipt)
        lease = turn.checkout(model.key, len(series.variables))
        job = build_job(model, series, update, turn.record, lease, writes, any_length=self.runtime.any_length(model))
        warnings = session_warnings(series, update, turn.record, after)
        return SeriesWork(model, series, update, job, turn, turn.record, after, warnings)
