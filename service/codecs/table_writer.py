"""A reply as a long table: ``item_id, timestamp`` and a column per kind of number, as an Arrow stream or CSV."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from statecast.time.axis import TimeAxis
from statecast.time.zones import instant_texts

_KEPT_BYTES = 2**20
"""Of repeated texts that are kept for the next reply."""


@dataclass(frozen=True, eq=False)
class TableRows:
    """Rows of a reply in blocks, one per variable of a series, and one of a single row per series that failed.

    Parameters
    ----------
    item_ids : sequence of str or None, ``[B]``
        Series of each block.
    variables : sequence of str or None, ``[B]``
        Variable of each block.
    errors : sequence of str or None, ``[B]``
        Why a series failed.
    axes : sequence of TimeAxis or None, ``[B]``
        Time axis of each block; None without times.
    lengths : array of int64, ``[B]``
        Rows of each block, N in all.
    steps : array of int64, ``[N]``
        Step index of each row.
    numbers : mapping of str to array of float64, each ``[N]``, or an Arrow array
        Columns by name, NaN where there are none.
    cutoffs : array of int64, ``[N]``, or None
        Step index of the last step that each row's forecast has read, for tables that have a column of it.
    """

    item_ids: Sequence[str | None]
    variables: Sequence[str | None]
    errors: Sequence[str | None]
    axes: Sequence[TimeAxis | None]
    lengths: NDArray[np.int64]
    steps: NDArray[np.int64]
    numbers: Mapping[str, NDArray[np.float64] | pa.Array]
    cutoffs: NDArray[np.int64] | None = None


def named_numbers(levels: Sequence[float], numbers: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Name the numbers of forecasts.

    Parameters
    ----------
    levels : sequence of float
        Quantile levels Q.
    numbers : array of float64, ``[1 + Q, N]``
        Mean and quantiles.

    Returns
    -------
    dict of str to array of float64, each ``[N]``
        ``mean``, and each quantile under its level.
    """
    return dict(zip(["mean", *map(repr, levels)], numbers, strict=True))


def write_table(rows: TableRows, *, arrow: bool, metadata: Mapping[bytes, bytes] | None = None) -> bytes:
    """Write rows one below the other.

    Parameters
    ----------
    rows : TableRows
        See ``table_of``.
    arrow : bool
        Whether to write an Arrow stream, else CSV.
    metadata : mapping of bytes to bytes, optional
        Of the Arrow schema.

    Returns
    -------
    bytes
        The table.
    """
    return _written(table_of(rows, arrow=arrow).replace_schema_metadata(metadata or None), arrow)


def table_of(rows: TableRows, *, arrow: bool) -> pa.Table:
    """Lay rows out one below the other.

    Parameters
    ----------
    rows : TableRows
        ``variable`` and ``error`` become columns only where there is one.
    arrow : bool
        Whether a time is one, else RFC 3339 text.

    Returns
    -------
    pyarrow.Table
        Its ``timestamp`` is a time where any series has times, else a step index.
    """

    def texts(values: Sequence[str | None]) -> pa.Array:
        if _alike(values):
            return pa.repeat(pa.scalar(values[0], pa.string()), len(rows.steps))
        length = len(rows.steps) // len(values)
        if bool((rows.lengths == length).all()) and length * sum(map(len, filter(None, values))) <= _KEPT_BYTES:
            return _repeated(tuple(values), length)
        blocks = np.repeat(np.arange(len(rows.lengths)), rows.lengths)
        return pa.array(values, pa.string()).take(pa.array(blocks))

    failed = any(rows.errors)
    columns: dict[str, pa.Array] = {"item_id": texts(rows.item_ids)}
    if any(rows.variables):
        columns["variable"] = texts(rows.variables)
    if rows.cutoffs is not None:
        columns["cutoff"] = _times(rows, rows.cutoffs, arrow)
    columns["timestamp"] = _times(rows, rows.steps, arrow)
    for name, column in rows.numbers.items():
        own = isinstance(column, pa.Array)
        columns[name] = column if own else pa.array(np.ascontiguousarray(column), from_pandas=failed)
    if failed:
        columns["error"] = texts(rows.errors)
    return pa.table(columns)


def _alike(values: Sequence[object]) -> bool:
    """Whether all are the same; what is one object is quickly told to be."""
    return len(values) > 0 and values.count(values[0]) == len(values)


@lru_cache(maxsize=8)
def _repeated(values: tuple[str | None, ...], times: int) -> pa.Array:
    """Each text so many times. Whoever streams tables names the same items in the same order again and again."""
    return pa.array(values, pa.string()).take(pa.array(np.repeat(np.arange(len(values)), times)))


def _times(rows: TableRows, steps: NDArray[np.int64], arrow: bool) -> pa.Array:
    # Quicker told apart than by what they are.
    own = {0: rows.axes[0]} if _alike(rows.axes) else dict(zip(map(id, rows.axes), rows.axes, strict=True))
    found = dict.fromkeys(axis for axis in own.values() if axis is not None)
    axes = {axis: number for number, axis in enumerate(found)}
    if not axes:
        return pa.array(steps, mask=np.repeat([error is not None for error in rows.errors], rows.lengths))
    if len(own) == 1:
        which, missing = np.zeros(len(steps), dtype=np.int64), None
        instants = next(iter(axes)).instants(steps)
    else:
        numbers = {of: -1 if axis is None else axes[axis] for of, axis in own.items()}
        which = np.repeat([numbers[id(axis)] for axis in rows.axes], rows.lengths)
        missing, instants = which < 0, np.zeros(len(steps), dtype="datetime64[s]")
        for axis, number in axes.items():
            instants[which == number] = axis.instants(steps[which == number])
    if arrow:
        # A column has one zone; items of several are written in UTC.
        zones = {axis.zone for axis in axes}
        kind = pa.timestamp("s", (zones.pop() if len(zones) == 1 else "") or "UTC")
        return pa.array(instants, pa.timestamp("s", "UTC"), mask=missing).cast(kind)
    written = np.full(len(which), None, dtype=object)
    for axis, number in axes.items():
        written[which == number] = instant_texts(instants[which == number], axis.zone)
    return pa.array(written, pa.string())


def _written(table: pa.Table, arrow: bool) -> bytes:
    sink = io.BytesIO()
    if arrow:
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    else:
        pa_csv.write_csv(table, sink, pa_csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()
