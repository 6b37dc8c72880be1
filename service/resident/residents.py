"""All resident sessions that can be streamed, over all models, and which of them the journal knows better."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from service.resident.absent import AbsentSessions
from service.resident.network import ResidentNetwork
from service.resident.table import SessionTable
from service.scheduling.job import Lease
from service.stores.digest import bytes_of
from service.stores.interface import Put, Record, Touch

Name = tuple[str, str]
"""Owner and id of a session."""
Place = tuple[SessionTable, int]
"""Table of a session, and its row there."""


class Residents:
    """Lives on the event loop; sessions whose turn a batch holds are changed by the engine's thread.

    A session is *dirty* while the journal holds observations that its snapshot in the store does not.

    Parameters
    ----------
    rows : callable
        Gives the bytes of a lease's rows of state, by the network's key.
    capacity : int
        Sessions per network.
    metrics : tuple of str
        Accuracy metrics of new sessions beside the usual ones.

    Attributes
    ----------
    sequence : int
        Of the journal's last entry.
    dirty : OrderedDict of str to int
        For each dirty session the journal's first entry that no snapshot holds, ascending.
    leaving : dict of str to int
        The same of those that the batch at work puts whole, until the store has them.
    unflushed : dict of str to Put
        Dirty sessions that lost their slots, until they are in the store.
    absent : AbsentSessions
        Sessions whose model is not loaded.
    """

    def __init__(self, rows: Callable[[str, Lease], bytes], capacity: int, metrics: Sequence[str] = ()) -> None:
        self._rows, self._capacity, self._metrics = rows, capacity, tuple(metrics)
        self._tables: dict[str, SessionTable] = {}
        self._names: dict[str, dict[str, Place]] = {}
        self._by_key: dict[str, tuple[SessionTable, int, Name]] = {}
        self.sequence = 0
        self.dirty: OrderedDict[str, int] = OrderedDict()
        self.leaving: dict[str, int] = {}
        self.unflushed: dict[str, Put] = {}
        self.absent = AbsentSessions()

    def find(self, owner: str, sessions: Sequence[str]) -> list[Place | None]:
        """Find sessions.

        Parameters
        ----------
        owner : str
            Of all.
        sessions : sequence of str
            Their ids.

        Returns
        -------
        list of (SessionTable, int) or None
            Table and row of each; None where it is not resident.
        """
        return list(map(self._names.get(owner, {}).get, sessions))

    def load(self, name: Name, network: ResidentNetwork, record: Record, lease: Lease) -> Place | None:
        """Take in a session that the store holds as it is.

        Parameters
        ----------
        name : (str, str)
            Owner and id.
        network : ResidentNetwork
            That it belongs to.
        record : Record
            The session.
        lease : Lease
            Its slot, idle.

        Returns
        -------
        (SessionTable, int) or None
            None where it is of a kind that is not streamed.
        """
        table = self._tables.get(network.key)
        if table is None:
            if not SessionTable.covers(network.config):
                return None
            table = self._tables[network.key] = SessionTable(network, self._capacity, self._metrics)
        row = table.load(record, lease)
        if row is None:
            return None
        owner, session = name
        place = self._names.setdefault(owner, {})[session] = table, row
        self._by_key[record.key] = table, row, name
        return place

    def record(self, key: str) -> Record | None:
        """Give a session as a value; the caller has its turn.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        Record or None
            None where it is neither resident nor waits for the store or for its model.
        """
        found = self._by_key.get(key)
        if found is not None:
            return found[0].record(found[1])
        waiting = self.unflushed.get(key)
        return self.absent.record(key) if waiting is None else waiting.record

    def waiting_state(self, key: str) -> bytes | None:
        """Give the state of a session that lost its slots and is not in the store yet; from any thread.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        bytes or None
            None where the store has it.
        """
        waiting = self.unflushed.get(key)
        return None if waiting is None else waiting.state

    def settle(self, record: Record) -> bool:
        """Take what another request left of a session: the same, its life renewed, or another that the store holds.

        Parameters
        ----------
        record : Record
            As the store holds it.

        Returns
        -------
        bool
            Whether the session is resident still.
        """
        found = self._by_key.get(record.key)
        if found is None:
            waiting = self.unflushed.get(record.key)
            if waiting is not None and waiting.record.digest != record.digest:
                self.drop(record.key)  # it went on from there: what waits for the store must not be written over it
            return False
        table, row, _ = found
        if bytes_of(record.digest) == table.digest[row].tobytes():
            table.last_used[row], table.expires_at[row] = record.last_used, record.expires_at
            return True
        self.drop(record.key)
        return False

    def evict(self, lease: Lease) -> Record | None:
        """Let go of a session that loses its slots; what the store does not know of it yet is kept for it.

        Parameters
        ----------
        lease : Lease
            Whose.

        Returns
        -------
        Record or None
            The session, None where it was not resident here.
        """
        found = self._by_key.get(lease.key)
        if found is None:
            return None
        table, row, _ = found
        record = table.record(row)
        if lease.key in self.dirty:
            self.unflushed[lease.key] = Put(record, self._rows(table.key, lease))
        self._forget(lease.key)
        return record

    def drop(self, key: str) -> None:
        """Forget a session, of which the store holds another one or none; see ``SessionTable.drop``."""
        self._forget(key)
        self.dirty.pop(key, None)
        self.unflushed.pop(key, None)
        self.absent.drop(key)

    def ended(self, now: float) -> list[str]:
        """Give the keys of sessions whose life has ended.

        Parameters
        ----------
        now : float
            Seconds since 1970.

        Returns
        -------
        list of str
            Of any order.
        """
        live = [key for table in self._tables.values() for key in table.keys[table.expires_at <= now].tolist()]
        return live + self.absent.ended(now)

    def touches(self, until: float) -> list[Touch]:
        """Give the writes without which the store would take sessions for ended that are not.

        Parameters
        ----------
        until : float
            Lives that end before, as the store has them, are renewed there; in seconds since 1970.

        Returns
        -------
        list of Touch
            To be committed now.
        """
        found: list[Touch] = []
        for table in self._tables.values():
            due = (table.stored_until <= until) & (table.expires_at > table.stored_until)
            ends = table.stored_until[due] = table.expires_at[due]
            found += map(Touch, table.keys[due].tolist(), table.last_used[due].tolist(), ends.tolist())
        return found

    def holds(self, model: str) -> bool:
        """Whether a network's state cache holds rows that the store does not know; from any thread.

        Parameters
        ----------
        model : str
            Key of the network.
        """
        table, of = self._tables.get(model), (self.dirty, self.leaving)
        return table is not None and any(key in of[0] or key in of[1] for key in list(table.rows))

    def at(self, key: str) -> Place | None:
        """Find a session by its key; see ``find``."""
        found = self._by_key.get(key)
        return None if found is None else found[:2]

    def _forget(self, key: str) -> None:
        found = self._by_key.pop(key, None)
        if found is not None:
            table, _, (owner, session) = found
            table.drop(key)
            del self._names[owner][session]
            # One per season that any session ever had would hold memory for good.
            if not table.rows:
                del self._tables[table.key]
