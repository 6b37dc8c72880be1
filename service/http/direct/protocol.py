"""A connection on which small requests of hot endpoints skip ASGI.

A request through ASGI costs a scope, a task, an event and a dozen calls, about 70 µs before a handler has its body. A
``DirectEndpoint`` gets it as soon as the last byte is parsed and writes its answer itself. Whatever is not plain (see
``DirectProtocol``) goes through the app.
"""

import asyncio
import logging
import math
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.errors import DEFECT, ServiceError
from service.http.body import INLINE_BYTES
from service.http.direct.paced import PacedConnection
from service.http.direct.plain_post import PlainPost
from service.http.direct_request import DirectEndpoint, DirectRequest
from service.http.path_table import PathEntry
from service.http.sse import STOPPED

_log = logging.getLogger(__name__)
_NOT_PLAIN = frozenset(
    (b"expect", b"idempotency-key", b"ce-id", b"if-match", b"if-modified-since", b"if-none-match", b"if-range",
     b"if-unmodified-since", b"prefer", b"range", b"trailer", b"transfer-encoding", b"upgrade")
)  # fmt: skip
"""Headers that ask for more than an answer: the app knows what to do about them."""
# Up to here an answer is copied behind its head, so that one call sends both.
_ONE_WRITE_BYTES = 32 * 1024


