"""Long tables (Arrow stream or CSV: ``item_id, timestamp, target`` and covariate columns) as an ``ForecastRequest``.

A small whole-number ``timestamp`` is a step index. Times without an offset are UTC, as in training. Rows of one item
may lie anywhere, in their own order. Rows at the end of an item whose target is missing and which carry the horizon's
covariates are the future: exactly as many as the horizon. A column ``session`` names an item's session, and text
columns ``static:NAME`` its static covariates.

A column ``resolution`` marks rows of a coarse resolution: in such a row ``1d`` says that the target is the value of the
day that begins at the timestamp. Where it is empty the row is one of the series' own steps.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from service.codecs.forecast_request import INCLUDE, MISSING, ForecastRequest, raise_faults, shown, unknown
from service.codecs.json_body import check_levels
from service.codecs.table_series import TEXTS, group_rows, read_column, read_series, read_times
from service.codecs.time_options import TIME_OPTIONS, options_of_query
from service.errors import Malformed, TooLarge

PARAMETERS = (
    "model", "horizon", "quantile_levels", "missing", "include", "timeout_ms", "freq", "season", "session",
    *TIME_OPTIONS,
)  # fmt: skip


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
            f"body: expected CSV, {_first_line(error)}; one header line, then as many cells a row"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def decode_table(table: pa.Table, query: Mapping[str, str], max_values: int, max_series: int) -> ForecastRequest:
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
    groups = group_rows(table)
    if len(groups) > max_series:
        raise TooLarge(f"item_id: expected at most {max_series} items, got {len(groups)}; send several requests")
    if "session" in query and len(groups) > 1:
        asked.fault(f"expected one item, got {len(groups)}; name each item's session in a column session", "session")
        raise_faults(asked.faults)
    columns = {name: read_column(table, name) for name in names if name != "item_id"}
    if "timestamp" in columns:
        columns["timestamp"] = read_times(columns["timestamp"], asked.time_options)
    for place, (item, rows) in enumerate(groups.items()):
        asked.series.append(read_series(place, item, rows, columns, query, asked.time_options))
        asked.series[-1].season = asked.season
    return asked


def decode_query(query: Mapping[str, str]) -> ForecastRequest:
    """Parameters of a table's request; wrong ones are faults of the request."""
    asked = ForecastRequest()
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
    asked.time_options = options_of_query(query, asked.fault)
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
