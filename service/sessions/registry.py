"""Sessions by key: whose turn it is, what is known of them, where their rows lie. Numbers, a clock and futures only."""

import asyncio
import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from service.errors import ExpiredSession, Loading, ServiceError, UnknownSession
from service.scheduling.job import Lease
from service.sessions.slots import Slots
from service.stores.interface import Delete, Record, Store, StoreError


def key_of(owner: str, session: str) -> str:
    """Name a session in the store: the same id of two owners is two sessions, and neither can be read from the key."""
    return hashlib.sha256(f"{owner}\0{session}".encode()).hexdigest()


class SessionRegistry:
    """The event loop's view of all sessions. Every method is called on the loop.

    Requests of one session are served one after the other, in the order in which they came; see ``SessionTurn``.

    Parameters
    ----------
    store:
        The truth; records are read from it once and then kept in memory, for this process alone writes it.
    capacity:
        Slots a model, and records kept in memory.
    evicted:
        Called once for every session that loses its slots.
    ttl:
        Seconds that a session lives after its last use.
    clock:
        Seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        capacity: int,
        ttl: float,
        evicted: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.now = clock
        self.ttl = ttl
        self._capacity = capacity
        self._evicted = evicted
        self._slots: dict[str, Slots] = {}
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._turns: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def resident(self) -> int:
        """Sessions that have slots now, over all models."""
        return sum(len(slots) for slots in self._slots.values())

    def try_enter(self, key: str) -> bool:
        """Take this session's turn if it is free now; gives whether it was."""
        if key in self._turns:
            return False
        self._turns[key] = deque()
        return True

    async def enter(self, key: str) -> None:
        """Wait for this session's turn; requests are served in the order in which they came."""
        if self.try_enter(key):
            return
        waiting = self._turns[key]
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
        """Let the next request of this session have its turn."""
        waiting = self._turns[key]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._turns[key]

    async def find(self, key: str, session: str) -> Record | None:
        """Give the session's record, or None where there is none.

        Raises
        ------
        ExpiredSession
            If it was idle for too long.
        Loading
            If the store cannot be read.
        """
        found = (await self.find_many([(key, session)]))[0]
        if isinstance(found, ServiceError):
            raise found
        return found

    async def find_many(self, wanted: Sequence[tuple[str, str]]) -> list[Record | ServiceError | None]:
        """Give the records of many sessions, by key and id, or why each cannot be given; see ``find``.

        Those that are not in memory are read from the store together.
        """
        found = [self._records.get(key) for key, _ in wanted]
        unread = [i for i, record in enumerate(found) if record is None]
        read: list[Record | ServiceError | None] = list(found)
        if unread:
            keys = [wanted[i][0] for i in unread]
            for i, record in zip(unread, await asyncio.to_thread(self._read, keys), strict=True):
                read[i] = record
                if isinstance(record, Record):
                    self.remember(record)
        now = self.now()
        return [
            _expired(session) if isinstance(record, Record) and (record.dropped or record.expires_at <= now) else record
            for (_, session), record in zip(wanted, read, strict=True)
        ]

    def _read(self, keys: Sequence[str]) -> list[Record | ServiceError | None]:
        records: list[Record | ServiceError | None] = []
        for key in keys:
            try:
                records.append(self.store.get(key))
            except StoreError as error:
                records.append(Loading(f"sessions: {error}", code="store_failed"))
        return records

    def checkout(self, key: str, model: str, rows: int) -> Lease:
        """Give the session that has the turn its slots in the model's slab; see ``Slots.checkout``."""
        slots = self._slots.get(model)
        if slots is None:
            slots = self._slots[model] = Slots(self._capacity, self._evicted)
        return slots.checkout(key, rows)

    def settle(self, lease: Lease, model: str, record: Record | None) -> None:
        """Take the slots back. ``record`` is what the store holds now, None where it holds nothing of this session."""
        self._slots[model].checkin(lease, keep=record is not None)
        if record is not None:
            self.remember(record)

    def invalidate(self, lease: Lease, model: str) -> None:
        """Take the slots back after a store failed: what is known of the session is read from it anew."""
        self._slots[model].checkin(lease, keep=False)
        self._records.pop(lease.key, None)

    def forget(self, key: str) -> None:
        """Read the session from the store anew when it is next used."""
        self._records.pop(key, None)

    async def end(self, key: str, session: str) -> None:
        """Delete a session, or its tombstone, for good. The caller has the turn.

        Raises
        ------
        UnknownSession
            If there is none.
        Loading
            If the store cannot be written.
        """
        try:
            if key not in self._records and await asyncio.to_thread(self.store.get, key) is None:
                raise unknown(session)
            await asyncio.to_thread(self.store.commit, [Delete(key)])
        except StoreError as error:
            raise Loading(f"sessions: {error}", code="store_failed") from error
        self._records.pop(key, None)
        for slots in self._slots.values():
            slots.drop(key)

    async def expire(self) -> int:
        """Drop the states of sessions whose life has ended; how many."""
        for key in [key for key, record in self._records.items() if record.expires_at <= self.now()]:
            if key not in self._turns:
                del self._records[key]
                for slots in self._slots.values():
                    slots.drop(key)
        return await asyncio.to_thread(self.store.expire, self.now() - self.slack)

    @property
    def slack(self) -> float:
        """Seconds by which the stored end of a life may lie before the true one, so that asking seldom writes."""
        return self.ttl / 100

    def remember(self, record: Record) -> None:
        """Take what the store holds now of a session."""
        self._records[record.key] = record
        self._records.move_to_end(record.key)
        while len(self._records) > self._capacity:
            self._records.popitem(last=False)


def _expired(session: str) -> ExpiredSession:
    return ExpiredSession(
        f"session {session[:80]!r}: idle for longer than its life and no longer kept; DELETE it and send the whole "
        "history again, or use another id"
    )


def unknown(session: str) -> UnknownSession:
    """Say that there is no such session for this owner."""
    return UnknownSession(f"session {session[:80]!r}: there is none; POST /forecast with its history opens it")
