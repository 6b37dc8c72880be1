"""A long table with the parameters of its query string as a ``ForecastRequest``.

A small whole-number ``timestamp`` is a step index. Times without an offset are UTC, as in training. Rows of one item
may lie anywhere, in their own order. Rows at the end of an item whose target is missing and which carry the horizon's
covariates are the future: exactly as many as the horizon. A column ``session`` names an item's session, and text
columns ``static:NAME`` its static covariates.

A column ``resolution`` marks rows of a lower frequency: in such a row ``1d`` says that the target is the value of the
day that begins at the timestamp. Where it is empty the row is one of the series' own steps.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from service.codecs.faults import raise_faults
from service.codecs.table import group_rows, read_column, read_times
from service.errors import Fault, Malformed, TooLarge
from service.protocols.forecast.schemas import QUERY, ForecastRequest, QueryParameters
from service.protocols.forecast.table_series import read_rows

_NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]{1,3})?")


def decode_table(table: pa.Table, query: Mapping[str, str], max_values: int, max_series: int) -> ForecastRequest:
    """Read a table and the parameters of the query string.

    Parameters
    ----------
    table : pyarrow.Table
        Columns ``item_id, timestamp, target`` and those of covariates.
    query : mapping of str to str
        Parameters by name.
    max_values : int
        Values allowed in all.
    max_series : int
        Items allowed.

    Returns
    -------
    ForecastRequest
        One series per item, in the order of their first rows.

    Raises
    ------
    TooLarge, Unprocessable
        If it is over a limit, or the request as a whole is wrong.
    """
    if table.num_rows * max(1, table.num_columns - 1) > max_values:
        raise TooLarge(
            f"body: expected at most {max_values} values, got {table.num_rows} rows of {table.num_columns} columns; "
            "send fewer rows at a time"
        )
    parameters, faults = decode_query(query)
    try:
        names = table.column_names
    except UnicodeDecodeError:
        raise Malformed("body: expected column names in UTF-8, got other bytes; encode the table as UTF-8") from None
    for name in [name for name, count in Counter(names).items() if count > 1]:
        faults.append(Fault((name,), f"expected each column once, got {name!r} twice; leave one out"))
    if "target" not in names:
        message = f"expected a column target, got {', '.join(names)[:200]}; rename the values' column"
        faults.append(Fault(("target",), message))
    elif table.num_rows == 0:
        faults.append(Fault(("target",), "expected at least one row, got none; add the values"))
    raise_faults(faults)
    groups = group_rows(table)
    if len(groups) > max_series:
        raise TooLarge(f"item_id: expected at most {max_series} items, got {len(groups)}; send several requests")
    if parameters.session is not None and len(groups) > 1:
        message = f"expected one item, got {len(groups)}; name each item's session in a column session"
        raise_faults([Fault(("session",), message)])
    columns = {name: read_column(table, name) for name in names if name != "item_id"}
    if "timestamp" in columns:
        columns["timestamp"] = read_times(columns["timestamp"], parameters.time_options)
    with np.errstate(over="ignore"):
        series = [
            read_rows(place, item, rows, columns, parameters) for place, (item, rows) in enumerate(groups.items())
        ]
    return ForecastRequest(
        series=series,
        model=parameters.model,
        horizon=parameters.horizon,
        quantile_levels=parameters.quantile_levels,
        missing=parameters.missing,
        include=parameters.include,
        timeout_ms=parameters.timeout_ms,
    )


def decode_query(query: Mapping[str, str]) -> tuple[QueryParameters, list[Fault]]:
    """Read a query string.

    Parameters
    ----------
    query : mapping of str to str
        Parameters by name; lists are separated by commas.

    Returns
    -------
    QueryParameters
        What is right of it.
    list of Fault
        What is not.
    """
    read = {name: _typed(text, QUERY.kind_of(name)) for name, text in query.items()}
    return QUERY.read({name: value for name, value in read.items() if value is not None})


def fill_from_query(request: ForecastRequest, query: Mapping[str, str]) -> None:
    """Let the query string fill what a JSON body leaves out.

    Parameters
    ----------
    request : ForecastRequest
        What the body says; changed in place.
    query : mapping of str to str
        Parameters by name.

    Raises
    ------
    Unprocessable
        If a parameter is wrong.
    """
    parameters, faults = decode_query(query)
    if parameters.session is not None and len(request.series) > 1:
        message = f"expected one series, got {len(request.series)}; name each one's session beside it"
        faults.append(Fault(("session",), message))
    raise_faults(faults)
    for series in request.series:
        series.freq = series.freq or parameters.freq
        series.session = series.session or parameters.session
        series.open = parameters.open if series.open is None else series.open
        series.season = series.season or parameters.season
        series.read_times_by(parameters.time_options)
    for name in ("model", "horizon", "quantile_levels", "timeout_ms"):
        if getattr(request, name) is None:
            setattr(request, name, getattr(parameters, name))
    request.include = request.include or parameters.include
    if request.missing == "mask":
        request.missing = parameters.missing


def _typed(text: str, kind: str) -> Any:
    """Turn the text of a parameter into what its schema reads; one that cannot be turned is refused there."""
    if kind == "array":
        return [float(part) if _NUMBER.fullmatch(part) else part for part in text.split(",") if part]
    if kind == "integer":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text or None if kind == "string" else text
