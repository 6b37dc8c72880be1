"""Tables as files and frames: read by the project's one reader, then laid out on regular time axes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statecast.tables.errors import TableError as ReadingError
from statecast.tables.reader import of_frame, read_file
from statecast.tables.series import SeriesTable, read_series
from statecast.tables.table import Table
from statecast.time.frequency import Frequency
from statecast.time.stamps import Stamps
from statecast.time.zones import fixed_offset
from training.data.columns import Columns
from training.data.panel import Panel
from training.data.regular_series import regularise
from training.errors import TableError

_LARGEST = float(np.finfo(np.float32).max) / 1e6  # squares of sums must stay finite


def read_panel(path: str | Path, columns: Columns | None = None, freq: str | None = None) -> Panel:
    """Read a table into regular series.

    Parameters
    ----------
    path : str or Path
        Delimited text, Parquet or Arrow, packed or not; see ``statecast.tables.reader.read_file``.
    columns : Columns, optional
        What each column is; left out, the usual names.
    freq : str, optional
        Distance of two rows, such as ``1h``; left out, it is inferred.

    Returns
    -------
    Panel
        One item per series, gaps filled with NaN.

    Raises
    ------
    TableError
        If the file cannot be read, a column is absent, or a series is empty, unsorted, doubled or uneven.
    ConfigError
        If ``freq`` is not one.
    """
    return panel_of(read_table(path, columns), columns, freq)


def read_table(path: str | Path, columns: Columns | None = None) -> Table:
    """Read a file as it is.

    Parameters
    ----------
    path : str or Path
        As in ``read_panel``.
    columns : Columns, optional
        Says how its text is read.

    Returns
    -------
    Table
        Its columns, nothing known of them.

    Raises
    ------
    TableError
        If there is no such file, or it is no table.
    """
    try:
        return read_file(path, (columns or Columns()).options)
    except ReadingError as error:
        raise TableError(str(error)) from None


def panel_of(
    table: pd.DataFrame | Table,
    columns: Columns | None = None,
    freq: str | None = None,
    own: Mapping[str, Any] | None = None,
) -> Panel:
    """Make a panel of a table that is already in memory.

    Parameters
    ----------
    table : pandas.DataFrame or Table
        The table, long or wide.
    columns : Columns, optional
        As in ``read_panel``.
    freq : str, optional
        As in ``read_panel``.
    own : mapping of str to Any, optional
        Names in the table that a model was fitted on, as ``Panel.columns`` has them.

    Returns
    -------
    Panel
        One item per series, gaps filled with NaN.

    Raises
    ------
    TableError, ConfigError
        As in ``read_panel``.

    Examples
    --------
    >>> frame = pd.DataFrame({"date": ["2026-01-01", "2026-01-02", "2026-01-04"], "target": [1.0, 2.0, 4.0]})
    >>> panel = panel_of(frame)
    >>> str(panel.freq), panel.items[0].target.tolist()
    ('1d', [1.0, 2.0, nan, 4.0])
    """
    columns = columns or Columns()
    frequency = Frequency.parse(freq) if freq else None
    try:
        source = table if isinstance(table, Table) else of_frame(table)
        columns = replace(columns, static=tuple(_static(name, source.names) for name in columns.static))
        series = read_series(source, columns.names(own or {}), columns.options, times=True)
        _check_range(series)
    except ReadingError as error:
        raise TableError(str(error)) from None
    panel = regularise(normalise(series), columns, frequency, series.where)
    notes = tuple(detail for _, detail in series.notes)
    return replace(panel, notes=(*notes, *panel.notes), columns=series.columns)


def normalise(series: SeriesTable) -> pd.DataFrame:
    """Make a plain long table: ``item_id``, ``timestamp``, ``target`` and ``covariate:NAME`` columns.

    Parameters
    ----------
    series : SeriesTable
        A table as the reader gives it, with times.

    Returns
    -------
    pandas.DataFrame
        With wall times as datetimes or whole steps; where times are local, ``ahead`` is the seconds that local time is
        ahead of UTC, and ``zone`` a named zone.
    """
    names = ["target" if name is None else name for name in series.names]
    plain: dict[str, Any] = {"item_id": pd.Categorical.from_codes(series.codes, pd.Index(names))}
    times = series.times
    if isinstance(times, Stamps):
        plain["timestamp"] = times.wall
        if not isinstance(times.ahead, int) or times.ahead:
            plain["ahead"] = np.broadcast_to(times.ahead, times.wall.shape)
        if fixed_offset(times.zone) is None:
            plain["zone"] = times.zone
    else:
        plain["timestamp"] = times
    plain["target"] = series.target
    # Set apart by a prefix: a covariate may be called anything, "target" too.
    plain |= {f"covariate:{name}": values for name, values in series.covariates.items()}
    return pd.DataFrame(plain)


def _check_range(series: SeriesTable) -> None:
    beyond = np.abs(series.target) > _LARGEST
    if beyond.any():
        row = int(np.argmax(beyond))
        name = series.layout.target or series.layout.series[int(series.codes[row])]
        raise ReadingError(
            f"column {name!r}: {series.where(row)} holds {series.target[row]:g}, beyond what float32 can compute with; "
            "rescale the column or leave the value empty"
        )


def _static(name: str, present: list[str]) -> str:
    """Column of a static covariate, which tables for the service mark with ``static:``."""
    return next((one for one in (name, f"static:{name}") if one in present), name)
