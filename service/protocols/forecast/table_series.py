"""Rows of a long table as series: which belong to an item, which to a lower frequency of it."""

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np

from service.codecs.faults import quoted
from service.codecs.field_types import identifier_fault, session_fault
from service.codecs.number_array import first_too_large
from service.protocols.forecast.schemas import TableParameters
from service.protocols.forecast.series import Located, ResolutionRequest, SeriesRequest
from statecast.time.stamps import Stamps


def read_rows(
    place: int,
    item: str | None,
    rows: Any,
    columns: Mapping[str, Any],
    static: Mapping[str, str],
    ahead: int | None,
    query: TableParameters,
) -> SeriesRequest:
    """Read one item's rows.

    Parameters
    ----------
    place : int
        Its place among the items.
    item : str or None
        Its name.
    rows : array of int64
        Its rows, in the order of the table.
    columns : mapping of str to array
        Whole columns, times and targets among them.
    static : mapping of str to str
        Static covariate by the column that holds it.
    ahead : int or None
        Rows without a target that are read at the end: a horizon where the model knows covariates ahead, else 0, and
        all of a session; None for all.
    query : TableParameters
        What the query string says of every series.

    Returns
    -------
    SeriesRequest
        With the rows of lower frequencies in ``resolutions``.
    """
    columns = dict(columns)
    labels = columns.pop("resolution", None)
    coarse = {} if labels is None else _rows_by_resolution(labels, rows)
    own = rows[labels[rows] == ""] if coarse else rows
    every, grows = own, query.session is not None or "session" in columns
    own = own if ahead is None or (grows and not ahead) else _until(own, columns["target"], ahead)
    series = SeriesRequest(target={}, item_id=item, freq=query.freq, season=query.season, session=query.session)
    series.open = query.open
    series.loc, series.rows, series.time_options = ("series", place), own, query.time_options
    for name, whole in columns.items():
        if name == "session" or name in static:
            _constant(series, name, static.get(name, ""), whole[rows])
        elif name == "timestamp":
            series.timestamps = _part(whole, own)
        elif name == "target":
            series.target = {"": _numbers(series, name, whole[own])}
        else:
            part = whole[own]
            series.past_covariates[name] = part if part.dtype == object else _numbers(series, name, part)
    for name, find in (("item_id", identifier_fault), ("session", session_fault)):
        text = getattr(series, name)
        if text is not None and (fault := find(text)):
            series.fault(fault, name)
    if ahead == 0 and len(own) < len(every):
        left = len(every) - len(own)
        series.notes = (("rows_ahead", f"{left} rows at the end have no target; the forecast begins there"),)
    for label, places in coarse.items():
        series.resolutions[label] = _resolution(series, places, columns, static)
    return series


def _rows_by_resolution(labels: Any, rows: Any) -> dict[str, Any]:
    """Rows of each lower frequency of an item, in the order of their first one."""
    found: dict[str, list[int]] = {}
    for row in rows[labels[rows] != ""]:
        found.setdefault(labels[row], []).append(row)
    return {label: np.asarray(places, dtype=np.int64) for label, places in found.items()}


def _until(rows: Any, target: Any, ahead: int) -> Any:
    """Rows up to the last target and a horizon of those after it, as the command line takes them."""
    known = np.flatnonzero(~np.isnan(target[rows]))
    return rows[: known[-1] + 1 + ahead] if len(known) else rows


def _resolution(
    series: SeriesRequest, rows: Any, columns: dict[str, Any], static: Mapping[str, str]
) -> ResolutionRequest:
    one = ResolutionRequest(target={}, start=None)
    one.loc, one.faults, one.rows, one.time_options = series.loc, series.faults, rows, series.time_options
    one.target = {"": _numbers(one, "target", columns["target"][rows])}
    if "timestamp" in columns:
        one.timestamps = _part(columns["timestamp"], rows)
    for name, whole in columns.items():
        if name in ("timestamp", "target", "session") or name in static:
            continue
        part = whole[rows]
        seen = np.flatnonzero([value is not None for value in part] if part.dtype == object else ~np.isnan(part))
        if len(seen):
            came = quoted(part[seen[:1]].tolist()[0])
            msg = f"expected no covariate in a row of a coarse resolution, got {came}; leave the cell empty"
            one.fault(msg, name, int(seen[0]))
    return one


def _numbers(series: Located, name: str, values: Any) -> Any:
    beyond = first_too_large(values)
    if beyond is not None:
        series.fault("expected a finite number that fits float32, got a larger one; rescale it", name, beyond)
    return values


def _part(times: Any, rows: Any) -> Any:
    return times.take(rows) if isinstance(times, Stamps) else times[rows]


def _constant(series: SeriesRequest, name: str, covariate: str, part: Any) -> None:
    values = {value for value in part.tolist() if isinstance(value, str) or (value is not None and not isnan(value))}
    if len(values) > 1:
        series.fault(f"expected one value per item, got {len(values)} different ones", name)
    elif values and name == "session":
        series.session = str(values.pop())
    elif values:
        series.static_covariates[covariate] = values.pop()
