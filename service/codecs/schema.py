"""One declaration per shape: a dataclass of annotated fields that reads JSON, words its faults and describes itself."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cached_property
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from service.codecs.faults import MAX_HINTS, Loc, unknown_name
from service.codecs.json_document import came
from service.errors import MAX_FAULTS, Fault

T = TypeVar("T")
_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")


class Schema(Generic[T]):
    """Reads what a dataclass declares.

    Parameters
    ----------
    kind : type
        A dataclass with ``__pydantic_config__``. Fields with ``init=False`` are not part of what is read.
    blank : callable, optional
        Makes one without any member, to hold what is right beside what is wrong; by default ``kind()``.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from pydantic import ConfigDict
    >>> from service.codecs.field_types import Positive
    >>> @dataclass
    ... class Page:
    ...     __pydantic_config__ = ConfigDict(extra="forbid")
    ...     limit: Positive = 10
    >>> Schema(Page).read({"limit": 0, "limits": 1})[1]
    [Fault(loc=('limit',), msg='expected a whole number from 1, got 0'), \
Fault(loc=('limits',), msg="expected only known fields, got 'limits'; did you mean 'limit'?")]
    """

    def __init__(self, kind: type[T], blank: Callable[[], T] | None = None) -> None:
        self._adapter = TypeAdapter(kind)
        self._read = self._adapter.validator.validate_python
        self._blank: Callable[[], T] = kind if blank is None else blank
        self._attributes = _attributes(kind)
        self.names = tuple(self._attributes)

    @cached_property
    def described(self) -> dict[str, Any]:
        """JSON Schema, its parts under ``$defs``."""
        return self._adapter.json_schema(ref_template="#/$defs/{model}")

    def kind_of(self, name: str) -> str:
        """Give the JSON type of a member.

        Parameters
        ----------
        name : str
            The member's name.

        Returns
        -------
        str
            ``enum`` for one of several texts, "" for an unknown member.
        """
        part = self._part((name,))
        return "enum" if "enum" in part else str(part.get("type", ""))

    def read(self, members: Mapping[str, Any], *, flat: bool = False) -> tuple[T, list[Fault]]:
        """Read an object.

        Parameters
        ----------
        members : mapping of str to Any
            Members by name, as ``members_of`` gives them.
        flat : bool
            Whether no list of the body lies within another one.

        Returns
        -------
        T
            The shape; where there are faults, only what is right of it.
        list of Fault
            Everything that is wrong, with its place within the object.
        """
        try:
            return self._read(members, context=flat), []
        except ValidationError as error:
            errors = error.errors(include_url=False)
            faults = [self._fault(one, hint=place < MAX_HINTS) for place, one in enumerate(errors[:MAX_FAULTS])]
            wrong = {one["loc"][0] for one in errors if one["loc"]}
        kept, scratch = self._blank(), self._blank()
        for name, member in members.items():
            if name not in wrong:
                attribute = self._attributes[name]
                self._adapter.validator.validate_assignment(scratch, attribute, member, context=flat)
                setattr(kept, attribute, getattr(scratch, attribute))
        return kept, faults

    def _fault(self, error: ErrorDetails, *, hint: bool) -> Fault:
        context = error.get("ctx", {})
        # The one variable of a univariate target has no name; "[key]" marks a name that is itself wrong.
        loc: Loc = tuple(part for place, part in enumerate(error["loc"]) if part not in ("", "[key]") or not place)
        if error["type"] in _UNKNOWN:
            known = self._part(loc[:-1]).get("properties", {}) if hint else ()
            return Fault(loc, unknown_name(str(loc[-1]), known) if hint else "expected only known fields; leave it out")
        if "message" in context or error["type"] == "no_list":
            return Fault((*loc, context["index"]) if "index" in context else loc, error["msg"])
        if error["type"] == "string_unicode":
            return Fault(loc, "expected whole characters, got a lone surrogate; send valid Unicode")
        got = "nothing" if error["type"] == "missing" else came(error["input"])
        return Fault(loc, f"expected {expected(self._part(loc))}, got {got}")

    def _part(self, loc: Loc) -> dict[str, Any]:
        """Find the schema of what lies at a place."""
        part = self._resolved(self.described)
        for step in loc:
            inner = part.get("items") if isinstance(step, int) else part.get("properties", {}).get(step)
            part = self._resolved(inner or part.get("additionalProperties") or {})
        return part

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        while True:
            if "$ref" in part:
                name = part["$ref"].rpartition("/")[2]
                part = {**self.described["$defs"][name], **{key: part[key] for key in part if key != "$ref"}}
            elif "anyOf" in part and (some := [one for one in part["anyOf"] if one.get("type") != "null"]):
                part = {**some[0], **{key: part[key] for key in part if key != "anyOf"}}
            else:
                return part


def _attributes(kind: Any) -> dict[str, str]:
    """Give the attribute of each member, by the member's name: an alias where it has one, such as a Python keyword."""
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for one in fields(kind):
        if one.init:
            infos = (info for info in getattr(hints[one.name], "__metadata__", ()) if isinstance(info, FieldInfo))
            found[next((info.alias for info in infos if info.alias), one.name)] = one.name
    return found


def expected(part: Mapping[str, Any]) -> str:
    """Say in words what a JSON Schema allows.

    Parameters
    ----------
    part : mapping
        A JSON Schema without ``$ref`` and ``anyOf``.

    Returns
    -------
    str
        What follows *expected* in a message.

    Examples
    --------
    >>> expected({"type": "integer", "minimum": 1}), expected({"enum": ["mask", "error"]})
    ('a whole number from 1', 'one of mask, error')
    """
    said = _kind(part)
    if part.get("examples"):
        said += f", such as {_written(part['examples'][0])}"
    return said


def _kind(part: Mapping[str, Any]) -> str:
    if "enum" in part or "const" in part:
        return f"one of {', '.join(map(str, part.get('enum') or [part['const']]))}"
    text = (
        "a time" if part.get("format") == "date-time" else "a text" + " that is not empty" * bool(part.get("minLength"))
    )
    items = part.get("items", {})
    words = {
        "integer": f"a whole number from {part.get('minimum')}",
        "number": f"a number{_range(part)}",
        "string": text,
        "array": f"a list out of {', '.join(items['enum'])}" if "enum" in items else f"a list of {_plural(items)}",
        "boolean": "true or false",
    }
    return words.get(str(part.get("type")), "an object")


def _range(part: Mapping[str, Any]) -> str:
    above, below = part.get("exclusiveMinimum"), part.get("exclusiveMaximum")
    least, most = part.get("minimum"), part.get("maximum")
    if above is not None and below is not None:
        return f" within ({above:g}, {below:g})"
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    low = f" above {above:g}" if above is not None else f" from {least:g}" if least is not None else ""
    return low + (f", up to {most:g}" if most is not None else "")


def _plural(items: Mapping[str, Any]) -> str:
    words = {"number": "numbers", "integer": "whole numbers", "string": "texts", "null": "null"}
    if "anyOf" in items:
        return " or ".join(_plural(one) for one in items["anyOf"])
    return words.get(str(items.get("type")), "objects") + (_range(items) if items.get("type") == "number" else "")


def _written(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example)
