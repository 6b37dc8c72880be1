"""What a state store is: records and states by session key, written all or nothing.

Once a commit returns, a durable store keeps it through ``kill -9`` and a power cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from service.stores.record import PendingForecast, Record, Request, Scores

__all__ = [
    "Delete",
    "PendingForecast",
    "Put",
    "Record",
    "Request",
    "Scores",
    "Store",
    "StoreError",
    "Touch",
    "Write",
]


class StoreError(Exception):
    """The store cannot be opened, read or written: disk full, file damaged, held by another process."""


@dataclass(frozen=True, eq=False)
class Put:
    """Keep a record together with its state.

    Parameters
    ----------
    record : Record
        The session.
    state : bytes
        V rows of the model's state, one after the other; of a text, one.
    """

    record: Record
    state: bytes


@dataclass(frozen=True)
class Touch:
    """The session was used; nothing else about it changed.

    Parameters
    ----------
    key : str
        Of the session.
    last_used : float
        Seconds since 1970.
    expires_at : float
        Seconds since 1970.
    """

    key: str
    last_used: float
    expires_at: float


@dataclass(frozen=True)
class Delete:
    """The session is gone for good, its tombstone too.

    Parameters
    ----------
    key : str
        Of the session.
    """

    key: str


Write = Put | Touch | Delete


class Store(Protocol):
    """Records and states by session key. Every method may be called from any thread; errors are ``StoreError``."""

    name: str
    durable: bool

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

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none.

        Parameters
        ----------
        writes : sequence of Write
            In the order in which they take effect.
        """

    def expire(self, now: float) -> int:
        """Turn sessions whose life has ended into tombstones, without state and tail.

        Parameters
        ----------
        now : float
            Seconds since 1970.

        Returns
        -------
        int
            How many.
        """

    def close(self) -> None:
        """Let go of files; the store is not used afterwards."""
