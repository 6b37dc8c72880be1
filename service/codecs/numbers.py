"""Lists out of JSON, straight to float32: no Python float is made on the way unless something is wrong.

A list here is a parser's array (``simdjson.Array``), or a plain list where the parser gave up on a number that Python
can hold. Both have ``len`` and iteration.
"""

import re
from typing import Any

import numpy as np
import simdjson

from service.codecs.forecast_request import Column, Floats, shown, to_float32

# What a list of numbers and nulls leaves behind once its allowed characters are taken out: its two brackets.
_PLAIN = b"0123456789+-.eE,nul"
_LISTS = (simdjson.Array, list)


class NumberFault(Exception):
    """A list that is not one of numbers and nulls. ``index`` is where, or None for the list itself."""

    def __init__(self, msg: str, index: int | None = None) -> None:
        super().__init__(msg)
        self.index = index


def is_list(value: object) -> bool:
    """Whether a decoded value is a JSON list."""
    return isinstance(value, _LISTS)


def floats(value: Any, flat: bool) -> Floats:
    """``[T]`` float32 of a list of numbers, NaN where it has null.

    ``flat`` tells that the body holds no list within a list, which the parser's own conversion would flatten unseen.

    Raises
    ------
    NumberFault
        If it is no list, or an entry is neither a number that fits float32 nor null.
    """
    if not is_list(value):
        raise NumberFault(f"expected a list of numbers or null, got {shown(value)}; write [1.0, null, 2.5]")
    small, beyond = to_float32(_doubles(value, flat))
    if beyond is not None:
        raise NumberFault("expected a number that fits float32 (up to 3.4e38), got a larger one; rescale it", beyond)
    return small


def column(value: Any, flat: bool) -> Column:
    """``[T]`` of a covariate: float32 numbers, or an object array of texts and None where any entry is a text.

    Raises
    ------
    NumberFault
        As ``floats``; texts and numbers cannot be mixed.
    """
    if is_list(value) and any(isinstance(entry, str) for entry in _head(value)):
        entries = value.as_list() if isinstance(value, simdjson.Array) else value
        for index, entry in enumerate(entries):
            if entry is not None and not isinstance(entry, str):
                raise NumberFault(f"expected texts or null, as the entries before, got {shown(entry)}", index)
        return np.array(entries, dtype=object)
    return floats(value, flat)


def _head(value: Any) -> list[Any]:
    """Everything up to the first entry that is not null."""
    seen = []
    for entry in value:
        seen.append(entry)
        if entry is not None:
            break
    return seen


def _doubles(value: Any, flat: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    if isinstance(value, list):
        return _slowly(value)
    if flat:
        try:
            return np.frombuffer(value.as_buffer(of_type="d"), dtype=np.float64)
        except TypeError:
            pass  # a null, or something that the check below names
    text: bytes = value.mini
    if text == b"[]":
        return np.zeros(0)
    if text.translate(None, delete=_PLAIN) != b"[]":
        return _slowly(value.as_list())
    return np.fromstring(text[1:-1].replace(b"null", b"nan"), dtype=np.float64, sep=",")


def _slowly(entries: list[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Go through the entries one by one, to name the one that is wrong."""
    for index, entry in enumerate(entries):
        if entry is not None and (isinstance(entry, bool) or not isinstance(entry, (int, float))):
            raise NumberFault(f"expected a number or null, got {shown(entry)}; write null for a missing value", index)
    try:
        return np.array([np.nan if entry is None else float(entry) for entry in entries], dtype=np.float64)
    except OverflowError:
        index = next(i for i, entry in enumerate(entries) if isinstance(entry, int) and abs(entry) > 10**300)
        raise NumberFault(
            "expected a number that fits float32 (up to 3.4e38), got a larger one; rescale it", index
        ) from None


def literal_hint(body: bytes) -> str:
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
