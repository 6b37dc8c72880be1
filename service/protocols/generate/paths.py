"""Paths of series: taken in as forecasts are, their work bounded before anything waits, whole or step by step."""

import asyncio
import logging
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Send

from service.codecs.forecast_request import Series
from service.errors import ServiceError, TooLarge, Unprocessable
from service.http.problems import all_failed, problem
from service.http.sse import HEARTBEAT_S, STOPPED, Events, event, unless_left
from service.protocols.forecast.validation import Caller, SeriesValidator, levels_of, validate_series
from service.protocols.generate.json_body import ScenarioRequest
from service.protocols.generate.path_reply import Begun, PathReply
from service.serving.catalog import Model
from service.serving.scenarios import ScenarioService
from service.serving.text import new_seed
from service.settings import Settings
from statecast.errors import StatecastError

_log = logging.getLogger(__name__)
Watch = asyncio.Future[None]
# Steps of all paths that are sent at once.
STEPS_AT_ONCE = 16


async def answer_paths(
    pathing: ScenarioService,
    model: Model,
    wanted: ScenarioRequest,
    settings: Settings,
    owner: str,
    identity: str,
    watch: Watch,
    send: Send,
) -> bytes | None:
    """Answer a request for paths; None once it was streamed.

    Raises
    ------
    ServiceError, ClientDisconnect
        If all series failed, it is too much, or the client left.
    """
    horizon = model.config.horizon if wanted.asked.horizon is None else wanted.asked.horizon
    check_work(wanted, horizon, settings)
    levels = tuple(levels_of(wanted.asked, model.config))
    caller = Caller(owner, time.monotonic() + settings.default_timeout_ms / 1e3)
    branching = asyncio.ensure_future(_branch(pathing, model, wanted, settings, horizon, caller))
    if not await unless_left(branching, watch):
        raise ClientDisconnect
    seed = new_seed() if wanted.seed is None else wanted.seed
    reply = PathReply(wanted, model, levels, seed, branching.result(), identity)
    drawing = asyncio.ensure_future(_draw(pathing, reply))
    if wanted.stream:
        await _stream(reply, drawing, watch, Events(send))
        return None
    if not await unless_left(drawing, watch):
        raise ClientDisconnect
    drawing.result()
    return await asyncio.to_thread(lambda: orjson.dumps(reply.whole(), option=orjson.OPT_SERIALIZE_NUMPY))


def check_work(wanted: ScenarioRequest, horizon: int, settings: Settings) -> None:
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
    rows = sum(max(1, len(series.target)) for series in wanted.asked.series)
    values = wanted.num_samples * horizon * rows
    if values > settings.max_path_values:
        raise TooLarge(
            f"num_samples: expected num_samples times horizon times series of at most {settings.max_path_values} "
            f"(STATECAST_MAX_PATH_VALUES), got {wanted.num_samples} times {horizon} times {rows}; ask for fewer"
        )


async def _branch(
    pathing: ScenarioService, model: Model, wanted: ScenarioRequest, settings: Settings, horizon: int, caller: Caller
) -> list[Begun]:
    def check(series: Series) -> SeriesValidator | ServiceError:
        try:
            return validate_series(series, wanted.asked, model, settings, horizon, caller)
        except ServiceError as error:
            return error
        except StatecastError as error:
            return Unprocessable(str(error))

    async def one(series: Series, inlet: SeriesValidator | ServiceError) -> Begun:
        if isinstance(inlet, ServiceError):
            return Begun(series.item_id, ("",), inlet)
        variables = inlet.arrival.variables
        try:
            branched = await pathing.branch(model, inlet.arrival, horizon)
        except ServiceError as error:
            return Begun(series.item_id, variables, error)
        except StatecastError as error:
            return Begun(series.item_id, variables, Unprocessable(str(error)))
        return Begun(series.item_id, variables, branched, inlet.warnings)

    series = wanted.asked.series
    inlets = await asyncio.to_thread(lambda: [check(entry) for entry in series])
    begun = await asyncio.gather(*(one(entry, inlet) for entry, inlet in zip(series, inlets, strict=True)))
    failures = [entry.branched for entry in begun if isinstance(entry.branched, ServiceError)]
    if len(failures) == len(begun):
        raise all_failed(failures)
    return list(begun)


async def _draw(pathing: ScenarioService, reply: PathReply) -> None:
    branched = [one.branched for one in reply.series if not isinstance(one.branched, ServiceError)]
    wanted = reply.wanted
    drawn = await pathing.draw(branched, wanted.num_samples, reply.seed, wanted.temperature)
    reply.take(drawn)
    failures = [one.branched for one in reply.series if isinstance(one.branched, ServiceError)]
    if len(failures) == len(reply.series):
        raise all_failed(failures)


async def _stream(reply: PathReply, drawing: "asyncio.Future[None]", watch: Watch, events: Events) -> None:
    number = 0
    await events.open()
    await events.put([event("start", number, reply.head())])
    try:
        while not drawing.done():
            await asyncio.wait((drawing, watch), timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                return
            if not drawing.done():
                await events.put(())
        drawing.result()
        steps = reply.steps() if "samples" in reply.wanted.returns else iter(())
        while part := await asyncio.to_thread(_events, steps, number):
            if watch.done():
                return
            number += len(part)
            await events.put(part)
        await events.put([event("done", number + 1, reply.whole(samples=False))])
    except ServiceError as error:
        await events.put([event("error", number + 1, problem(error, reply.request_id))])
    except asyncio.CancelledError:
        await events.put([event("error", number + 1, problem(STOPPED, reply.request_id))])
        raise
    except Exception:  # the status is sent: silence would look like paths that ended
        _log.exception("request %s failed while it was streamed", reply.request_id)
        defect = ServiceError("this is a defect of the server; its log has the request_id")
        await events.put([event("error", number + 1, problem(defect, reply.request_id))])
    finally:
        drawing.cancel()
    await events.close()


def _events(steps: Iterator[dict[str, Any]], number: int) -> list[bytes]:
    return [event("step", number + place, told) for place, told in enumerate(islice(steps, STEPS_AT_ONCE), start=1)]
