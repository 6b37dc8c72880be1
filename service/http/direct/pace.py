"""Which connections are read when: work that has come waits in a queue of its own, so that what is cheap need not."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

_log = logging.getLogger(__name__)
LOADED_S = 0.02
"""How long bytes wait where there is more to read than can be read in its order."""
STALE_S = 0.4
"""How long bytes wait at most before all others do: a refusal must come in time as well."""
TURN_S = 0.002
"""Seconds of reading in one turn of the loop. In between it does all else, such as answer ``/live``."""


class Waiting(Protocol):
    """A connection whose bytes are kept."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    came: float
    """``time.monotonic()`` when they came."""

    def read_on(self) -> None:
        """Read what is kept."""


class Pace:
    """Connections in the order in which their bytes came. Lives on the event loop.

    Without it a turn of the loop takes on whatever all sockets hold: of two thousand clients that is a fifth of a
    second, in which nobody else is answered.

    Parameters
    ----------
    turned : callable
        Called at the end of each turn.
    """

    def __init__(self, turned: Callable[[], None]) -> None:
        self._turned = turned
        self._waiting: deque[Waiting] = deque()
        self._scheduled = self._newest = False

    def add(self, connection: Waiting) -> None:
        """Have a connection read in one of the next turns of its loop.

        Parameters
        ----------
        connection : Waiting
            It keeps its bytes until then.
        """
        self._waiting.append(connection)
        if not self._scheduled:
            self._scheduled = True
            connection.loop.call_soon(self._turn)

    def _next(self, now: float) -> Waiting:
        """Take the oldest; under load every other time the newest, for which there is the most time left.

        In their order alone all would be read when it is too late for each, and none would be answered.
        """
        waited = now - self._waiting[0].came
        self._newest = not self._newest and LOADED_S < waited < STALE_S
        return self._waiting.pop() if self._newest else self._waiting.popleft()

    def _turn(self) -> None:
        now = time.monotonic()
        until = now + TURN_S
        while self._waiting:
            connection = self._next(now)
            try:
                connection.read_on()
            except Exception:  # the others must be read all the same
                _log.exception("a connection could not be read")
                connection.transport.abort()
            now = time.monotonic()
            if now >= until:
                break
        self._turned()
        if self._waiting:
            self._waiting[0].loop.call_soon(self._turn)
        else:
            self._scheduled = False
