"""Sessions by key: what is known of them, where their rows lie. Numbers and a clock only."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from service.errors import ServiceError, expired, unknown
from service.scheduling.job import Lease
from service.scheduling.slot_table import SlotTable
from service.scheduling.turn_queue import TurnQueue
from service.sessions.records import NoResidents, ResidentRecords, Stored, read_changed, read_each
from service.steady_clock import SteadyClock
from service.stores.interface import Delete, Record, SharedStore, Store, StoreError, Swept, not_written
from service.threads import STORE

SHORTEST_SECOND_LIFE = 86_400.0
"""Seconds for which the id of an expired session is kept at least; else it is for as long again as it lived."""


class SessionRegistry:
    """The event loop's view of all sessions. Every method is called on the loop.

    Requests of one session are served one after the other, in the order in which they came; see ``SessionTurn``.

    Parameters
    ----------
    store : Store
        The truth; records are read from it once and then kept in memory. One that others write too is asked before
        each use whether it still holds what is kept here.
    capacity : int
        Slots per model, and records kept in memory.
    ttl : float
        Seconds that a session lives after its last use.
    evicted : callable
        Called once for every session that loses its slots.
    clock : SteadyClock or None
        Tells the time; None makes one that goes on from when the store was last written.
    resident : ResidentRecords
        Know sessions better than the store where they are streamed.
    """

    def __init__(
        self,
        store: Store,
        capacity: int,
        ttl: float,
        evicted: Callable[[], None] = lambda: None,
        clock: SteadyClock | None = None,
        resident: ResidentRecords = NoResidents(),  # noqa: B008 (it has no state)
    ) -> None:
        self._resident, self.store = resident, store
        self.shared = store if isinstance(store, SharedStore) else None
        clock = clock or SteadyClock(store.last_written())
        self.now, self.certain, self.ttl = clock.now, clock.certain, ttl
        self._capacity, self._evicted = capacity, evicted
        self.slots, self.turns = SlotTable(capacity, self._gave_way), TurnQueue()
        self._records: OrderedDict[str, Record] = OrderedDict()

    @property
    def resident(self) -> int:
        """Sessions that have slots now, over all models."""
        return len(self.slots)

    async def find(self, key: str, session: str) -> Record | None:
        """Give the session's record, or None where there is none.

        Parameters
        ----------
        key : str
            Of the session.
        session : str
            Its id, for messages.

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
        """Give the records of many sessions at once.

        Parameters
        ----------
        wanted : sequence of (str, str)
            Key and id of each.

        Returns
        -------
        list of (Record, ServiceError or None)
            In their order; the error of ``find`` where one cannot be given.
        """
        read, now = await self._look([key for key, _ in wanted]), self.certain()
        return [
            expired(session) if isinstance(record, Record) and (record.dropped or record.expires_at <= now) else record
            for (_, session), record in zip(wanted, read, strict=True)
        ]

    async def _look(self, keys: Sequence[str]) -> list[Stored]:
        kept = {key: record for key in keys if (record := self._known(key)) is not None}
        if self.shared is None:
            unread = [key for key in keys if key not in kept]
            read = await read_each(self.store, unread) if unread else {}
        else:
            # What is kept here counts where its digest is the store's; rows of another are in the state cache, too.
            alive = self.certain()
            known = {key: one.digest for key, one in kept.items() if not one.dropped and one.expires_at > alive}
            read = await read_changed(self.shared, {key: known.get(key, "") for key in keys})
            for key in read:
                self._release(key)
        for found in read.values():
            if isinstance(found, Record):
                self.remember(found)
        return [read[key] if key in read else kept[key] for key in keys]

    def kept(self, key: str) -> Record | None:
        """Give the record of a session if it is in memory.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        Record or None
            As the store holds it.
        """
        return self._records.get(key)

    def _known(self, key: str) -> Record | None:
        return self._resident.record(key) or self._records.get(key)

    def _gave_way(self, lease: Lease) -> None:
        self._evicted()
        if (record := self._resident.evict(lease)) is not None:
            self.remember(record)

    def settle(self, lease: Lease, model: str, record: Record | None) -> None:
        """Take the slots back.

        Parameters
        ----------
        lease : Lease
            What ``checkout`` gave.
        model : str
            Key of the network.
        record : Record or None
            What the store holds now, None where it holds nothing of this session.
        """
        self.slots.checkin(lease, model, keep=record is not None)
        if record is not None:
            self.remember(record)

    def invalidate(self, lease: Lease, model: str) -> None:
        """Take the slots back after a store failed: what is known of the session is read from it anew.

        Parameters
        ----------
        lease : Lease
            What ``checkout`` gave.
        model : str
            Key of the network.
        """
        # A session that is streamed is as it was, unless others write too: the store may not know all of it.
        self.slots.checkin(lease, model, keep=self.shared is None and self._resident.record(lease.key) is not None)
        self.forget(lease.key)

    def forget(self, key: str) -> None:
        """Read the session from the store anew when it is next used.

        Parameters
        ----------
        key : str
            Of the session.
        """
        self._records.pop(key, None)
        if self.shared:
            self._release(key)

    async def end(self, key: str, session: str, after: str | None = None) -> None:
        """Delete a session, or its tombstone, for good. The caller has the turn.

        Parameters
        ----------
        key : str
            Of the session.
        session : str
            Its id, for messages.
        after : str or None
            Digest that it must have, if others write too, see ``Put``.

        Raises
        ------
        UnknownSession
            If there is none.
        Loading
            If the store cannot be written.
        """
        try:
            if (self.shared or self._known(key) is None) and await STORE.run(self.store.get, key) is None:
                raise unknown(session)
            await STORE.run(self.store.commit, [Delete(key, after)])
        except StoreError as error:
            raise not_written(error) from error
        self._release(key)

    async def expire(self, limit: int) -> Swept:
        """Drop states of sessions whose life has ended, and tombstones that had a second one; see ``Store.expire``.

        Parameters
        ----------
        limit : int
            How many at most.

        Returns
        -------
        Swept
            What was done.
        """
        now = self.certain()
        gone = [key for key, record in self._records.items() if record.expires_at <= now]
        for key in [*gone, *self._resident.ended(now)]:
            if not self.turns.taken(key):
                self._release(key)
        if touches := self._resident.touches(now):
            await STORE.run(self.store.commit, touches)
        ended = now - self.slack
        return await STORE.run(self.store.expire, ended, ended - max(self.ttl, SHORTEST_SECOND_LIFE), limit)

    def _release(self, key: str) -> None:
        self._records.pop(key, None)
        self.slots.drop(key)
        self._resident.drop(key)

    @property
    def slack(self) -> float:
        """Seconds by which the stored end of a life may lie before the true one, so that reading seldom writes."""
        return self.ttl / 100

    def remember(self, record: Record) -> None:
        """Take what the store holds now of a session.

        Parameters
        ----------
        record : Record
            What was written or read.
        """
        if self._resident.settle(record):
            self._records.pop(record.key, None)
            return
        self._records[record.key] = record
        self._records.move_to_end(record.key)
        while len(self._records) > self._capacity:
            self._records.popitem(last=False)
