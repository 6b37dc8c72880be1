"""The end of connections whose client neither sends nor reads for too long."""

import asyncio
import math
import time
from collections.abc import Collection
from typing import Any

BODY_BYTES_PER_S = 16 * 1024
"""A body has one second more for as many bytes: slow lines are served, one byte now and then is not."""
LINGER_S = 2.0
"""Seconds in which what a client still sends is dropped, so that it reads why it was refused."""
LAST_CALL_S = 1.0
"""Seconds for which an idle connection stays open when the server stops: a request may be on its way on it."""
STALLED_S = 60.0
"""Seconds in which a client that has an answer coming must read some of it."""
TICK_S = 0.25
"""Seconds by which a connection may outlive its time."""


class Timeouts:
    """One timer for all connections of a server; one per request would cost as much as parsing it."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, loop: asyncio.AbstractEventLoop, connections: Collection[Any]) -> None:
        """Have ``expire`` called on each connection whose ``expires``, by ``time.monotonic``, has come.

        Parameters
        ----------
        loop : asyncio.AbstractEventLoop
            Runs the connections.
        connections : collection
            Those that are open. Once there are none, nothing is watched until the next call.
        """
        if self._timer is None:
            self._timer = loop.call_later(TICK_S, self._sweep, loop, connections)

    def _sweep(self, loop: asyncio.AbstractEventLoop, connections: Collection[Any]) -> None:
        self._timer = loop.call_later(TICK_S, self._sweep, loop, connections) if connections else None
        now = time.monotonic()
        for connection in [one for one in connections if one.expires <= now]:
            connection.expire()


class UnreadAnswer:
    """Whether a client goes on reading what waits for it."""

    def __init__(self) -> None:
        self.until = math.inf
        """When ``stalled`` has something to say, by ``time.monotonic``."""
        self._bytes = 0

    def begin(self, transport: asyncio.WriteTransport) -> None:
        """Note that more waits than a transport takes.

        Parameters
        ----------
        transport : asyncio.WriteTransport
            The way to the client.
        """
        self._bytes, self.until = transport.get_write_buffer_size(), time.monotonic() + STALLED_S

    def stalled(self, transport: asyncio.WriteTransport) -> bool:
        """Whether the client has read nothing for ``STALLED_S``.

        Parameters
        ----------
        transport : asyncio.WriteTransport
            The way to the client.
        """
        if time.monotonic() < self.until:
            return False
        before = self._bytes
        self.begin(transport)
        return self._bytes == before
