"""Columns of a table as arrays: numbers, texts, and covariates, which are either; truth is 0 and 1."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from statecast.tables.errors import TableError
from statecast.tables.numbers import first_bad, fits, plain_floats, present, to_floats
from statecast.tables.table import Table

_BOOLEANS = ("true", "false")


def read_floats(table: Table, name: str) -> NDArray[np.float64]:
    """Read a column as numbers.

    Parameters
    ----------
    table : Table
        With the column.
    name : str
        Of the column.

    Returns
    -------
    ndarray, shape [N], float64
        NaN where missing.

    Raises
    ------
    TableError
        If it holds something else; its row is named.
    """
    kind, column = table.kind(name), table.column(name)
    if kind in ("numbers", "nothing"):
        numbers: NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return numbers
    if kind != "texts":
        raise TableError(f"column {name!r}: expected numbers, got {kind if kind != 'others' else column.type}", name)
    if table.decimal == "." and (plain := plain_floats(column)) is not None:
        return plain
    shapes = table.shapes(name)
    if shapes is not None and fits(shapes, table.decimal):
        return to_floats(column, table.decimal)
    row = first_bad(column, table.decimal)
    text = str(column[row].as_py())
    raise TableError(
        f"column {name!r}: {table.where(row)}: expected numbers, got {text[:40]!r}; mend it or name another column",
        name, row,
    )  # fmt: skip


def read_texts(table: Table, name: str) -> NDArray[np.object_]:
    """Read a column as texts, as they stand.

    Parameters
    ----------
    table : Table
        With the column.
    name : str
        Of the column.

    Returns
    -------
    ndarray, shape [N], object
        None where empty.

    Raises
    ------
    TableError
        If it holds nothing that is a text.
    """
    kind, column = table.kind(name), table.column(name)
    if kind == "others":
        raise TableError(f"column {name!r}: expected texts or numbers, got a column of {column.type}", name)
    if kind == "booleans":
        column = pc.if_else(column, "True", "False")
    elif kind != "texts":
        column = texts_of(column, name)
    found = np.array(column.to_pylist(), dtype=object)
    found[found == ""] = None
    return found


def texts_of(values: Any, name: str) -> Any:
    """Write numbers or times as texts.

    Parameters
    ----------
    values : pyarrow.Array or pyarrow.ChunkedArray
        The values.
    name : str
        Of their column.

    Returns
    -------
    pyarrow.Array or pyarrow.ChunkedArray
        Texts, null where missing.

    Raises
    ------
    TableError
        If they are times in a zone that does not exist.

    Examples
    --------
    >>> texts_of(pa.array([0], pa.timestamp("s", "Nowhere/X")), "ds")
    Traceback (most recent call last):
    ...
    statecast.tables.errors.TableError: column 'ds': expected times in a zone such as Europe/Berlin, got 'Nowhere/X'...
    """
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        zone = getattr(values.type, "tz", None)
        raise TableError(
            f"column {name!r}: expected times in a zone such as Europe/Berlin, got {str(zone or values.type)[:80]!r}; "
            "write them with another one, or as texts",
            name,
        ) from None


def read_values(table: Table, name: str, wanted: str = "") -> NDArray[Any]:
    """Read a covariate: truth as 0 and 1, numbers, else texts.

    Parameters
    ----------
    table : Table
        With the column.
    name : str
        Of the column.
    wanted : str
        ``texts`` or ``numbers``; empty to go by what it holds.

    Returns
    -------
    ndarray, shape [N], float64 or object
        NaN or None where missing.

    Raises
    ------
    TableError
        If it holds something else.
    """
    kind = table.kind(name)
    if wanted == "texts" and kind != "nothing":
        return read_texts(table, name)
    if kind == "booleans":
        return np.asarray(pc.cast(table.column(name), pa.float64()).to_numpy(zero_copy_only=False))
    if kind == "texts":
        column = table.column(name)
        lower = pc.utf8_lower(present(column))
        if len(lower) and pc.all(pc.is_in(lower, pa.array(_BOOLEANS))).as_py():
            return _truth(column)
        if wanted != "numbers" and not table.holds_numbers(name) and len(lower):
            return read_texts(table, name)
    return read_floats(table, name)


def _truth(column: Any) -> NDArray[np.float64]:
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(column))
    numbers = np.full(len(column), np.nan)
    numbers[np.asarray(pc.fill_null(pc.equal(lower, "true"), fill_value=False))] = 1.0
    numbers[np.asarray(pc.fill_null(pc.equal(lower, "false"), fill_value=False))] = 0.0
    return numbers
