"""The offset that the times of one series have in common."""

import numpy as np

from statecast.time.aliases import BUSINESS_MONTHS, DAY, END_OF_MONTH
from statecast.time.frequency import Frequency, Index, Times


def common_offset(frequency: Frequency, times: Times) -> tuple[Index, int]:
    """Place times and find the one offset at which most of them lie.

    Parameters
    ----------
    frequency : Frequency
        Distance of neighbours, without an anchor.
    times : ndarray, shape [N], datetime64[s]
        N from 1. Times that are all last days of their months are ends of months.

    Returns
    -------
    index : ndarray, shape [N], int64
        Absolute index of each.
    offset : int
        The offset; times that lie elsewhere are not on the axis.

    Examples
    --------
    >>> days = np.array(["2026-01-31", "2026-02-28"], dtype="M8[s]")
    >>> index, offset = common_offset(Frequency.parse("1mo"), days)
    >>> (offset // DAY, index.tolist())
    (30, [672, 673])
    """
    index, offsets = frequency.place(times)
    if frequency.months is None or frequency.unit in BUSINESS_MONTHS:
        alike = bool((offsets == offsets[0]).all())
        return index, int(offsets[0]) if alike else _most_frequent(offsets)
    part, clock = np.divmod(offsets, DAY)
    month, day = np.divmod(part, 32)
    days = times.astype("datetime64[D]")
    last = ((days + 1).astype("datetime64[M]") > days.astype("datetime64[M]")).all()
    guess = END_OF_MONTH if last else int(day.max())
    offset = (_most_frequent(month) * 32 + guess) * DAY + _most_frequent(clock)
    if (frequency.times(index, offset) == times).all():
        return index, offset
    every = {END_OF_MONTH, *day.tolist()}
    found = [offset + (other - guess) * DAY for other in sorted(every)]
    return index, max(found, key=lambda one: int((frequency.times(index, one) == times).sum()))


def _most_frequent(values: Index) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)])
