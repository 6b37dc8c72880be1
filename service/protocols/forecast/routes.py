"""``POST /forecast``, as a plain ASGI endpoint: the framework's own machinery would cost more than the forecast."""

import asyncio
import logging
import time
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.errors import ServiceError, Unprocessable
from service.http.body import JSON, content_kind, read_body, reply_kind
from service.http.middleware import send_compressed, send_failure
from service.http.problems import all_failed
from service.protocols.container import Container
from service.protocols.forecast.body import decode
from service.protocols.forecast.reply import Reply, Served
from service.protocols.forecast.schemas import ForecastRequest
from service.protocols.forecast.series import SeriesRequest
from service.protocols.forecast.validation import Caller, horizon_of, levels_of, validate_series
from service.serving.forecasts import ForecastService
from statecast.errors import StatecastError

_log = logging.getLogger(__name__)
# Values in, or numbers out, above which a request's numpy work leaves the loop.
INLINE_VALUES = 50_000


class Forecast:
    """The endpoint."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._settings = container.settings
        self._metrics = container.metrics
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves drops its work."""
        identity, headers = scope["state"]["request_id"], dict(scope["headers"])
        try:
            kind, body = await self._answer(scope, headers, receive, identity)
        except ClientDisconnect:
            return
        except ServiceError as error:
            self._metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        await send_compressed(kind, body, headers, b"Accept, Accept-Encoding", send)

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, identity: str
    ) -> tuple[str, bytes]:
        began = time.monotonic()
        kind = content_kind(headers)
        wanted = reply_kind(headers, kind)
        body = await read_body(headers, receive, self._settings.max_body_bytes)
        services = self._container.ready()
        # Of a burst of requests one is taken up in a turn of the loop, so that /live waits for one, not for all.
        async with self._turn:
            await asyncio.sleep(0)
        asked = await decode(scope, headers, kind, body, self._settings)
        model = services.catalogue.resolve(asked.model, "forecaster")
        timeout_ms = self._settings.default_timeout_ms if asked.timeout_ms is None else asked.timeout_ms
        caller = Caller(scope["state"]["owner"], began + timeout_ms / 1e3)
        reply = Reply(asked, model, horizon_of(asked, model), tuple(levels_of(asked, model.config)), [], identity)
        work = asyncio.ensure_future(self._serve(services.forecasts, reply, caller))
        watch = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ClientDisconnect
            work.result()
        finally:
            watch.cancel()
            work.cancel()
        numbers = len(reply.served) * reply.horizon * (len(reply.levels) + 1)
        if numbers > INLINE_VALUES or wanted != JSON:
            return wanted, await asyncio.to_thread(reply.encode, wanted)
        return wanted, reply.encode(wanted)

    async def _serve(self, forecasting: ForecastService, reply: Reply, caller: "Caller") -> None:
        """Forecast every series at once, and put the answers into the reply in the request's order."""
        series = reply.asked.series
        taken = await self._take_in(reply, caller)
        inputs = [inlet.arrival for inlet in taken if not isinstance(inlet, ServiceError)]
        answers = iter(await forecasting.forecast_many(reply.model, inputs))
        served = [
            Served(one.item_id, inlet)
            if isinstance(inlet, ServiceError)
            else Served(one.item_id, next(answers), inlet.warnings, inlet.arrival.variables)
            for one, inlet in zip(series, taken, strict=True)
        ]
        failures = [one.answer for one in served if isinstance(one.answer, ServiceError)]
        if len(failures) == len(served):
            raise all_failed(failures)
        for failure in failures:
            self._metrics.rejected.labels(failure.code).inc()
        reply.served.extend(served)

    async def _take_in(self, reply: Reply, caller: "Caller") -> list[Any]:
        asked, model = reply.asked, reply.model

        def check(series: SeriesRequest) -> Any:
            try:
                return validate_series(series, asked, model, self._settings, reply.horizon, caller)
            except ServiceError as error:
                return error
            except StatecastError as error:
                return Unprocessable(str(error))

        # To look for a season takes ten times as long as all else.
        weight = 10 if model.longest_season else 1
        if weight * _values(asked) > INLINE_VALUES:
            return await asyncio.to_thread(lambda: [check(one) for one in asked.series])
        return [check(one) for one in asked.series]


def _values(asked: ForecastRequest) -> int:
    # A series costs about as much to check as 500 values.
    return sum(500 + sum(map(len, one.target.values())) for one in asked.series)


async def _left(receive: Receive) -> None:
    """End when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
