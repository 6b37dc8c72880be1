"""``POST /forecast``, as a plain ASGI endpoint: the framework's own machinery would cost more than the forecast."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.codecs.if_match import read_if_match
from service.codecs.table_warnings import HEADER, write_warnings
from service.deadline import Deadline
from service.errors import Overtaken, ServiceError
from service.http.body import JSON, content_kind, read_body, reply_kind
from service.http.middleware import send_compressed, send_failure
from service.http.sse import while_there
from service.models.work_limits import timeout_of
from service.protocols.container import Container, Services
from service.protocols.forecast.answering import INLINE_VALUES, Caller, answer_forecasts
from service.protocols.forecast.body import decode
from service.protocols.forecast.encoder import ForecastEncoder
from service.protocols.forecast.schemas import FORECAST
from service.protocols.forecast.streamed.json_body import read_json
from service.protocols.forecast.streamed.json_reply import JsonReply
from service.serving.admission import Admission
from service.streaming.lane import StreamingLane
from service.threads import DECODING

_log = logging.getLogger(__name__)
_BESIDE = frozenset((b"content-encoding", b"idempotency-key", b"if-match"))
"""Headers that say what the general way alone knows of."""
Reply = tuple[bytes, Sequence[tuple[bytes, bytes]]]
"""A body, and headers beside it."""
STREAMED_BYTES = 2**20
"""Bodies up to here are read on the loop to see whether they only stream observations."""


class Forecast:
    """The endpoint."""

    def __init__(self, container: Container, admission: Admission) -> None:
        self._container, self._admission = container, admission
        self._settings = container.settings
        self._metrics = container.metrics
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the work of a client that leaves is dropped."""
        headers = dict(scope["headers"])
        try:
            kind, (body, beside) = await self._answer(scope, headers, receive)
        except ClientDisconnect:
            return
        except ServiceError as error:
            self._metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        await send_compressed(kind, body, headers, b"Accept, Accept-Encoding", send, beside)

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> tuple[str, Reply]:
        began = time.monotonic()
        kind = content_kind(headers)
        wanted = reply_kind(headers, kind)
        body = await read_body(headers, receive, self._settings.max_body_bytes)
        services = self._container.ready()
        if kind == wanted == JSON and not scope.get("query_string") and _BESIDE.isdisjoint(headers):
            with suppress(Overtaken):  # the general way reads the session anew
                streamed = await self._stream(services.lane, body, scope, began, receive)
                if streamed is not None:
                    return wanted, (streamed, ())
        refused = self._admission.refusal(body, scope.get("query_string", b""), began)
        if refused is not None:
            raise refused
        with self._admission.work(body):
            work = asyncio.ensure_future(self._work(scope, headers, (kind, wanted), body, services, began))
            return wanted, await while_there(work, receive)

    async def _work(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        kinds: tuple[str, str],
        body: bytes,
        services: Services,
        began: float,
    ) -> Reply:
        """Decode, forecast and encode, until the deadline and while the client is there."""
        deadline = Deadline(began + self._settings.default_timeout_ms / 1e3)
        try:
            # Of a burst of requests one is taken up in a turn of the loop, so that /live waits for one, not for all.
            async with self._turn:
                await asyncio.sleep(0)
            find_model = partial(services.catalogue.resolve, kind="forecaster")
            request = await decode(scope, headers, kinds[0], body, self._settings, deadline, find_model, FORECAST)
            deadline.at = began + timeout_of(request.timeout_ms, self._settings) / 1e3
            state = scope["state"]
            caller = Caller(state["owner"], read_if_match(headers.get(b"if-match")), state.get("idempotency_key"))
            found = await answer_forecasts(self._container, request, caller, deadline)
            encoder = ForecastEncoder(request, found.model, found.horizon, found.levels, state["request_id"])
            numbers = len(found.answers) * found.horizon * (len(found.levels) + 1)
            if numbers > INLINE_VALUES or kinds[1] != JSON:
                body, warned = await DECODING.run(encoder.encode, found.answers, kinds[1])
            else:
                body, warned = encoder.encode(found.answers, kinds[1])
            return body, [(HEADER.lower().encode(), write_warnings(warned))] if warned else ()
        except asyncio.CancelledError:
            deadline.leave()
            raise

    async def _stream(
        self, lane: StreamingLane, body: bytes, scope: Scope, began: float, receive: Receive
    ) -> bytes | None:
        """Give the reply of a request that only streams observations, None where it is another."""
        streamed = read_json(body) if len(body) <= STREAMED_BYTES else None
        if streamed is None:
            return None
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        client = _Client(began)

        def answer(outcome: bytes | ServiceError) -> None:
            if reply.done():
                return
            if isinstance(outcome, bytes):
                reply.set_result(outcome)
            else:
                reply.set_exception(outcome)

        state = scope["state"]
        if not lane.accept(streamed, state["owner"], state["request_id"], client, JsonReply(), answer):
            return None
        try:
            return await while_there(reply, receive)
        except ClientDisconnect:
            client.closed = True
            raise


@dataclass(slots=True)
class _Client:
    began: float
    closed: bool = False
