"""What the engine sends to one client, on the loop: a queue that also reports silence and the client's leaving."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class StreamQueue(Generic[T]):
    """A queue with one reader. Every method belongs to one loop; ``left`` says whether the client has gone."""

    def __init__(self) -> None:
        self.left = False
        self._items: list[T] = []
        self._waiter: asyncio.Future[None] | None = None
        self._urgent = self._gathering = False
        self._taken = -1.0

    def put(self, item: T, urgent: bool = False) -> None:
        """Add an item.

        Parameters
        ----------
        item : T
            What the reader gets.
        urgent : bool
            Whether it does not wait for others to join it.
        """
        self._items.append(item)
        self._urgent = self._urgent or urgent
        if urgent or not self._gathering:
            self._wake()

    def leave(self) -> None:
        """Note that the client has gone, and wake the reader."""
        self.left = self._urgent = True
        self._wake()

    async def take(self, silence_s: float | None = None, gather_s: float = 0.0) -> list[T]:
        """Give all that has come, waiting for the first item.

        Parameters
        ----------
        silence_s : float or None
            Seconds after which an empty list is given.
        gather_s : float
            Seconds since the last call within which items are gathered, because each sending costs.

        Returns
        -------
        list of T
            In order; empty after a silence, or once the client has gone.
        """
        loop = asyncio.get_running_loop()
        rest = self._taken + gather_s - loop.time()
        if rest > 0 and not self._urgent:
            self._gathering = True
            await self._wait(rest)
            self._gathering = False
        if not self._items and not self.left:
            await self._wait(silence_s)
        items, self._items = self._items, []
        self._urgent = self.left
        self._taken = loop.time()
        return items

    async def _wait(self, seconds: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
