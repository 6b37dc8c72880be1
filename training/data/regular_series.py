"""From a plain long table to regular series: every item on an even time axis, gaps as rows of NaN."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.placement import check_gaps, place_stamps
from statecast.time.axis import TimeAxis
from statecast.time.frequency import Frequency
from statecast.time.stamps import Stamps, TimeError
from statecast.time.wall_times import infer_times, off_anchor
from training.data.checks import listed
from training.data.columns import Columns
from training.data.panel import Item, Panel
from training.errors import TableError

Where = Callable[[int], str]
"""Names a row of the table as a person finds it."""


def regularise(
    frame: pd.DataFrame, columns: Columns, freq: Frequency | None = None, where: Where = "row {}".format
) -> Panel:
    """Put each item on an even time axis: gaps become rows of NaN.

    Parameters
    ----------
    frame : pandas.DataFrame
        A plain long table, as ``training.data.tables.normalise`` makes it.
    columns : Columns
        Which columns are covariates, and of what kind.
    freq : Frequency, optional
        Distance of two rows; left out, it is inferred from all items together.
    where : callable
        Names a row for messages.

    Returns
    -------
    Panel
        Items in the order in which they come first; one without any value is left out, and noted.

    Raises
    ------
    TableError
        If an item's times are not rising, are not on its axis, or are coarser than the panel's freq; or if none has a
        value.
    """
    codes, names = pd.factorize(frame["item_id"])
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    frame = frame.iloc[order]
    times = frame["timestamp"].to_numpy()
    breaks = np.diff(codes) != 0
    stamps = _stamps(frame) if np.issubdtype(times.dtype, np.datetime64) else None
    _check_order(times if stamps is None else stamps.instants, breaks, codes, names, lambda at: where(order[at]))
    plain, notes = _choose_freq(stamps, breaks, freq)
    edges = np.flatnonzero(np.concatenate([[True], breaks, [True]]))
    parts = {name: frame[f"covariate:{name}"].to_numpy() for name in columns.covariates}
    target = frame["target"].to_numpy(dtype=np.float64)
    items: list[Item] = []
    empty, sparse = [], []
    for begin, end in pairwise(edges):
        rows = slice(int(begin), int(end))
        name = str(names[codes[begin]])
        if np.isnan(target[rows]).all():
            empty.append(name)
            continue
        clocks, axis = times[rows].astype(np.int64), None
        try:
            if stamps is not None:
                axis, clocks = place_stamps(stamps.take(rows), plain)
            gaps = check_gaps(clocks.size, int(clocks[-1] - clocks[0]) + 1, str(plain or 1))
        except TimeError as error:
            row = order[int(begin) + (error.index or 0)]
            raise TableError(f"item {name!r}: {where(int(row))}: {error}, or give --freq") from None
        except InputError as error:
            raise TableError(f"item {name!r}: {error}, or give --freq") from None
        sparse += [f"item {name!r}: {gaps}"] if gaps else []
        _check_steps(name, clocks, plain)
        local = {key: values[rows] for key, values in parts.items()}
        items.append(_item(name, clocks, axis, target=target[rows], covariates=local, columns=columns))
    if not items:
        raise TableError(f"{listed(empty)}: has no observed value; give a table with values")
    notes += (f"{listed(empty)}: no observed value, so left out",) if empty else ()
    more = f" (and {len(sparse) - 1} more items)" if len(sparse) > 1 else ""
    return Panel(tuple(items), plain, notes + ((sparse[0] + more,) if sparse else ()))


def _stamps(frame: pd.DataFrame) -> Stamps:
    wall = frame["timestamp"].to_numpy().astype("datetime64[s]")
    ahead = frame["ahead"].to_numpy(dtype=np.int64) if "ahead" in frame else 0
    stamps = Stamps.of(wall, ahead)
    zone = None if "zone" not in frame or not len(frame) else frame["zone"].iloc[0]
    return stamps if not zone else replace(stamps, zone=zone)


def _choose_freq(
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
    length = int(clocks[-1] - clocks[0]) + 1
    index = clocks - clocks[0]
    static = {}
    for key in columns.static:
        values = pd.unique(covariates[key])
        if len(values) > 1:
            raise TableError(f"item {name!r}: static covariate {key!r} changes over time; make it a past covariate")
        static[key.removeprefix("static:")] = values[0]
    return Item(
        item_id=name,
        clock=int(clocks[0]),
        offset=0 if axis is None else axis.offset,
        zone="" if axis is None else axis.zone,
        target=_spread(target, index, length).astype(np.float64),
        past={key: _spread(covariates[key], index, length) for key in columns.past},
        known={key: _spread(covariates[key], index, length) for key in columns.future},
        static=static,
    )


def _spread(values: NDArray[Any], index: NDArray[np.int64], length: int) -> NDArray[Any]:
    empty: Any = None if values.dtype == object else np.nan
    even = np.full(length, empty, dtype=values.dtype)
    even[index] = values
    return even


def _check_order(times: NDArray[Any], breaks: NDArray[np.bool_], codes: Any, names: Any, where: Where) -> None:
    steps = np.diff(times).astype(np.int64)
    wrong = (steps <= 0) & ~breaks
    if wrong.any():
        at = int(np.argmax(wrong)) + 1
        kind, mend = ("duplicate", "keep one row per time") if steps[at - 1] == 0 else ("unsorted", "sort rows by time")
        raise TableError(f"item {str(names[codes[at]])!r}: {where(at)}: {kind} time {times[at]}; {mend}")


def _check_steps(name: str, clocks: NDArray[np.int64], freq: Frequency | None) -> None:
    if clocks.size > 2 and (least := np.diff(clocks).min()) > 1:
        step = str(freq) if freq else "1"
        raise TableError(
            f"item {name!r}: its steps are {least} times the panel's freq {step}; use one freq for all items"
        )
