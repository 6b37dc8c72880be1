"""A table as series: whose row is whose, when it was, what was observed; and what to say of how it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from statecast.tables.clock import at_clock, join_parts, read_clock
from statecast.tables.errors import OversizeError, TableError
from statecast.tables.layout import Layout, find_layout, listed
from statecast.tables.options import ColumnNames, TableOptions
from statecast.tables.separator import WORDS
from statecast.tables.table import Table
from statecast.tables.times import Times, read_times
from statecast.tables.unused import describe_unused
from statecast.tables.values import read_floats, read_texts, read_values, texts_of
from statecast.time.stamps import Stamps, TimeOptions

_DAY = 86_400


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """The N rows of I series, in the order of the table; of a wide one series after series."""

    names: tuple[str | None, ...]
    """Item of each series ``[I]``, in the order of their first rows; one None where the table names none."""
    codes: NDArray[np.int64]
    """Series of each row ``[N]``."""
    times: Times | None
    """Times or counted steps ``[N]``; None without any."""
    target: NDArray[np.float64]
    """Values ``[N]``, NaN missing."""
    covariates: Mapping[str, NDArray[Any]]
    """Raw values ``[N]`` by column."""
    notes: tuple[tuple[str, str], ...]
    """Code and detail of what a person should know of how the table was read."""
    table: Table
    """What it was read from."""
    layout: Layout
    """Which column was what."""

    def where(self, row: int) -> str:
        """Name a row as a person finds it, see ``Table.where``.

        Parameters
        ----------
        row : int
            Row of the series, from 0.

        Returns
        -------
        str
            Its line or row in the table.
        """
        return self.table.where(row % max(len(self.table), 1))

    @property
    def columns(self) -> dict[str, Any]:
        """Names to remember: what was the item, the time and the target."""
        layout = self.layout
        return {
            "item_id": layout.item_id,
            "timestamp": layout.timestamp,
            "target": layout.target,
            "wide": bool(layout.series),
        }


def read_series(
    table: Table,
    wanted: ColumnNames | None = None,
    options: TableOptions | None = None,
    *,
    times: bool = False,
    most: int | None = None,
) -> SeriesTable:
    """Read a table as series.

    Parameters
    ----------
    table : Table
        The table.
    wanted : ColumnNames, optional
        What was said of its columns.
    options : TableOptions, optional
        What was said of its text.
    times : bool
        Whether it has to have times.
    most : int, optional
        Series allowed.

    Returns
    -------
    SeriesTable
        Its rows, by series.

    Raises
    ------
    TableError
        If something is missing, wrong, or can be read in two ways; or there are too many series.
    """
    wanted, options = wanted or ColumnNames(), options or TableOptions()
    layout = find_layout(table, wanted, options.times, times=times)
    if not len(table):
        raise TableError("the table has no rows; give at least one observation")
    series = layout.series or (str(layout.target),)
    table = table.with_decimal(options.decimal, (*series, *layout.covariates))
    target = np.concatenate([read_floats(table, name) for name in series])
    stamps, layout = _read_times(table, layout, options.times)
    layout = _guess_item(table, layout, stamps)
    names, codes = _items(table, layout)
    if most is not None and len(names) > most:
        raise OversizeError(f"expected at most {most} items, got {len(names)}; send several requests")
    kinds = wanted.optional
    read = {name: read_values(table, name, kinds.get(name, "")) for name in layout.covariates}
    if len(series) > 1:
        rows = np.tile(np.arange(len(table)), len(series))
        stamps = None if stamps is None else stamps.take(rows) if isinstance(stamps, Stamps) else stamps[rows]
        read = {name: values[rows] for name, values in read.items()}
    return SeriesTable(names, codes, stamps, target, read, _notes(table, layout), table, layout)


def _read_times(table: Table, layout: Layout, options: TimeOptions) -> tuple[Times | None, Layout]:
    if layout.parts:
        joined = join_parts(table, dict(layout.parts), options)
        if joined is None:
            columns = [name for _, name in layout.parts]
            raise TableError(f"timestamp: expected dates in {listed(columns)}, got others; name a column of times")
        guess = f"timestamp from {listed([name for _, name in layout.parts])}"
        return joined, replace(layout, guessed=(*layout.guessed, guess))
    if layout.timestamp is None:
        return None, replace(layout, clock=None)
    times = read_times(table, layout.timestamp, options)
    if layout.clock is None or layout.clock in layout.covariates or not isinstance(times, Stamps):
        return times, replace(layout, clock=None)
    midnights = not (times.wall.astype(np.int64) % _DAY).any()
    seconds = read_clock(table, layout.clock) if midnights and _repeats(table, layout, times) else None
    if seconds is None:
        return times, replace(layout, clock=None)
    guess = f"timestamp from {layout.timestamp!r} and {layout.clock!r}"
    ignored = tuple(name for name in layout.ignored if name != layout.clock)
    series = tuple(name for name in layout.series if name != layout.clock)
    layout = replace(layout, guessed=(*layout.guessed, guess), ignored=ignored, series=series)
    return at_clock(times, seconds, options), layout


def _repeats(table: Table, layout: Layout, times: Stamps) -> bool:
    """Whether one item has a time twice."""
    _, codes = _items(table, replace(layout, series=()))
    return bool(_doubled(codes, times))


def _doubled(codes: NDArray[np.int64], times: Times) -> bool:
    numbers = times.instants.astype(np.int64) if isinstance(times, Stamps) else times
    order = np.lexsort((numbers, codes))
    return bool(((np.diff(numbers[order]) == 0) & (np.diff(codes[order]) == 0)).any())


def _guess_item(table: Table, layout: Layout, times: Times | None) -> Layout:
    """Take the one column of texts for the items, where times come twice and nothing else tells rows apart."""
    if layout.item_id is not None or layout.series or times is None:
        return layout
    texts = [name for name in layout.ignored if table.kind(name) == "texts" and not table.holds_numbers(name)]
    if len(texts) != 1 or not _doubled(np.zeros(len(table), dtype=np.int64), times):
        return layout
    guess = f"items from column {texts[0]!r}, because times come twice without it"
    ignored = tuple(name for name in layout.ignored if name != texts[0])
    return replace(layout, item_id=texts[0], ignored=ignored, guessed=(*layout.guessed, guess))


def _items(table: Table, layout: Layout) -> tuple[tuple[str | None, ...], NDArray[np.int64]]:
    count = len(table)
    if layout.series:
        return layout.series, np.repeat(np.arange(len(layout.series)), count)
    if layout.item_id is None:
        return (None,), np.zeros(count, dtype=np.int64)
    kind, name = table.kind(layout.item_id), layout.item_id
    if kind not in ("texts", "numbers", "booleans", "times"):
        raise TableError(f"{name}: expected texts or whole numbers, got {table.columns[name].type}", name)
    column = table.columns[name]
    coded = (column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)).unify_dictionaries()
    coded = coded.combine_chunks()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    values, codes = coded.dictionary, coded.indices
    if codes.null_count or values.null_count:
        row = pc.index(column.is_null(), value=True).as_py()
        raise _nameless(table, name, max(row, 0))
    texts = texts_of(values, name).to_pylist() if kind != "booleans" else read_texts(table, name)
    numbers = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    if kind == "numbers" and pa.types.is_floating(values.type):
        texts = [text.removesuffix(".0") for text in texts]
    empty = np.flatnonzero([not text.strip() for text in texts])
    if len(empty) and (numbers == empty[0]).any():
        raise _nameless(table, name, int(np.argmax(numbers == empty[0])))
    # A dictionary may hold names that no row has, in any order.
    first = np.unique(numbers, return_index=True)
    order = np.argsort(first[1])
    place = np.zeros(len(texts), dtype=np.int64)
    place[first[0][order]] = np.arange(len(order))
    return tuple(texts[code] for code in first[0][order]), place[numbers]


def _nameless(table: Table, name: str, row: int) -> TableError:
    message = f"{name}: {table.where(row)} has no item; give every row one, or leave the column out"
    return TableError(message, name, row)


def _notes(table: Table, layout: Layout) -> tuple[tuple[str, str], ...]:
    taken = list(table.taken)
    if table.source is not None and table.source.separator != ",":
        taken.append(f"{WORDS.get(table.source.separator, repr(table.source.separator))} between fields")
    if table.decimal == ",":
        taken.append("comma before decimals")
    notes = [("table_read", "; ".join([*taken, *layout.guessed]))] if taken or layout.guessed else []
    return (*notes, *(("ignored_columns", text) for text in describe_unused(table, layout.ignored)))
