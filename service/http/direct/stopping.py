"""A connection that a server which stops closes without losing a request on the way."""

import time
from typing import Any

from service.http.connection import Connection
from service.http.timeouts import LAST_CALL_S


class StoppingConnection(Connection):
    """Stays open for a moment when the server stops, and ends with the answer of what came by then.

    A proxy keeps connections to its servers. One that is closed while a request is on its way on it becomes a 502,
    because a proxy must not send a ``POST`` again by itself; new connections are refused, so the rest goes elsewhere.
    """

    __slots__ = ("_stopping",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stopping = False

    def on_headers_complete(self) -> None:
        """Start the request, see ``Connection.on_headers_complete``."""
        super().on_headers_complete()
        if self._stopping:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Begin to stop."""
        self._stopping = True
        if self._unanswered():
            super().shutdown()
        elif not (self._ended or self._awaits):
            self.expires = time.monotonic() + min(LAST_CALL_S, self.context.settings.drain_s)
