"""Calls that belong to the engine's thread and are no work of its own: short, and seldom."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from service.errors import Loading

R = TypeVar("R")


class CallQueue:
    """A ``PieceQueue`` of calls. ``turn`` and ``abandon`` belong to the engine's thread.

    Parameters
    ----------
    wake : callable
        Lets the thread know that there is work.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()

    async def run(self, call: Callable[[], R]) -> R:
        """Have something called, and wait for it.

        Parameters
        ----------
        call : callable
            What is called.

        Returns
        -------
        R
            What it gave; what it raises is raised here.

        Raises
        ------
        Loading
            If the thread ends before.
        """
        future: Future[R] = Future()
        self._calls.put((future, call))
        self._wake()
        return await asyncio.wrap_future(future)

    def turn(self) -> bool:
        """Call one; see ``PieceQueue``."""
        try:
            future, call = self._calls.get_nowait()
        except Empty:
            return False
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(call())
            except Exception as error:  # whatever it is, whoever waits must learn of it
                future.set_exception(error)
        return True

    def abandon(self) -> None:
        """Fail all that wait; see ``PieceQueue``."""
        while not self._calls.empty():
            future, _ = self._calls.get_nowait()
            if future.set_running_or_notify_cancel():
                future.set_exception(Loading("the service is stopping; try again in a few seconds"))
