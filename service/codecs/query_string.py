"""Query strings: parameters by name, their texts as the values that a schema reads."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from service.codecs.faults import raise_faults
from service.errors import Fault, TooLarge

_NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]{1,3})?")
_LONGEST_OBJECT = 1000


def parse_query(text: bytes, most: int) -> dict[str, str]:
    """Take a query string apart.

    Parameters
    ----------
    text : bytes
        As it stands in the request.
    most : int
        Parameters that are allowed.

    Returns
    -------
    dict of str to str
        Parameters by name.

    Raises
    ------
    TooLarge, Unprocessable
        If there are too many, or one comes twice.

    Examples
    --------
    >>> parse_query(b"model=tiny&session=a%20b", 10)
    {'model': 'tiny', 'session': 'a b'}
    """
    if not text:
        return {}
    found: dict[str, str] = {}
    faults: list[Fault] = []
    if text.count(b"&") >= most:
        raise TooLarge(f"query: expected at most {most} parameters (STATECAST_MAX_FIELDS), got more; leave some out")
    for name, value in parse_qsl(text.decode("latin-1"), keep_blank_values=True):
        if name in found:
            message = f"expected each parameter once, got {name[:80]!r} twice; leave one out"
            faults.append(Fault((name[:80],), message))
        found[name] = value
    raise_faults(faults)
    return found


def typed(text: str, kind: str) -> Any:
    """Turn the text of a parameter into what its schema reads; one that cannot be turned is refused there.

    Parameters
    ----------
    text : str
        Of the parameter.
    kind : str
        JSON type of the member, as ``Schema.kind_of`` gives it.

    Returns
    -------
    Any
        A JSON value; None for an empty text.

    Examples
    --------
    >>> typed("0.1,0.5", "array"), typed("7", "integer"), typed("true", "boolean")
    ([0.1, 0.5], 7, True)
    """
    if kind == "array":
        return [float(part) if _NUMBER.fullmatch(part) else part for part in text.split(",") if part]
    if kind == "number":
        return float(text) if _NUMBER.fullmatch(text) else text
    if kind == "integer":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text
    if kind == "object":
        return _object(text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text or None if kind == "string" else text


def _object(text: str) -> Any:
    """Read an object that a parameter holds as JSON."""
    try:
        return json.loads(text) if len(text) <= _LONGEST_OBJECT else text
    except (ValueError, RecursionError):
        return text
