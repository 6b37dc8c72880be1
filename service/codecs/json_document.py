"""JSON off the wire: parsed, its objects as plain dicts, its lists still the parser's own."""

import json
import re
from typing import Any

import simdjson

from service.codecs.faults import quoted
from service.errors import Malformed, TooLarge

_CHUNK = 4 * 2**20
# Python's own parser, and a search for a word, keep every other thread waiting: neither runs over more at once.
_REREAD, _SEARCHED = 2**20, 2**16
_LITERAL = re.compile(rb"[:\[,\s]-?(NaN|Infinity|nan|inf|None|True|False|undefined)\b")
_LISTS = (simdjson.Array, list)
# A bracket that does not follow a colon. It begins with the bracket, so that the search skips to one.
_LIST_ELSEWHERE = re.compile(rb"\[(?<!:\[)(?<!: \[)")


def parse(body: bytes) -> Any:
    """Parse a body.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.

    Returns
    -------
    Any
        The parser's object or array, or a plain value.

    Raises
    ------
    Malformed
        If it is not JSON; the detail says why.
    """
    try:
        return simdjson.Parser().parse(body)
    except UnicodeDecodeError:
        raise Malformed("body: expected JSON in UTF-8, got bytes that are not UTF-8; encode it as UTF-8") from None
    except (ValueError, RuntimeError) as error:
        # A number beyond 64 bits or beyond double is JSON all the same. Python can hold it, so that it is refused by
        # its place, as any other value is.
        if len(body) <= _REREAD and str(error).startswith(("NUMBER_ERROR", "BIGINT_ERROR")):
            try:
                found = json.loads(body, parse_constant=_no_constant)
            except (ValueError, RecursionError):
                found = None
            if found is not None:
                return found
        raise Malformed(f"body: expected JSON, {_reason(body)}") from None


def parse_object(body: bytes) -> Any:
    """Parse a body that must be an object; half a surrogate pair is let in, to be refused by its place.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.

    Returns
    -------
    Any
        The parser's object, or a dict.

    Raises
    ------
    Malformed
        If it is not JSON, or no object.
    """
    try:
        top = parse(body)
    except Malformed:
        try:
            top = json.loads(body, parse_constant=_no_constant) if b"\\u" in body else None
        except (ValueError, RecursionError):
            top = None
        if top is None:
            raise
    if not is_object(top):
        raise Malformed(f"body: expected a JSON object, got {'a list' if is_list(top) else quoted(top)}")
    return top


def limit_values(body: bytes, most: int) -> None:
    """Refuse a body that holds too many values, before anything is parsed.

    Parameters
    ----------
    body : bytes
        Any JSON. Its commas bound the number of its values.
    most : int
        Values allowed.

    Raises
    ------
    TooLarge
        It names the limit.
    """
    # In chunks, so that other threads get their turn.
    values = sum(body.count(b",", begin, begin + _CHUNK) for begin in range(0, len(body), _CHUNK))
    if values > most + 1000:
        raise TooLarge(f"body: expected at most {most} values, got about {values}; send fewer series at a time")


def lists_are_members(body: bytes) -> bool:
    """Whether every list of a body is the value of a member, so that none lies directly within another.

    The parser's conversion to numbers flattens lists within lists unseen; where this is false it must not be trusted. A
    bracket within a text can make it false, never true.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.

    Examples
    --------
    >>> lists_are_members(b'{"a": [1], "b":[2]}'), lists_are_members(b'{"a": [[1], [2]]}')
    (True, False)
    """
    return _LIST_ELSEWHERE.search(body) is None


def is_list(value: object) -> bool:
    """Whether a parsed value is a list.

    Parameters
    ----------
    value : object
        Parsed.
    """
    return isinstance(value, _LISTS)


def is_object(value: object) -> bool:
    """Whether a parsed value is an object.

    Parameters
    ----------
    value : object
        Parsed.
    """
    return isinstance(value, (simdjson.Object, dict))


def as_list(value: Any) -> Any:
    """Turn the parser's list into a plain one; anything else stays as it is.

    Parameters
    ----------
    value : Any
        Parsed.

    Returns
    -------
    Any
        A list, or the value itself.
    """
    return value.as_list() if isinstance(value, simdjson.Array) else value


def came(value: Any) -> str:
    """Name a parsed value in a message.

    Parameters
    ----------
    value : Any
        Parsed.

    Returns
    -------
    str
        As ``quoted`` writes it.
    """
    return "an object" if is_object(value) else quoted(as_list(value))


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _reason(body: bytes) -> str:
    """Name the usual reasons why a body is not JSON."""
    starts = range(0, len(body), _SEARCHED)
    found = next((hit for begin in starts if (hit := _LITERAL.search(body, begin, begin + _SEARCHED + 16))), None)
    if found:
        word = found[1].decode()
        return f"got the literal {word}, which JSON does not have; write null for a missing value"
    if not body.strip():
        return "got an empty body; send an object with series"
    if body.rstrip()[-1:] not in (b"}", b"]"):
        return "the body seems cut off; send it whole, with its Content-Length"
    return "check commas, quotes and brackets"
