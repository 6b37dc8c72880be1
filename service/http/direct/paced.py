"""A connection whose requests for work wait until it is their turn to be read."""

import math
import time
from typing import Any, ClassVar, Self

from service.http.connection_context import ConnectionContext
from service.http.direct.pace import Pace
from service.http.direct.plain_post import PlainPost, plain_post
from service.http.direct.stopping import StoppingConnection
from service.http.direct.unread import UnreadRefusals

WAITED_S = 0.01
"""Bytes that are read sooner come to a server that is not overloaded; a look at each would only cost."""


class PacedConnection(StoppingConnection):
    """Keeps the first bytes of a request for an endpoint of the context until ``Pace`` comes to it.

    All else is read as it comes: other requests, such as ``GET /live``, and further pieces of a body. A client's time
    counts from when its bytes came.
    """

    pace: ClassVar[Pace]
    refusals: ClassVar[UnreadRefusals]

    __slots__ = ("_endpoints", "_kept", "_work", "came", "delayed")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept, self.came = b"", 0.0
        self.delayed = 0.0
        """Seconds for which the request that was read last had been kept."""
        # Paths below a root are the app's to find out.
        self._endpoints = {} if self.root_path or self.limit_concurrency else self.context.endpoints
        self._work = tuple(b"POST %s%s" % (path, end) for path in self.context.endpoints for end in (b" ", b"?"))

    @classmethod
    def of(cls, context: ConnectionContext) -> type[Self]:
        """Make the class whose connections take turns. See ``Connection.of``."""
        made = super().of(context)
        made.refusals = UnreadRefusals(context)
        made.pace = Pace(made.refusals.count)
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
        if not data:
            return
        plain = not (self._ended or self._stopping or self.flow.write_paused) and self.context.keys is None
        post = plain_post(data) if plain else None
        if post is None or post.head.path not in self._endpoints or not (self._refused(post) or self._taken(post)):
            super().data_received(data)

    def _refused(self, post: PlainPost) -> bool:
        """Answer a request that cannot be done in time without looking into it; gives whether that is so."""
        if time.monotonic() - self.came < WAITED_S or post.head.header(b"content-type") != b"application/json":
            return False
        text = self.refusals.answer(post, self.came, self.server_state.default_headers)
        if text is None:
            return False
        self.transport.write(text)
        self.server_state.total_requests += 1
        self.came, self.expires = 0.0, time.monotonic() + self.timeout_keep_alive
        return True

    def _taken(self, post: PlainPost) -> bool:  # noqa: ARG002
        """Take a request on as if it had been parsed; gives whether it was."""
        return False

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
