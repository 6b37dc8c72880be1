"""The time of each row: one column of stamps or counted steps, or a date and an hour in columns of their own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from statecast.errors import InputError
from statecast.tables.errors import TableError
from statecast.tables.table import Table
from statecast.time.parse import read_stamps
from statecast.time.stamps import Stamps, TimeError, TimeOptions

Times = Stamps | NDArray[np.int64]
_MOST_STEPS = 2**53
_SAMPLE = 200


def read_times(table: Table, name: str, options: TimeOptions) -> Times:
    """Read a column of times.

    Parameters
    ----------
    table : Table
        With the column.
    name : str
        Of the column.
    options : TimeOptions
        How to read them.

    Returns
    -------
    Stamps or ndarray, shape [N], int64
        Times, or counted steps.

    Raises
    ------
    TableError
        If one is missing, cannot be read, or can be read in two ways; its row is named.
    """
    kind, column = table.kind(name), table.column(name)
    if kind == "texts":
        return _of_texts(table, name, column, options)
    if column.null_count:
        raise _missing(table, name, pc.index(column.is_null(), value=True).as_py())
    try:
        if kind == "times":
            return _of_instants(column, options)
        if kind == "numbers":
            return _of_numbers(table, name, column, options)
    except TimeError as error:
        raise _refused(table, name, error, error.index) from None
    except (InputError, pa.ArrowException) as error:
        raise TableError(f"{name}: {str(error).splitlines()[0][:200]}", name) from None
    raise TableError(f"{name}: expected times or whole numbers, got a column of {column.type}", name)


def reads_as_times(table: Table, name: str, options: TimeOptions) -> bool:
    """Say whether the first values of a column are times; counted steps are not.

    Parameters
    ----------
    table : Table
        With the column.
    name : str
        Of the column.
    options : TimeOptions
        How to read them.

    Returns
    -------
    bool
        True too where day and month cannot be told apart.
    """
    kind = table.kind(name)
    if kind == "times":
        return True
    if kind not in ("texts", "numbers"):
        return False
    values = [value for value in table.columns[name].slice(0, _SAMPLE).to_pylist() if value not in (None, "")]
    texts = [value.strip() if isinstance(value, str) else value for value in values]
    if not texts or (isinstance(texts[0], float) and not float(texts[0]).is_integer()):
        return False
    for dayfirst in (options.dayfirst, True, False):
        try:
            return isinstance(read_stamps(texts, replace(options, dayfirst=dayfirst)), Stamps)
        except InputError:
            continue
    return False


def _of_texts(table: Table, name: str, column: Any, options: TimeOptions) -> Times:
    """Read each different text once: a panel has the same times many times over."""
    coded = pc.dictionary_encode(pc.utf8_trim_whitespace(column))
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    codes = coded.indices.to_numpy(zero_copy_only=False)
    texts: Sequence[str | None] = coded.dictionary.to_pylist()
    if coded.null_count:
        raise _missing(table, name, int(np.argmax(np.asarray(coded.is_null()))))
    if "" in texts:
        raise _missing(table, name, int(np.argmax(codes == texts.index(""))))
    try:
        found = read_stamps([text for text in texts if text is not None], options)
    except TimeError as error:
        row = None if error.index is None else int(np.argmax(codes == error.index))
        raise _refused(table, name, error, row) from None
    except InputError as error:
        raise TableError(f"{name}: {error}", name) from None
    if isinstance(found, Stamps):
        return found.take(codes)
    return _counted(table, name, found[codes])


def _of_instants(column: Any, options: TimeOptions) -> Stamps:
    zone = getattr(column.type, "tz", None)
    plain = column.cast(pa.timestamp("ms")) if pa.types.is_date(column.type) else column
    unit = plain.type.unit
    numbers = plain.cast(pa.int64()).to_numpy()
    found = read_stamps(
        numbers.view(f"datetime64[{unit}]"), replace(options, timezone="UTC" if zone else options.timezone)
    )
    if not isinstance(found, Stamps):
        raise TimeError("expected times, got counted steps")
    return found if not zone else _zoned(found, options.timezone or zone)


def _zoned(stamps: Stamps, zone: str) -> Stamps:
    """Stamps of a column that has a zone; of one that the zone data does not know they stay UTC."""
    try:
        return Stamps.of(stamps.wall, zone=zone)
    except InputError:
        return stamps


def _of_numbers(table: Table, name: str, column: Any, options: TimeOptions) -> Times:
    if pa.types.is_integer(column.type):
        numbers = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    else:
        numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    found = read_stamps(numbers, options)
    return found if isinstance(found, Stamps) else _counted(table, name, found)


def _counted(table: Table, name: str, steps: NDArray[np.int64]) -> NDArray[np.int64]:
    beyond = (steps > _MOST_STEPS) | (steps < -_MOST_STEPS)
    if beyond.any():
        row = int(np.argmax(beyond))
        raise TableError(f"{name}: {table.where(row)}: expected times or counted steps, got {steps[row]}", name, row)
    return steps


def _missing(table: Table, name: str, row: int) -> TableError:
    return TableError(f"{name}: {table.where(row)} has no time; give every row one", name, row)


def _refused(table: Table, name: str, error: Exception, row: int | None) -> TableError:
    where = "" if row is None else f"{table.where(row)}: "
    return TableError(f"{name}: {where}{error}", name, row)
