"""What the engine's thread does next, over all queues."""

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Protocol

PATIENCE_S = 1.0
"""Seconds after which what lies behind gets a piece done, however much there is before it."""


class PieceQueue(Protocol):
    """Work that is done a piece at a time."""

    def turn(self) -> bool:
        """Do one bounded piece of work; gives whether there was any."""

    def abandon(self) -> None:
        """Fail whatever is unfinished in the next turn."""


class WorkLoop:
    """Does pieces of work one after the other, on the thread that calls ``run``.

    The rule: a batch of forecasts, then one piece of one other queue, those in turn. So a forecast waits for at most
    one piece of text or of paths, and these for at most one batch. What lies behind has its turn when nothing else is
    to be done, and one piece now and again where there always is.

    Parameters
    ----------
    forecasts : callable
        Runs one batch of forecasts, if anything waits; gives whether it did.
    others : sequence of PieceQueue
        Texts and paths.
    """

    def __init__(self, forecasts: Callable[[], bool], others: Sequence[PieceQueue] = ()) -> None:
        self._forecasts = forecasts
        self._others, self._next = tuple(others), 0
        self._behind: tuple[PieceQueue, ...] = ()
        self._patient_until = 0.0
        self._work = Event()
        self._stopped = False

    def add(self, queue: PieceQueue) -> None:
        """Take a queue to work on, before ``run``.

        Parameters
        ----------
        queue : PieceQueue
            One more.
        """
        self._others = (*self._others, queue)

    def add_behind(self, queue: PieceQueue) -> None:
        """Take a queue to work on when there is nothing else, before ``run``.

        Parameters
        ----------
        queue : PieceQueue
            One more.
        """
        self._behind = (*self._behind, queue)

    def wake(self) -> None:
        """Let the loop know that there is new work; from any thread."""
        self._work.set()

    def run(self) -> None:
        """Work until ``stop`` was called and nothing is left to do."""
        while True:
            self._work.clear()
            worked = self._forecasts()
            busy = self._other() or worked
            if busy and time.monotonic() < self._patient_until:
                continue
            if any(queue.turn() for queue in self._behind) or busy:
                self._patient_until = time.monotonic() + PATIENCE_S
                continue
            if self._stopped:
                return
            self._work.wait()

    def stop(self) -> None:
        """Fail what the other queues have not finished, and end ``run``."""
        for queue in (*self._others, *self._behind):
            queue.abandon()
        self._stopped = True
        self._work.set()

    def _other(self) -> bool:
        for _ in self._others:
            queue = self._others[self._next]
            self._next = (self._next + 1) % len(self._others)
            if queue.turn():
                return True
        return False
