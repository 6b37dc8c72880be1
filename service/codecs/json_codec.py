"""A JSON body as an ``Asked``: unknown names refused, types checked, every fault kept with its place."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import simdjson

from service.codecs.asked import INCLUDE, MISSING, Asked, Loc, Series, raise_faults, shown, unknown
from service.codecs.numbers import NumberFault, column, floats, is_list, literal_hint
from service.errors import Malformed, TooLarge

TOP = ("model", "series", "horizon", "quantile_levels", "missing", "include", "timeout_ms")
SERIES = (
    "item_id", "start", "freq", "timestamps", "from_index", "target", "past_covariates", "future_covariates",
    "static_covariates", "session",
)  # fmt: skip
_CHUNK = 4 * 2**20


def decode_json(body: bytes, max_values: int, max_series: int) -> Asked:
    """Read a body.

    Raises
    ------
    Malformed
        If it is not JSON.
    TooLarge
        If it holds more values or series than allowed; found before anything is parsed.
    Unprocessable
        If the request as a whole is wrong; faults within one series stay with that series.
    """
    values = _commas(body)
    if values > max_values + 1000:
        raise TooLarge(f"body: expected at most {max_values} values, got about {values}; send fewer series at a time")
    top = _parse(body)
    if not _is_object(top):
        raise Malformed(f"body: expected a JSON object with series, got {shown(top) if not is_list(top) else 'a list'}")
    asked = Asked()
    fields = _fields(top, TOP, asked.fault)
    _read_top(fields, asked)
    entries = _list(fields.get("series"))
    if entries is None:
        asked.fault(f"expected a list of objects with target, got {_kind(fields.get('series'))}", "series")
        entries = []
    elif len(entries) == 0:
        asked.fault('expected at least one series, got an empty list; add {"target": [...]}', "series")
    elif len(entries) > max_series:
        raise TooLarge(f"series: expected at most {max_series}, got {len(entries)}; send them in several requests")
    raise_faults(asked.faults)
    # The parser's conversion to floats flattens lists within lists unseen. If every bracket of the body belongs to a
    # list that was read as one, there are none; else read again, looking into each list's text.
    reader = _Reader(flat=True)
    asked.series = [reader.series(entry, ("series", index)) for index, entry in enumerate(entries)]
    own = 1 + sum(is_list(fields.get(name)) for name in ("quantile_levels", "include"))
    if reader.lists + own != body.count(b"["):
        reader = _Reader(flat=False)
        asked.series = [reader.series(entry, ("series", index)) for index, entry in enumerate(entries)]
    return asked


def _commas(body: bytes) -> int:
    """Commas, which bound the values. In chunks, so that other threads get their turn."""
    return sum(body.count(b",", begin, begin + _CHUNK) for begin in range(0, len(body), _CHUNK))


def _parse(body: bytes) -> Any:
    try:
        return simdjson.Parser().parse(body)
    except UnicodeDecodeError:
        raise Malformed("body: expected JSON in UTF-8, got bytes that are not UTF-8; encode it as UTF-8") from None
    except (ValueError, RuntimeError) as error:
        # A number beyond 64 bits or beyond double is JSON all the same; Python can hold it, and then it is judged
        # by its place like any other.
        if str(error).startswith(("NUMBER_ERROR", "BIGINT_ERROR")):
            try:
                return json.loads(body, parse_constant=_no_constant)
            except (ValueError, RecursionError):
                pass
        raise Malformed(f"body: expected JSON, {literal_hint(body)}") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _is_object(value: Any) -> bool:
    return isinstance(value, (simdjson.Object, dict))


def _kind(value: Any) -> str:
    return "an object" if _is_object(value) else "a list" if is_list(value) else shown(value)


def _fields(value: Any, known: tuple[str, ...], fault: Callable[..., None]) -> dict[str, Any]:
    """Members of an object by name; unknown and repeated names are noted as faults, null members left out."""
    found: dict[str, Any] = {}
    for name, member in value.items():
        if known and name not in known:
            fault(unknown(name, known), name)
        elif name in found:
            fault(f"expected each field once, got {name!r} twice; leave one out", name)
        else:
            found[name] = member
    return {name: member for name, member in found.items() if member is not None}


def _read_top(fields: dict[str, Any], asked: Asked) -> None:
    asked.model = _text(fields, "model", asked.fault)
    asked.horizon = _whole(fields, "horizon", 1, asked.fault)
    asked.timeout_ms = _whole(fields, "timeout_ms", 1, asked.fault)
    missing = _text(fields, "missing", asked.fault)
    if missing is not None and missing not in MISSING:
        asked.fault(f"expected one of {', '.join(MISSING)}, got {shown(missing)}", "missing")
    asked.missing = missing or "mask"
    if "include" in fields:
        names = _list(fields["include"])
        for index, name in enumerate(names or ()):
            if name not in INCLUDE:
                asked.fault(f"expected one of {', '.join(INCLUDE)}, got {_kind(name)}", "include", index)
        if names is None:
            asked.fault(f"expected a list out of {', '.join(INCLUDE)}, got {_kind(fields['include'])}", "include")
        asked.include = tuple(name for name in names or () if name in INCLUDE)
    if "quantile_levels" in fields:
        asked.quantile_levels = _levels(fields["quantile_levels"], asked)


def _levels(value: Any, asked: Asked) -> list[float]:
    entries = _list(value)
    if not entries:
        asked.fault(
            f"expected a list of levels within (0, 1), such as [0.1, 0.5, 0.9], got {_kind(value)}", "quantile_levels"
        )
        return []
    return check_levels(entries, asked)


def check_levels(entries: list[Any], asked: Asked) -> list[float]:
    """Quantile levels that are numbers within (0, 1), each once; others are noted as faults."""
    levels: list[float] = []
    for index, entry in enumerate(entries):
        number = isinstance(entry, (int, float)) and not isinstance(entry, bool)
        if not number or not 0.0 < entry < 1.0:
            asked.fault(f"expected a level within (0, 1), such as 0.9, got {_kind(entry)}", "quantile_levels", index)
        elif float(entry) in levels:
            asked.fault(f"expected each level once, got {shown(entry)} twice", "quantile_levels", index)
        else:
            levels.append(float(entry))
    return levels


def _text(fields: dict[str, Any], name: str, fault: Callable[..., None]) -> str | None:
    value = fields.get(name)
    if value is None or (isinstance(value, str) and value):
        return value
    fault(f"expected a text that is not empty, got {_kind(value)}", name)
    return None


def _whole(fields: dict[str, Any], name: str, least: int, fault: Callable[..., None]) -> int | None:
    value = fields.get(name)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)  # JSON has one kind of number; 24.0 is a whole one
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**53):
        return value
    fault(f"expected a whole number from {least}, got {_kind(value)}", name)
    return None


def _list(value: Any) -> list[Any] | None:
    return list(value) if is_list(value) else None


class _Reader:
    """Reads series, and counts in ``lists`` the lists that it took."""

    def __init__(self, flat: bool) -> None:
        self.lists = 0
        self._flat = flat

    def series(self, entry: Any, loc: Loc) -> Series:
        """Read one series; what is wrong with it is noted in its ``faults``."""
        series = Series(loc)
        if not _is_object(entry):
            series.fault(f"expected an object with target, got {_kind(entry)}")
            return series
        fields = _fields(entry, SERIES, series.fault)
        for name in ("item_id", "start", "freq", "session"):
            setattr(series, name, _text(fields, name, series.fault))
        series.from_index = _whole(fields, "from_index", 0, series.fault)
        series.target = self._target(fields.get("target"), series)
        series.past_covariates = self._columns(fields, "past_covariates", series)
        series.future_covariates = self._columns(fields, "future_covariates", series)
        if "static_covariates" in fields:
            series.static_covariates = _statics(fields["static_covariates"], series)
        if "timestamps" in fields:
            series.timestamps = _timestamps(fields["timestamps"], series)
            self.lists += 1
        return series

    def _target(self, value: Any, series: Series) -> dict[str, Any]:
        if value is None:
            series.fault(
                "expected a list of numbers or null, got nothing; it is the one field a series needs", "target"
            )
            return {}
        if not _is_object(value):
            return dict(self._read(floats, [("", value)], ("target",), series))
        members = _fields(value, (), lambda msg, name: series.fault(msg, "target", name))
        if not members:
            series.fault("expected at least one variable, got an empty object", "target")
        return dict(self._read(floats, list(members.items()), ("target",), series))

    def _columns(self, fields: dict[str, Any], name: str, series: Series) -> dict[str, Any]:
        value = fields.get(name)
        if value is None:
            return {}
        if not _is_object(value):
            series.fault(f"expected an object, one list a covariate, got {_kind(value)}", name)
            return {}
        members = _fields(value, (), lambda msg, inner: series.fault(msg, name, inner))
        return dict(self._read(column, list(members.items()), (name,), series))

    def _read(
        self, read: Callable[[Any, bool], Any], members: list[tuple[str, Any]], where: Loc, series: Series
    ) -> Iterator[tuple[str, Any]]:
        for name, value in members:
            place = (*where, name) if name else where
            try:
                self.lists += is_list(value)
                yield name, read(value, self._flat)
            except NumberFault as error:
                series.fault(str(error), *place, *(() if error.index is None else (error.index,)))


def _statics(value: Any, series: Series) -> dict[str, Any]:
    if not _is_object(value):
        series.fault(f"expected an object, one value a covariate, got {_kind(value)}", "static_covariates")
        return {}
    members = _fields(value, (), lambda msg, name: series.fault(msg, "static_covariates", name))
    for name, member in members.items():
        if isinstance(member, bool) or not isinstance(member, (int, float, str)):
            series.fault(f"expected a number or a text, got {_kind(member)}", "static_covariates", name)
    return members


def _timestamps(value: Any, series: Series) -> list[Any]:
    entries: Any = value.as_list() if isinstance(value, simdjson.Array) else value
    if not isinstance(entries, list):
        series.fault(f"expected a list of times, one a value, got {_kind(value)}", "timestamps")
        return []
    for index, entry in enumerate(entries):
        if not isinstance(entry, str):
            series.fault(f"expected a time such as 2026-01-01T00:00:00Z, got {_kind(entry)}", "timestamps", index)
            return []
    return entries
