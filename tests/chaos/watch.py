"""Asks ``/ready`` all along, and holds what it says against what happened to the requests beside it."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import httpx

from tests.chaos.clients import Outcome

EVERY = 0.02


class Poll(NamedTuple):
    """What ``/ready`` said: asked when, answered when."""

    asked: float
    answered: float
    status: int


class Watch:
    """Polls until the server is gone or ``stop`` is called."""

    def __init__(self) -> None:
        self.polls: list[Poll] = []
        self._stopped = False

    async def run(self, http: httpx.AsyncClient) -> None:
        self._stopped = False
        try:
            while not self._stopped:
                asked = time.monotonic()
                reply = await http.get("/ready")
                self.polls.append(Poll(asked, time.monotonic(), reply.status_code))
                await asyncio.sleep(EVERY)
        except httpx.TransportError:
            return

    async def ready(self, seconds: float) -> float:
        """Wait until the server says that it is ready; gives when it was asked."""
        began = time.monotonic()
        while not self.polls or self.polls[-1].asked < began or self.polls[-1].status != 200:
            assert time.monotonic() < began + seconds, f"still not ready after {seconds:g} s"
            await asyncio.sleep(EVERY)
        return self.polls[-1].asked

    def stop(self) -> None:
        self._stopped = True


def false_alarms(polls: Sequence[Poll]) -> list[Poll]:
    """Not ready, while nothing is wrong."""
    return [poll for poll in polls if poll.status != 200]


def lies(polls: Sequence[Poll], outcomes: Sequence[Outcome], healed: float) -> list[Poll]:
    """Ready, while commits failed: one had failed before, and none that worked can have come between.

    What is asked after ``healed`` may be found out by a write of its own.
    """
    failures = [one for one in outcomes if one.store_failed]
    kept = [one for one in outcomes if one.kept]
    found = []
    for poll in polls:
        if poll.status != 200 or poll.answered >= healed:
            continue
        last = max((one.sent for one in failures if one.answered <= poll.asked), default=None)
        if last is not None and not any(one.answered > last and one.sent < poll.answered for one in kept):
            found.append(poll)
    return found
