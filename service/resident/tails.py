"""The last values of resident sessions, and the checksum of those before them."""

import zlib

import numpy as np
from numpy.typing import NDArray

from service.resident.step import SessionStep
from service.stores.record import Record


class Tails:
    """A ring of K values per row of a ``SessionTable``: value i of a series lies in column i, counted around it.

    Parameters
    ----------
    capacity : int
        Rows N.
    kept : int
        Values K.

    Attributes
    ----------
    length : array of int64, ``[N]``
        Values that there are.
    alike : array of int64, ``[N]``
        Last values that are all the same.
    last : array of float64, ``[N]``
        The last value that is not missing.
    checksum : array of int64, ``[N]``
        CRC-32 of the values before.
    """

    def __init__(self, capacity: int, kept: int) -> None:
        self._values = np.zeros((capacity, kept))
        self._single = np.zeros(capacity, dtype=np.bool_)
        self.length, self.alike, self.checksum = np.zeros((3, capacity), dtype=np.int64)
        self.last = np.zeros(capacity)

    @property
    def kept(self) -> int:
        """Values K."""
        return int(self._values.shape[1])

    def load(self, row: int, record: Record) -> None:
        """Take in a session.

        Parameters
        ----------
        row : int
            Its row.
        record : Record
            Of 1 to K values.
        """
        tail = record.tail[0]
        columns = np.arange(record.last_index - len(tail) + 1, record.last_index + 1) % self.kept
        self._values[row] = np.nan
        self._values[row, columns] = np.where(np.isnan(tail), np.nan, tail)
        self._single[row] = record.single_until is not None
        self.length[row], self.checksum[row] = len(tail), record.checksum
        self.alike[row], self.last[row] = _alike(tail)

    def of(self, row: int, last_index: int) -> NDArray[np.float64]:
        """Give a session's last values.

        Parameters
        ----------
        row : int
            Of the session.
        last_index : int
            Time index of the last value.

        Returns
        -------
        array of float64, ``[1, length]``
            NaN where missing.
        """
        columns = np.arange(last_index - int(self.length[row]) + 1, last_index + 1) % self.kept
        values: NDArray[np.float64] = self._values[row, columns][None]
        return values

    def append(self, step: SessionStep) -> None:
        """Take one more value of each of some sessions.

        Parameters
        ----------
        step : SessionStep
            The values.
        """
        rows, columns = step.rows, step.index % self.kept
        full = self.length[rows] == self.kept
        if full.any():
            self._leave(rows[full], self._values[rows[full], columns[full]])
        self._values[rows, columns] = self.last[rows] = step.values
        self.alike[rows], self.length[rows] = step.alike, step.tail_length

    def _leave(self, rows: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Take values that fall out of the ring into the checksum; an earlier release kept them in float32."""
        before, single = self.checksum[rows].tolist(), self._single[rows]
        width, block = 8, values.astype("<f8", copy=False).tobytes()
        crc32 = zlib.crc32
        after = [crc32(block[width * place : width * (place + 1)], crc) for place, crc in enumerate(before)]
        for place in np.flatnonzero(single).tolist():
            after[place] = crc32(values[place].astype("<f4").tobytes(), before[place])
        self.checksum[rows] = after


def _alike(tail: NDArray[np.floating]) -> tuple[int, float]:
    """How many of the last values are all the same, missing ones not counted, and that value."""
    seen = np.flatnonzero(~np.isnan(tail))
    if not len(seen):
        return len(tail), float("nan")
    last = float(tail[seen[-1]])
    other = np.flatnonzero((tail != last) & ~np.isnan(tail))
    return len(tail) - (int(other[-1]) + 1 if len(other) else 0), last
