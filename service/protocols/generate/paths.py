"""Paths of series: taken in as forecasts are, their work bounded before anything waits, whole or step by step."""

import asyncio
import time
from itertools import islice

import orjson
from starlette.requests import ClientDisconnect

from service.errors import ServiceError, TooLarge, Unprocessable
from service.http.problems import all_failed, problem
from service.http.sse import HEARTBEAT_S, Events, NumberedEvents, send_events, unless_left
from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.validation import Caller, SeriesValidator, levels_of, validate_series
from service.protocols.generate.path_reply import Begun, PathReply
from service.protocols.generate.schemas import PathsRequest
from service.protocols.json_endpoint import Exchange
from service.serving.catalog import Model
from service.serving.scenarios import ScenarioService
from service.serving.text import new_seed
from service.settings import Settings
from statecast.errors import StatecastError

# Steps of all paths that are sent at once.
STEPS_AT_ONCE = 16


async def answer_paths(
    scenarios: ScenarioService, model: Model, wanted: PathsRequest, settings: Settings, exchange: Exchange
) -> bytes | None:
    """Answer a request for paths; None once it was streamed.

    Raises
    ------
    ServiceError, ClientDisconnect
        If all series failed, it is too much, or the client left.
    """
    horizon = model.config.horizon if wanted.horizon is None else wanted.horizon
    check_work(wanted, horizon, settings)
    levels = tuple(levels_of(wanted, model.config))
    caller = Caller(exchange.owner, time.monotonic() + settings.default_timeout_ms / 1e3)
    branching = asyncio.ensure_future(_branch(scenarios, model, wanted, settings, horizon, caller))
    if not await unless_left(branching, exchange.left):
        raise ClientDisconnect
    seed = new_seed() if wanted.seed is None else wanted.seed
    reply = PathReply(wanted, model, levels, seed, branching.result(), exchange.request_id)
    drawing = asyncio.ensure_future(_draw(scenarios, reply, horizon))
    if wanted.stream:
        made = NumberedEvents()
        await send_events(
            exchange.send,
            _events(reply, drawing, exchange.left, made),
            lambda error: made("error", problem(error, reply.request_id)),
            exchange.left,
        )
        return None
    if not await unless_left(drawing, exchange.left):
        raise ClientDisconnect
    drawing.result()
    return await asyncio.to_thread(lambda: orjson.dumps(reply.whole(), option=orjson.OPT_SERIALIZE_NUMPY))


def check_work(wanted: PathsRequest, horizon: int, settings: Settings) -> None:
    """Refuse what is over a limit.

    Raises
    ------
    TooLarge
        It names the limit.
    """
    if horizon > settings.max_path_steps:
        raise TooLarge(
            f"horizon: expected at most {settings.max_path_steps} (STATECAST_MAX_PATH_STEPS), got {horizon}; ask for "
            "fewer steps"
        )
    rows = sum(max(1, len(series.target)) for series in wanted.series)
    values = wanted.num_samples * horizon * rows
    if values > settings.max_path_values:
        raise TooLarge(
            f"num_samples: expected num_samples times horizon times series of at most {settings.max_path_values} "
            f"(STATECAST_MAX_PATH_VALUES), got {wanted.num_samples} times {horizon} times {rows}; ask for fewer"
        )


async def _branch(
    scenarios: ScenarioService, model: Model, wanted: PathsRequest, settings: Settings, horizon: int, caller: Caller
) -> list[Begun]:
    def check(series: SeriesRequest) -> SeriesValidator | ServiceError:
        try:
            return validate_series(series, wanted, model, settings, horizon, caller)
        except ServiceError as error:
            return error
        except StatecastError as error:
            return Unprocessable(str(error))

    series = wanted.series
    inlets = await asyncio.to_thread(lambda: [check(entry) for entry in series])
    inputs = [inlet.arrival for inlet in inlets if not isinstance(inlet, ServiceError)]
    forecasts = iter(await scenarios.forecast_many(model, inputs))
    begun = [
        Begun(entry.item_id, ("",), inlet)
        if isinstance(inlet, ServiceError)
        else Begun(entry.item_id, inlet.arrival.variables, next(forecasts), inlet.warnings)
        for entry, inlet in zip(series, inlets, strict=True)
    ]
    failures = [entry.branched for entry in begun if isinstance(entry.branched, ServiceError)]
    if len(failures) == len(begun):
        raise all_failed(failures)
    return begun


async def _draw(scenarios: ScenarioService, reply: PathReply, horizon: int) -> None:
    branched = [one.branched for one in reply.series if not isinstance(one.branched, ServiceError)]
    wanted = reply.wanted
    drawn = await scenarios.draw(reply.model, branched, horizon, wanted.num_samples, reply.seed, wanted.temperature)
    reply.take(drawn)
    failures = [one.branched for one in reply.series if isinstance(one.branched, ServiceError)]
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
        steps = reply.steps() if "samples" in reply.wanted.returns else iter(())
        while part := await asyncio.to_thread(lambda: [made("step", step) for step in islice(steps, STEPS_AT_ONCE)]):
            yield part
        yield [made("done", reply.whole(samples=False))]
    finally:
        drawing.cancel()
