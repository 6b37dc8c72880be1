"""SIGTERM: what is in hand is finished first, for so long."""

import asyncio
import time

from connectors.errors import Undrained


class Shutdown:
    """Whether to stop, and how long what is in hand may still take.

    Parameters
    ----------
    drain_s : float
        Seconds.
    """

    def __init__(self, drain_s: float) -> None:
        self._drain_s, self._event, self._until = drain_s, asyncio.Event(), float("inf")

    def request(self) -> None:
        """Stop after what is in hand."""
        if not self.requested:
            self._until = time.monotonic() + self._drain_s
            self._event.set()

    @property
    def requested(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    async def pause(self, seconds: float) -> None:
        """Wait before another try of what is in hand.

        Parameters
        ----------
        seconds : float
            Fewer where it would be too late then.

        Raises
        ------
        Undrained
            If it is too late.
        """
        await self.rest(seconds)
        if self.requested:
            if (left := self._until - time.monotonic()) <= 0:
                raise Undrained("stopped before everything in hand was answered; it comes again at the next start")
            await asyncio.sleep(min(seconds, left, 0.5))

    async def rest(self, seconds: float) -> None:
        """Wait with nothing in hand; ends at once when it is to stop.

        Parameters
        ----------
        seconds : float
            At most.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
