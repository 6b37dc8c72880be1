"""From series to their scenario paths: a forecast of each, then paths drawn from it. Lives on the event loop."""

import asyncio
import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from service.errors import Expired, ServiceError
from service.models.model import Model
from service.models.session_model import check_model, choose_member
from service.scheduling.scenario_queue import ScenarioTask
from service.serving.job_builder import build_job, each
from service.serving.runtime import Runtime
from service.serving.series_answer import SeriesAnswer
from service.serving.series_work import SeriesWork, run_series
from service.sessions.series_input import SeriesInput
from service.sessions.turn import SessionTurn
from service.sessions.updates.plan import plan_update

# An odd number far from any power of two: it keeps the seeds of neighbouring series apart.
_STRIDE = 0x1E3779B97F4A7C15


class ScenarioService:
    """Scenario paths. Every method belongs to one loop; no session is ever changed.

    Parameters
    ----------
    runtime : Runtime
        Sessions and engine.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def forecast_many(self, model: Model, inputs: Sequence[SeriesInput]) -> list[SeriesAnswer | ServiceError]:
        """Forecast what paths are drawn from: after each history, or after the session and what the request adds to it.

        Parameters
        ----------
        model : Model
            What forecasts.
        inputs : sequence of SeriesInput
            The series, all with the horizon of the paths.

        Returns
        -------
        list of SeriesAnswer or ServiceError
            In the order of ``inputs``.

        Raises
        ------
        Loading
            If the models are not loaded yet.
        """
        self._runtime.require()
        prepare = partial(each, partial(self._prepare, model))
        return await run_series(self._runtime.bridge.forecasts, self._runtime.sessions, inputs, prepare)

    async def draw(
        self,
        model: Model,
        forecasts: Sequence[SeriesAnswer],
        horizon: int,
        samples: int,
        seed: int,
        temperature: float,
        deadline: float = math.inf,
    ) -> NDArray[np.float64]:
        """Draw paths. A caller that is cancelled gives the drawing up before its next piece.

        Parameters
        ----------
        model : Model
            What forecast.
        forecasts : sequence of SeriesAnswer
            Of each series, R variables together.
        horizon : int
            Steps of a path.
        samples : int
            Paths per variable.
        seed : int
            Fixes all paths.
        temperature : float
            1 for paths as forecast, more for wider ones, less for narrower ones, 0 for the mean path.
        deadline : float
            ``time.monotonic()`` after which the drawing is given up.

        Returns
        -------
        array, ``[R, samples, horizon]``
            A row that failed is not finite.

        Raises
        ------
        ServiceError
            If too much is at work, or the engine failed.
        """
        rows = [forecast.variables for forecast in forecasts]
        with np.errstate(over="ignore"):
            seeds = np.int64(seed) + np.arange(sum(rows), dtype=np.int64) * np.int64(_STRIDE)
        # Members of a family look ahead differently far and know the dependence of errors differently far.
        reaches = [forecast.autocorrelation.shape[1] for forecast in forecasts]
        whose = np.repeat(reaches, rows)
        if len(set(reaches)) == 1:
            return await self._draw(model, forecasts, horizon, samples, seeds, temperature, deadline)
        paths = np.empty((len(seeds), samples, horizon))
        for reach in dict.fromkeys(reaches):
            part = [forecast for forecast, own in zip(forecasts, reaches, strict=True) if own == reach]
            index = whose == reach
            paths[index] = await self._draw(model, part, horizon, samples, seeds[index], temperature, deadline)
        return paths

    async def _draw(
        self,
        model: Model,
        forecasts: Sequence[SeriesAnswer],
        horizon: int,
        samples: int,
        seeds: NDArray[np.int64],
        temperature: float,
        deadline: float,
    ) -> NDArray[np.float64]:
        """Draw paths of series that one network forecast."""
        done: asyncio.Future[NDArray[np.float64]] = asyncio.get_running_loop().create_future()

        def receive(outcome: NDArray[np.float64] | ServiceError) -> None:
            if done.done():
                return
            if isinstance(outcome, ServiceError):
                done.set_exception(outcome)
            else:
                done.set_result(outcome)

        task = ScenarioTask(
            np.concatenate([forecast.quantiles[:, :horizon] for forecast in forecasts]),
            np.concatenate([forecast.mean[:, :horizon] for forecast in forecasts]),
            np.concatenate([forecast.autocorrelation for forecast in forecasts]),
            model.config.quantile_levels, model.member(forecasts[0].season).tail_exponents, samples, seeds,
            temperature, receive, deadline,
        )  # fmt: skip
        self._runtime.scenarios.submit(task)
        self._runtime.bridge.wake()
        try:
            return await done
        except asyncio.CancelledError:
            task.cancelled = Expired("the client left")
            raise

    def _prepare(self, model: Model, series: SeriesInput, turn: SessionTurn | None) -> SeriesWork:
        record = None if turn is None else turn.record
        if turn is not None:
            turn.check_match(series.match)
        if turn is None or record is None:
            model, series = choose_member(model, series, None)
            any_length = self._runtime.any_length(model)
            update = plan_update(None, series, self._runtime.limits(model))
            work = SeriesWork(model, series, update, build_job(model, series, update, any_length=any_length), turn)
            if turn is not None:
                detail = "there is no such session; the paths go on from the history given alone"
                work.warnings = (("session_not_opened", detail),)
            return work
        check_model(record, model, turn.session)
        model, series = choose_member(model, series, record)
        update = plan_update(record, series, self._runtime.limits(model))
        lease, any_length = turn.checkout(model.key, len(series.variables)), self._runtime.any_length(model)
        return SeriesWork(
            model, series, update, build_job(model, series, update, record, lease, any_length=any_length), turn, record
        )
