"""Tables as files and frames: read, checked, and made plain and long; ``read_panel`` goes all the way to a panel."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statecast.time.frequency import Frequency
from statecast.time.stamps import Stamps
from statecast.time.zones import fixed_offset
from training.data.columns import Columns, Layout, find_layout
from training.data.panel import Panel
from training.data.regular_series import regularise
from training.data.times import read_times
from training.errors import TableError

_LARGEST = float(np.finfo(np.float32).max) / 1e6  # squares of sums must stay finite


def read_panel(path: str | Path, columns: Columns | None = None, freq: str | None = None) -> Panel:
    """Read a table into regular series.

    Parameters
    ----------
    path : str or Path
        File ``.csv``, ``.csv.gz`` or ``.parquet``.
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
    return panel_of(read_table(path), columns, freq)


def panel_of(frame: pd.DataFrame, columns: Columns | None = None, freq: str | None = None) -> Panel:
    """Make a panel of a table that is already in memory.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table, long or wide.
    columns : Columns, optional
        As in ``read_panel``.
    freq : str, optional
        As in ``read_panel``.

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
    layout = validate(frame, columns)
    return regularise(normalise(frame, columns, layout), columns, Frequency.parse(freq) if freq else None)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a file as it is, by its suffix.

    Parameters
    ----------
    path : str or Path
        File ``.csv``, ``.csv.gz`` or ``.parquet``.

    Returns
    -------
    pandas.DataFrame
        Its columns, nothing converted that pandas does not convert.

    Raises
    ------
    TableError
        If there is no such file, or it is no such table.
    """
    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path}: no such file")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if ".csv" in path.suffixes:
            return pd.read_csv(path, skipinitialspace=True)
    except (ValueError, OSError, EOFError) as error:
        raise TableError(f"{path}: cannot be read as a table: {str(error).splitlines()[0][:120]}") from None
    raise TableError(f"{path}: expected .csv, .csv.gz or .parquet, got {''.join(path.suffixes) or 'no suffix'}")


def validate(frame: pd.DataFrame, columns: Columns) -> Layout:
    """Check that the table has rows, the columns wanted, and numbers for targets; change nothing.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    columns : Columns
        What each column is wanted for.

    Returns
    -------
    Layout
        The columns as found.

    Raises
    ------
    TableError
        If one of these is wrong; the message names the column, and the row where there is one.
    """
    names = [str(name) for name in frame.columns]
    if len(set(names)) != len(names):
        raise TableError(f"column {next(n for n in names if names.count(n) > 1)!r}: named twice; rename one")
    layout = find_layout(columns, names)
    if frame.empty:
        raise TableError("the table has no rows; give at least one observation")
    for name in layout.series or (layout.target,):
        _check_target(frame[name])
    if layout.item_id is not None and frame[layout.item_id].isna().any():
        row = int(np.argmax(frame[layout.item_id].isna()))
        raise TableError(f"{layout.item_id}: row {row} has no item; give every row one")
    return layout


def normalise(frame: pd.DataFrame, columns: Columns, layout: Layout) -> pd.DataFrame:
    """Make a plain long table: ``item_id``, ``timestamp``, ``target`` and ``covariate:NAME`` columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        A table that ``validate`` has passed.
    columns : Columns
        What each column is, and how times are read.
    layout : Layout
        What ``validate`` found.

    Returns
    -------
    pandas.DataFrame
        With wall times as datetimes or whole steps; where times are local, ``ahead`` is the seconds that local time is
        ahead of UTC, and ``zone`` a named zone.

    Raises
    ------
    TableError
        If a time cannot be read.
    """
    times = read_times(frame[layout.timestamp], columns.time_options)
    count = len(frame)
    repeats = len(layout.series) or 1
    plain: dict[str, Any] = _time_columns(times, repeats)
    if layout.series:
        plain["item_id"] = np.repeat(np.asarray(layout.series, dtype=object), count)
        plain["target"] = np.concatenate([_numbers(frame[name]) for name in layout.series])
    else:
        ids = ["target"] * count if layout.item_id is None else frame[layout.item_id].astype(str)
        plain["item_id"] = np.asarray(ids, dtype=object)
        plain["target"] = _numbers(frame[layout.target])
    for name in columns.covariates:
        # Set apart by a prefix: a covariate may be called anything, "target" too.
        plain[f"covariate:{name}"] = np.tile(_raw(frame[name]), repeats)
    return pd.DataFrame(plain)


def _time_columns(times: Stamps | NDArray[np.int64], repeats: int) -> dict[str, Any]:
    if not isinstance(times, Stamps):
        return {"timestamp": np.tile(times, repeats)}
    found: dict[str, Any] = {"timestamp": np.tile(times.wall, repeats)}
    if not isinstance(times.ahead, int) or times.ahead:
        found["ahead"] = np.tile(np.broadcast_to(times.ahead, times.wall.shape), repeats)
    if fixed_offset(times.zone) is None:
        found["zone"] = times.zone
    return found


def _check_target(column: pd.Series) -> None:
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        filled = column.dropna()
        bad = filled[pd.to_numeric(filled, errors="coerce").isna()]
        shown = repr(bad.iloc[0])[:40] if len(bad) else str(column.dtype)
        if len(filled):
            raise TableError(f"column {column.name!r}: expected numbers, got {shown}; mend it or name another column")
        return
    values = np.abs(_numbers(column))
    if (values > _LARGEST).any():
        row = int(np.argmax(values > _LARGEST))
        raise TableError(
            f"column {column.name!r}: row {row} holds {column.iloc[row]!r}, beyond what float32 can compute with; "
            "rescale the column or leave the value empty"
        )


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _raw(column: pd.Series) -> NDArray[Any]:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.astype(object).where(column.notna(), None).to_numpy(dtype=object)
