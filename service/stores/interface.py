"""What a state store is: records and states by session key, written all or nothing.

Once a commit returns, a durable store keeps it through ``kill -9`` and a power cut. The durable truth of a session is
its last snapshot (``Put``) and, in a store that is ``journaled``, what was appended to it since (``Append``).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, Self, runtime_checkable

from service.stores.documents.interface import DocumentStore
from service.stores.record import PendingForecast, Record, Request, Scores
from service.stores.states.advance import Advance
from service.stores.writes import (
    Answer,
    Append,
    Behind,
    Delete,
    Moved,
    Put,
    StoreError,
    Swept,
    Touch,
    Trim,
    Unacknowledged,
    Write,
    commit_unmoved,
    not_written,
)

__all__ = [
    "Advance", "Answer", "Append", "Behind", "Delete", "Moved", "PendingForecast", "Put", "Record", "Request", "Scores",
    "SharedStore", "Store", "StoreError", "Swept", "Touch", "Trim", "Unacknowledged", "Write", "commit_unmoved",
    "not_written",
]  # fmt: skip


class Store(DocumentStore, Protocol):
    """Records and states by session key. Every method may be called from any thread; errors are ``StoreError``.

    Attributes
    ----------
    name : str
        Scheme of its URL.
    durable : bool
        Whether what was committed outlives the process.
    journaled : bool
        Whether ``commit`` takes ``Append`` and ``Trim``. A store that is not durable may take them and keep nothing.
    """

    name: str
    durable: bool
    journaled: bool

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the store that a URL of this scheme names.

        Parameters
        ----------
        url : str
            What ``STATECAST_STATE_URL`` says.

        Returns
        -------
        Self
            Ready to be read and written.

        Raises
        ------
        StoreError
            If the URL is not one of this store's, or what it names cannot be opened.
        """

    def get(self, key: str) -> Record | None:
        """Read the record of a session.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        Record or None
            Also of an expired one; None where there is none.
        """

    def named(self, owner: str, prefix: str, after: str, limit: int) -> list[Record]:
        """Read sessions by their names, tombstones too; those that have none yet are left out.

        Parameters
        ----------
        owner : str
            Whose they are.
        prefix : str
            How their names begin.
        after : str
            Only names after this one.
        limit : int
            How many at most.

        Returns
        -------
        list of Record
            The first of them, in the order of their names' UTF-8.
        """

    def sessions(self, after: Record | None) -> Iterator[Record]:
        """Read all sessions, tombstones too, some at a time, in an order of the store's own that stays the same.

        Parameters
        ----------
        after : Record or None
            Only sessions behind this one, whether or not it still is there: of the record its key, owner and name
            count. None for all.

        Returns
        -------
        iterator of Record
            Each as it is when it is read. Whether sessions that are opened meanwhile are among them is open.
        """

    def state(self, key: str) -> bytes | None:
        """Read the state that was put with the record.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        bytes or None
            None where there is no session, or an expired one.
        """

    def answer(self, key: str, now: float) -> bytes | None:
        """Read the content of an ``Answer``.

        Parameters
        ----------
        key : str
            Of the answer.
        now : float
            Seconds since 1970.

        Returns
        -------
        bytes or None
            None where none is kept, or no longer.
        """

    def last_written(self) -> float | None:
        """Find when sessions were last written before the store was opened.

        Returns
        -------
        float or None
            Seconds since 1970, by the clock of that time; None where that is not known.
        """

    def appended(self) -> Iterator[Append]:
        """Read what was appended and not trimmed, in order; at start, to bring sessions up to date.

        Returns
        -------
        iterator of Append
            Of every session. A reader passes over entries whose key has no record with the same ``created_at``, and
            steps up to the record's ``last_index``: a snapshot holds these.
        """

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none.

        Parameters
        ----------
        writes : sequence of Write
            In the order in which they take effect.
        """

    def check(self) -> None:
        """See whether a commit would be kept now; it may write, and is called from a thread that may wait.

        Raises
        ------
        StoreError
            If it would not, for instance because the last one failed and another would too.
        """

    def expire(self, now: float, forgotten: float, limit: int) -> Swept:
        """Do a small part of the housekeeping, so that commits beside it hardly wait.

        Sessions whose life has ended become tombstones, without state and tail; tombstones have a second life, after
        which nothing is left of them. Answers go that need not be kept any longer.

        Parameters
        ----------
        now : float
            Sessions end that expire until then; in seconds since 1970.
        forgotten : float
            Tombstones go whose sessions expired until then.
        limit : int
            How many of both at most.

        Returns
        -------
        Swept
            What was done. When it is nothing, nothing is left to do.
        """

    def close(self) -> None:
        """Let go of files; the store is not used afterwards."""


@runtime_checkable
class SharedStore(Store, Protocol):
    """A store that other processes write too. It holds ``Put``, ``Touch``, ``Delete``, ``Advance`` to their ``after``.

    Of a commit in which one session has another digest than that, nothing is applied, and ``commit`` raises ``Moved``.
    ``state`` fails where an ``Advance`` has left it behind its record.
    """

    def behind(self, key: str) -> Behind | None:
        """Read a session with the state that was put last, both of one moment.

        Parameters
        ----------
        key : str
            Of the session.

        Returns
        -------
        Behind or None
            None where there is no session, or an expired one.
        """

    def changed(self, known: Mapping[str, str]) -> dict[str, Record | None]:
        """Read the sessions that are not as the caller knows them.

        Parameters
        ----------
        known : mapping of str to str
            Keys of sessions, and the digest that the caller knows of each; "" where it knows nothing.

        Returns
        -------
        dict of str to (Record or None)
            Those that differ; None where there is no session.
        """
