"""What the engine sends to one client, on the loop: a queue that also tells of silence and of the client's leaving."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """For one task that takes. Every method belongs to one loop.

    left: whether the client has gone.
    """

    def __init__(self) -> None:
        self.left = False
        self._items: list[T] = []
        self._waiter: asyncio.Future[None] | None = None

    def put(self, item: T) -> None:
        """Add an item."""
        self._items.append(item)
        self._wake()

    def leave(self) -> None:
        """Say that the client has gone."""
        self.left = True
        self._wake()

    async def take(self, silence_s: float | None = None) -> list[T]:
        """Give all that has come, waiting for something; nothing after ``silence_s`` seconds, or once it was left."""
        if not self._items and not self.left:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = None if silence_s is None else loop.call_later(silence_s, self._wake)
            try:
                await self._waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        items, self._items = self._items, []
        return items

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
