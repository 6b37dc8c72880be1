"""``POST /v2/models/{model}/infer``, as a plain ASGI endpoint, because its bodies are not JSON alone."""

import asyncio
import time
from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from service.codecs.if_match import read_if_match
from service.deadline import Deadline
from service.errors import ServiceError
from service.http.body import INLINE_BYTES, JSON, content_kind
from service.http.body import read_body as receive_body
from service.http.compression import decompress
from service.http.middleware import send_compressed, send_failure
from service.http.sse import while_there
from service.protocols.container import Container
from service.protocols.forecast.answering import Caller
from service.protocols.open_inference.body import HEADER_LENGTH, read_body
from service.protocols.open_inference.inference.answering import Inference
from service.protocols.open_inference.inference.metadata import model_text
from service.protocols.open_inference.inference.request import InferRequest
from service.protocols.open_inference.reply import write_reply
from service.threads import DECODING

OCTETS = "application/octet-stream"


class Infer:
    """The endpoint.

    Parameters
    ----------
    container : Container
        What handlers share.
    inference : Inference
        Answers what was read.
    """

    def __init__(self, container: Container, inference: Inference) -> None:
        self._container, self._inference = container, inference

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the work of a client that leaves is dropped."""
        headers, began = dict(scope["headers"]), time.monotonic()
        try:
            content_kind(headers, (JSON, OCTETS))
            body = await receive_body(headers, receive, self._container.settings.max_body_bytes)
            self._container.ready()
            work = asyncio.ensure_future(self._work(scope, headers, body, began))
            reply, length = await while_there(work, receive)
        except ClientDisconnect:
            return
        except ServiceError as error:
            self._container.metrics.rejected.labels(error.code).inc()
            await send_failure(error, scope, send)
            return
        kind = JSON if length is None else OCTETS
        beside = [] if length is None else [(HEADER_LENGTH, str(length).encode())]
        await send_compressed(kind, reply, headers, b"Accept-Encoding", send, beside)

    async def _work(
        self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes, began: float
    ) -> tuple[bytes, int | None]:
        settings, path = self._container.settings, scope["path_params"]
        deadline = Deadline(began + settings.default_timeout_ms / 1e3)
        encoding = headers.get(b"content-encoding", b"").decode("latin-1")

        def decode() -> InferRequest:
            plain = decompress(body, encoding, settings.max_body_bytes)
            model = model_text(path["model"], path.get("version", ""))
            return read_body(plain, headers.get(HEADER_LENGTH), model, settings, deadline)

        try:
            small = len(body) <= INLINE_BYTES and not encoding
            request = decode() if small else await DECODING.run(decode)
            state = scope["state"]
            caller = Caller(state["owner"], read_if_match(headers.get(b"if-match")), state.get("idempotency_key"))
            reply = await self._inference.infer(request, caller, deadline, began)
            if len(body) <= INLINE_BYTES:
                return write_reply(reply)
            return await DECODING.run(write_reply, reply)
        except asyncio.CancelledError:
            deadline.leave()
            raise
