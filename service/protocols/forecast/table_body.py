"""A table with the parameters of its query string as a request about its series.

A small whole-number ``timestamp`` is a step index. Times without an offset are UTC, as in training. Rows of one item
may lie anywhere, in their own order. Rows at the end of an item whose target is missing lie ahead, as on the command
line: their covariates are known, of at most the horizon; a model that reads none leaves such rows out. Of an item with
a session they are observations that went missing instead, unless they are a whole horizon for a model that reads
covariates ahead. A column ``session`` names an item's session, and columns ``static:NAME`` its static covariates.

A column ``resolution`` marks rows of a lower frequency: in such a row ``1d`` says that the target is the value of the
day that begins at the timestamp. Where it is empty the row is one of the series' own steps.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from service.codecs.faults import raise_faults
from service.codecs.query_string import typed
from service.codecs.table import TableForm, read_table, refusals
from service.deadline import Deadline
from service.errors import Fault
from service.http.body import ARROW, PARQUET
from service.models.model import Model
from service.models.table_names import names_of, options_of, static_columns
from service.protocols.forecast.schemas import QueryParameters, R, TableParameters
from service.protocols.forecast.table_series import read_rows
from service.protocols.request_shape import RequestShape
from service.settings import Settings
from statecast.tables.series import SeriesTable, read_series
from statecast.tables.table import Table

FindModel = Callable[[str | None], Model]
"""Finds the model that a request names."""


def decode_table(
    body: bytes,
    query: Mapping[str, str],
    settings: Settings,
    find_model: FindModel | None,
    deadline: Deadline,
    shape: RequestShape[R],
    kind: str,
) -> R:
    """Read a table and the parameters of the query string.

    Parameters
    ----------
    body : bytes
        Columns of items, times, targets and covariates, see ``statecast.tables``.
    query : mapping of str to str
        Parameters by name.
    settings : Settings
        Limits.
    find_model : FindModel or None
        The model knows names; None to take every further column for a covariate.
    deadline : Deadline
        Until when it is worth it.
    shape : RequestShape
        Of the request.
    kind : str
        Content type of the body.

    Returns
    -------
    SeriesBody
        One series per item, in the order of their first rows.

    Raises
    ------
    ServiceError
        If it cannot be read, is over a limit, or the request as a whole is wrong.
    """
    parameters, faults = decode_query(query, shape)
    raise_faults(faults)
    model = None if find_model is None else find_model(parameters.model)
    with refusals():
        options = options_of(model, parameters.table_options)
        whole = read_table(body, options, settings, form_of(kind))
        _check_marks(whole)
        deadline.check()
        table = read_series(
            whole,
            names_of(model, *parameters.columns),
            options,
            most=settings.max_series,
        )
    if parameters.session is not None and len(table.names) > 1:
        message = f"expected one item, got {len(table.names)}; name each item's session in a column session"
        raise_faults([Fault(("session",), message)])
    order = np.argsort(table.codes, kind="stable")
    bounds = np.searchsorted(table.codes[order], np.arange(1, len(table.names)))
    columns = _columns(table)
    static = static_columns(model, table.covariates)
    ahead = None if model is None else 0
    if model is not None and model.config.future_covariates and shape.ahead:
        ahead = (parameters.horizon if isinstance(parameters, QueryParameters) else None) or model.horizon
    with np.errstate(over="ignore"):
        series = [
            read_rows(place, item, rows, columns, static, ahead, parameters)
            for place, (item, rows) in enumerate(deadline.each(zip(table.names, np.split(order, bounds), strict=True)))
        ]
    for one in series:
        one.notes = (*table.notes, *one.notes)
        one.rows = None if one.rows is None else one.rows % len(table.table)
    return shape.of(series, parameters)


def form_of(kind: str) -> TableForm:
    """Give the form of a table.

    Parameters
    ----------
    kind : str
        Content type.
    """
    forms: dict[str, TableForm] = {ARROW: "arrow", PARQUET: "parquet"}
    return forms.get(kind, "text")


def _check_marks(table: Table) -> None:
    if "resolution" in table.names and table.kind("resolution") not in ("texts", "nothing"):
        message = f"expected texts such as 1d, empty for the series' own steps, got {table.kind('resolution')}"
        raise_faults([Fault(("resolution",), message)])


def _columns(table: SeriesTable) -> dict[str, Any]:
    """Columns under the names by which ``read_rows`` knows them."""
    columns: dict[str, Any] = dict(table.covariates)
    if (labels := columns.get("resolution")) is not None:
        columns["resolution"] = np.where(labels == None, "", labels)  # noqa: E711
    if table.times is not None:
        columns["timestamp"] = table.times
    return columns | {"target": table.target}


def decode_query(query: Mapping[str, str], shape: RequestShape[Any]) -> tuple[TableParameters, list[Fault]]:
    """Read a query string.

    Parameters
    ----------
    query : mapping of str to str
        Parameters by name; lists are separated by commas.
    shape : RequestShape
        Of the request.

    Returns
    -------
    TableParameters
        What is right of it.
    list of Fault
        What is not.
    """
    read = {name: typed(text, shape.query.kind_of(name)) for name, text in query.items()}
    found: tuple[TableParameters, list[Fault]]
    found = shape.query.read({name: value for name, value in read.items() if value is not None})
    return found


def fill_from_query(request: R, query: Mapping[str, str], shape: RequestShape[R]) -> None:
    """Let the query string fill what a JSON body leaves out.

    Parameters
    ----------
    request : SeriesBody
        What the body says; changed in place.
    query : mapping of str to str
        Parameters by name.
    shape : RequestShape
        Of the request.

    Raises
    ------
    Unprocessable
        If a parameter is wrong.
    """
    parameters, faults = decode_query(query, shape)
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
    shape.fill(request, parameters)
