"""Paths of series: validated as forecasts are, their work bounded before anything waits, whole or step by step."""

import asyncio
from dataclasses import replace
from itertools import islice

import orjson

from service.codecs.if_match import check_single
from service.errors import ServiceError, TooLarge
from service.http.problems import all_failed, problem
from service.http.sse import HEARTBEAT_S, Events, NumberedEvents, send_events, unless_left
from service.models.model import Model
from service.models.work_limits import check_reply, levels_of
from service.protocols.forecast.validation import validate
from service.protocols.generate.path_reply import PathReply, PathStart
from service.protocols.generate.schemas import PathsRequest
from service.protocols.json_endpoint import Exchange
from service.serving.scenarios import ScenarioService
from service.serving.text import new_seed
from service.sessions.series_input import SeriesInput
from service.settings import Settings
from service.threads import DECODING

# Steps of all paths that are sent at once.
STEPS_AT_ONCE = 16
FORECAST_SAMPLES = 10
"""A step of the forecast that paths are drawn from costs as much as so many values of paths."""


async def answer_paths(
    scenarios: ScenarioService, model: Model, request: PathsRequest, settings: Settings, exchange: Exchange
) -> bytes | None:
    """Answer a request for paths.

    Parameters
    ----------
    scenarios : ScenarioService
        Draws the paths.
    model : Model
        One that forecasts series.
    request : PathsRequest
        What the client sent.
    settings : Settings
        Limits.
    exchange : Exchange
        The way back to the client.

    Returns
    -------
    bytes or None
        The whole answer in JSON; None once it was streamed.

    Raises
    ------
    ServiceError, ClientDisconnect
        If all series failed, it is too much, or the client left.
    """
    horizon = model.config.horizon if request.horizon is None else request.horizon
    check_work(request, horizon, settings)
    levels = tuple(levels_of(request.quantile_levels, model.config, settings))
    if "quantiles" in request.returns:
        check_reply(sum([len(series.target) or 1 for series in request.series]), horizon, levels, settings)
    starting = asyncio.ensure_future(_start(scenarios, model, request, settings, horizon, exchange))
    starts = await unless_left(starting, exchange.left)
    seed = new_seed() if request.seed is None else request.seed
    reply = PathReply(request, model, levels, seed, starts, exchange.request_id, exchange.deadline)
    drawing = asyncio.ensure_future(_draw(scenarios, reply, horizon))
    if request.stream:
        made = NumberedEvents()
        await send_events(
            exchange.send,
            _events(reply, drawing, exchange.left, made),
            lambda error: made("error", problem(error, reply.request_id)),
            exchange.left,
        )
        return None
    await unless_left(drawing, exchange.left)
    return await DECODING.run(lambda: orjson.dumps(reply.whole(), option=orjson.OPT_SERIALIZE_NUMPY))


def check_work(request: PathsRequest, horizon: int, settings: Settings) -> None:
    """Refuse a request that is over a limit, before anything waits for it.

    Parameters
    ----------
    request : PathsRequest
        What the client sent.
    horizon : int
        Steps ahead F that it gets.
    settings : Settings
        Limits.

    Raises
    ------
    TooLarge
        It names the limit.
    """
    if horizon > settings.max_path_steps:
        raise TooLarge(
            f"horizon: expected at most {settings.max_path_steps} (STATECAST_MAX_PATH_STEPS), got {horizon}; request "
            "fewer steps"
        )
    if request.num_samples > settings.max_samples:
        raise TooLarge(
            f"num_samples: expected at most {settings.max_samples} (STATECAST_MAX_SAMPLES), got {request.num_samples}; "
            "request fewer paths"
        )
    rows = sum(max(1, len(series.target)) for series in request.series)
    values = max(request.num_samples, FORECAST_SAMPLES) * horizon * rows
    if values > settings.max_path_values:
        raise TooLarge(
            f"num_samples: expected num_samples times horizon times series of at most {settings.max_path_values} "
            f"(STATECAST_MAX_PATH_VALUES), got {request.num_samples} times {horizon} times {rows}; request fewer"
        )


async def _start(
    scenarios: ScenarioService,
    model: Model,
    request: PathsRequest,
    settings: Settings,
    horizon: int,
    exchange: Exchange,
) -> list[PathStart]:
    owner, deadline = exchange.owner, exchange.deadline
    check_single(exchange.match, [series.session for series in request.series], "series")
    inputs = await DECODING.run(validate, request, model, settings, horizon, owner, deadline)
    valid = [replace(one, match=exchange.match) for one in inputs if isinstance(one, SeriesInput)]
    answers = iter(await scenarios.forecast_many(model, valid))
    starts = [
        PathStart(series.item_id, one.variables, next(answers))
        if isinstance(one, SeriesInput)
        else PathStart(series.item_id, ("",), one)
        for series, one in zip(request.series, inputs, strict=True)
    ]
    failures = [entry.forecast for entry in starts if isinstance(entry.forecast, ServiceError)]
    if len(failures) == len(starts):
        raise all_failed(failures)
    return starts


async def _draw(scenarios: ScenarioService, reply: PathReply, horizon: int) -> None:
    forecasts = [one.forecast for one in reply.series if not isinstance(one.forecast, ServiceError)]
    request = reply.request
    samples = await scenarios.draw(
        reply.model, forecasts, horizon, request.num_samples, reply.seed, request.temperature, reply.deadline.at
    )
    reply.keep(samples)
    failures = [one.forecast for one in reply.series if isinstance(one.forecast, ServiceError)]
    if len(failures) == len(reply.series):
        raise all_failed(failures)


async def _events(
    reply: PathReply, drawing: "asyncio.Future[None]", left: "asyncio.Future[None]", made: NumberedEvents
) -> Events:
    try:
        yield [made("start", reply.head())]
        while not drawing.done():
            await asyncio.wait((drawing, left), timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if left.done():
                return
            if not drawing.done():
                yield ()
        drawing.result()
        steps = reply.steps() if "samples" in reply.request.returns else iter(())
        while part := await DECODING.run(lambda: [made("step", step) for step in islice(steps, STEPS_AT_ONCE)]):
            yield part
        yield [await DECODING.run(lambda: made("done", reply.whole(samples=False)))]
    finally:
        drawing.cancel()
