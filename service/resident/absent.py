"""Sessions whose model is not loaded, and whose last observations are nowhere but in the journal."""

from collections import OrderedDict
from typing import NamedTuple

from service.resident.missed import Missed
from service.stores.interface import Append, Record


class Absent(NamedTuple):
    """One of them.

    Parameters
    ----------
    sequence : int
        Entry of the journal that holds its observations.
    record : Record
        How far it is; see ``Missed.shown``.
    missed : Missed
        The observations.
    """

    sequence: int
    record: Record
    missed: Missed


class AbsentSessions:
    """They stay in the journal until a start has their model; their entries move to its end, so that it stays short."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Absent] = OrderedDict()

    def __len__(self) -> int:
        """How many."""
        return len(self._sessions)

    def add(self, session: Absent) -> None:
        """Take in a session, the entry of which is the journal's last.

        Parameters
        ----------
        session : Absent
            The session.
        """
        self._sessions[session.record.key] = session

    def record(self, key: str) -> Record | None:
        """Give how far a session is.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        Record or None
            None where it is not one of these.
        """
        found = self._sessions.get(key)
        return None if found is None else found.record

    def drop(self, key: str) -> None:
        """Forget a session.

        Parameters
        ----------
        key : str
            Of the session; one that is not here is none.
        """
        self._sessions.pop(key, None)

    def ended(self, now: float) -> list[str]:
        """Give the keys of those whose life has ended; see ``Residents.ended``."""
        return [key for key, (_, record, _) in self._sessions.items() if record.expires_at <= now]

    def oldest(self) -> int | None:
        """Give the first entry of the journal that is still needed.

        Returns
        -------
        int or None
            None where there are none.
        """
        return next((one.sequence for one in self._sessions.values()), None)

    def move(self, most: int, before: int, after: int) -> list[Append]:
        """Give the entries that are to be written anew, because the old ones keep the journal from being trimmed.

        Parameters
        ----------
        most : int
            Sessions at most.
        before : int
            Entries from this one on stay where they are.
        after : int
            The new entries are numbered from the one after this.

        Returns
        -------
        list of Append
            To be given to ``moved`` once they are written.
        """
        due: list[Append] = []
        for key, one in self._sessions.items():
            if len(due) >= most or one.sequence >= before:
                break
            due.append(one.missed.append(after + len(due) + 1, key))
        return due

    def moved(self, entries: list[Append]) -> None:
        """Take note of what was written anew.

        Parameters
        ----------
        entries : list of Append
            As ``move`` gave them.
        """
        for entry in entries:
            one = self._sessions.pop(entry.keys[0], None)
            if one is not None:
                self.add(one._replace(sequence=entry.sequence))
