"""Calendar features of the steps of a series; series that are observed together share them."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.resident.table import SessionTable
from statecast.time.features import calendar_features
from statecast.time.frequency import Frequency

SHARED_STEPS = 512
"""Steps up to which the calendar of one series is kept for others."""

Floats = NDArray[np.float32]

_frequency = lru_cache(maxsize=64)(Frequency.parse)


def calendar_columns(names: tuple[str, ...], freq: str | None, offset: int, time_index: int, total: int) -> Floats:
    """Give the calendar features of the steps that follow one.

    Parameters
    ----------
    names : tuple of str
        Features that the network reads.
    freq : str or None
        Of the series; without times all features are 0.
    offset : int
        Place of each time within its step.
    time_index : int
        Of the step before the first.
    total : int
        Steps.

    Returns
    -------
    array of float32, ``[total, Ca]``
        Not to be changed: others share it.
    """
    if total > SHARED_STEPS:
        return _shared_columns.__wrapped__(names, freq, offset, time_index, total)
    return _shared_columns(names, freq, offset, time_index, total)


@lru_cache(maxsize=256)
def _shared_columns(names: tuple[str, ...], freq: str | None, offset: int, time_index: int, total: int) -> Floats:
    """Series that are observed together share their times: the columns of one are those of all."""
    if freq is None or not names:
        width = calendar_features(names, np.zeros(1, dtype="datetime64[s]")).shape[1]
        return np.zeros((total, width), dtype=np.float32)
    times = _frequency(freq).times(np.arange(time_index + 1, time_index + 1 + total, dtype=np.int64), offset)
    return calendar_features(names, times)


def known_ahead(table: SessionTable, rows: NDArray[np.int64], horizon: int) -> NDArray[np.float32]:
    """Give the calendar features of each session's next step and of the steps after it.

    Parameters
    ----------
    table : SessionTable
        Of the sessions.
    rows : array of int64, ``[B]``
        Of the sessions.
    horizon : int
        Steps F after the next one.

    Returns
    -------
    array of float32, ``[B, 1 + F, Ck]``
        Of no width where the network does not read the calendar.
    """
    config = table.config
    known = np.zeros((len(rows), 1 + horizon, config.known_width), dtype=np.float32)
    if config.known_width:
        for place, (axis, last) in enumerate(
            zip(table.axis[rows].tolist(), table.last_index[rows].tolist(), strict=True)
        ):
            known[place] = calendar_columns(config.calendar, axis.freq, axis.offset, last, 1 + horizon)
    return known
