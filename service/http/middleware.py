"""What every request passes: its id, its key, its place in the metrics, and a last net under the handlers."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ServiceError
from service.http.auth import ApiKeys
from service.http.compression import choose_encoding, compress
from service.http.ids import request_id
from service.http.problems import failure_of
from service.metrics import Metrics

_log = logging.getLogger(__name__)
# Probes and scrapers carry no key; the page and the documents hold nothing that is anybody's.
OPEN = ("/live", "/ready", "/metrics", "/", "/docs", "/openapi.json")
_PATHS = frozenset((*OPEN, "/forecast", "/generate", "/models", "/v1/completions", "/v1/models"))
_PREFIXES = {
    "/models/": "/models/{name}",
    "/v1/models/": "/v1/models/{id}",
    "/sessions/": "/sessions/{id}",
    "/web/": "/web/{file}",
}


def template(path: str) -> str:
    """Path as the metrics count it, so that no client can make up labels."""
    if path in _PATHS:
        return path
    return next((name for prefix, name in _PREFIXES.items() if path.startswith(prefix)), "other")


class RequestMiddleware:
    """ASGI middleware around the whole app. ``scope["state"]`` gets ``request_id`` and ``owner``."""

    def __init__(self, app: ASGIApp, metrics: Metrics, keys: ApiKeys | None) -> None:
        self._app = app
        self._metrics = metrics
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = dict(scope["headers"])
        identity = request_id(headers.get(b"x-request-id"))
        state = scope.setdefault("state", {})
        state["request_id"], state["owner"] = identity, ""
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", identity.encode())]
            await send(message)

        path = scope["path"]
        try:
            if self._keys is not None and path not in OPEN and not path.startswith("/web/"):
                state["owner"] = self._keys.owner(_text(headers, b"authorization"), _text(headers, b"x-api-key"))
            await self._app(scope, receive, send_on)
        except ServiceError as error:
            await send_failure(error, scope, send_on)
        except Exception:
            _log.exception("request %s failed", identity)
            if status:
                raise
            defect = ServiceError("this is a defect of the server; its log has the request_id")
            await send_failure(defect, scope, send_on)
        finally:
            if status:
                name = template(path)
                self._metrics.requests.labels(name, str(status)).inc()
                self._metrics.request_seconds.labels(name).observe(time.perf_counter() - began)


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value: Any = headers.get(name)
    return None if value is None else value.decode("utf-8", "surrogateescape")


async def send_failure(error: ServiceError, scope: Scope, send: Send) -> None:
    """Answer with a failure, in the shape that the path's clients expect."""
    status, headers, body = failure_of(scope["path"], error, scope["state"]["request_id"])
    await send_bytes(status, headers, body, send)


async def send_bytes(status: int, headers: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    """Answer with a whole body."""
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_compressed(kind: str, body: bytes, asked: Mapping[bytes, bytes], vary: bytes, send: Send) -> None:
    """Answer with a whole body of a content type, compressed where the request's headers ``asked`` take that."""
    told = [(b"content-type", kind.encode()), (b"vary", vary)]
    encoding = choose_encoding(asked.get(b"accept-encoding", b"").decode("latin-1"), len(body))
    if encoding is not None:
        body = await asyncio.to_thread(compress, body, encoding)
        told.append((b"content-encoding", encoding.encode()))
    await send_bytes(200, told, body, send)
