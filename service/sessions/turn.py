"""One way to take a session's turn: enter, find the record, check slots out, and end once, whoever still waits."""

import asyncio
import time
from typing import Self

from service.errors import Expired, StateMoved
from service.scheduling.job import Lease
from service.sessions.registry import SessionRegistry
from service.sessions.session_key import key_of
from service.stores.interface import Record


class SessionTurn:
    """One request's turn at a session, taken with ``async with``.

    Requests of one session are served one after the other, in the order in which they came. A turn ends once, whatever
    happens: with the block, or, after ``hand_over``, when the work that outlives the block calls ``settle`` or
    ``invalidate``.

    Parameters
    ----------
    registry : SessionRegistry
        All sessions.
    owner : str
        Whose session it is.
    session : str
        Its id.
    deadline : float or None
        ``time.monotonic()`` until which the request waits for earlier ones.

    Attributes
    ----------
    key : str
        Name of the session in the store.
    session : str
        Its id.
    record : Record or None
        What ``find`` gave.

    Examples
    --------
    >>> import asyncio
    >>> from service.stores.memory import MemoryStore
    >>> sessions = SessionRegistry(MemoryStore(), 4, ttl=60)
    >>> async def known() -> bool:
    ...     async with SessionTurn(sessions, "me", "pump-7") as turn:
    ...         return await turn.find() is not None
    >>> asyncio.run(known())
    False
    """

    __slots__ = ("_abandoned", "_deadline", "_ended", "_handed_over", "_lease", "_registry", "key", "record", "session")

    def __init__(self, registry: SessionRegistry, owner: str, session: str, deadline: float | None = None) -> None:
        self._registry, self._deadline = registry, deadline
        self.key, self.session = key_of(owner, session), session
        self.record: Record | None = None
        self._lease: tuple[Lease, str] | None = None
        self._handed_over = self._ended = self._abandoned = False

    async def __aenter__(self) -> Self:
        """Enter the block with the turn; see ``enter``."""
        await self.enter()
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        """End the turn, unless it was handed over."""
        self.close()

    def try_enter(self) -> bool:
        """Take the turn if no earlier request of the session is at work.

        Returns
        -------
        bool
            Whether that is so.
        """
        return self._registry.turns.try_enter(self.key)

    async def enter(self) -> None:
        """Wait until the earlier requests of the session are done.

        Raises
        ------
        Expired
            If the deadline passes before.
        """
        if self.try_enter():
            return
        if self._deadline is None:
            await self._registry.turns.enter(self.key)
            return
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                await self._registry.turns.enter(self.key)
        except TimeoutError:
            raise Expired("timeout_ms passed while an earlier request of this session was at work") from None

    def close(self) -> None:
        """End the turn, unless it was handed over."""
        if not self._handed_over:
            self.settle(self.record)

    async def find(self) -> Record | None:
        """Read the session's record, see ``SessionRegistry.find``.

        Returns
        -------
        Record or None
            None where there is no such session.
        """
        self.record = await self._registry.find(self.key, self.session)
        return self.record

    def check_match(self, digests: tuple[str, ...]) -> None:
        """Refuse what was meant for another state than the session has.

        Parameters
        ----------
        digests : tuple of str
            Of the states that are meant, ``*`` for any; none where any will do and none need be there.

        Raises
        ------
        StateMoved
            If the session has none of them, or there is no session.
        """
        held = None if self.record is None else self.record.digest
        if not digests or held in digests or (held is not None and "*" in digests):
            return
        raise StateMoved(
            f"If-Match: expected the digest of session {self.session[:80]!r}, which "
            + ("does not exist" if held is None else f"is {held} now")
            + f", got {', '.join(digests)[:300]}; look at it with GET /sessions/{{id}} and decide anew"
        )

    def checkout(self, model: str, rows: int) -> Lease:
        """Give the session its slots in the model's state cache; they go back when the turn ends.

        Parameters
        ----------
        model : str
            Key of the network.
        rows : int
            Variables of the series.

        Returns
        -------
        Lease
            The job's right to them.
        """
        lease = self._registry.slots.checkout(self.key, model, rows)
        self._lease = lease, model
        return lease

    def hand_over(self) -> None:
        """Let the turn outlive its block: whoever resolves the work calls ``settle`` or ``invalidate``."""
        self._handed_over = True

    def settle(self, record: Record | None) -> None:
        """End the turn.

        Parameters
        ----------
        record : Record or None
            What the store holds now, None where it holds nothing of this session.
        """
        if self._ended:
            return
        self._ended = True
        if self._lease is not None:
            self._registry.settle(*self._lease, record)
        elif record is not None:
            self._registry.remember(record)
        self._registry.turns.leave(self.key)

    def invalidate(self) -> None:
        """End the turn after a store failed: what is known of the session is read from it anew."""
        if self._ended:
            return
        self._ended = True
        self._forget()
        self._registry.turns.leave(self.key)

    def take_back(self) -> None:
        """Go on with the turn after another replica has advanced the session, which is to be found anew."""
        if self._abandoned:
            self.invalidate()
            return
        self._forget()
        self._lease = self.record = None
        self._handed_over = False

    def abandon(self) -> None:
        """End the turn, or have it end with the work that it was handed over to: nobody goes on with it."""
        self._abandoned = True
        self.close()

    def _forget(self) -> None:
        if self._lease is not None:
            self._registry.invalidate(*self._lease)
        else:
            self._registry.forget(self.key)
