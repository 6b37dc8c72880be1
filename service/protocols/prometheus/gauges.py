"""``GET /metrics/forecasts``: forecasts of sessions as gauges, in the text format that Prometheus scrapes."""

import time
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from service.deadline import Deadline
from service.errors import ServiceError
from service.protocols.container import Container, container_of
from service.protocols.forecast.answering import Caller, ForecastAnswers, answer_each
from service.protocols.forecast.schemas import ForecastRequest
from service.protocols.forecast.series import SeriesRequest
from service.protocols.openapi import failures
from service.serving.answer_numbers import numbers_of
from service.serving.series_answer import SeriesAnswer
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency

router = APIRouter(tags=["prometheus"])


@router.get(
    "/metrics/forecasts",
    operation_id="forecast_gauges",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **failures(404, 422, 429, 503, 504)},
)
async def forecasts(
    request: Request,
    prefix: Annotated[str, Query(max_length=256, description="How the sessions' ids begin.")] = "",
    session: Annotated[list[str] | None, Query(description="Ids, several times; in the place of a prefix.")] = None,
    horizon: Annotated[int, Query(ge=1, le=1000, description="Steps ahead; each is a gauge.")] = 1,
    limit: Annotated[int, Query(ge=1, le=1000, description="Sessions at most.")] = 100,
) -> Response:
    """Forecasts of the caller's sessions as they stand; none of them is changed.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    prefix : str
        How the sessions' ids begin.
    session : list of str or None
        Ids, in the place of a prefix.
    horizon : int
        Steps ahead.
    limit : int
        Sessions at most.
    """
    container, owner = container_of(request), request.state.owner
    deadline = Deadline(time.monotonic() + container.settings.default_timeout_ms / 1e3)
    services = container.ready()
    if session:
        found: list[Any] = [await services.forecasts.session(one, owner) for one in session[:limit]]
    else:
        page: Any = await services.sessions.list(owner, prefix, None, limit)
        found = page["sessions"]
    by_model: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        if one["kind"] == "forecaster":
            by_model.setdefault(f"{one['model']['name']}@{one['model']['version']}", []).append(one)
    gauges = Gauges()
    for model, own in by_model.items():
        gauges.add(await _forecast(container, model, own, horizon, Caller(owner), deadline), own)
    return Response(gauges.exposition(), media_type=CONTENT_TYPE_LATEST)


async def _forecast(
    container: Container,
    model: str,
    sessions: Sequence[dict[str, Any]],
    horizon: int,
    caller: Caller,
    deadline: Deadline,
) -> ForecastAnswers:
    nothing = np.empty(0)
    series = [SeriesRequest(session=one["id"], open=False, target={"": nothing}) for one in sessions]
    return await answer_each(container, ForecastRequest(series=series, model=model, horizon=horizon), caller, deadline)


class Gauges:
    """Forecasts as families of gauges."""

    def __init__(self) -> None:
        self._mean = GaugeMetricFamily("statecast_forecast_mean", "Mean of the forecast.", labels=["session", "step"])
        self._quantile = GaugeMetricFamily(
            "statecast_forecast_quantile", "Quantile of the forecast.", labels=["session", "step", "quantile"]
        )
        self._time = GaugeMetricFamily(
            "statecast_forecast_start_seconds", "Time of the forecast's first step, since 1970.", labels=["session"]
        )
        self._surprise = GaugeMetricFamily(
            "statecast_surprise", "Surprise of the last value: 0.001 is a low outlier.", labels=["session"]
        )

    def add(self, found: ForecastAnswers, sessions: Sequence[dict[str, Any]]) -> None:
        """Add the sessions of one model; those that could not be forecast are left out.

        Parameters
        ----------
        found : ForecastAnswers
            One answer per session, each of one variable.
        sessions : sequence of dict
            As ``GET /sessions/{id}`` describes them.
        """
        pairs = zip(sessions, found.answers, strict=True)
        answered = [(one, answer) for one, answer in pairs if _is_plain(answer)]
        if not answered:
            return
        answers = [answer for _, answer in answered if isinstance(answer, SeriesAnswer)]
        numbers, _ = numbers_of(answers, found.horizon, found.model, found.levels)
        for (one, _), answer, rows in zip(answered, answers, numbers, strict=True):
            name = one["id"]
            for step, (mean, *quantiles) in enumerate(rows.tolist(), 1):
                self._mean.add_metric([name, str(step)], mean)
                for level, value in zip(found.levels, quantiles, strict=True):
                    self._quantile.add_metric([name, str(step), repr(level)], value)
            if answer.freq is not None:
                axis = TimeAxis(Frequency.parse(answer.freq), answer.offset, answer.zone)
                second = axis.instants(np.array([answer.start])).astype("datetime64[s]").astype(np.int64)[0]
                self._time.add_metric([name], float(second))
            surprises = one["scores"]["surprise"]
            if surprises and surprises[-1] is not None:
                self._surprise.add_metric([name], float(surprises[-1]))

    def exposition(self) -> bytes:
        """Everything in the text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> list[GaugeMetricFamily]:
        """Give the families; ``CollectorRegistry`` asks for them."""
        return [self._mean, self._quantile, self._time, self._surprise]


def _is_plain(answer: SeriesAnswer | ServiceError) -> bool:
    return isinstance(answer, SeriesAnswer) and answer.variables == 1
