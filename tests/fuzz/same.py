"""Whether the short way and the general way came to the same, by the answers of ``generators.lives.twins``."""

import math
import re
from collections.abc import Sequence
from typing import Any

import orjson

from tests.fuzz.request import RawRequest
from tests.fuzz.wire import Answer

_WAITS = (429, 503, 504)
_OWN = ("id", "digest", "expires_at", "timing_ms", "request_id", "bytes")
"""Fields that differ between any two requests."""


def difference(answers: Sequence[tuple[RawRequest, Answer]]) -> str:
    """Say where the answer to a request differs from that to its twin, "" where none does."""
    pairs = zip(answers[::2], answers[1::2], strict=True)
    for (request, short), (_, general) in pairs:
        if any(one.status in _WAITS or b"timeout_ms passed" in one.body for one in (short, general)):
            return ""  # from here on the two have seen different things
        if found := _between(short, general):
            return f"{found} for {request.body[:300]!r}{request.query!r}"
    return ""


def _between(short: Answer, general: Answer) -> str:
    if short.status != general.status:
        return f"{short.status} and {general.status}: {short.body[:300]!r} {general.body[:300]!r}"
    kinds = [one.headers.get(b"content-type") for one in (short, general)]
    if kinds[0] != kinds[1]:
        return f"{kinds[0]!r} and {kinds[1]!r}"
    if b"json" not in (kinds[0] or b"") or b"content-encoding" in short.headers:
        return ""
    return _unlike(orjson.loads(_alike(short.body)), orjson.loads(_alike(general.body)), "answer")


def _alike(body: bytes) -> bytes:
    return re.sub(rb"(t\d+)[ab]-", rb"\1-", body)


def _unlike(one: Any, other: Any, place: str) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return f"{place}: fields {list(one)} and {list(other)}"
        parts = ((name, one[name], other[name]) for name in one if name not in _OWN)
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{place}: {len(one)} and {len(other)} items"
        parts = ((str(n), *pair) for n, pair in enumerate(zip(one, other, strict=True)))
    elif isinstance(one, float) and isinstance(other, float):
        return "" if math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-3) else f"{place}: {one} and {other}"
    else:
        return "" if one == other else f"{place}: {one!r} and {other!r}"
    return next((found for name, left, right in parts if (found := _unlike(left, right, f"{place}.{name}"))), "")
