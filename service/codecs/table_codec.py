"""Long tables (Arrow stream or CSV: ``item_id, timestamp, target`` and covariate columns) as an ``Asked``.

A whole-number ``timestamp`` is a step index. Times without an offset are UTC, as in training. Rows of one item may lie
anywhere, in their own order. Rows at the end of an item whose target is missing and which carry the horizon's
covariates are the future: exactly as many as the horizon. A column ``session`` names an item's session, and text
columns ``static:NAME`` its static covariates.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from service.codecs.asked import INCLUDE, MISSING, Asked, Series, raise_faults, shown, to_float32, unknown
from service.codecs.json_codec import check_levels
from service.errors import Malformed, TooLarge, Unprocessable

PARAMETERS = ("model", "horizon", "quantile_levels", "missing", "include", "timeout_ms", "freq", "season", "session")
_OWN = ("item_id", "timestamp", "target", "session")


def read_arrow(body: bytes) -> pa.Table:
    """Read an Arrow IPC stream.

    Raises
    ------
    Malformed
        If the body is none, or cut off.
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

    Raises
    ------
    Malformed
        If rows differ in length or it is not UTF-8.
    """
    if not body.strip():
        raise Malformed("body: expected CSV with a header line, got an empty body; begin with item_id,timestamp,target")
    # An item called 007 or null must stay that text.
    convert = pa_csv.ConvertOptions(
        column_types={"item_id": pa.string(), "session": pa.string()},
        strings_can_be_null=True,
        null_values=["", "NaN", "nan", "null", "NA"],
    )
    try:
        return pa_csv.read_csv(pa.py_buffer(body), convert_options=convert)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Malformed(
            f"body: expected CSV, {_first_line(error)}; one header line, then as many cells a row"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def decode_table(table: pa.Table, query: Mapping[str, str], max_values: int, max_series: int) -> Asked:
    """Make a request of a table and the parameters of the query string.

    Raises
    ------
    TooLarge, Unprocessable
        If it is over a limit, or the request as a whole is wrong.
    """
    if table.num_rows * max(1, table.num_columns - 1) > max_values:
        raise TooLarge(
            f"body: expected at most {max_values} values, got {table.num_rows} rows of {table.num_columns} columns"
        )
    asked = decode_query(query)
    try:
        names = table.column_names
    except UnicodeDecodeError:
        raise Malformed("body: expected column names in UTF-8, got other bytes; encode the table as UTF-8") from None
    for name in {name for name in names if names.count(name) > 1}:
        asked.fault(f"expected each column once, got {name!r} twice", name)
    if "target" not in names:
        asked.fault(f"expected a column target, got {', '.join(names)[:200]}; rename the values' column", "target")
    elif table.num_rows == 0:
        asked.fault("expected at least one row, got none", "target")
    raise_faults(asked.faults)
    groups = _groups(table)
    if len(groups) > max_series:
        raise TooLarge(f"item_id: expected at most {max_series} items, got {len(groups)}; send several requests")
    if "session" in query and len(groups) > 1:
        asked.fault(f"expected one item, got {len(groups)}; name each item's session in a column session", "session")
        raise_faults(asked.faults)
    columns = {name: _column(table, name) for name in names if name != "item_id"}
    for place, (item, rows) in enumerate(groups.items()):
        asked.series.append(_series(place, item, rows, columns, query))
        asked.series[-1].season = asked.season
    return asked


def decode_query(query: Mapping[str, str]) -> Asked:
    """Parameters of a table's request; wrong ones are faults of the request."""
    asked = Asked()
    for name in query:
        if name not in PARAMETERS:
            asked.fault(unknown(name, PARAMETERS), name)
    asked.model = query.get("model") or None
    for name in ("horizon", "timeout_ms", "season"):
        text = query.get(name)
        if text is None:
            continue
        if text.isascii() and text.isdigit() and int(text[:18]) > 0 and len(text) < 16:
            setattr(asked, name, int(text))
        else:
            asked.fault(f"expected a whole number from 1, got {shown(text)}", name)
    asked.missing = query.get("missing", "mask")
    if asked.missing not in MISSING:
        asked.fault(f"expected one of {', '.join(MISSING)}, got {shown(asked.missing)}", "missing")
    asked.include = tuple(name for name in query.get("include", "").split(",") if name)
    for name in asked.include:
        if name not in INCLUDE:
            asked.fault(f"expected names out of {', '.join(INCLUDE)}, got {shown(name)}", "include")
    if "quantile_levels" in query:
        try:
            levels: list[Any] = [float(text) for text in query["quantile_levels"].split(",")]
        except ValueError:
            levels = [query["quantile_levels"]]
        asked.quantile_levels = check_levels(levels, asked)
    return asked


