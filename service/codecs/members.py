"""Parsed objects as plain dicts: their names checked, their lists still the parser's own."""

import re
from typing import Any

from service.codecs.faults import Loc
from service.codecs.json_document import is_object
from service.errors import Fault

MAX_DEPTH = 8
"""Objects within objects that any schema has, and a few to spare."""
MAX_NAME = 200
"""Characters of a field's name."""
_SURROGATE = re.compile("[\ud800-\udfff]")


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
