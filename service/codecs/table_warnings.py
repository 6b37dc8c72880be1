"""Warnings beside a table, which has no place for them: a header, and the metadata of an Arrow schema."""

from collections.abc import Iterable
from typing import Any

import orjson

Warned = tuple[str | None, Iterable[tuple[str, str]]]
"""A series by its item, with code and detail of each of its warnings."""
HEADER = "Statecast-Warnings"
"""Name of the header, and of the metadata's key."""
MAX_HEADER = 4096
"""Bytes of the header's value."""
_MAX_METADATA = 2**20
_MAX_DETAIL = 500


def collect_warnings(series: Iterable[Warned]) -> list[dict[str, Any]]:
    """Collect the warnings of all series, each once.

    Parameters
    ----------
    series : iterable of Warned
        Items with their warnings.

    Returns
    -------
    list of dict
        ``code``, ``detail``, ``item_id`` of the first series that has it, and ``items``, how many have it.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for item_id, warnings in series:
        for code, detail in warnings:
            entry = found.get((code, detail))
            if entry is None:
                found[code, detail] = {"code": code, "detail": detail, "item_id": item_id, "items": 1}
            else:
                entry["items"] += 1
    return list(found.values())


def write_warnings(warnings: list[dict[str, Any]], most: int = MAX_HEADER) -> bytes:
    """Write warnings as ASCII JSON, as many as there is room for.

    Parameters
    ----------
    warnings : list of dict
        As ``collect_warnings`` gives them.
    most : int
        Bytes at most.

    Returns
    -------
    bytes
        ``{"count": ..., "warnings": [...]}``, where ``count`` is how many there are, of which the last may be left out.
    """
    head, tail = b'{"count":%d,"warnings":[' % len(warnings), b"]}"
    room = most - len(head) - len(tail)
    parts: list[bytes] = []
    for warning in warnings:
        part = _ascii(orjson.dumps(warning | {"detail": warning["detail"][:_MAX_DETAIL]}))
        room -= len(part) + 1
        if room < 0:
            break
        parts.append(part)
    return head + b",".join(parts) + tail


def metadata_of(warnings: list[dict[str, Any]]) -> dict[bytes, bytes]:
    """Give the metadata of an Arrow schema.

    Parameters
    ----------
    warnings : list of dict
        As ``collect_warnings`` gives them.

    Returns
    -------
    dict of bytes to bytes
        Empty where there are none.
    """
    return {HEADER.encode(): write_warnings(warnings, _MAX_METADATA)} if warnings else {}


def _ascii(text: bytes) -> bytes:
    """JSON with escapes for what a header cannot carry."""
    if text.isascii():
        return text
    units = text.decode().encode("utf-16-be")
    codes = [units[place] * 256 + units[place + 1] for place in range(0, len(units), 2)]
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes).encode()
