"""How a request wants its time stamps read: ``timezone``, ``timestamp_unit`` and ``dayfirst``."""

from collections.abc import Callable, Mapping
from typing import Any

from service.codecs.forecast_request import shown
from service.codecs.json_fields import kind_of, text_of
from statecast.errors import InputError
from statecast.time.stamps import UNITS, TimeOptions
from statecast.time.zones import read_zone

TIME_OPTIONS = ("timezone", "timestamp_unit", "dayfirst")


def options_of_fields(fields: Mapping[str, Any], fault: Callable[..., None]) -> TimeOptions:
    """Read them out of a JSON body; wrong ones are noted as faults."""
    dayfirst = fields.get("dayfirst")
    if dayfirst is not None and not isinstance(dayfirst, bool):
        fault(f"expected true or false, got {kind_of(dayfirst)}", "dayfirst")
        dayfirst = None
    zone, unit = (text_of(dict(fields), name, fault) for name in ("timezone", "timestamp_unit"))
    return TimeOptions(_zone(zone, fault), _unit(unit, fault), dayfirst)


def options_of_query(query: Mapping[str, str], fault: Callable[..., None]) -> TimeOptions:
    """Read them out of a query string; wrong ones are noted as faults."""
    dayfirst = query.get("dayfirst")
    if dayfirst not in (None, "true", "false"):
        fault(f"expected true or false, got {shown(dayfirst)}", "dayfirst")
    zone, unit = _zone(query.get("timezone"), fault), _unit(query.get("timestamp_unit"), fault)
    return TimeOptions(zone, unit, None if dayfirst is None else dayfirst == "true")


def _zone(text: str | None, fault: Callable[..., None]) -> str | None:
    try:
        return None if text is None else read_zone(text)
    except InputError as error:
        fault(str(error).removeprefix("timezone: "), "timezone")
        return None


def _unit(text: str | None, fault: Callable[..., None]) -> str | None:
    if text is None or text in UNITS:
        return text
    fault(f"expected one of {', '.join(UNITS)}, got {shown(text)}", "timestamp_unit")
    return None
