"""The slots of every model's state cache, and which session has which."""

from collections.abc import Callable

from service.scheduling.job import Lease
from service.scheduling.slots import Slots


class SlotTable:
    """``Slots`` by the key of their network.

    Parameters
    ----------
    capacity : int
        Slots per model.
    evicted : callable
        Called with the lease of every session that gives way, before its slots go to others.
    """

    def __init__(self, capacity: int, evicted: Callable[[Lease], None] = lambda _: None) -> None:
        self._capacity, self._evicted = capacity, evicted
        self._slots: dict[str, Slots] = {}

    def __len__(self) -> int:
        """Sessions that have slots now, over all models."""
        return sum(len(slots) for slots in self._slots.values())

    def checkout(self, key: str, model: str, rows: int) -> Lease:
        """Give a session that has the turn its slots of a model; see ``Slots.checkout``."""
        slots = self._slots.get(model)
        if slots is None:
            slots = self._slots[model] = Slots(self._capacity, self._evicted)
        return slots.checkout(key, rows)

    def checkin(self, lease: Lease, model: str, *, keep: bool) -> None:
        """Take them back; see ``Slots.checkin``."""
        self._slots[model].checkin(lease, keep=keep)

    def exchange(self, lease: Lease, model: str) -> int:
        """Check out an idle session of one row that has the turn, and a spare slot for its next row.

        Parameters
        ----------
        lease : Lease
            Of the session.
        model : str
            Key of the network.

        Returns
        -------
        int
            The spare slot; ends with ``exchanged``.

        Raises
        ------
        QueueFull
            If every slot belongs to a session that is at work right now.
        """
        return self._slots[model].exchange(lease)

    def exchanged(self, lease: Lease, spare: int, model: str, *, moved: bool) -> Lease:
        """Take back what ``exchange`` gave.

        Parameters
        ----------
        lease : Lease
            Of the session, as it was.
        spare : int
            The spare slot.
        model : str
            Key of the network.
        moved : bool
            Whether the session's row lies in the spare slot now.

        Returns
        -------
        Lease
            Of the session from now on.
        """
        return self._slots[model].exchanged(lease, spare, moved=moved)

    def idle(self, key: str, model: str) -> Lease | None:
        """Give the lease of a session that has slots of a model and is not at work; see ``Slots.idle``."""
        slots = self._slots.get(model)
        return None if slots is None else slots.idle(key)

    def drop(self, key: str) -> None:
        """Free the slots of an idle session in every model; see ``Slots.drop``."""
        for slots in self._slots.values():
            slots.drop(key)
