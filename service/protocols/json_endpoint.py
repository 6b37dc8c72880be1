"""An endpoint that takes a JSON object, or media, and answers with JSON or with events, as a plain ASGI app."""

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.codecs.if_match import read_if_match
from service.deadline import Deadline
from service.errors import ServiceError, UnknownContent
from service.http.body import INLINE_BYTES, INLINE_OBJECTS, JSON, KINDS, content_kind, read_body
from service.http.compression import decompress
from service.http.middleware import send_compressed, send_failure
from service.http.sse import client_left
from service.models.work_limits import timeout_of
from service.protocols.container import Container, Services
from service.receipts import RequestKey
from service.threads import DECODING

R = TypeVar("R")


@dataclass(frozen=True)
class Body:
    """What a request brings."""

    kind: str
    """Its content type."""
    data: bytes
    """Decompressed."""
    query: bytes
    """Query string, as it stands in the request."""


@dataclass(frozen=True)
class Exchange:
    """One request and the way back to its client."""

    owner: str
    """Whose sessions it may name."""
    request_id: str
    left: "asyncio.Future[None]"
    """Done once the client has left."""
    send: Send
    deadline: Deadline
    """Until when the request is worth it."""
    match: tuple[str, ...]
    """For which states of its session it is meant, see ``read_if_match``."""
    idempotency_key: RequestKey | None = None


class JsonEndpoint(ABC, Generic[R]):
    """Reads, decodes and answers; a client that leaves stops its work.

    Parameters
    ----------
    container : Container
        What handlers share.
    """

    media: ClassVar[tuple[str, ...]] = ()
    """Content types that are read beside JSON."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.settings = container.settings

    @abstractmethod
    def decode(self, body: bytes, deadline: Deadline) -> R:
        """Read a JSON body, possibly on a thread.

        Parameters
        ----------
        body : bytes
            Decompressed.
        deadline : Deadline
            Until when it is worth it.

        Returns
        -------
        R
            What the client requests.

        Raises
        ------
        Malformed, TooLarge, Unprocessable
            If it cannot be read, holds too much, or is wrong.
        """

    def decode_body(self, body: Body, deadline: Deadline) -> R:
        """Read a body of any content type, possibly on a thread; to be replaced where there are ``media`` or a query.

        Parameters
        ----------
        body : Body
            JSON, or of one of ``media``.
        deadline : Deadline
            Until when it is worth it.

        Returns
        -------
        R
            What the client requests.

        Raises
        ------
        Malformed, TooLarge, Unprocessable
            If it cannot be read, holds too much, or is wrong.
        """
        return self.decode(body.data, deadline)

    def timeout_ms(self, request: R) -> int | None:  # noqa: ARG002
        """Give what a request says of its client's patience.

        Parameters
        ----------
        request : R
            What was read.

        Returns
        -------
        int or None
            Milliseconds; None where it says nothing.
        """
        return None

    @abstractmethod
    async def answer(self, request: R, services: Services, exchange: Exchange) -> dict[str, Any] | bytes | None:
        """Answer a request.

        Parameters
        ----------
        request : R
            What was read.
        services : Services
            Of the loaded models, warm.
        exchange : Exchange
            The way back to the client.

        Returns
        -------
        dict, bytes or None
            What JSON is made of, or JSON; None once the answer was streamed.

        Raises
        ------
        ServiceError, ClientDisconnect
            If it failed, or the client left.
        """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers, state, began = dict(scope["headers"]), scope["state"], time.monotonic()
        left: asyncio.Future[None] | None = None
        deadline = Deadline(began + self.settings.default_timeout_ms / 1e3)
        try:
            kind = content_kind(headers, (*KINDS, *self.media))
            if kind != JSON and kind not in self.media:
                raise UnknownContent(
                    f"Content-Type: expected {' or '.join((JSON, *self.media))}, got {kind}; only POST /forecast, "
                    "/backtest and /anomalies take tables"
                )
            body = await read_body(headers, receive, self.settings.max_body_bytes)
            services = self.container.ready()
            left = asyncio.ensure_future(client_left(receive))
            left.add_done_callback(lambda _: deadline.leave())
            encoding = headers.get(b"content-encoding", b"").decode("latin-1")
            request = await self._decode(kind, body, encoding, scope.get("query_string", b""), deadline)
            deadline.at = began + timeout_of(self.timeout_ms(request), self.settings) / 1e3
            match = read_if_match(headers.get(b"if-match"))
            exchange = Exchange(
                state["owner"], state["request_id"], left, send, deadline, match, state.get("idempotency_key")
            )
            answer = await self.answer(request, services, exchange)
        except ClientDisconnect:
            return
        except ServiceError as error:
            self.container.metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        finally:
            if left is not None:
                left.cancel()
        if answer is not None:
            data = answer if isinstance(answer, bytes) else orjson.dumps(answer)
            await send_compressed(JSON, data, headers, b"Accept-Encoding", send)

    async def _decode(self, kind: str, body: bytes, encoding: str, query: bytes, deadline: Deadline) -> R:
        def decode() -> R:
            deadline.check()
            plain = decompress(body, encoding, self.settings.max_body_bytes)
            return self.decode_body(Body(kind, plain, query), deadline)

        # What is compressed can be large inside.
        if len(body) <= INLINE_BYTES and not encoding and body.count(b"{") <= INLINE_OBJECTS:
            return decode()
        return await DECODING.run(decode)
