"""A connection whose requests for work wait until it is their turn to be read."""

import math
import time
from typing import Any, ClassVar, Self

from service.http.connection_context import ConnectionContext
from service.http.direct.pace import Pace
from service.http.direct.plain_post import plain_post
from service.http.direct.stopping import StoppingConnection
from service.http.ids import request_id

WAITED_S = 0.01
"""Bytes that are read sooner come to a server that is not overloaded; a look at each would only cost."""


class PacedConnection(StoppingConnection):
    """Keeps the first bytes of a request for an endpoint of the context until ``Pace`` comes to it.

    All else is read as it comes: other requests, such as ``GET /live``, and further pieces of a body. A client's time
    counts from when its bytes came.
    """

    pace: ClassVar[Pace]

    __slots__ = ("_kept", "_work", "came", "delayed")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept, self.came = b"", 0.0
        self.delayed = 0.0
        """Seconds for which the request that was read last had been kept."""
        self._work = tuple(b"POST %s%s" % (path, end) for path in self.context.endpoints for end in (b" ", b"?"))

    @classmethod
    def of(cls, context: ConnectionContext) -> type[Self]:
        """Make the class whose connections take turns. See ``Connection.of``."""
        made = super().of(context)
        made.pace = Pace()
        return made

    def data_received(self, data: bytes) -> None:
        """Read what the client sends, now or in its turn, see ``asyncio.Protocol.data_received``."""
        if self._kept:
            self.read_on()
        elif data.startswith(self._work) and not (self._awaits or self._ended or self._unanswered()):
            self._kept, self.came, self.expires = data, time.monotonic(), math.inf
            self.pace.add(self)
            return
        super().data_received(data)

    def read_on(self) -> None:
        """Read what is kept."""
        data, self._kept = self._kept, b""
        if data and not self._refuse_unread(data):
            super().data_received(data)

    def _refuse_unread(self, data: bytes) -> bool:
        """Answer a whole request that cannot be done in time, without parsing it; gives whether that is so.

        At three times the capacity two of three requests are refused, and what a refusal costs the others cannot have.
        """
        if time.monotonic() - self.came < WAITED_S:
            return False
        if self._ended or self._stopping or self.flow.write_paused or self.context.keys is not None or self.root_path:
            return False
        request = plain_post(data)
        if request is None or request.path not in self.context.endpoints:
            return False
        endpoint, path = self.context.endpoints[request.path]
        error = endpoint.refusal(request.body, request.query, self.came)
        if error is None:
            return False
        identity = request_id(None)
        failure = path.failure(error, identity)
        defaults, size = self.server_state.default_headers, len(failure.body)
        head = self.context.head(failure.status, failure.lines, size, identity, defaults)
        self.transport.write(head + failure.body)
        now = time.monotonic()
        self.context.metrics.answered(path.template, failure.status, now - self.came)
        self.server_state.total_requests += 1
        self.came, self.expires = 0.0, now + self.timeout_keep_alive
        return True

    def _begin(self) -> None:
        super()._begin()
        self.delayed = 0.0
        if self.came:
            self.delayed, self.began, self.came = self.began - self.came, self.came, 0.0

    def eof_received(self) -> None:
        """Read what is kept before the connection closes, see ``asyncio.Protocol.eof_received``."""
        self.read_on()
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop what is kept, see ``asyncio.Protocol.connection_lost``."""
        self._kept = b""
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Begin to stop: what has come is answered."""
        self.read_on()
        super().shutdown()
