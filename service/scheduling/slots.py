"""Which session has which rows of a state cache: whole numbers only, the tensors are the engine's."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from service.errors import QueueFull, TooLarge
from service.scheduling.job import Lease


class Slots:
    """Slots 1 to ``capacity`` of one model's state cache; slot 0 is padding and never leased.

    A session keeps its slots while it is idle, until others need them: then the one idle for longest gives way, which
    loses nothing, because the store has its state. Each residency has a generation number of its own, so that the
    engine can tell rows that are still this session's from rows of one that lay there before.

    Parameters
    ----------
    capacity : int
        Rows of the state cache, slot 0 not counted.
    evicted : callable
        Called with the lease of every session that gives way, before its slots go to others.
    """

    def __init__(self, capacity: int, evicted: Callable[[Lease], None] = lambda _: None) -> None:
        self.capacity = capacity
        self._evicted = evicted
        self._free = list(range(capacity, 0, -1))
        self._idle: OrderedDict[str, Lease] = OrderedDict()
        self._busy: dict[str, Lease] = {}
        self._generation = 0

    def __len__(self) -> int:
        """Sessions that have slots now."""
        return len(self._idle) + len(self._busy)

    def checkout(self, key: str, rows: int) -> Lease:
        """Give a session that is not checked out its slots, those it had where it still has them.

        Parameters
        ----------
        key : str
            Of the session.
        rows : int
            Its variables.

        Returns
        -------
        Lease
            Ends with ``checkin``.

        Raises
        ------
        TooLarge
            If the state cache could never hold so many rows.
        QueueFull
            If every slot belongs to a session that is at work right now.
        """
        lease = self._idle.pop(key, None)
        if lease is None:
            lease = self._place(key, rows)
        self._busy[key] = lease
        return lease

    def checkin(self, lease: Lease, *, keep: bool) -> None:
        """Take a lease back.

        Parameters
        ----------
        lease : Lease
            What ``checkout`` gave.
        keep : bool
            Whether the session keeps its slots while it is idle; else they are free for others at once.
        """
        if self._busy.pop(lease.key, None) is None:
            return
        if keep:
            self._idle[lease.key] = lease
        else:
            self._free.extend(lease.slots)

    def idle(self, key: str) -> Lease | None:
        """Give the lease of a session that has slots and is not at work.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        Lease or None
            None where it has none, or is at work.
        """
        return self._idle.get(key)

    def exchange(self, keys: Sequence[str]) -> list[int]:
        """Check out idle sessions of one row, each with a spare slot for its next row while the last one still stands.

        Parameters
        ----------
        keys : sequence of str
            Of B sessions, each once.

        Returns
        -------
        list of int
            B spare slots; ends with ``exchanged``.

        Raises
        ------
        QueueFull
            If a session has no slot, or too many belong to sessions that are at work right now. Nothing has changed
            then, but for sessions that gave way.
        """
        idle, free = self._idle, self._free
        leases = list(map(idle.get, keys))
        if None in leases:
            raise QueueFull("the session has no place in memory now; try again in a second")
        busy: dict[str, Lease] = dict(zip(keys, leases, strict=True))  # type: ignore[arg-type]
        for key in keys:
            del idle[key]
        self._busy.update(busy)
        count = len(keys)
        if len(free) < count:
            try:
                self._make_room(count)
            except QueueFull:
                for lease in busy.values():
                    self.checkin(lease, keep=True)
                raise
        spares = free[-count:]
        del free[-count:]
        return spares

    def exchanged(self, leases: Sequence[Lease], free: Sequence[int]) -> None:
        """Take back what ``exchange`` gave.

        Parameters
        ----------
        leases : sequence of Lease
            Of the sessions from now on: the same residencies, each in the slot where its row lies.
        free : sequence of int
            The other slot of each.
        """
        busy, keys = self._busy, [lease.key for lease in leases]
        for key in keys:
            del busy[key]
        self._free.extend(free)
        self._idle.update(zip(keys, leases, strict=True))

    def drop(self, key: str) -> None:
        """Free the slots of an idle session, if it has any.

        Parameters
        ----------
        key : str
            Of the session.
        """
        lease = self._idle.pop(key, None)
        if lease is not None:
            self._free.extend(lease.slots)

    def _place(self, key: str, rows: int) -> Lease:
        if rows > self.capacity:
            raise TooLarge(
                f"target: expected a session of at most {self.capacity} variables, got {rows}; "
                "split it, or raise STATECAST_RESIDENT_SESSIONS"
            )
        self._make_room(rows)
        self._generation += 1
        return Lease(key, tuple(self._free.pop() for _ in range(rows)), self._generation)

    def _make_room(self, rows: int) -> None:
        while len(self._free) < rows:
            if not self._idle:
                raise QueueFull("every place for a live session is taken by one at work; try again in a second")
            _, lease = self._idle.popitem(last=False)
            self._evicted(lease)
            self._free.extend(lease.slots)
