"""JSON off the wire: parsed, its objects as plain dicts, its lists still the parser's own."""

import json
import re
from typing import Any

import simdjson

from service.codecs.faults import Loc, quoted
from service.errors import Fault, Malformed, TooLarge

MAX_DEPTH = 8
"""Objects within objects that any schema has, and a few to spare."""
MAX_NAME = 200
"""Characters of a field's name."""
_CHUNK = 4 * 2**20
_LISTS = (simdjson.Array, list)
_SURROGATE = re.compile("[\ud800-\udfff]")
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
        if str(error).startswith(("NUMBER_ERROR", "BIGINT_ERROR")):
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


def members_of(
    value: Any, faults: list[Fault], loc: Loc = (), *, nulls: bool = False, most: int = 1000
) -> dict[str, Any]:
    """Turn a parsed object into a dict, and those within it.

    Parameters
    ----------
    value : object
        A parsed JSON object.
    faults : list of Fault
        Repeated and unprintable names, too many of them, and objects too deep within others are added here.
    loc : tuple of (str or int), optional
        Where the object lies.
    nulls : bool, optional
        Whether members that are null are kept, as those of objects within it are.
    most : int, optional
        Fields of one object that are allowed: to look one up costs as much as it has neighbours.

    Returns
    -------
    dict
        Member by name. Lists are the parser's own: turned into Python's, each of their numbers would be an object.
    """
    if len(value) > most:
        faults.append(
            Fault(loc, f"expected at most {most} fields (STATECAST_MAX_FIELDS), got {len(value)}; send fewer")
        )
        return {}
    if len(loc) > MAX_DEPTH:
        faults.append(Fault(loc, f"expected objects at most {MAX_DEPTH} deep, got a deeper one; flatten it"))
        return {}
    try:
        found = {name: value[name] for name in value}
    except KeyError:
        found = {}
    if len(found) != len(value):
        found = _distinct(value, faults, loc)
    for name, member in list(found.items()):
        if member is None and not nulls:
            del found[name]
        elif not _valid(name):
            message = f"expected a name of valid Unicode, up to {MAX_NAME} characters, got another; mend it"
            faults.append(Fault((*loc, name), message))
            del found[name]
        elif is_object(member):
            found[name] = members_of(member, faults, (*loc, name), nulls=True, most=most)
    return found


def _valid(name: str) -> bool:
    """Whether a name can be written back: not too long, and no half of a surrogate pair in it."""
    return len(name) <= MAX_NAME and (name.isascii() or not _SURROGATE.search(name))


def _distinct(value: Any, faults: list[Fault], loc: Loc) -> dict[str, Any]:
    """Members of an object of which some names cannot be read."""
    found: dict[str, Any] = {}
    for name in value:
        if name in found:
            faults.append(Fault((*loc, name), f"expected each field once, got {name!r} twice; leave one out"))
            continue
        try:
            found[name] = value[name]
        except KeyError:  # a name with a NUL in it, which the parser cannot look up
            faults.append(Fault((*loc, name), f"expected a printable name, got {name!r}"))
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _reason(body: bytes) -> str:
    """Name the usual reasons why a body is not JSON."""
    found = re.search(rb"[:\[,\s]-?(NaN|Infinity|nan|inf|None|True|False|undefined)\b", body)
    if found:
        word = found[1].decode()
        return f"got the literal {word}, which JSON does not have; write null for a missing value"
    if not body.strip():
        return "got an empty body; send an object with series"
    if body.rstrip()[-1:] not in (b"}", b"]"):
        return "the body seems cut off; send it whole, with its Content-Length"
    return "check commas, quotes and brackets"
