"""Rows of a long table as series: which belong to an item, which to a coarse resolution of it, arrays from columns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from service.codecs.forecast_request import Series, shown, to_float32
from service.errors import Unprocessable
from statecast.errors import InputError
from statecast.time.parse import read_stamps
from statecast.time.stamps import Stamps, TimeOptions

TEXTS = ("item_id", "session", "resolution")


def group_rows(table: pa.Table) -> dict[str | None, Any]:
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


def read_column(table: pa.Table, name: str) -> Any:
    """A column as float64 (NaN where missing), ``datetime64[s]``, int64, or objects (texts)."""
    column = table[name]
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    column = column.cast(kind) if kind is not column.type else column
    if name == "timestamp" and column.null_count:
        row = pc.index(column.is_null(), value=True).as_py()
        raise Unprocessable(f"timestamp: expected a time in every row, got an empty one in row {row}; fill it in")
    if name == "resolution":
        return _labels(column, kind)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
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
        return np.array(column.to_pylist(), dtype=object)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    if (pa.types.is_string(kind) or pa.types.is_large_string(kind)) and name != "target":
        return np.array(column.to_pylist(), dtype=object)
    wanted = "numbers" if name == "target" else "times or whole numbers" if name == "timestamp" else "numbers or texts"
    raise Unprocessable(f"{name}: expected {wanted}, got a column of {kind}")


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
        return Stamps.of(times, zone=zone)
    except InputError:
        return Stamps.of(times)


def read_times(column: Any, options: TimeOptions) -> Any:
    """Read a whole column of time stamps at once; one that holds a bad stamp is left as it is, to be read by item."""
    try:
        if isinstance(column, Stamps):
            return column if options.timezone is None else column.moved(options.timezone)
        return read_stamps(column, options)
    except InputError:
        return column if isinstance(column, Stamps) else column.astype(object)


def read_series(
    place: int,
    item: str | None,
    rows: Any,
    columns: dict[str, Any],
    query: Mapping[str, str],
    options: TimeOptions,
) -> Series:
    """One item's rows as a series, those of coarse resolutions beside it; ``columns`` as ``read_column`` gives them."""
    columns = dict(columns)
    labels = columns.pop("resolution", None)
    coarse = {} if labels is None else _coarse_rows(labels, rows)
    own = rows[labels[rows] == ""] if coarse else rows
    series = Series(("series", place), item_id=item, freq=query.get("freq"), session=query.get("session"), rows=own)
    series.time_options = options
    for name, whole in columns.items():
        if name == "session" or name.startswith("static:"):
            _constant(series, name, whole[rows])
        elif name == "timestamp":
            series.timestamps = _part(whole, own)
        elif name == "target":
            series.target = {"": _numbers(series, name, whole[own])}
        else:
            part = whole[own]
            series.past_covariates[name] = part if part.dtype == object else _numbers(series, name, part)
    for label, places in coarse.items():
        series.resolutions[label] = _resolution(series, places, columns)
    return series


def _coarse_rows(labels: Any, rows: Any) -> dict[str, Any]:
    """Rows of each coarse resolution of an item, in the order of their first one."""
    found: dict[str, list[int]] = {}
    for row in rows[labels[rows] != ""]:
        found.setdefault(labels[row], []).append(row)
    return {label: np.asarray(places, dtype=np.int64) for label, places in found.items()}


def _resolution(series: Series, rows: Any, columns: dict[str, Any]) -> Series:
    one = Series(series.loc, faults=series.faults, rows=rows, time_options=series.time_options)
    one.target = {"": _numbers(one, "target", columns["target"][rows])}
    if "timestamp" in columns:
        one.timestamps = _part(columns["timestamp"], rows)
    for name, whole in columns.items():
        if name in ("timestamp", "target", "session") or name.startswith("static:"):
            continue
        part = whole[rows]
        seen = np.flatnonzero([value is not None for value in part] if part.dtype == object else ~np.isnan(part))
        if len(seen):
            came = shown(part[seen[:1]].tolist()[0])
            msg = f"expected no covariate in a row of a coarse resolution, got {came}; leave the cell empty"
            one.fault(msg, name, int(seen[0]))
    return one


def _numbers(series: Series, name: str, values: Any) -> Any:
    small, beyond = to_float32(values)
    if beyond is not None:
        series.fault("expected a finite number that fits float32, got a larger one; rescale it", name, beyond)
    return small


def _part(times: Any, rows: Any) -> Any:
    return times.take(rows) if isinstance(times, Stamps) else times[rows]


def _constant(series: Series, name: str, part: Any) -> None:
    values = {value for value in part if value is not None}
    if len(values) > 1:
        series.fault(f"expected one value an item, got {len(values)} different ones", name)
    elif values and name == "session":
        series.session = str(values.pop())
    elif values:
        series.static_covariates[name.removeprefix("static:")] = values.pop()
