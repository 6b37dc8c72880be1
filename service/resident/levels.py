"""Of each resident session what its values are counted from, and whether one was ever below 0."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.resident.session import ResidentSession
from service.stores.record import Record

A = TypeVar("A", bound=NDArray[Any])


class SessionLevels:
    """Two columns of a ``SessionTable``, which sees to it that they do not grow while they are written.

    Parameters
    ----------
    rows : int
        To begin with.
    """

    def __init__(self, rows: int) -> None:
        self._level, self._below_zero = np.zeros(rows), np.zeros(rows, dtype=np.bool_)

    def load(self, place: int, record: Record) -> None:
        """Take in a session of one variable.

        Parameters
        ----------
        place : int
            Its row.
        record : Record
            As the store holds it.
        """
        self._level[place], self._below_zero[place] = record.level[0], record.below_zero[0]

    def observe(self, places: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Count one observation of each of B sessions.

        Parameters
        ----------
        places : array of int64, ``[B]``
            Their rows.
        values : array of float64, ``[B]``
            The observations.
        """
        self._below_zero[places] |= values < 0

    def grow(self) -> None:
        """Make room for as many sessions again."""
        self._level, self._below_zero = doubled(self._level), doubled(self._below_zero)

    def of(self, sessions: Sequence[ResidentSession]) -> NDArray[np.float64]:
        """Give what the network counts values from.

        Parameters
        ----------
        sessions : sequence of ResidentSession
            B of them.

        Returns
        -------
        array of float64, ``[B]``
            See ``Record.level``.
        """
        return self._level[[one.place for one in sessions]]

    def below_zero(self, sessions: Sequence[ResidentSession]) -> NDArray[np.bool_]:
        """Say which sessions ever had a value below 0, or might have had.

        Parameters
        ----------
        sessions : sequence of ResidentSession
            B of them.

        Returns
        -------
        array of bool, ``[B]``
            See ``Record.below_zero``.
        """
        return self._below_zero[[one.place for one in sessions]]


def doubled(array: A) -> A:
    """Give a column with as many rows again.

    Parameters
    ----------
    array : array, ``[N, …]``
        Of a table.

    Returns
    -------
    array, ``[2 N, …]``
        The same rows, then zeros.
    """
    return np.concatenate([array, np.zeros_like(array)])  # type: ignore[return-value]
