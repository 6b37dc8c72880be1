"""Values of buckets, such as days, where the base steps read them: each at its bucket's last step."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]


def align(values: Numbers, first: int, length: int, time_index: int, steps: int, most: int) -> tuple[Numbers, Numbers]:
    """Put the values of buckets where the steps after an index read them.

    Parameters
    ----------
    values : ndarray
        ``[V, N]``, of consecutive buckets, NaN where missing.
    first : int
        Absolute index of the first of these buckets.
    length : int
        Base steps per bucket.
    time_index : int
        Index of the step before the first.
    steps : int
        Steps, T.
    most : int
        Buckets before the first step that are read, K.

    Returns
    -------
    tuple of ndarray
        ``[V, T]``, each value at its bucket's last step and NaN elsewhere, and ``[V, K]``, of the buckets that were
        over before, NaN where there is none. What belongs to neither is left out.

    Examples
    --------
    >>> values, before = align(np.array([[1.0, 2.0]], dtype=np.float32), 0, 2, time_index=1, steps=3, most=1)
    >>> values.tolist(), before.tolist()
    ([[nan, 2.0, nan]], [[1.0]])
    """
    time_indices = time_index + 1 + np.arange(steps)
    ends = np.flatnonzero((time_indices + 1) % length == 0)
    column = np.full((values.shape[0], steps), np.nan, dtype=values.dtype)
    column[:, ends] = _values_at(values, time_indices[ends] // length - first)
    return column, _values_at(values, (time_index + 1) // length - most + np.arange(most) - first)


def _values_at(values: Numbers, index: NDArray[np.int64]) -> Numbers:
    inside = (index >= 0) & (index < values.shape[1])
    found = np.full((values.shape[0], index.size), np.nan, dtype=values.dtype)
    found[:, inside] = values[:, index[inside]]
    return found
