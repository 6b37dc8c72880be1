"""A JSON body as an ``ForecastRequest``: unknown names refused, types checked, every fault kept with its place."""

import json
from typing import Any

import simdjson

from service.codecs.forecast_request import INCLUDE, MISSING, ForecastRequest, raise_faults, shown
from service.codecs.json_fields import fields_of, is_object, kind_of, text_of, whole_of
from service.codecs.json_series import Reader
from service.codecs.numbers import is_list, literal_hint
from service.codecs.time_options import TIME_OPTIONS, options_of_fields
from service.errors import Malformed, TooLarge

TOP = ("model", "series", "horizon", "quantile_levels", "missing", "include", "timeout_ms", *TIME_OPTIONS)
_CHUNK = 4 * 2**20


def decode_json(body: bytes, max_values: int, max_series: int) -> ForecastRequest:
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
    refuse_long(body, max_values)
    top = parse(body)
    if not is_object(top):
        raise Malformed(f"body: expected a JSON object with series, got {shown(top) if not is_list(top) else 'a list'}")
    asked = ForecastRequest()
    fields = fields_of(top, TOP, asked.fault)
    _read_top(fields, asked)
    read_series(
        fields, asked, body, sum(is_list(fields.get(name)) for name in ("quantile_levels", "include")), max_series
    )
    return asked


def refuse_long(body: bytes, max_values: int) -> None:
    """Refuse a body that holds more values than allowed, before anything is parsed.

    Raises
    ------
    TooLarge
        It names the limit.
    """
    values = _commas(body)
    if values > max_values + 1000:
        raise TooLarge(f"body: expected at most {max_values} values, got about {values}; send fewer series at a time")


def read_series(fields: dict[str, Any], asked: ForecastRequest, body: bytes, lists: int, max_series: int) -> None:
    """Read ``series`` into ``asked``; ``lists``: how many other lists of the body were read as such.

    Raises
    ------
    TooLarge, Unprocessable
        If there are too many, or the request as a whole is wrong.
    """
    entries = _list(fields.get("series"))
    if entries is None:
        asked.fault(f"expected a list of objects with target, got {kind_of(fields.get('series'))}", "series")
        entries = []
    elif len(entries) == 0:
        asked.fault('expected at least one series, got an empty list; add {"target": [...]}', "series")
    elif len(entries) > max_series:
        raise TooLarge(f"series: expected at most {max_series}, got {len(entries)}; send them in several requests")
    raise_faults(asked.faults)
    # The parser's conversion to floats flattens lists within lists unseen. If every bracket of the body belongs to a
    # list that was read as one, there are none; else read again, looking into each list's text.
    reader = Reader(flat=True, options=asked.time_options)
    asked.series = [reader.series(entry, ("series", index)) for index, entry in enumerate(entries)]
    if reader.lists + 1 + lists != body.count(b"["):
        reader = Reader(flat=False, options=asked.time_options)
        asked.series = [reader.series(entry, ("series", index)) for index, entry in enumerate(entries)]


def _commas(body: bytes) -> int:
    """Commas, which bound the values. In chunks, so that other threads get their turn."""
    return sum(body.count(b",", begin, begin + _CHUNK) for begin in range(0, len(body), _CHUNK))


def parse(body: bytes) -> Any:
    """Parse JSON; ``Malformed`` says why that cannot be done."""
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


def _read_top(fields: dict[str, Any], asked: ForecastRequest) -> None:
    asked.model = text_of(fields, "model", asked.fault)
    asked.horizon = whole_of(fields, "horizon", 1, asked.fault)
    asked.timeout_ms = whole_of(fields, "timeout_ms", 1, asked.fault)
    asked.time_options = options_of_fields(fields, asked.fault)
    missing = text_of(fields, "missing", asked.fault)
    if missing is not None and missing not in MISSING:
        asked.fault(f"expected one of {', '.join(MISSING)}, got {shown(missing)}", "missing")
    asked.missing = missing or "mask"
    if "include" in fields:
        names = _list(fields["include"])
        for index, name in enumerate(names or ()):
            if name not in INCLUDE:
                asked.fault(f"expected one of {', '.join(INCLUDE)}, got {kind_of(name)}", "include", index)
        if names is None:
            asked.fault(f"expected a list out of {', '.join(INCLUDE)}, got {kind_of(fields['include'])}", "include")
        asked.include = tuple(name for name in names or () if name in INCLUDE)
    if "quantile_levels" in fields:
        asked.quantile_levels = read_levels(fields["quantile_levels"], asked)


def read_levels(value: Any, asked: ForecastRequest) -> list[float]:
    """Read a list of quantile levels; what is wrong with it is noted."""
    entries = _list(value)
    if not entries:
        asked.fault(
            f"expected a list of levels within (0, 1), such as [0.1, 0.5, 0.9], got {kind_of(value)}", "quantile_levels"
        )
        return []
    return check_levels(entries, asked)


def check_levels(entries: list[Any], asked: ForecastRequest) -> list[float]:
    """Quantile levels that are numbers within (0, 1), each once; others are noted as faults."""
    levels: list[float] = []
    for index, entry in enumerate(entries):
        number = isinstance(entry, (int, float)) and not isinstance(entry, bool)
        if not number or not 0.0 < entry < 1.0:
            asked.fault(f"expected a level within (0, 1), such as 0.9, got {kind_of(entry)}", "quantile_levels", index)
        elif float(entry) in levels:
            asked.fault(f"expected each level once, got {shown(entry)} twice", "quantile_levels", index)
        else:
            levels.append(float(entry))
    return levels


def _list(value: Any) -> list[Any] | None:
    return list(value) if is_list(value) else None