def _groups(table: pa.Table) -> dict[str | None, Any]:
    """Item -> its row numbers, items in the order of their first row; None for a table without items."""
    if "item_id" not in table.column_names:
        return {None: np.arange(table.num_rows)}
    column = table["item_id"]
    if column.null_count:
        raise Unprocessable("item_id: expected a name in every row, got an empty one; name it, or leave the column out")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        coded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    except pa.ArrowException:
        raise Unprocessable(f"item_id: expected texts or whole numbers, got {column.type}") from None
    codes = coded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(1, len(coded.dictionary)))
    return dict(zip(coded.dictionary.to_pylist(), np.split(order, bounds), strict=True))


def _column(table: pa.Table, name: str) -> Any:
    """A column as float64 (NaN where missing), ``datetime64[s]``, int64, or objects (texts)."""
    column = table[name]
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    column = column.cast(kind) if kind is not column.type else column
    if name == "timestamp" and column.null_count:
        raise Unprocessable("timestamp: expected a time in every row, got an empty one; fill it in")
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        seconds = pc.cast(column, pa.timestamp("ms"), safe=False) if pa.types.is_date(kind) else column
        whole = seconds.cast(pa.timestamp("s", tz=getattr(seconds.type, "tz", None)), safe=False)
        if pc.any(pc.not_equal(whole.cast(seconds.type), seconds)).as_py():
            raise Unprocessable(f"{name}: expected whole seconds, got fractions of one; round the times")
        return whole.cast(pa.int64()).to_numpy().astype("datetime64[s]")
    if name == "timestamp" and pa.types.is_integer(kind):
        return column.cast(pa.int64(), safe=False).to_numpy()
    if name in _OWN[:1] + _OWN[3:] or name.startswith("static:"):
        return np.array(column.to_pylist(), dtype=object)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if (pa.types.is_string(kind) or pa.types.is_large_string(kind)) and name != "target":
        return np.array(column.to_pylist(), dtype=object)
    wanted = "numbers" if name == "target" else "times or whole numbers" if name == "timestamp" else "numbers or texts"
    raise Unprocessable(f"{name}: expected {wanted}, got a column of {kind}")


def _series(place: int, item: str | None, rows: Any, columns: dict[str, Any], query: Mapping[str, str]) -> Series:
    series = Series(("series", place), item_id=item, freq=query.get("freq"), session=query.get("session"), table=True)
    for name, whole in columns.items():
        part = whole[rows]
        if name == "timestamp":
            _times(series, part)
        elif name == "session" or name.startswith("static:"):
            _constant(series, name, part)
        elif part.dtype == object:
            series.past_covariates[name] = part
        else:
            small, beyond = to_float32(part)
            if beyond is not None:
                series.fault("expected a finite number that fits float32, got a larger one; rescale it", name, beyond)
            if name == "target":
                series.target = {"": small}
            else:
                series.past_covariates[name] = small
    return series


def _times(series: Series, part: Any) -> None:
    if part.dtype.kind == "M":
        series.timestamps = part
    elif part.dtype.kind == "i":
        series.indices = part
    else:
        series.timestamps = list(part)


def _constant(series: Series, name: str, part: Any) -> None:
    values = {value for value in part if value is not None}
    if len(values) > 1:
        series.fault(f"expected one value an item, got {len(values)} different ones", name)
    elif values and name == "session":
        series.session = str(values.pop())
    elif values:
        series.static_covariates[name.removeprefix("static:")] = values.pop()
