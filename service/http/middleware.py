"""Middleware of every request: its id, its key, its place in the metrics, and a last net under the handlers."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import DEFECT, NO_ROOM, QueueFull, ServiceError
from service.http.auth import ApiKeys
from service.http.compression import choose_encoding, compress
from service.http.ids import request_id
from service.http.path_table import PathEntry, PathTable
from service.http.sse import STOPPED
from service.metrics import Metrics
from service.threads import DECODING

_log = logging.getLogger(__name__)


class RequestMiddleware:
    """ASGI middleware around the whole app. ``scope["state"]`` gets ``request_id``, ``owner`` and ``path``.

    Parameters
    ----------
    app : ASGIApp
        What is inside.
    metrics : Metrics
        Counts every answer.
    keys : ApiKeys or None
        None where no key is required.
    paths : PathTable
        All paths of the app.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, keys: ApiKeys | None, paths: PathTable) -> None:
        self._app = app
        self._metrics = metrics
        self._keys = keys
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        headers = dict(scope["headers"])
        identity = request_id(headers.get(b"x-request-id"))
        state = scope.setdefault("state", {})
        path = self._paths.find(scope["path"])
        state["request_id"], state["owner"], state["path"] = identity, "", path
        status, head = 0, scope["method"] == "HEAD"
        if head and "GET" in path.methods:
            scope = {**scope, "method": "GET"}

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", identity.encode())]
            elif head:
                message["body"] = b""
            await send(message)

        try:
            if self._keys is not None and not path.open:
                state["owner"] = self._keys.owner(_text(headers, b"authorization"), _text(headers, b"x-api-key"))
            await self._app(scope, receive, send_on)
        except ServiceError as error:
            await send_failure(error, scope, send_on)
        except asyncio.CancelledError:
            # The server has waited long enough for this; whoever cancels waits for an answer, not for the exception.
            if not status:
                await send_failure(STOPPED, scope, send_on)
        except MemoryError:
            _log.error("request %s found no memory", identity)
            if status:
                raise
            await send_failure(QueueFull(NO_ROOM), scope, send_on)
        except Exception:
            _log.exception("request %s failed", identity)
            if status:
                raise
            await send_failure(ServiceError(DEFECT), scope, send_on)
        finally:
            if status:
                self._metrics.answered(path.template, status, time.monotonic() - began)


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value: Any = headers.get(name)
    return None if value is None else value.decode("utf-8", "surrogateescape")


async def send_failure(error: ServiceError, scope: Scope, send: Send) -> None:
    """Answer with a failure, in the shape that the path's clients expect.

    Parameters
    ----------
    error : ServiceError
        What went wrong.
    scope : Scope
        Its ``state`` has the path and the request's id.
    send : Send
        The connection.
    """
    path: PathEntry = scope["state"]["path"]
    failure = path.failure(error, scope["state"]["request_id"])
    await send_bytes(failure.status, failure.headers, failure.body, send)


async def send_bytes(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    """Answer with a whole body.

    Parameters
    ----------
    status : int
        Of HTTP.
    headers : list of (bytes, bytes)
        Without ``Content-Length``.
    body : bytes
        The body, whole.
    send : Send
        The connection.
    """
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_compressed(
    content_type: str,
    body: bytes,
    request_headers: Mapping[bytes, bytes],
    vary: bytes,
    send: Send,
    beside: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Answer 200 with a whole body, compressed where the request accepts that.

    Parameters
    ----------
    content_type : str
        Of the body.
    body : bytes
        Not compressed yet.
    request_headers : mapping of bytes to bytes
        Of the request.
    vary : bytes
        Headers by which the answer was chosen.
    send : Send
        The connection.
    beside : sequence of (bytes, bytes)
        Further headers.
    """
    headers = [(b"content-type", content_type.encode()), (b"vary", vary), *beside]
    encoding = choose_encoding(request_headers.get(b"accept-encoding", b"").decode("latin-1"), len(body))
    if encoding is not None:
        body = await DECODING.run(compress, body, encoding)
        headers.append((b"content-encoding", encoding.encode()))
    await send_bytes(200, headers, body, send)
