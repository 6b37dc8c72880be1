"""Field types that the schemas of several protocols share. Each reads a value and describes itself in OpenAPI."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from service.codecs.faults import quoted, unknown_name
from service.codecs.json_document import as_list, came
from service.codecs.number_array import FLOAT32_MAX
from statecast.errors import InputError
from statecast.time.zones import read_zone
from statecast.uncertainty.bounds import Bounds

MAX_ID = 200
MAX_WHOLE = 2**53
"""Whole numbers from here on are not exact in every JSON parser."""


class OrNull:
    """``Annotated[T, OrNull]``: OpenAPI says that null is allowed, which counts as left out."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Add null to what is allowed."""
        inner = handler(schema)
        inner.pop("default", None)
        return {"anyOf": [inner, {"type": "null"}]}


class Scalar:
    """``Annotated[float | str, Scalar]``: a finite number or a text; truth is 1 or 0."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Refuse anything else."""
        return core_schema.no_info_plain_validator_function(_scalar)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe either."""
        return {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "boolean"}]}


def _scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return float(value)  # as in tables
    if not isinstance(value, (int, float, str)):
        raise _refused(f"expected a number or a text, got {came(value)}")
    if not isinstance(value, str) and not abs(value) <= FLOAT32_MAX:
        raise _refused("expected a number that fits float32, got a larger one; rescale it")
    return value


class _Stamp:
    """A time: a text, or a whole number; what it means is decided beside the other times of its series."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_stamp)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, {"type": "integer"}], "examples": ["2026-01-01T00:00:00Z"]}


def _stamp(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise _refused(f"expected a time such as 2026-01-01T00:00:00Z, got {came(value)}")
    return value


class _ReadBounds:
    """``Annotated[Bounds | None, _ReadBounds]``: an object with lower, upper or both, each a number or null."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_bounds)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        end = {"anyOf": [{"type": "number"}, {"type": "null"}]}
        one = {"type": "object", "properties": {"lower": end, "upper": end}, "additionalProperties": False}
        return {"anyOf": [one | {"examples": [{"lower": 0, "upper": None}]}, {"type": "null"}]}


def _bounds(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _refused(f'expected an object such as {{"lower": 0, "upper": null}}, got {came(value)}')
    for name, end in value.items():
        if name not in ("lower", "upper"):
            raise _refused(unknown_name(name, ("lower", "upper")))
        if end is not None and (isinstance(end, bool) or not isinstance(end, (int, float))):
            raise _refused(f"expected a number or null for {name}, got {came(end)}")
        if end is not None and not abs(end) <= FLOAT32_MAX:
            raise _refused(
                f"expected a number that fits float32 for {name}, got a larger one; leave it out for no bound"
            )
    try:
        return Bounds(**value)
    except InputError as error:
        raise _refused(str(error).removeprefix("bounds: ")[:200]) from None


def _zone(text: str) -> str:
    try:
        return read_zone(text)
    except InputError as error:
        raise _refused(str(error).removeprefix("timezone: ")) from None


def _whole(value: Any) -> Any:
    # JSON has one kind of number; 24.0 is a whole one.
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < MAX_WHOLE else value


def identifier_fault(text: str) -> str | None:
    """Say what is wrong with an id: it is too long or cannot be printed.

    Parameters
    ----------
    text : str
        The id.

    Returns
    -------
    str or None
        Message of a ``Fault``; None where nothing is wrong.

    Examples
    --------
    >>> identifier_fault("plant-7") is None
    True
    """
    if len(text) > MAX_ID or not text.isprintable():
        return f"expected at most {MAX_ID} printable characters, got {quoted(text)}"
    return None


def session_fault(text: str) -> str | None:
    """Say what is wrong with a session's id, which has to fit in a path.

    Parameters
    ----------
    text : str
        The id.

    Returns
    -------
    str or None
        Message of a ``Fault``; None where nothing is wrong.

    Examples
    --------
    >>> session_fault("plants/7")
    'expected an id that a path can hold, got one with a slash or only dots; use - instead'
    """
    if "/" in text or text in (".", ".."):
        return "expected an id that a path can hold, got one with a slash or only dots; use - instead"
    return identifier_fault(text)


def _no_fault(find: Callable[[str], str | None]) -> AfterValidator:
    def check(text: str) -> str:
        if fault := find(text):
            raise _refused(fault)
        return text

    return AfterValidator(check)


def _distinct(values: list[Any]) -> list[Any]:
    seen: set[Any] = set()
    for index, value in enumerate(values):
        if value in seen:
            message = f"expected each level once, got {quoted(value)} twice; leave one out"
            raise PydanticCustomError("entry", "{message}", {"message": message, "index": index})
        seen.add(value)
    return values


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: member for name, member in value.items() if member is not None}
    return value


def _refused(message: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{message}", {"message": message})


Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), Field(min_length=1)]
Positive = Annotated[int, Strict(), Field(ge=1, lt=MAX_WHOLE), BeforeValidator(_whole)]
Index = Annotated[int, Strict(), Field(ge=0, lt=MAX_WHOLE), BeforeValidator(_whole)]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Identifier = Annotated[Text, _no_fault(identifier_fault), Field(json_schema_extra={"maxLength": MAX_ID})]
SessionId = Annotated[Text, _no_fault(session_fault), Field(json_schema_extra={"maxLength": MAX_ID})]
Timestamp = Annotated[str | int, _Stamp]
Timezone = Annotated[
    Annotated[Text, AfterValidator(_zone)] | None,
    Field(
        description="Zone whose days, weeks and months count, and in which times are written, such as Europe/Berlin.",
    ),
]
TimestampUnit = Annotated[
    Literal["s", "ms"] | None,
    Field(description="Unit of whole-number times since 1970; left out, it follows from their size."),
]
DayFirst = Annotated[Flag | None, Field(description="Whether 01.02.2021 is the 1st of February.")]
BoundsOrNull = Annotated[
    Bounds | None,
    _ReadBounds,
    Field(
        description="What mean, quantiles and paths are kept inside of, the order of quantiles too. Left out: what the "
        "fit noticed, or 0 for a series that never went below it; {} for none."
    ),
]
WithoutNulls = BeforeValidator(_without_nulls)
"""Beside every mapping of which null members count as left out; their type is ``OrNull`` too."""
AsList = BeforeValidator(as_list)
"""Beside every list that is no array: the parser's list as a plain one."""
Level = Annotated[float, Strict(), Field(gt=0.0, lt=1.0)]
QuantileLevels = Annotated[
    list[Level],
    AfterValidator(_distinct),
    Field(min_length=1, examples=[[0.1, 0.5, 0.9]], json_schema_extra={"uniqueItems": True}),
    AsList,
]
Missing = Literal["mask", "ffill", "linear", "error"]
