"""Tables from wherever they come: a file, the bytes of one, a frame of pandas or of another library."""

from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from statecast.tables.delimited import parse_delimited
from statecast.tables.errors import TableError, UnreadableError
from statecast.tables.file_bytes import to_utf8, unpack
from statecast.tables.options import TableOptions
from statecast.tables.table import Table

_PARQUET, _ARROW = b"PAR1", b"ARROW1"


def read_file(path: str | Path, options: TableOptions | None = None) -> Table:
    """Read a file, by what it holds and not by its name.

    Parameters
    ----------
    path : str or Path
        Delimited text, Parquet or Arrow, packed or not.
    options : TableOptions, optional
        What was said of its text.

    Returns
    -------
    Table
        Its columns.

    Raises
    ------
    TableError
        If there is no such file, or it is no table.
    """
    path = Path(path)
    if not path.is_file():
        raise UnreadableError(f"{path}: no such file")
    try:
        return read_bytes(path.read_bytes(), options)
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror or error}") from None
    except TableError as error:
        raise type(error)(f"{path}: {error}", error.column, error.row) from None


def read_bytes(
    data: bytes, options: TableOptions | None = None, *, limit: int | None = None, max_columns: int | None = None
) -> Table:
    r"""Read the bytes of a file.

    Parameters
    ----------
    data : bytes
        As in ``read_file``.
    options : TableOptions, optional
        What was said of its text.
    limit : int, optional
        Bytes that it may unpack to; where there is one, only text is read.
    max_columns : int, optional
        Columns allowed.

    Returns
    -------
    Table
        Its columns.

    Raises
    ------
    TableError
        If it is no table, or over a limit.

    Examples
    --------
    >>> read_bytes("ds;y\n2026-01-31;1,5\n".encode("utf-16")).taken
    ('UTF-16-LE',)
    """
    options = options or TableOptions()
    data = unpack(data, limit)
    try:
        if data.startswith(_PARQUET) and limit is None:
            return of_arrow(parquet.read_table(pa.BufferReader(data)))
        if data.startswith(_ARROW) and limit is None:
            return of_arrow(pa.ipc.open_file(pa.py_buffer(data)).read_all())
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableError(f"cannot be read as a table: {str(error).splitlines()[0][:120]}") from None
    text, encoding = to_utf8(data, options.encoding)
    found = parse_delimited(text, options.separator, max_columns)
    return Table(found.columns, found, (encoding,) if encoding else ())


def of_arrow(columns: Any) -> Table:
    """Take the columns of an Arrow table.

    Parameters
    ----------
    columns : pyarrow.Table
        The columns.

    Returns
    -------
    Table
        The same, with names as texts.

    Raises
    ------
    TableError
        If a name is no text, or comes twice.
    """
    try:
        names = [name.strip() or f"Unnamed: {place}" for place, name in enumerate(columns.column_names)]
    except UnicodeDecodeError:
        raise UnreadableError("expected column names in UTF-8, got other bytes; encode the table as UTF-8") from None
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TableError(f"column {name[:80]!r}: named twice; rename one", name[:80])
        seen.add(name)
    return Table(_without_views(columns.rename_columns(names)))


def _without_views(columns: Any) -> Any:
    """Texts as the rest of Arrow has them; polars hands out views."""
    for place, field in enumerate(columns.schema):
        column, text = columns.column(place), pa.large_string()
        if pa.types.is_string_view(field.type):
            columns = columns.set_column(place, field.name, column.cast(text))
        elif pa.types.is_dictionary(field.type) and pa.types.is_string_view(field.type.value_type):
            chunks = [pa.DictionaryArray.from_arrays(one.indices, one.dictionary.cast(text)) for one in column.chunks]
            kind = pa.dictionary(field.type.index_type, text)
            columns = columns.set_column(place, field.name, pa.chunked_array(chunks, type=kind))
    return columns


def of_frame(frame: Any) -> Table:
    """Take the columns of a frame.

    Parameters
    ----------
    frame : Any
        Of pandas, where an index of times or with a name counts as a column; or of any library that speaks Arrow.

    Returns
    -------
    Table
        Its columns.

    Raises
    ------
    TableError
        If a column mixes kinds of values.
    """
    try:
        if not is_pandas(frame):
            return of_arrow(pa.table(frame))
        return of_arrow(pa.Table.from_pandas(plain_pandas(frame), preserve_index=False).replace_schema_metadata())
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        reason = " ".join(map(str, error.args))[:160]
        raise TableError(f"expected columns of one kind of value each, {reason}; make them alike") from None


def is_pandas(frame: Any) -> bool:
    """Say whether a frame or series is one of pandas.

    Parameters
    ----------
    frame : Any
        Of any library.

    Returns
    -------
    bool
        Without importing it.
    """
    return type(frame).__module__.partition(".")[0] == "pandas"


def plain_pandas(frame: Any) -> Any:
    """Make an index of pandas that means something columns.

    Parameters
    ----------
    frame : pandas.DataFrame or pandas.Series
        With an index of times or with names; any other index is left.

    Returns
    -------
    pandas.DataFrame
        Column names are texts, periods the times at which they begin.

    Raises
    ------
    TableError
        If a name comes twice.
    """
    if frame.ndim == 1:
        frame = frame.to_frame("target" if frame.name is None else frame.name)
    names = list(map(str, frame.columns))
    if len(set(names)) < len(names):
        raise TableError(f"column {next(n for n in names if names.count(n) > 1)!r}: named twice; rename one")
    if has_telling_index(frame):
        frame = frame.reset_index(names=None if frame.index.names != [None] else "timestamp")
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    for name in frame.columns:
        if is_period(frame[name]):
            frame = frame.assign(**{name: frame[name].dt.to_timestamp()})
    return frame


def has_telling_index(frame: Any) -> bool:
    """Say whether an index counts as columns.

    Parameters
    ----------
    frame : pandas.DataFrame or pandas.Series
        With the index.

    Returns
    -------
    bool
        True for one of times, and for one with names.
    """
    index = frame.index
    return bool(index.names != [None] or index.dtype.kind == "M" or is_period(index))


def is_period(values: Any) -> bool:
    """Say whether values of pandas are periods.

    Parameters
    ----------
    values : pandas.Series or pandas.Index
        The values.

    Returns
    -------
    bool
        By their type.
    """
    return str(values.dtype).startswith("period[")
