"""What one more observation makes of sessions."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, slots=True)
class SessionStep:
    """B sessions of a table as they stand after one more observation each; the table holds them as they were.

    Parameters
    ----------
    rows : array of int64, ``[B]``
        Of the sessions in their table.
    values : array of float64, ``[B]``
        The observations.
    index : array of int64, ``[B]``
        Time index of each.
    count : array of int64, ``[B]``
        Observations applied.
    digest : array of uint8, ``[B, 32]``
        See ``service.stores.digest``.
    alike : array of int64, ``[B]``
        Last values that are all the same.
    tail_length : array of int64, ``[B]``
        Last values that are kept.
    below_zero : array of bool, ``[B]``
        Whether a value ever was below 0, or might have been.
    used : array of float64, ``[B]``
        When, in seconds since 1970.
    expires_at : array of float64, ``[B]``
        When their lives end, in seconds since 1970.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    index: NDArray[np.int64]
    count: NDArray[np.int64]
    digest: NDArray[np.uint8]
    alike: NDArray[np.int64]
    tail_length: NDArray[np.int64]
    below_zero: NDArray[np.bool_]
    used: NDArray[np.float64]
    expires_at: NDArray[np.float64]

    def of(self, kept: NDArray[np.bool_]) -> "SessionStep":
        """Give some of them.

        Parameters
        ----------
        kept : array of bool, ``[B]``
            Which.

        Returns
        -------
        SessionStep
            In the same order.
        """
        if kept.all():
            return self
        own = (getattr(self, field.name) for field in fields(self))
        return SessionStep(*(array[kept] if isinstance(array, np.ndarray) else array for array in own))
