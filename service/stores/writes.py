"""What a store is given to write: each kind of change as a value, several of them in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.stores.record import Record


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


Write = Put | Touch | Delete | Append | Trim