class DirectProtocol(PacedConnection):
    """One connection. A request is direct if all of this holds, else it is uvicorn's, unchanged.

    - ``POST`` by HTTP/1.1 to an endpoint of the context, its path written plainly;
    - no header twice, and none of those that ask for more than an answer, such as ``Expect`` and ``If-Match``;
    - a ``Content-Length`` of 1 to ``INLINE_BYTES``, and a key that is right where keys are required;
    - nothing before it on this connection waits for its answer, and the client reads what it gets.

    Endpoints are registered by ``ClientProtocol.direct``, which ``service.app`` collects.
    """

    __slots__ = ("_direct", "_longest", "_reading")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._direct: DirectRequest | None = None
        self._reading: DirectRequest | None = None
        self._longest = min(INLINE_BYTES, self.context.settings.max_body_bytes)

    def on_message_begin(self) -> None:
        """Begin a request; its scope is made only where the app needs one."""
        self.url = b""
        self.headers = []
        self._begin()

    def on_headers_complete(self) -> None:
        """Choose the way of a request."""
        path, _, query = self.url.partition(b"?")
        found = self._endpoints.get(path)
        request = None if found is None else self._plain(*found, query)
        if request is None:
            url, headers = self.url, self.headers
            HttpToolsProtocol.on_message_begin(self)
            self.url = url
            self.headers.extend(headers)
            super().on_headers_complete()
        else:
            self._check_head()
            self._awaits = "body"
            self.expires = self._whole_by = self.began + self.context.settings.body_timeout_s
            self._direct = self._reading = self.cycle = request

    def _plain(self, endpoint: DirectEndpoint, path: PathEntry, query: bytes) -> DirectRequest | None:
        """Give the request whose headers are complete, if it is direct."""
        cycle, parser = self.cycle, self.parser
        if (cycle is not None and not cycle.response_complete) or self.pipeline or self.flow.write_paused:
            return None
        headers = dict(self.headers)
        if len(headers) < len(self.headers) or not _NOT_PLAIN.isdisjoint(headers) or b"#" in query:
            return None
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or not 0 < int(length) <= self._longest:
            return None
        if parser.get_method() != b"POST" or parser.get_http_version() != "1.1":
            return None
        owner = self.context.owner(path, headers)
        if owner is None:
            return None
        return self._begun(endpoint, path, query, owner, keep_alive=parser.should_keep_alive())

    def _begun(
        self, endpoint: DirectEndpoint, path: PathEntry, query: bytes, owner: str, *, keep_alive: bool
    ) -> DirectRequest:
        request = DirectRequest(self, endpoint, path, query, self.headers)
        request.began, request.delayed = self.began, self.delayed
        request.keep_alive, request.owner = keep_alive and not self._stopping, owner
        return request

    def _taken(self, post: PlainPost) -> bool:
        """Take a request on as if it had been parsed, which takes longer than this; gives whether it was."""
        head = post.head
        if head.length > self._longest:
            return False
        self._begin()
        self.url, self.headers = head.path, list(head.headers)
        request = self._begun(*self._endpoints[head.path], head.query, "", keep_alive=True)
        request.body = post.body
        self._direct = self.cycle = request
        self._hand_over(request)
        return True

    def on_body(self, body: bytes) -> None:
        """Add a piece of a body, see ``HttpToolsProtocol.on_body``."""
        request = self._reading
        if request is None:
            super().on_body(body)
            return
        self._silent = 0
        if not request.body:
            request.body = body
        else:
            self._extend(len(body))
            if isinstance(request.body, bytes):
                request.body = bytearray(request.body)
            request.body += body

    def on_message_complete(self) -> None:
        """Hand a whole request over."""
        request, self._reading = self._reading, None
        if request is None:
            super().on_message_complete()
            return
        if isinstance(request.body, bytearray):
            request.body = bytes(request.body)
        self._hand_over(request)

    def _hand_over(self, request: DirectRequest) -> None:
        """Give a request that is whole to its endpoint, or to the app."""
        self._awaits, self._silent, self.expires = "", 0, math.inf
        try:
            accepted = request.endpoint.accept(request)
        except Exception:
            _log.exception("request %s failed", request.request_id)
            request.fail(ServiceError(DEFECT))
        else:
            if not accepted:
                request.decline()

    def answer(self, request: DirectRequest, status: int, headers: bytes, body: bytes) -> None:
        """Write the answer of a request, and take up what the client has sent meanwhile.

        Parameters
        ----------
        request : DirectRequest
            Not answered yet.
        status : int
            Of HTTP.
        headers : bytes
            Lines, without ``content-length``.
        body : bytes
            The body, whole.
        """
        defaults, keep_alive = self.server_state.default_headers, request.keep_alive
        head = self.context.head(status, headers, len(body), request.request_id, defaults, keep_alive=keep_alive)
        if len(body) <= _ONE_WRITE_BYTES:
            self.transport.write(head + body)
        else:
            self.transport.writelines((head, body))
        self._forget(request)
        self.context.metrics.answered(request.path.template, status, time.monotonic() - request.began)
        if not request.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def decline(self, request: DirectRequest) -> None:
        """Give a direct request to the app, as uvicorn does with every other.

        Parameters
        ----------
        request : DirectRequest
            Not answered yet.
        """
        cycle = RequestResponseCycle(
            scope={
                "type": "http",
                "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
                "http_version": "1.1",
                "server": self.server,
                "client": self.client,
                "scheme": self.scheme or "http",
                "method": "POST",
                "root_path": "",
                "path": request.path.template,
                "raw_path": request.path.template.encode("ascii"),
                "query_string": request.query,
                "headers": request.headers,
                "state": self.app_state.copy(),
            },
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=request.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.body += request.body
        cycle.more_body = False
        cycle.message_event.set()
        if self.cycle is request:
            self.cycle = cycle
        self._forget(request)
        self._start_asgi_task(cycle, self.app)

    def _forget(self, request: DirectRequest) -> None:
        request.response_complete = True
        self._direct = self._reading = None
        if self.cycle is request:
            self.cycle = None

    def _abandon(self) -> bool:
        return self._give_up() or super()._abandon()

    def _give_up(self) -> bool:
        """Give up the direct request, if there is one."""
        request = self._direct
        if request is None:
            return False
        request.closed = True
        self._forget(request)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Have what is at work for this client end, see ``asyncio.Protocol.connection_lost``."""
        self._give_up()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Begin to stop: a request that is not answered when the server stops waiting fails with 503."""
        super().shutdown()
        if self._direct is not None:
            self.loop.call_later(self.config.timeout_graceful_shutdown or 0, self._stop, self._direct)

    def _stop(self, request: DirectRequest) -> None:
        request.keep_alive = False
        request.fail(STOPPED)
        request.closed = True
