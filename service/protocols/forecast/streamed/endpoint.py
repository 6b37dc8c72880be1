"""``POST /forecast`` of streamed observations, answered straight on the connection."""

import asyncio
from functools import partial

from service.errors import ServiceError
from service.http.body import JSON, content_kind, reply_kind
from service.http.compression import choose_encoding, compress
from service.http.direct_request import DirectRequest
from service.protocols.container import Container
from service.protocols.forecast.streamed.json_body import read_json
from service.protocols.forecast.streamed.json_reply import JsonReply
from service.serving.admission import Admission
from service.threads import DECODING

_HEADERS = b"content-type: application/json\r\nvary: Accept, Accept-Encoding\r\n"
# Compressing as much takes as long as handing it to a thread.
_INLINE_BYTES = 8 * 1024


class StreamedForecast:
    """Takes what the lane takes; the app answers all other requests.

    Parameters
    ----------
    container : Container
        Has the lane, once the models are warm.
    admission : Admission
        Refuses what the app could not answer in time.
    """

    def __init__(self, container: Container, admission: Admission) -> None:
        self._container, self._admission = container, admission
        self._compressing: set[asyncio.Task[None]] = set()

    def accept(self, request: DirectRequest) -> bool:
        """Take a request on; see ``DirectEndpoint.accept``."""
        services = self._container.services
        if services is None or self._container.unready is not None:
            return False
        body = bytes(request.body)
        streamed = None if request.query or request.content_encoding or not _is_json(request) else read_json(body)
        if streamed is not None:
            answer, reply = partial(self._answer, request), JsonReply(len(streamed.sessions))
            if services.lane.accept(streamed, request.owner, request.request_id, request, reply, answer):
                return True
        refused = self._admission.refusal(body, request.query, request.began)
        if refused is None:
            self._admission.announce(body)
            return False
        self._answer(request, refused)
        return True

    def _answer(self, request: DirectRequest, outcome: bytes | ServiceError) -> None:
        if isinstance(outcome, ServiceError):
            self._container.metrics.rejected.labels(outcome.code).inc()
            request.fail(outcome)
            return
        encoding = None
        if request.accept_encoding:
            encoding = choose_encoding(request.accept_encoding.decode("latin-1"), len(outcome))
        if encoding is None:
            request.respond(200, _HEADERS, outcome)
        elif len(outcome) <= _INLINE_BYTES:
            _respond(request, encoding, compress(outcome, encoding))
        else:
            task = asyncio.ensure_future(self._compress(request, encoding, outcome))
            self._compressing.add(task)
            task.add_done_callback(self._compressing.discard)

    async def _compress(self, request: DirectRequest, encoding: str, body: bytes) -> None:
        _respond(request, encoding, await DECODING.run(compress, body, encoding))


def _respond(request: DirectRequest, encoding: str, body: bytes) -> None:
    request.respond(200, b"%scontent-encoding: %s\r\n" % (_HEADERS, encoding.encode()), body)


def _is_json(request: DirectRequest) -> bool:
    """Whether body and reply are JSON."""
    if request.content_type == b"application/json" and request.accept in (b"", b"*/*", b"application/json"):
        return True
    headers = {b"content-type": request.content_type or JSON.encode(), b"accept": request.accept}
    try:
        return content_kind(headers) == reply_kind(headers, JSON) == JSON
    except ServiceError:
        return False
