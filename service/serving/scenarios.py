"""From series to their paths: a state branched off each, then all drawn together. Lives on the event loop."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from service.errors import Expired, Loading, ServiceError
from service.scheduling.bridge import Waiter
from service.scheduling.job import Floats
from service.scheduling.scenario_queue import ScenarioTask
from service.serving.catalog import Model
from service.serving.job_builder import branch_of, future_of
from service.serving.runtime import Runtime, check_model
from service.serving.views import warnings_of
from service.sessions.series_input import SeriesInput
from service.sessions.turn import SessionTurn
from service.sessions.update import SessionUpdate, plan_update
from service.stores.interface import Record

# An odd number far from any power of two: it keeps the seeds of neighbouring series apart.
_STRIDE = 0x1E3779B97F4A7C15


@dataclass(frozen=True, eq=False)
class ScenarioStart:
    """Where a series' paths begin.

    state: the engine's, V rows.  future: ``[H, Ck]`` covariates of the path.  start: clock of its first step.
    freq, offset, zone: the axis that ``start`` counts on.  warnings: ``(code, detail)`` pairs.
    model: the one that goes on from there; of a family, the member of the series' season.
    """

    model: Model
    state: object
    variables: int
    future: Floats
    start: int
    freq: str | None
    offset: int
    zone: str
    warnings: tuple[tuple[str, str], ...]


class ScenarioService:
    """Paths. Every method belongs to one loop; no session is ever changed."""

    def __init__(self, desk: Runtime) -> None:
        self._desk = desk

    async def branch(self, model: Model, arrival: SeriesInput, horizon: int) -> ScenarioStart:
        """Find where a series stands: after its history, or after its session and what the request adds to that.

        Raises
        ------
        ServiceError
            One of its subclasses.
        """
        self._desk.require()
        if arrival.session is None:
            return await self._of_history(model, arrival, horizon, ())
        async with SessionTurn(self._desk.sessions, arrival.owner, arrival.session) as turn:
            record = await turn.find()
            if record is not None:
                check_model(record, model, arrival.session)
                model = model.member(record.season)
                plan = plan_update(record, arrival, self._desk.limits(model))
                lease = turn.checkout(model.key, len(arrival.variables))
                job = branch_of(model, arrival, plan, record, lease)
                ticket = self._desk.dispatch.submit(job, partial(_settle, turn))
                turn.hand_over()
            elif not arrival.target.shape[1]:
                plan_update(None, arrival, self._desk.limits(model.member(arrival.season)))  # says that there is none
        if record is None:
            told = ("session_not_opened", "there is no such session; the paths go on from the history given alone")
            return await self._of_history(model, arrival, horizon, (told,))
        state = (await self._desk.dispatch.outcome(ticket)).state
        read = plan.last_clock - record.first_clock + 1
        told_of = warnings_of(model, arrival, plan, read, record.freq)
        return self._branched(model, arrival, plan, record, state, horizon, told_of)

    async def draw(
        self, branched: Sequence[ScenarioStart], samples: int, seed: int, temperature: float
    ) -> NDArray[np.float64]:
        """Draw ``[R, samples, H]`` for the R variables of all series; a row that failed is not finite.

        A caller that is cancelled gives the drawing up before its next step.

        Raises
        ------
        ServiceError
            If too much is at work, or the engine failed.
        """
        rows = [one.variables for one in branched]
        with np.errstate(over="ignore"):
            seeds = np.int64(seed) + np.arange(sum(rows), dtype=np.int64) * np.int64(_STRIDE)
        networks = list(dict.fromkeys(one.model.key for one in branched))
        if len(networks) == 1:
            return await self._draw(networks[0], branched, samples, seeds, temperature)
        whose = np.repeat([networks.index(one.model.key) for one in branched], rows)
        drawn = np.zeros((len(seeds), samples, len(branched[0].future)))
        for number, key in enumerate(networks):
            part, index = [one for one in branched if one.model.key == key], whose == number
            drawn[index] = await self._draw(key, part, samples, seeds[index], temperature)
        return drawn

    async def _draw(
        self, key: str, branched: Sequence[ScenarioStart], samples: int, seeds: NDArray[np.int64], temperature: float
    ) -> NDArray[np.float64]:
        """Draw for series of one network."""
        rows = [one.variables for one in branched]
        done: asyncio.Future[NDArray[np.float64]] = asyncio.get_running_loop().create_future()

        def receive(outcome: NDArray[np.float64] | ServiceError) -> None:
            if done.done():
                return
            if isinstance(outcome, ServiceError):
                done.set_exception(outcome)
            else:
                done.set_result(outcome)

        future = np.repeat(np.stack([one.future for one in branched]), rows, axis=0)
        drawing = ScenarioTask(key, [one.state for one in branched], rows, future, samples, seeds, temperature, receive)
        self._desk.drawings.submit(drawing)
        self._desk.dispatch.wake()
        try:
            return await done
        except asyncio.CancelledError:
            drawing.fate = Expired("the client left")
            raise

    async def _of_history(
        self, model: Model, arrival: SeriesInput, horizon: int, warnings: tuple[tuple[str, str], ...]
    ) -> ScenarioStart:
        model = model.member(arrival.season)
        plan = plan_update(None, arrival, self._desk.limits(model))
        ticket = self._desk.dispatch.submit(branch_of(model, arrival, plan, None))
        state = (await self._desk.dispatch.outcome(ticket)).state
        told = warnings_of(model, arrival, plan, plan.target.shape[1], arrival.freq)
        return self._branched(model, arrival, plan, None, state, horizon, (*warnings, *told))

    def _branched(
        self,
        model: Model,
        arrival: SeriesInput,
        plan: SessionUpdate,
        record: Record | None,
        state: object,
        horizon: int,
        warnings: tuple[tuple[str, str], ...],
    ) -> ScenarioStart:
        freq, offset = (arrival.freq, arrival.offset) if record is None else (record.freq, record.offset)
        future = future_of(model, arrival, freq, offset, plan.last_clock, horizon)
        start, variables = plan.last_clock + 1, len(arrival.variables)
        return ScenarioStart(model, state, variables, future, start, freq, offset, plan.zone, warnings)


def _settle(turn: SessionTurn, waiter: Waiter) -> None:
    """End the turn, once the state was read."""
    if isinstance(waiter.exception(), Loading):
        turn.invalidate()
    else:
        turn.settle(turn.record)
