"""Lists of numbers in a JSON body, read straight into arrays: no Python float per value unless something is wrong.

``NumberArray`` and ``ValueArray`` are field types of a schema: each reads a list and describes itself in OpenAPI.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from service.codecs.faults import quoted
from service.codecs.json_document import as_list, is_list

Doubles = NDArray[np.float64]
# Numbers (float64, NaN where missing) or texts (object, None where missing).
Values = NDArray[Any]

FLOAT32_MAX = float(np.finfo(np.float32).max)
_TOO_FAR = (2 - 2**-24) * 2.0**127  # the first magnitude that rounds to infinity in float32
_SURELY_FITS = FLOAT32_MAX**2 / 2
# What a list of numbers and nulls leaves behind once its allowed characters are taken out: its two brackets.
_PLAIN = b"0123456789+-.eE,nul"
_AT_ONCE = 2**18
_TOO_LARGE = "expected a number that fits float32 (up to 3.4e38), got a larger one; rescale it"


class NumberArray:
    """``Annotated[Doubles, NumberArray]``: a JSON list of numbers and nulls as float64 ``[T]``, NaN where null.

    The context of the validation says with ``flat`` whether the body holds no list within a list, see
    ``lists_are_members``; only then is the parser's own conversion trusted.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read with ``read_numbers``."""
        return core_schema.with_info_plain_validator_function(
            lambda value, info: read_numbers(value, flat=bool(info.context))
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe a list of numbers and nulls."""
        return _list_of("number")


class ValueArray:
    """``Annotated[Values, ValueArray]``: numbers as ``NumberArray``, or texts and nulls as an object array ``[T]``."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read with ``read_values``."""
        return core_schema.with_info_plain_validator_function(
            lambda value, info: read_values(value, flat=bool(info.context))
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe a list of numbers or one of texts."""
        return {"anyOf": [_list_of("number"), _list_of("string"), _list_of("boolean")]}


def _list_of(kind: str) -> dict[str, Any]:
    return {"type": "array", "items": {"anyOf": [{"type": kind}, {"type": "null"}]}}


def read_numbers(value: Any, *, flat: bool) -> Doubles:
    """Read a list of numbers.

    Parameters
    ----------
    value : list
        The parser's list, or a plain one.
    flat : bool
        Whether it is known to hold no list.

    Returns
    -------
    array of float64, ``[T]``
        NaN where the list has null. Each value to the bit, so that two that differ are told apart; their size fits
        float32, in which networks compute.

    Raises
    ------
    PydanticCustomError
        If it is no list, or an entry is neither null nor a number that fits float32; ``index`` says which.
    """
    if not is_list(value):
        raise PydanticCustomError(
            "no_list", "expected a list of numbers or null, got {got}; write [1.0, null, 2.5]", {"got": quoted(value)}
        )
    numbers = _doubles(value, flat)
    beyond = first_too_large(numbers)
    if beyond is not None:
        raise _wrong(_TOO_LARGE, beyond)
    return numbers


def read_values(value: Any, *, flat: bool) -> Values:
    """Read a list of numbers, of texts, or of truth, which counts as 1 and 0; its first entry but nulls decides.

    Parameters
    ----------
    value : list
        The parser's list, or a plain one.
    flat : bool
        Whether it is known to hold no list.

    Returns
    -------
    array, ``[T]``
        float64 with NaN where null, or objects with None where null.

    Raises
    ------
    PydanticCustomError
        As ``read_numbers``, or if texts and numbers are mixed.
    """
    first = _first(value) if is_list(value) else None
    if isinstance(first, bool):
        entries = as_list(value)
        for index, entry in enumerate(entries):
            if entry is not None and not isinstance(entry, bool):
                raise _wrong(f"expected true, false or null, as the entries before, got {quoted(entry)}", index)
        return np.array(entries, dtype=np.float64)
    if isinstance(first, str):
        entries = as_list(value)
        for index, entry in enumerate(entries):
            if entry is not None and not isinstance(entry, str):
                raise _wrong(f"expected texts or null, as the entries before, got {quoted(entry)}", index)
        return np.array(entries, dtype=object)
    return read_numbers(value, flat=flat)


def first_too_large(values: Doubles) -> int | None:
    """Find the first value beyond the range of float32.

    Parameters
    ----------
    values : array of float64, ``[T]``
        NaN where missing. The caller holds ``np.errstate(over="ignore")``, which costs more than a short list.

    Returns
    -------
    int or None
        Its index, None where all fit.

    Examples
    --------
    >>> first_too_large(np.array([1.0, np.nan])), first_too_large(np.array([1.0, 1e39]))
    (None, 1)
    """
    # A sum of squares is the cheapest proof that no value is too large; a missing value makes it NaN.
    if values.dot(values) < _SURELY_FITS:
        return None
    beyond = np.abs(values) >= _TOO_FAR
    return int(beyond.argmax()) if beyond.any() else None


def _first(value: Any) -> Any:
    return next((entry for entry in value if entry is not None), None)


def _wrong(message: str, index: int) -> PydanticCustomError:
    return PydanticCustomError("entry", "{message}", {"message": message, "index": index})


def _doubles(value: Any, flat: bool) -> NDArray[np.float64]:
    if isinstance(value, list):
        return _one_by_one(value)
    if flat:
        try:
            return np.frombuffer(value.as_buffer(of_type="d"), dtype=np.float64)
        except TypeError:
            pass  # a null, or something that the check below names
    text: bytes = value.mini
    if text == b"[]":
        return np.zeros(0)
    if text.translate(None, delete=_PLAIN) != b"[]":
        return _one_by_one(value.as_list())
    return _parsed(text[1:-1].replace(b"null", b"nan"))


def _parsed(text: bytes) -> Doubles:
    """Numbers between commas; long texts in parts, because numpy keeps every other thread waiting meanwhile."""
    if len(text) <= _AT_ONCE:
        return np.fromstring(text, dtype=np.float64, sep=",")
    parts, begin = [], 0
    while begin < len(text):
        end = text.find(b",", begin + _AT_ONCE)
        end = len(text) if end < 0 else end
        parts.append(np.fromstring(text[begin:end], dtype=np.float64, sep=","))
        begin = end + 1
    return np.concatenate(parts)


def _one_by_one(entries: list[Any]) -> NDArray[np.float64]:
    """Go through the entries, to name the one that is wrong."""
    for index, entry in enumerate(entries):
        if entry is not None and (isinstance(entry, bool) or not isinstance(entry, (int, float))):
            raise _wrong(f"expected a number or null, got {quoted(entry)}; write null for a missing value", index)
    try:
        return np.array([np.nan if entry is None else float(entry) for entry in entries], dtype=np.float64)
    except OverflowError:
        index = next(i for i, entry in enumerate(entries) if isinstance(entry, int) and abs(entry) > 10**300)
        raise _wrong(_TOO_LARGE, index) from None
