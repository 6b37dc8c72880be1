"""What a store is given to write, each kind of change as a value, many in one commit; and what may come of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.errors import Loading
from service.stores.documents.document import Document
from service.stores.record import Record
from service.stores.states.advance import Advance


@dataclass(frozen=True, eq=False)
class Put:
    """Keep a record together with its state.

    Parameters
    ----------
    record : Record
        The session.
    state : bytes
        V rows of the model's state, one after the other; of a text, one.
    after : str or None
        Digest of the session that this goes on from, "" where there was none. A ``SharedStore`` refuses the commit
        where it holds another by now. None where it shall not look.
    receipt : Answer or None
        What ``commit_unmoved`` keeps in the same commit.
    """

    record: Record
    state: bytes
    after: str | None = None
    receipt: "Answer | None" = None

    @property
    def session(self) -> str:
        """Key of the session."""
        return self.record.key


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
    after : str or None
        As of ``Put``.
    """

    key: str
    last_used: float
    expires_at: float
    after: str | None = None

    @property
    def session(self) -> str:
        """Key of the session."""
        return self.key


@dataclass(frozen=True)
class Delete:
    """The session is gone for good, its tombstone too.

    Parameters
    ----------
    key : str
        Of the session.
    after : str or None
        As of ``Put``.
    """

    key: str
    after: str | None = None


@dataclass(frozen=True, eq=False)
class Append:
    """New observations of B sessions, T each, kept until a snapshot (``Put``) holds them.

    Parameters
    ----------
    sequence : int
        Greater than that of every ``Append`` before.
    keys : sequence of str
        B keys of sessions, each of 64 hexadecimal digits.
    births : array of float64, ``[B]``
        ``Record.created_at`` of each session. What was appended to an earlier life of the same key is told apart by it.
    index : array of int64, ``[B]``
        Time index of the first of the T steps.
    values : array of float64, ``[B, T]``
        The observations as they were given, NaN where missing.
    used : float
        When, in seconds since 1970.
    """

    sequence: int
    keys: Sequence[str]
    births: NDArray[np.float64]
    index: NDArray[np.int64]
    values: NDArray[np.float64]
    used: float


@dataclass(frozen=True)
class Trim:
    """Snapshots hold what was appended so far: drop every ``Append`` up to and including this one.

    Parameters
    ----------
    sequence : int
        Of the last one to drop.
    """

    sequence: int


@dataclass(frozen=True)
class Answer:
    """Keep what a request was answered, so that it can be answered the same again; nothing where one is kept already.

    Parameters
    ----------
    key : str
        Hash of owner and ``Idempotency-Key``.
    content : bytes
        Of any length.
    at : float
        Now, in seconds since 1970.
    until : float
        When it may be forgotten.
    """

    key: str
    content: bytes
    at: float
    until: float


Write = Put | Touch | Delete | Append | Trim | Answer | Document | Advance


class StoreError(Exception):
    """The store cannot be opened, read or written: disk full, file damaged, held by another process."""


class Moved(StoreError):
    """Others have changed sessions or documents since they were read; nothing of the commit was applied.

    Parameters
    ----------
    keys : sequence of str
        Of these.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"{len(keys)} of what was to be written was changed by others meanwhile")
        self.keys = frozenset(keys)


class Unacknowledged(StoreError):
    """A commit was sent to the store, which did not say what became of it."""


def commit_unmoved(commit: Callable[[Sequence[Write]], None], writes: Sequence[Put | Touch]) -> frozenset[str]:
    """Apply all writes, and keep their receipts, but for sessions that other processes have advanced.

    Parameters
    ----------
    commit : callable
        Of the store.
    writes : sequence of (Put or Touch)
        One per session.

    Returns
    -------
    frozenset of str
        Keys of the sessions whose writes were left out.
    """
    moved: frozenset[str] = frozenset()
    while writes:
        try:
            receipts = [write.receipt for write in writes if isinstance(write, Put) and write.receipt is not None]
            commit([*writes, *receipts])
        except Moved as error:
            moved |= error.keys
            writes = [write for write in writes if write.session not in moved]
        else:
            break
    return moved


def not_written(error: StoreError) -> Loading:
    """Make the failure of a request whose sessions could not be written.

    Parameters
    ----------
    error : StoreError
        Of the commit.

    Returns
    -------
    Loading
        Not raised yet. It says whether the request may have had its effect nevertheless.
    """
    if isinstance(error, Unacknowledged):
        told = "it may have been applied: look at the session, or send observations again with their time or index"
    else:
        told = "nothing was applied, send the request again"
    return Loading(f"sessions: {error}; {told}", code="store_failed")


class Swept(NamedTuple):
    """What a part of the housekeeping came to.

    Parameters
    ----------
    ended : int
        Sessions that became tombstones.
    forgotten : int
        Tombstones that were dropped.
    freed : int
        Pages of a file that were given back.
    answers : int
        Answers and documents that were dropped.
    """

    ended: int
    forgotten: int
    freed: int = 0
    answers: int = 0


class Behind(NamedTuple):
    """A session of a shared store as it is now, and a state of it that may be older.

    Parameters
    ----------
    record : Record
        The session.
    state : bytes
        As it was put last.
    values : array of float64, ``[T]``
        The session's last T observations, which the state has not read.
    """

    record: Record
    state: bytes
    values: NDArray[np.float64]
