"""``POST /forecast`` of streamed observations and of whole series, answered straight on the connection."""

import asyncio
import time
from functools import partial

from service.errors import Overtaken, ServiceError
from service.http.body import ARROW, JSON, content_kind, reply_kind
from service.http.compression import choose_encoding, compress
from service.http.direct_request import DirectRequest
from service.protocols.container import Container
from service.protocols.forecast.histories.endpoint import HistoryForecast
from service.protocols.forecast.streamed.json_body import read_json
from service.protocols.forecast.streamed.json_reply import JsonReply
from service.protocols.forecast.streamed.table_body import read_arrow
from service.protocols.forecast.streamed.table_reply import TableReply
from service.serving.admission import SOON_S, Admission
from service.serving.client import Answer
from service.streaming.body import StreamedBody
from service.threads import DECODING

# Compressing as much takes as long as handing it to a thread.
_INLINE_BYTES = 8 * 1024


class StreamedForecast:
    """Takes what one of the lanes takes; the app answers all other requests.

    Parameters
    ----------
    container : Container
        Has the lane, once the models are warm.
    admission : Admission
        Refuses what the app could not answer in time.
    histories : HistoryForecast
        Takes whole series without a session.
    """

    def __init__(self, container: Container, admission: Admission, histories: HistoryForecast) -> None:
        self._container, self._admission, self._histories = container, admission, histories
        self._compressing: set[asyncio.Task[None]] = set()

    def accept(self, request: DirectRequest) -> bool:
        """Take a request on; see ``DirectEndpoint.accept``."""
        services = self._container.services
        if services is None or self._container.unready is not None:
            return False
        body = bytes(request.body)
        if request.delayed >= SOON_S:
            overdue = self._admission.overdue(self._admission.timeout_s(body, request.query), request.delayed)
            if overdue is not None:
                self._answer(request, JsonReply(), overdue)
                return True
        if b'"session"' not in body and _is_plain(request):
            answer = partial(self._answer, request, JsonReply())
            if self._histories.accept(body, request, answer, services):
                return True
            return self._refuse(request, body, answer)
        streamed, reply = self._read(request, body)
        answer = partial(self._answer, request, reply)
        if streamed is not None and services.lane.accept(
            streamed, request.owner, request.request_id, request, reply, answer
        ):
            return True
        return self._refuse(request, body, answer)

    def refusal(self, body: bytes, query: bytes, began: float) -> ServiceError | None:
        """Refuse what could not be answered in time, by a look at its size; see ``DirectEndpoint.refusal``."""
        services = self._container.services
        if services is None or self._container.unready is not None:
            return None
        timeout_s = self._admission.timeout_s(body, query)
        refused = self._admission.overdue(timeout_s, time.monotonic() - began)
        if refused is not None:
            return refused
        # Values are told by their commas, sessions by their names.
        if sessions := body.count(b'"session"'):
            return services.lane.refusal(sessions, began + timeout_s)
        return services.histories.refusal(body.count(b","), began + timeout_s)

    def _refuse(self, request: DirectRequest, body: bytes, answer: Answer) -> bool:
        """Refuse what the app could not answer in time; gives whether it was."""
        refused = self._admission.refusal(body, request.query, request.began)
        if refused is None:
            self._admission.announce(body)
            return False
        answer(refused)
        return True

    def _read(self, request: DirectRequest, body: bytes) -> tuple[StreamedBody | None, JsonReply | TableReply]:
        """Read a body as streamed observations, None where it is not, and begin a reply in its format."""
        if request.content_encoding or not _alike(request):
            return None, JsonReply()
        if request.content_type == ARROW.encode():
            return read_arrow(body, request.query, self._container.settings), TableReply()
        return None if request.query else read_json(body), JsonReply()

    def _answer(self, request: DirectRequest, reply: JsonReply | TableReply, outcome: bytes | ServiceError) -> None:
        if isinstance(outcome, Overtaken):  # the app reads the session anew
            self._admission.announce(bytes(request.body))
            request.decline()
            return
        if isinstance(outcome, ServiceError):
            self._container.metrics.rejected.labels(outcome.code).inc()
            request.fail(outcome)
            return
        kind = JSON if isinstance(reply, JsonReply) else ARROW
        headers = b"content-type: %s\r\nvary: Accept, Accept-Encoding\r\n%s" % (kind.encode(), reply.headers)
        encoding = None
        if request.accept_encoding:
            encoding = choose_encoding(request.accept_encoding.decode("latin-1"), len(outcome))
        if encoding is None:
            request.respond(200, headers, outcome)
            return
        headers = b"%scontent-encoding: %s\r\n" % (headers, encoding.encode())
        if len(outcome) <= _INLINE_BYTES:
            request.respond(200, headers, compress(outcome, encoding))
        else:
            task = asyncio.ensure_future(self._compress(request, headers, encoding, outcome))
            self._compressing.add(task)
            task.add_done_callback(self._compressing.discard)

    async def _compress(self, request: DirectRequest, headers: bytes, encoding: str, body: bytes) -> None:
        request.respond(200, headers, await DECODING.run(compress, body, encoding))


def _is_plain(request: DirectRequest) -> bool:
    """Whether body and reply are JSON as it stands, and nothing is said beside the body."""
    beside = request.query or request.content_encoding
    return not beside and request.content_type != ARROW.encode() and _alike(request)


def _alike(request: DirectRequest) -> bool:
    """Whether body and reply are both JSON, or both Arrow."""
    if request.content_type in (b"application/json", ARROW.encode()) and request.accept in (
        b"", b"*/*", request.content_type,
    ):  # fmt: skip
        return True
    headers = {b"content-type": request.content_type or JSON.encode(), b"accept": request.accept}
    try:
        return content_kind(headers) == reply_kind(headers, JSON) == JSON
    except ServiceError:
        return False
