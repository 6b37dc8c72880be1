"""Members of a JSON object, one by one: known by name, of the right type, or noted as a fault."""

from collections.abc import Callable
from typing import Any

from service.codecs.faults import unknown_name
from service.codecs.json_document import MAX_MEMBERS, came


def fields_of(value: Any, known: tuple[str, ...], fault: Callable[..., None]) -> dict[str, Any]:
    """Members of an object by name; unknown and repeated names are noted as faults, null members left out.

    A member is asked for by its name: the parser's ``items`` would turn every list of numbers into Python floats.
    """
    if len(value) > MAX_MEMBERS:
        fault(f"expected at most {MAX_MEMBERS} fields, got {len(value)}; send fewer")
        return {}
    found: dict[str, Any] = {}
    for name in value:
        if known and name not in known:
            fault(unknown_name(name, known), name)
        elif name in found:
            fault(f"expected each field once, got {name!r} twice; leave one out", name)
        else:
            try:
                found[name] = value[name]
            except KeyError:  # a name with a NUL in it, which the parser cannot look up
                fault(f"expected a printable name, got {name!r}", name)
    return {name: member for name, member in found.items() if member is not None}


def text_of(fields: dict[str, Any], name: str, fault: Callable[..., None]) -> str | None:
    """Read a text that is not empty; None where it is left out or wrong."""
    value = fields.get(name)
    if value is None or (isinstance(value, str) and value):
        return value
    fault(f"expected a text that is not empty, got {came(value)}", name)
    return None


def whole_of(fields: dict[str, Any], name: str, least: int, fault: Callable[..., None]) -> int | None:
    """Read a whole number from ``least``; None where it is left out or wrong."""
    value = fields.get(name)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)  # JSON has one kind of number; 24.0 is a whole one
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value < 2**53):
        return value
    fault(f"expected a whole number from {least}, got {came(value)}", name)
    return None
