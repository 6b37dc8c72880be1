"""From a file to a ``Panel``: validate, normalise, regularise."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.time.axis import TimeAxis, infer_times, off_anchor
from statecast.time.frequency import Frequency
from statecast.time.stamps import Stamps, TimeError
from statecast.time.zones import fixed_offset
from training.data.columns import Columns, Layout, find_layout
from training.data.panel import Item, Panel
from training.data.times import read_times
from training.errors import TableError

_LARGEST = float(np.finfo(np.float32).max) / 1e6  # squares of sums must stay finite
_SPARSEST = 50  # grid rows for each given row, beyond which the freq is surely wrong


def read_panel(path: str | Path, columns: Columns | None = None, freq: str | None = None) -> Panel:
    """Read a CSV (also gzipped) or Parquet table into regular series.

    Raises
    ------
    TableError
        If the file cannot be read, a column is absent, or a series is empty, unsorted, doubled or uneven.
    """
    return panel_of(read_table(path), columns, freq)


def panel_of(frame: pd.DataFrame, columns: Columns | None = None, freq: str | None = None) -> Panel:
    """Make a panel of a table that is already in memory; errors as ``read_panel``."""
    columns = columns or Columns()
    layout = validate(frame, columns)
    return regularise(normalise(frame, columns, layout), columns, Frequency.parse(freq) if freq else None)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a file as it is, by its suffix: ``.parquet``, ``.csv``, ``.csv.gz``."""
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
    """Check that the table has rows, the columns wanted, and numbers for targets; change nothing."""
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
    """Make a long table ``item_id, timestamp, target, covariates…`` with times as instants in UTC or as whole steps."""
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


def regularise(frame: pd.DataFrame, columns: Columns, freq: Frequency | None = None) -> Panel:
    """Put each item on an even grid: gaps become rows of NaN.

    Raises
    ------
    TableError
        If an item's times are not rising, lie beside the grid, or are coarser than the panel's freq.
    """
    codes, names = pd.factorize(frame["item_id"])
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    frame = frame.iloc[order]
    times = frame["timestamp"].to_numpy()
    breaks = np.diff(codes) != 0
    stamps = _stamps(frame) if np.issubdtype(times.dtype, np.datetime64) else None
    _check_order(times if stamps is None else stamps.instants, breaks, codes, names)
    plain, notes = _settle(stamps, breaks, freq)
    edges = np.flatnonzero(np.concatenate([[True], breaks, [True]]))
    parts = {name: frame[f"covariate:{name}"].to_numpy() for name in columns.covariates}
    target = frame["target"].to_numpy(dtype=np.float64)
    items = []
    for begin, end in pairwise(edges):
        rows = slice(int(begin), int(end))
        name = str(names[codes[begin]])
        clocks, axis = times[rows].astype(np.int64), None
        if stamps is not None:
            try:
                axis, clocks = TimeAxis.of(stamps.take(rows), plain)
            except TimeError as error:
                row = frame.index[int(begin) + (error.index or 0)]
                raise TableError(f"item {name!r}: row {row}: {error}, or give --freq") from None
        _check_grid(name, clocks, plain)
        local = {key: values[rows] for key, values in parts.items()}
        items.append(_item(name, clocks, axis, target=target[rows], covariates=local, columns=columns))
    return Panel(tuple(items), plain, notes)


def _stamps(frame: pd.DataFrame) -> Stamps:
    wall = frame["timestamp"].to_numpy().astype("datetime64[s]")
    ahead = frame["ahead"].to_numpy(dtype=np.int64) if "ahead" in frame else 0
    stamps = Stamps.of(wall, ahead)
    zone = None if "zone" not in frame or not len(frame) else frame["zone"].iloc[0]
    return stamps if not zone else replace(stamps, zone=zone)


def _settle(
    stamps: Stamps | None, breaks: NDArray[np.bool_], freq: Frequency | None
) -> tuple[Frequency | None, tuple[str, ...]]:
    """Freq of a panel, without an anchor, and what to note of it."""
    if stamps is None:
        return None, ()
    if freq is None:
        try:
            return infer_times(stamps, breaks)[1], ()
        except InputError as error:
            raise TableError(f"{error} with --freq") from None
    beside = off_anchor(stamps, freq)
    return freq.plain, (f"freq: {beside}; the times are taken as they are",) if beside else ()


def _item(
    name: str,
    clocks: NDArray[np.int64],
    axis: TimeAxis | None,
    *,
    target: NDArray[np.float64],
    covariates: dict[str, NDArray[Any]],
    columns: Columns,
) -> Item:
    if np.isnan(target).all():
        raise TableError(f"item {name!r}: has no observed value; leave it out")
    length = int(clocks[-1] - clocks[0]) + 1
    index = clocks - clocks[0]
    static = {}
    for key in columns.static:
        values = pd.unique(covariates[key])
        if len(values) > 1:
            raise TableError(f"item {name!r}: static covariate {key!r} changes over time; make it a past covariate")
        static[key] = values[0]
    return Item(
        item_id=name,
        clock=int(clocks[0]),
        offset=0 if axis is None else axis.offset,
        zone="" if axis is None else axis.zone,
        target=_spread(target, index, length).astype(np.float32),
        past={key: _spread(covariates[key], index, length) for key in columns.past},
        known={key: _spread(covariates[key], index, length) for key in columns.future},
        static=static,
    )


def _spread(values: NDArray[Any], index: NDArray[np.int64], length: int) -> NDArray[Any]:
    empty: Any = None if values.dtype == object else np.nan
    grid = np.full(length, empty, dtype=values.dtype)
    grid[index] = values
    return grid


def _check_target(column: pd.Series) -> None:
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        given = column.dropna()
        bad = given[pd.to_numeric(given, errors="coerce").isna()]
        shown = repr(bad.iloc[0])[:40] if len(bad) else str(column.dtype)
        if len(given):
            raise TableError(f"column {column.name!r}: expected numbers, got {shown}; mend it or name another column")
        return
    values = np.abs(_numbers(column))
    if (values > _LARGEST).any():
        row = int(np.argmax(values > _LARGEST))
        raise TableError(
            f"column {column.name!r}: row {row} holds {column.iloc[row]!r}, beyond what float32 can compute with; "
            "rescale the column or leave the value empty"
        )


def _check_order(times: NDArray[Any], breaks: NDArray[np.bool_], codes: Any, names: Any) -> None:
    steps = np.diff(times).astype(np.int64)
    wrong = (steps <= 0) & ~breaks
    if wrong.any():
        at = int(np.argmax(wrong)) + 1
        kind, mend = ("duplicate", "keep one row per time") if steps[at - 1] == 0 else ("unsorted", "sort rows by time")
        raise TableError(f"item {str(names[codes[at]])!r}: {kind} time {times[at]}; {mend}")


def _check_grid(name: str, clocks: NDArray[np.int64], freq: Frequency | None) -> None:
    if clocks.size < 2:
        return
    steps = np.diff(clocks)
    step = str(freq) if freq else "1"
    if clocks.size > 2 and steps.min() > 1:
        raise TableError(
            f"item {name!r}: its steps are {steps.min()} times the panel's freq {step}; use one freq for all items"
        )
    if steps.sum() > _SPARSEST * clocks.size + 1000:
        raise TableError(f"item {name!r}: {clocks.size} rows over {steps.sum()} steps of {step}; give a coarser --freq")


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _raw(column: pd.Series) -> NDArray[Any]:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.astype(object).where(column.notna(), None).to_numpy(dtype=object)
