"""From series to what is collected at their cut-offs: prepared, grouped, read in one pass each. Lives on the loop."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from service.backtests.collected import Collected
from service.backtests.prepared import PreparedSeries, prepare
from service.backtests.queue import PassQueue, PassTask
from service.deadline import Deadline
from service.errors import Expired, ServiceError, Unprocessable
from service.models.model import Model
from service.models.session_model import choose_member
from service.scheduling.capacity import CapacityLimiter
from service.scheduling.work_loop import PieceQueue
from service.serving.runtime import Runtime
from service.sessions.series_input import SeriesInput
from service.threads import DECODING, DRAINING
from statecast.errors import StatecastError
from statecast.models.slot_network import SlotNetwork

C = TypeVar("C", bound=Collected)
ROWS_TOGETHER = 32
"""Variables of all series that are read in one pass at most, unless one has more."""


class Cuts(NamedTuple):
    """Which cut-offs are wanted of every series.

    Parameters
    ----------
    number : int or None
        How many; None for as many as there are.
    step : int
        Steps from one to the next.
    horizon : int
        Steps ahead.
    """

    number: int | None
    step: int
    horizon: int


class Hindcast(NamedTuple, Generic[C]):
    """What came of one series.

    Parameters
    ----------
    series : PreparedSeries
        Its values and cut-offs.
    found : Collected
        What was kept of its forecasts.
    seconds : float
        That its pass took of the engine.
    together : int
        How many series that pass read.
    """

    series: PreparedSeries
    found: C
    seconds: float
    together: int


class BacktestService:
    """Forecasts at many cut-offs, once per app. All but the queue belongs to the event loop.

    Parameters
    ----------
    runtime : Runtime
        The engine and its thread.
    add : callable, optional
        Has the engine's thread work on the queue of passes; left out, beside forecasts.
    """

    def __init__(self, runtime: Runtime, add: Callable[[PieceQueue], None] | None = None) -> None:
        self._runtime, self._bridge = runtime, runtime.bridge
        self._limiter = CapacityLimiter(runtime.settings.queue_rows, "series of backtests")
        self._queue = PassQueue(self._slots, self._deliver)
        (add or self._bridge.add)(self._queue)

    async def stop(self, until: float) -> None:
        """Refuse new work and finish what there is.

        Parameters
        ----------
        until : float
            ``time.monotonic()`` at which this ends in any case.
        """
        if self._bridge.started:
            await DRAINING.run(self._limiter.close, max(0.0, until - time.monotonic()))

    async def run(
        self,
        model: Model,
        inputs: Sequence[SeriesInput | ServiceError],
        cuts: Cuts,
        collect: Callable[[Sequence[PreparedSeries]], C],
        deadline: Deadline,
    ) -> list["Hindcast[C] | ServiceError"]:
        """Read series in one pass each; each fails alone.

        Parameters
        ----------
        model : Model
            What forecasts.
        inputs : sequence of SeriesInput or ServiceError
            The series; an error stays in its place.
        cuts : Cuts
            Where they are forecast.
        collect : callable
            Makes what takes the forecasts of series that are read together.
        deadline : Deadline
            Until when it is worth it.

        Returns
        -------
        list of Hindcast or ServiceError
            In the order of ``inputs``.

        Raises
        ------
        QueueFull, Loading, Expired
            If there is no room, the engine is not warm, or time is up.
        """
        self._runtime.require()
        self._limiter.take(len(inputs))
        try:
            prepared = await DECODING.run(self._prepare, model, inputs, cuts, deadline)
            results: dict[int, Hindcast[C] | ServiceError] = {
                place: one for place, one in enumerate(prepared) if isinstance(one, ServiceError)
            }
            for group in _groups([one for one in prepared if isinstance(one, PreparedSeries)]):
                for one, outcome in zip(group, await self._pass(group, collect, deadline), strict=True):
                    results[one.place] = outcome
            return [results[place] for place in range(len(inputs))]
        finally:
            self._limiter.give(len(inputs))

    def _prepare(
        self, model: Model, inputs: Sequence[SeriesInput | ServiceError], cuts: Cuts, deadline: Deadline
    ) -> list[PreparedSeries | ServiceError]:
        found: list[PreparedSeries | ServiceError] = []
        for place, series in enumerate(deadline.each(inputs)):
            if isinstance(series, ServiceError):
                found.append(series)
                continue
            try:
                member, whole = choose_member(model, series, None)
                found.append(prepare(place, member, whole, self._runtime.limits(member), *cuts))
            except ServiceError as error:
                found.append(error)
            except StatecastError as error:
                found.append(Unprocessable(str(error)))
        return found

    async def _pass(
        self, group: Sequence[PreparedSeries], collect: Callable[[Sequence[PreparedSeries]], C], deadline: Deadline
    ) -> list["Hindcast[C] | ServiceError"]:
        done: asyncio.Future[ServiceError | None] = asyncio.get_running_loop().create_future()

        def receive(outcome: ServiceError | None) -> None:
            if not done.done():
                done.set_result(outcome)

        collected = collect(group)
        series = tuple(one.whole for one in group)
        task = PassTask(group[0].model.key, series, group[0].cutoffs, collected, deadline, receive)
        self._queue.submit(task)
        self._bridge.wake()
        try:
            outcome = await asyncio.wait_for(done, max(0.0, deadline.at - time.monotonic()))
        except TimeoutError:
            raise Expired("timeout_ms passed before the work was done; it was dropped and changed nothing") from None
        if isinstance(outcome, Expired):
            raise outcome
        if outcome is not None:
            return [outcome] * len(group)
        found: list[Hindcast[C] | ServiceError] = []
        row = 0
        for one in group:
            rows = slice(row, row := row + len(one.variables))
            found.append(Hindcast(one, collected.part(rows), task.seconds, len(group)))
        return found

    def _slots(self, key: str) -> SlotNetwork:
        return self._runtime.networks.of(key).slots

    def _deliver(self, task: PassTask, outcome: ServiceError | None) -> None:
        self._bridge.call_on_loop(task.receive, outcome)


def _groups(series: Sequence[PreparedSeries]) -> Iterator[list[PreparedSeries]]:
    """Series that are read together: of one network and with equal cut-offs."""
    alike: dict[tuple[object, ...], list[PreparedSeries]] = {}
    for one in series:
        key = one.model.key, one.cutoffs
        group = alike.setdefault(key, [])
        if group and sum(len(other.variables) for other in group) + len(one.variables) > ROWS_TOGETHER:
            yield alike.pop(key)
            group = alike.setdefault(key, [])
        group.append(one)
    yield from alike.values()
