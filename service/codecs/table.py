"""Long tables off the wire, an Arrow stream or CSV: their columns as arrays, their rows by item."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from service.errors import Malformed, TooLarge, Unprocessable
from statecast.errors import InputError
from statecast.time.parse import read_stamps
from statecast.time.stamps import Stamps, TimeError, TimeOptions

_PLAIN = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean,
    pa.types.is_null,
)  # fmt: skip
TEXTS = ("item_id", "session", "resolution")


def read_arrow(body: bytes) -> pa.Table:
    """Read an Arrow IPC stream.

    Parameters
    ----------
    body : bytes
        The stream, as it was received.

    Returns
    -------
    pyarrow.Table
        Every value validated.

    Raises
    ------
    Malformed
        If the body is none, or cut off.
    TooLarge
        If it unpacks to more than the memory.
    """
    try:
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except MemoryError:
        raise TooLarge("body: the Arrow stream unpacks to more than the memory; send fewer rows at a time") from None
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise Malformed(f"body: expected an Arrow IPC stream, {_first_line(error)}; write it with new_stream") from None
    return table


def read_csv(body: bytes) -> pa.Table:
    """Read CSV in UTF-8 with a header line; an empty cell is a missing value.

    Parameters
    ----------
    body : bytes
        The text, as it was received.

    Returns
    -------
    pyarrow.Table
        The columns of ``TEXTS`` and ``timestamp`` are texts, the others what their cells show.

    Raises
    ------
    Malformed
        If rows differ in length or it is not UTF-8.
    """
    if not body.strip():
        raise Malformed("body: expected CSV with a header line, got an empty body; begin with item_id,timestamp,target")
    # An item called 007 or null must stay that text, and a time keep its offset.
    convert = pa_csv.ConvertOptions(
        column_types={name: pa.string() for name in (*TEXTS, "timestamp")},
        strings_can_be_null=True,
        null_values=["", "NaN", "nan", "null", "NA"],
    )
    try:
        return pa_csv.read_csv(pa.py_buffer(body), convert_options=convert)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Malformed(
            f"body: expected CSV, {_first_line(error)}; one header line, then as many cells per row"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def group_rows(table: pa.Table) -> dict[str | None, Any]:
    """Find the rows of each item.

    Parameters
    ----------
    table : pyarrow.Table
        May have a column ``item_id``.

    Returns
    -------
    dict of (str or None) to array of int64
        Row numbers in the table's order, items in that of their first row; one item None without the column.

    Raises
    ------
    Unprocessable
        If a name is empty, or not a text.
    """
    if "item_id" not in table.column_names:
        return {None: np.arange(table.num_rows)}
    column = table["item_id"]
    if column.null_count:
        raise Unprocessable("item_id: expected a name in every row, got an empty one; name it, or leave the column out")
    try:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        coded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    except pa.ArrowException:
        raise Unprocessable(f"item_id: expected texts or whole numbers, got {column.type}") from None
    codes = coded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(1, len(coded.dictionary)))
    return dict(zip(coded.dictionary.to_pylist(), np.split(order, bounds), strict=True))


def read_column(table: pa.Table, name: str) -> Any:
    """Turn a column into an array.

    Parameters
    ----------
    table : pyarrow.Table
        Has the column.
    name : str
        Decides what the column may hold.

    Returns
    -------
    array, ``[N]``, or Stamps
        float64 (NaN where missing), ``datetime64[s]``, int64, or objects (texts); stamps where times have a zone.

    Raises
    ------
    Unprocessable
        If it holds something else, or no time in some row.
    """
    column = table[name]
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_nested(kind):
        raise _refused(name, kind)
    column = column.cast(kind) if kind is not column.type else column
    if name == "timestamp" and column.null_count:
        row = pc.index(column.is_null(), value=True).as_py()
        raise Unprocessable(f"timestamp: expected a time in every row, got an empty one in row {row}; fill it in")
    if name == "resolution":
        return _labels(column, kind)
    if (pa.types.is_timestamp(kind) or pa.types.is_date(kind)) and name == "timestamp":
        seconds = pc.cast(column, pa.timestamp("ms"), safe=False) if pa.types.is_date(kind) else column
        whole = seconds.cast(pa.timestamp("s", tz=getattr(seconds.type, "tz", None)), safe=False)
        if pc.any(pc.not_equal(whole.cast(seconds.type), seconds)).as_py():
            raise Unprocessable(f"{name}: expected whole seconds, got fractions of one; round the times")
        times = whole.cast(pa.int64()).to_numpy().astype("datetime64[s]")
        zone = getattr(kind, "tz", None)
        return times if name != "timestamp" or not zone else _zoned(times, zone)
    if name == "timestamp" and pa.types.is_integer(kind):
        return column.cast(pa.int64(), safe=False).to_numpy()
    if name == "session" or name.startswith("static:"):
        if not any(allowed(kind) for allowed in _PLAIN):
            raise _refused(name, kind)
        return np.array(column.to_pylist(), dtype=object)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if (pa.types.is_string(kind) or pa.types.is_large_string(kind)) and name != "target":
        return np.array(column.to_pylist(), dtype=object)
    raise _refused(name, kind)


def _refused(name: str, kind: Any) -> Unprocessable:
    wanted = "numbers" if name == "target" else "times or whole numbers" if name == "timestamp" else "numbers or texts"
    return Unprocessable(f"{name[:80]}: expected {wanted}, got a column of {str(kind)[:80]}")


def _labels(column: Any, kind: Any) -> Any:
    """Names of resolutions, empty in rows of the series' own steps."""
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind)):
        raise Unprocessable(
            f"resolution: expected texts such as 1d, empty for the series' own steps, got a column of {kind}"
        )
    return np.array([text or "" for text in column.to_pylist()], dtype=object)


def _zoned(times: NDArray[np.datetime64], zone: str) -> Stamps:
    """Times of a column that has a zone; of one that this machine does not know they are UTC."""
    try:
        try:
            return Stamps.of(times, zone=zone)
        except TimeError:
            raise
        except InputError:
            return Stamps.of(times)
    except TimeError as error:
        raise Unprocessable(f"timestamp: {error}") from None


def read_times(column: Any, options: TimeOptions) -> Any:
    """Read a whole column of times at once.

    Parameters
    ----------
    column : Stamps or array, ``[N]``
        As ``read_column`` gives it.
    options : TimeOptions
        How the request wants its times read.

    Returns
    -------
    Stamps or array, ``[N]``
        The column as it is where it holds a time that cannot be read: each item then names its own.
    """
    try:
        if isinstance(column, Stamps):
            return column if options.timezone is None else column.moved(options.timezone)
        return read_stamps(column, options)
    except InputError:
        return column if isinstance(column, Stamps) else column.astype(object)
