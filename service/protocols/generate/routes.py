"""``POST /generate``: text or paths, whole or as server-sent events, as a plain ASGI endpoint."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.codecs.text_request import TextGeneration
from service.errors import Loading, ServiceError, UnknownContent
from service.http.body import INLINE_BYTES, JSON, content_kind, read_body
from service.http.compression import decompress
from service.http.middleware import send_compressed, send_failure
from service.http.sse import left
from service.metrics import Metrics
from service.protocols.generate.json_body import ScenarioRequest, decode_generate
from service.protocols.generate.paths import answer_paths
from service.protocols.generate.text import answer_text
from service.serving.catalog import Catalog
from service.serving.scenarios import ScenarioService
from service.serving.text import TextService
from service.settings import Settings


class Generate:
    """The endpoint. ``catalogue``, ``generating`` and ``pathing`` are None until a model is loaded."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.catalogue: Catalog | None = None
        self.generating: TextService | None = None
        self.pathing: ScenarioService | None = None
        self.reason = "the models are still loading; try again in a few seconds"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves drops its work."""
        headers = dict(scope["headers"])
        watch: asyncio.Future[None] | None = None
        try:
            asked = await self._read(headers, receive)
            watch = asyncio.ensure_future(left(receive))
            body = await self._answer(asked, scope, watch, send)
        except ClientDisconnect:
            return
        except ServiceError as error:
            self.metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        finally:
            if watch is not None:
                watch.cancel()
        if body is not None:
            await send_whole(body, headers, send)

    def require(self) -> tuple[Catalog, TextService, ScenarioService]:
        """Give the parts that answer.

        Raises
        ------
        Loading
            If they are not there yet.
        """
        if self.catalogue is None or self.generating is None or self.pathing is None:
            raise Loading(self.reason)
        return self.catalogue, self.generating, self.pathing

    async def _read(self, headers: Mapping[bytes, bytes], receive: Receive) -> TextGeneration | ScenarioRequest:
        body, encoding = await read_json(headers, receive, self.settings)
        self.require()
        if len(body) <= INLINE_BYTES and not encoding:
            return self._decode(body, encoding)
        return await asyncio.to_thread(self._decode, body, encoding)

    def _decode(self, body: bytes, encoding: str) -> TextGeneration | ScenarioRequest:
        settings = self.settings
        plain = decompress(body, encoding, settings.max_body_bytes)
        return decode_generate(plain, settings.max_values, settings.max_series)

    async def _answer(
        self, asked: TextGeneration | ScenarioRequest, scope: Scope, watch: "asyncio.Future[None]", send: Send
    ) -> dict[str, Any] | bytes | None:
        catalogue, generating, pathing = self.require()
        owner, identity = scope["state"]["owner"], scope["state"]["request_id"]
        if isinstance(asked, TextGeneration):
            model = catalogue.resolve(asked.model, "generator")
            return await answer_text(generating, model, asked, owner, identity, watch, send)
        model = catalogue.resolve(asked.asked.model, "forecaster")
        return await answer_paths(pathing, model, asked, self.settings, owner, identity, watch, send)


async def read_json(headers: Mapping[bytes, bytes], receive: Receive, settings: Settings) -> tuple[bytes, str]:
    """Read a body that must be JSON; and its content encoding.

    Raises
    ------
    ServiceError
        If it is something else, or too long.
    """
    kind = content_kind(headers)
    if kind != JSON:
        raise UnknownContent(f"Content-Type: expected {JSON}, got {kind}; only POST /forecast takes tables")
    body = await read_body(headers, receive, settings.max_body_bytes)
    return body, headers.get(b"content-encoding", b"").decode("latin-1")


async def send_whole(body: dict[str, Any] | bytes, headers: Mapping[bytes, bytes], send: Send) -> None:
    """Answer with a whole object, compressed where the client takes that."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    await send_compressed(JSON, data, headers, b"Accept-Encoding", send)
