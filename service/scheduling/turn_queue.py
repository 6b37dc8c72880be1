"""Whose turn it is at each session: requests of one are served one after the other, in the order in which they came."""

import asyncio
from collections import deque
from collections.abc import Sequence


class TurnQueue:
    """Turns by session. Every method is called on the loop.

    Examples
    --------
    >>> turns = TurnQueue()
    >>> turns.try_enter("a"), turns.try_enter("a"), turns.try_enter("b")
    (True, False, True)
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]] | None] = {}

    def __len__(self) -> int:
        """Sessions of which a request is at work."""
        return len(self._waiting)

    def taken(self, key: str) -> bool:
        """Whether a request of a session is at work.

        Parameters
        ----------
        key : str
            Of the session.
        """
        return key in self._waiting

    def try_enter(self, key: str) -> bool:
        """Take a session's turn if it is free now.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        bool
            Whether it was.
        """
        if key in self._waiting:
            return False
        self._waiting[key] = None
        return True

    def try_enter_all(self, keys: Sequence[str]) -> bool:
        """Take the turns of several sessions if all are free now.

        Parameters
        ----------
        keys : sequence of str
            Of the sessions, each once.

        Returns
        -------
        bool
            Whether they were; else none is taken.
        """
        if not self._waiting.keys().isdisjoint(keys):
            return False
        self._waiting.update(dict.fromkeys(keys))
        return True

    async def enter(self, key: str) -> None:
        """Wait for a session's turn.

        Parameters
        ----------
        key : str
            Of the session.
        """
        if self.try_enter(key):
            return
        waiting = self._waiting[key]
        if waiting is None:
            waiting = self._waiting[key] = deque()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # The turn may have come in the very moment in which this request gave up.
            if turn.done() and not turn.cancelled():
                self.leave(key)
            raise

    def leave(self, key: str) -> None:
        """Let the next request of a session have its turn.

        Parameters
        ----------
        key : str
            Of the session.
        """
        waiting = self._waiting[key]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[key]

    def leave_all(self, keys: Sequence[str]) -> None:
        """Let the next requests of several sessions have their turn.

        Parameters
        ----------
        keys : sequence of str
            Of the sessions.
        """
        waiting = self._waiting
        for key in keys:
            if waiting[key] is None:
                del waiting[key]
            else:
                self.leave(key)
