"""Fields of a message, found by name, and numbers, which a broker of texts writes as such."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from connectors.errors import PoisonMessage


def parse(payload: bytes) -> Any:
    """Read JSON.

    Parameters
    ----------
    payload : bytes
        Of a message.

    Raises
    ------
    PoisonMessage
        If it is none.
    """

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON; write null where a value is missing")

    try:
        return json.loads(payload, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise PoisonMessage(
            "unreadable_message", f"message: expected a JSON object or a number, got {payload[:40]!r} ({error})"
        ) from None


def has_field(message: Mapping[str, Any], name: str) -> bool:
    """Whether a message has a field.

    Parameters
    ----------
    message : mapping
        Parsed.
    name : str
        ``a.b`` is the field b of the object a.
    """
    here, _, rest = name.partition(".")
    if name in message:
        return True
    return bool(rest) and isinstance(message.get(here), dict) and has_field(message[here], rest)


def find_field(message: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Give the value of the first of some fields that is there and not null.

    Parameters
    ----------
    message : mapping
        Parsed.
    names : sequence of str
        As ``has_field`` takes them.

    Returns
    -------
    Any
        None where there is none.

    Examples
    --------
    >>> find_field({"meter": {"reading": 5}}, ("value", "meter.reading"))
    5
    """
    for name in names:
        found = message.get(name)
        if found is None and "." in name:
            here, _, rest = name.partition(".")
            inner = message.get(here)
            found = find_field(inner, (rest,)) if isinstance(inner, dict) else None
        if found is not None:
            return found
    return None


def as_number(value: Any) -> float | int | None:
    """Read a finite number, also one that is written as a text, as Redis has them.

    Parameters
    ----------
    value : Any
        Parsed.

    Returns
    -------
    float, int or None
        None where it is something else.

    Examples
    --------
    >>> as_number("21.50"), as_number(7), as_number("high"), as_number(True)
    (21.5, 7, None, None)
    """
    if isinstance(value, str):
        try:
            value = int(value) if value.strip().lstrip("+-").isdigit() else float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or isfinite(value) else None
