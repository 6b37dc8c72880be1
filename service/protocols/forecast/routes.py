"""``POST /forecast``, as a plain ASGI endpoint: the framework's own machinery would cost more than the forecast."""

import asyncio
import logging
import time

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.errors import ServiceError
from service.http.body import JSON, content_kind, read_body, reply_kind
from service.http.middleware import send_compressed, send_failure
from service.http.problems import all_failed
from service.http.sse import client_left, unless_left
from service.protocols.container import Container
from service.protocols.forecast.body import decode
from service.protocols.forecast.encoder import ForecastEncoder
from service.protocols.forecast.schemas import ForecastRequest
from service.protocols.forecast.validation import horizon_of, levels_of, validate
from service.serving.forecasts import ForecastService
from service.serving.model import Model
from service.serving.series_answer import SeriesAnswer
from service.sessions.series_input import SeriesInput

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
        """Answer one request; the work of a client that leaves is dropped."""
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
        request = await decode(scope, headers, kind, body, self._settings)
        model = services.catalogue.resolve(request.model, "forecaster")
        timeout_ms = self._settings.default_timeout_ms if request.timeout_ms is None else request.timeout_ms
        owner, deadline = scope["state"]["owner"], began + timeout_ms / 1e3
        horizon, levels = horizon_of(request, model), tuple(levels_of(request, model.config))
        work = asyncio.ensure_future(self._forecast(services.forecasts, request, model, horizon, owner, deadline))
        left = asyncio.ensure_future(client_left(receive))
        try:
            if not await unless_left(work, left):
                raise ClientDisconnect
        finally:
            left.cancel()
        answers = work.result()
        encoder = ForecastEncoder(request, model, horizon, levels, identity)
        if len(answers) * horizon * (len(levels) + 1) > INLINE_VALUES or wanted != JSON:
            return wanted, await asyncio.to_thread(encoder.encode, answers, wanted)
        return wanted, encoder.encode(answers, wanted)

    async def _forecast(
        self,
        forecasts: ForecastService,
        request: ForecastRequest,
        model: Model,
        horizon: int,
        owner: str,
        deadline: float,
    ) -> list[SeriesAnswer | ServiceError]:
        """Forecast every series at once; give the answers in the request's order."""
        inputs = await self._validate(request, model, horizon, owner, deadline)
        valid = [one for one in inputs if isinstance(one, SeriesInput)]
        found = iter(await forecasts.forecast_many(model, valid))
        answers = [next(found) if isinstance(one, SeriesInput) else one for one in inputs]
        failures = [answer for answer in answers if isinstance(answer, ServiceError)]
        if len(failures) == len(answers):
            raise all_failed(failures)
        for failure in failures:
            self._metrics.rejected.labels(failure.code).inc()
        return answers

    async def _validate(
        self, request: ForecastRequest, model: Model, horizon: int, owner: str, deadline: float
    ) -> list[SeriesInput | ServiceError]:
        # A series costs about as much to check as 500 values; to look for a season takes ten times as long as all else.
        values = sum(500 + sum(map(len, one.target.values())) for one in request.series)
        if (10 if model.longest_season else 1) * values > INLINE_VALUES:
            return await asyncio.to_thread(validate, request, model, self._settings, horizon, owner, deadline)
        return validate(request, model, self._settings, horizon, owner, deadline)
