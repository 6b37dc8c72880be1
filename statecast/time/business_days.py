"""Monday to Friday: counting days without weekends, and moving off weekends.

Days are counted from 1970-01-01, a Thursday.
"""

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int64]


def number(days: Days) -> Days:
    """Count the business days before each day, from the Monday of 1970's first week.

    Parameters
    ----------
    days : ndarray, shape [N], int64
        Days since 1970-01-01.

    Returns
    -------
    ndarray, shape [N], int64
        Of a weekend, the same as of the Monday after it.

    Examples
    --------
    >>> number(np.array([0, 1, 2, 3, 4])).tolist()
    [3, 4, 5, 5, 5]
    """
    week, weekday = np.divmod(days + 3, 7)
    return week * 5 + np.minimum(weekday, 5)


def roll_forward(days: Days) -> Days:
    """Move weekends to the Monday after them.

    Parameters
    ----------
    days : ndarray, shape [N], int64
        Days since 1970-01-01.

    Returns
    -------
    ndarray, shape [N], int64
        Business days.
    """
    weekday = (days + 3) % 7
    return days + np.where(weekday >= 5, 7 - weekday, 0)


def roll_back(days: Days) -> Days:
    """Move weekends to the Friday before them.

    Parameters
    ----------
    days : ndarray, shape [N], int64
        Days since 1970-01-01.

    Returns
    -------
    ndarray, shape [N], int64
        Business days.
    """
    weekday = (days + 3) % 7
    return days - np.where(weekday >= 5, weekday - 4, 0)
