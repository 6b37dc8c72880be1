"""The time column of a table: stamps, or counted steps."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.time.parse import read_stamps
from statecast.time.stamps import AS_THEY_ARE, Stamps, TimeError, TimeOptions
from training.errors import TableError


def read_times(column: pd.Series, options: TimeOptions = AS_THEY_ARE) -> Stamps | NDArray[np.int64]:
    """Read stamps, or whole steps where the column holds small integers.

    Parameters
    ----------
    column : pandas.Series
        Texts, datetimes or whole numbers.
    options : TimeOptions
        Zone, unit and order of day and month.

    Returns
    -------
    Stamps or array
        Stamps, or counted steps ``[rows]`` int64.

    Raises
    ------
    TableError
        If a time is missing, is not a date, or is finer than a second; with its row.
    """
    missing = column.isna()
    if missing.any():
        raise TableError(f"{column.name}: row {int(np.argmax(missing))} has no time; give every row one")
    try:
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            plain: Any = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
            stamps = read_stamps(plain, TimeOptions("UTC"))
            return stamps if isinstance(stamps, np.ndarray) else _zoned(stamps, options.timezone or str(column.dt.tz))
        return read_stamps(column.to_numpy() if column.dtype.kind in "Miuf" else column.tolist(), options)
    except TimeError as error:
        row = "" if error.index is None else f"row {error.index}: "
        raise TableError(f"{column.name}: {row}{error}") from None
    except InputError as error:
        raise TableError(str(error)) from None


def _zoned(stamps: Stamps, zone: str) -> Stamps:
    """Stamps of a column that has a zone; of one that the zone data does not know they stay UTC."""
    try:
        return Stamps.of(stamps.wall, zone=zone)
    except InputError:
        return stamps
