"""Tables off the wire, of Arrow, Parquet or text, by the project's one reader and within the server's limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from service.codecs.arrow_stream import read_stream
from service.codecs.parquet import read_parquet
from service.errors import Fault, Malformed, TooLarge, Unprocessable
from service.settings import Settings
from statecast.tables.errors import OversizeError, TableError, UnreadableError
from statecast.tables.options import TableOptions
from statecast.tables.reader import of_arrow, read_bytes
from statecast.tables.table import Table

TableForm = Literal["text", "arrow", "parquet"]


def read_table(body: bytes, options: TableOptions, settings: Settings, form: TableForm) -> Table:
    """Read the table in a body.

    Parameters
    ----------
    body : bytes
        Without its ``Content-Encoding``.
    options : TableOptions
        How its text is read.
    settings : Settings
        Limits.
    form : str
        ``arrow`` for a stream of it, ``parquet``, or ``text``, delimited and perhaps packed.

    Returns
    -------
    Table
        Its columns, nothing known of them.

    Raises
    ------
    Malformed
        If it is no table, or one whose lines differ in length.
    TooLarge
        If it is over a limit.
    Unprocessable
        If its columns have no names, or the same, or it can be read in two ways.
    """
    with refusals():
        if form != "text":
            read = read_stream if form == "arrow" else read_parquet
            found = of_arrow(read(body, settings.max_body_bytes, settings.max_values, settings.max_fields))
        else:
            found = read_bytes(body, options, limit=settings.max_body_bytes, max_columns=settings.max_fields)
    rows, columns = len(found), len(found.names)
    if columns > settings.max_fields:
        raise TooLarge(
            f"body: expected at most {settings.max_fields} columns (STATECAST_MAX_FIELDS), got {columns}; "
            "send several requests"
        )
    if rows * max(1, columns - 1) > settings.max_values:
        raise TooLarge(
            f"body: expected at most {settings.max_values} values, got {rows} rows of {columns} columns; "
            "send fewer rows at a time"
        )
    return found


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the reader refuses into failures that reach a client.

    Yields
    ------
    None
        For the reading.

    Raises
    ------
    Malformed, TooLarge, Unprocessable
        By what was refused.
    """
    try:
        yield
    except UnreadableError as error:
        raise Malformed(f"body: {error}") from None
    except OversizeError as error:
        raise TooLarge(f"body: {error}") from None
    except TableError as error:
        where = (error.column or "body", *(() if error.row is None else (error.row,)))
        raise Unprocessable(str(error), faults=[Fault(where, str(error))]) from None
