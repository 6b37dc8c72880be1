"""The slots of every model's state cache, and which session has which."""

from collections.abc import Callable, Sequence

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

    def exchange(self, keys: Sequence[str], model: str) -> list[int]:
        """Check out idle sessions that have the turn, each with a spare slot; see ``Slots.exchange``."""
        return self._slots[model].exchange(keys)

    def exchanged(self, leases: Sequence[Lease], free: Sequence[int], model: str) -> None:
        """Take them back; see ``Slots.exchanged``."""
        self._slots[model].exchanged(leases, free)

    def idle(self, key: str, model: str) -> Lease | None:
        """Give the lease of a session that has slots of a model and is not at work; see ``Slots.idle``."""
        slots = self._slots.get(model)
        return None if slots is None else slots.idle(key)

    def drop(self, key: str) -> None:
        """Free the slots of an idle session in every model; see ``Slots.drop``."""
        for slots in self._slots.values():
            slots.drop(key)
