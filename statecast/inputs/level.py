"""The level of a series: what float64 values are counted from before a network reads them as float32.

A float32 holds seven digits. Of 10^9 + sin(t) they are all the level's, so networks read deviations from a level, and
the level is added to what they forecast. It is the first observed value, because any other choice would depend on how
a history was split. A network with a transform of the target (``asinh_unit``) reads values themselves, which lose
nothing there, because it sees shares; its level is 0, and so is that of states from before there were levels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def find_level(values: Any, level: Any = np.nan) -> NDArray[np.float64]:
    """Return the level of series: the one that each has, else its first observed value.

    Parameters
    ----------
    values : array
        ``[..., T]`` float64, NaN where missing.
    level : array
        ``[...]``, NaN where a series has read nothing but missing values.

    Returns
    -------
    ndarray
        ``[...]`` float64, NaN where it is still unknown.

    Examples
    --------
    >>> find_level([[float("nan"), 1e9, 1e9 + 1], [2.0, 3.0, 4.0]], [float("nan"), 0.0]).tolist()
    [1000000000.0, 0.0]
    """
    every = np.asarray(values, dtype=np.float64)
    known = np.broadcast_to(np.asarray(level, dtype=np.float64), every.shape[:-1])
    if not every.shape[-1]:
        return known.copy()
    first = np.isfinite(every).argmax(-1)[..., None]
    return np.where(np.isnan(known), np.take_along_axis(every, first, -1)[..., 0], known)


def deviations(values: Any, level: Any) -> NDArray[np.float32]:
    """Return values as a network reads them.

    Parameters
    ----------
    values : array
        ``[..., T]`` float64, NaN where missing.
    level : array
        ``[...]``, as ``find_level`` gives it.

    Returns
    -------
    ndarray
        ``[..., T]`` float32, NaN where missing.

    Examples
    --------
    >>> deviations([1e9, 1e9 + 1], 1e9).tolist()
    [0.0, 1.0]
    """
    return (np.asarray(values, dtype=np.float64) - np.asarray(level, dtype=np.float64)[..., None]).astype(np.float32)
