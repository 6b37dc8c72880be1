"""A client's connection: uvicorn's own, with limits and timeouts, and one shape for every refusal."""

import math
import time
from typing import Any, ClassVar, Literal, Self

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.errors import QueueFull, ServiceError
from service.http.answer_transport import AnswerTransport
from service.http.body import INLINE_BYTES
from service.http.connection_context import ConnectionContext
from service.http.problems import http_failure, parse_failure
from service.http.timeouts import BODY_BYTES_PER_S, LINGER_S, UnreadAnswer


class _Refused(Exception):
    """Ends the parsing of what is refused."""


class Connection(HttpToolsProtocol):
    """Refuses heads and bodies that are too large, too slow or no HTTP, in the error shape of their path.

    What is refused ends the connection, after the answers that are due before it.
    """

    context: ClassVar[ConnectionContext]
    cycle: Any
    """The latest request: a ``RequestResponseCycle`` of uvicorn's, or a ``DirectRequest``."""

    # Beyond thirty attributes in its dictionary an object becomes slower; uvicorn has used most of them.
    __slots__ = ("_awaits", "_ended", "_held", "_read", "_refusal", "_running", "_silent", "_unread", "_whole_by",
                 "began", "expires")  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.url = b""
        self.headers = []
        self.began = time.monotonic()
        self.expires = self.began + self.context.settings.header_timeout_s
        self._awaits: Literal["", "headers", "body"] = ""
        self._running: RequestResponseCycle | None = None
        # Bytes of the last read; of all reads since a request began, or since the last of its body; of bodies at work.
        self._read = self._silent = self._held = 0
        # Whether nothing is parsed any longer, and what is sent when all earlier requests are answered.
        self._ended, self._refusal = False, b""
        self._unread, self._whole_by = UnreadAnswer(), math.inf

    @classmethod
    def of(cls, context: ConnectionContext) -> type[Self]:
        """Make the class that a server's ``uvicorn.Config`` takes as ``http``; see ``ConnectionContext``."""
        return type(cls.__name__, (cls,), {"context": context})

    def connection_made(self, transport: Any) -> None:
        """Begin, see ``asyncio.Protocol.connection_made``."""
        super().connection_made(transport)
        self.context.timeouts.watch(self.loop, self.connections)
        most = self.context.settings.max_connections
        if len(self.connections) > most:
            self.refuse(QueueFull(f"connections: expected at most {most}, got more; use fewer, or try again later"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Have what is at work for this client end; uvicorn tells its last request only. See ``asyncio.Protocol``."""
        self._ended = True
        self._release()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what the client sends, see ``asyncio.Protocol.data_received``."""
        if self._ended:
            return
        self._read = len(data)
        self._silent += self._read
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # Nothing else is spoken here; the request is answered like any other.
        except httptools.HttpParserError as error:
            if not self._ended:
                self.refuse(parse_failure(error))
        if self._silent > self.context.settings.max_header_bytes:
            self._refuse_head()

    def _refuse_head(self) -> None:
        most = self.context.settings.max_header_bytes
        self.refuse(http_failure(431, f"headers: expected at most {most} bytes, got more; send fewer or shorter ones"))

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._begin()

    def _begin(self) -> None:
        self.began = time.monotonic()
        self.expires = self.began + self.context.settings.header_timeout_s
        self._awaits, self._silent = "headers", 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; what comes behind a body in chunks is dropped. See ``HttpToolsProtocol.on_header``."""
        if self._awaits == "headers":
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._check_head()
        self.expect_100_continue = dict(self.headers).get(b"expect", b"").lower() == b"100-continue"
        super().on_headers_complete()
        self.cycle.transport = AnswerTransport(self.transport, self._finish)
        self._await_body()

    def _check_head(self) -> None:
        most = self.context.settings.max_header_bytes
        if self._silent or self._read > most:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > most:
                self._refuse_head()
                raise _Refused

    def _await_body(self) -> None:
        self._awaits = "body"
        self.expires = self._whole_by = time.monotonic() + self.context.settings.body_timeout_s

    def on_body(self, body: bytes) -> None:
        """Add a piece of a body, see ``HttpToolsProtocol.on_body``."""
        self._hold(len(body))
        super().on_body(body)

    def _hold(self, size: int) -> None:
        self._silent = 0
        if self.cycle.response_complete:
            return
        self._extend(size)
        self._held += size
        self.context.held_bytes += size
        most = self.context.settings.max_held_bytes
        if self.context.held_bytes > most and self._held > INLINE_BYTES:
            self.refuse(QueueFull(f"body: expected at most {most} bytes of all clients at a time; try again later"))
            raise _Refused

    def _extend(self, size: int) -> None:
        self._whole_by += size / BODY_BYTES_PER_S
        self.expires = min(self._whole_by, time.monotonic() + self.context.settings.body_timeout_s)

    def on_message_complete(self) -> None:
        """Note that the client owes nothing."""
        self._owe_nothing()
        super().on_message_complete()

    def _owe_nothing(self) -> None:
        self._awaits, self._silent = "", 0
        self.expires = math.inf if self._unanswered() else time.monotonic() + self.timeout_keep_alive

    def _unanswered(self) -> bool:
        return bool(self.pipeline) or (self.cycle is not None and not self.cycle.response_complete)

    def _queued(self) -> bool:
        """Whether the request that is being read waits for an earlier one to be answered."""
        if self._awaits == "body":
            return bool(self.pipeline) and self.pipeline[0][0] is self.cycle
        return self._unanswered()

    def on_response_complete(self) -> None:
        """Take up what the client has sent meanwhile, or wait for more."""
        self.server_state.total_requests += 1
        if self._held:
            self._release()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal:
            self._end(self._refusal)
        elif self._awaits != "headers":
            # A body whose answer did not wait for it is not read for long.
            self.expires = time.monotonic() + (LINGER_S if self._awaits else self.timeout_keep_alive)

    def _release(self) -> None:
        self.context.held_bytes -= self._held
        self._held = 0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def refuse(self, error: ServiceError) -> None:
        """Answer with a failure once all earlier requests are answered, and end the connection.

        Parameters
        ----------
        error : ServiceError
            What is wrong with what is being read.
        """
        if self._ended:
            return
        self._ended = True
        took, defaults = time.monotonic() - self.began, self.server_state.default_headers
        text = self.context.refusal(error, self.url, self.headers, took, defaults)
        if self._queued():
            if self._awaits == "body":
                self.pipeline.popleft()
            self._refusal, self.expires = text, math.inf
        elif self._awaits == "body" and not self._abandon():
            self._end(b"")
        else:
            self._end(text)

    def _abandon(self) -> bool:
        """Give up the request whose body is being read; False if its answer has begun."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return not self.cycle.response_started

    def _finish(self) -> None:
        """End the connection after an answer, which may not have waited for its body."""
        self._end(b"") if self._awaits == "body" else self.transport.close()

    def _end(self, text: bytes) -> None:
        """Write, and drop what the client sends until it has read why."""
        self._ended = True
        self._release()
        self.expires = time.monotonic() + LINGER_S
        self.flow.resume_reading()
        self.transport.write(text)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def pause_writing(self) -> None:
        """Wait for the client to read, see ``asyncio.Protocol.pause_writing``."""
        super().pause_writing()
        self._unread.begin(self.transport)
        self.expires = min(self.expires, self._unread.until)

    def resume_writing(self) -> None:
        """Go on, see ``asyncio.Protocol.resume_writing``."""
        super().resume_writing()
        if not (self._ended or self._awaits):
            self._owe_nothing()

    def expire(self) -> None:
        """End the connection of a client that neither sends what it owes nor reads what it gets."""
        now, settings = time.monotonic(), self.context.settings
        if self._ended:
            self.transport.abort()
        elif self.flow.write_paused:
            if self._unread.stalled(self.transport):
                self.transport.abort()
            self.expires = self._unread.until
        elif self._awaits and (self.flow.read_paused or self._queued()):
            self.expires = now + settings.header_timeout_s
        elif not self._awaits or (self._awaits == "body" and self.cycle.response_complete):
            self.transport.close()
        else:
            seconds = settings.header_timeout_s if self._awaits == "headers" else settings.body_timeout_s
            self.refuse(http_failure(408, f"{self._awaits}: expected more of it within {seconds:g} s; send it faster"))
