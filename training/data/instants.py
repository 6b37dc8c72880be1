"""The time column of a table: instants or counted steps, and the freq that lies in them."""

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statecast.time.frequency import Frequency, Times
from training.errors import TableError

_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_MONTHS = {1: "1mo", 3: "1q", 12: "1y"}


def read_instants(column: pd.Series) -> Times | NDArray[np.int64]:
    """Instants in UTC (``datetime64[s]``), or whole steps where the column holds integers.

    Raises
    ------
    TableError
        If a time is missing, is not a date, or is finer than a second.
    """
    name = column.name
    missing = column.isna()
    if missing.any():
        raise TableError(f"{name}: row {int(np.argmax(missing))} has no time; give every row one")
    if pd.api.types.is_integer_dtype(column):
        return column.to_numpy(dtype=np.int64)
    if pd.api.types.is_numeric_dtype(column):
        raise TableError(f"{name}: expected dates or whole steps, got {column.iloc[0]!r}; write steps without a point")
    parsed = _parse(column)
    bad = parsed.isna()
    if bad.any():
        row = int(np.argmax(bad))
        raise TableError(f"{name}: row {row} holds {str(column.iloc[row])[:40]!r}, which is not a date; write RFC 3339")
    fine = parsed.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
    seconds: Times = fine.astype("datetime64[s]")
    if (seconds != fine).any():
        raise TableError(f"{name}: times finer than a second are not supported; round them")
    return seconds


def _parse(column: pd.Series) -> pd.Series:
    """Read dates of one way of writing, or of several that ISO 8601 knows; what is neither becomes missing."""
    with warnings.catch_warnings():
        # Where pandas would guess each row by itself, a wrong guess is likelier than a right one.
        warnings.simplefilter("error", UserWarning)
        try:
            parsed = pd.to_datetime(column, utc=True, errors="coerce")
        except UserWarning:
            parsed = pd.Series(pd.NaT, index=column.index)
    return pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601") if parsed.isna().any() else parsed


def infer_freq(times: Times, breaks: NDArray[np.bool_]) -> Frequency:
    """Take the most frequent distance of neighbouring times as a ``Frequency``.

    Parameters
    ----------
    times : instants ``[N]``, item after item.
    breaks : ``[N - 1]``, True where a new item begins.

    Raises
    ------
    TableError
        If no item has two rows.
    """
    steps = np.diff(times.astype(np.int64))[~breaks]
    steps = steps[steps > 0]
    if steps.size == 0:
        raise TableError("freq: cannot be told from one row an item; give --freq")
    lengths, counts = np.unique(steps, return_counts=True)
    step = int(lengths[np.argmax(counts)])
    if step >= 28 * 86_400:
        months = np.diff(times.astype("datetime64[M]").astype(np.int64))[~breaks]
        values, counts = np.unique(months[months > 0], return_counts=True)
        if values.size:
            count = int(values[np.argmax(counts)])
            return Frequency.parse(_MONTHS.get(count, f"{count}mo"))
    unit, length = next((unit, length) for unit, length in _UNITS if step % length == 0)
    return Frequency(step // length, unit)


def place(freq: Frequency, times: Times) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Clock and offset of each instant; ends of months count as that month, whatever their day."""
    if freq.seconds is None:
        days = times.astype("datetime64[D]")
        months = times.astype("datetime64[M]")
        last_day = ((days + 1).astype("datetime64[M]") > months).all()
        if last_day:
            return freq.place(months.astype("datetime64[s]"))
    return freq.place(times)
