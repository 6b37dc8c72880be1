"""Whether the short way and the general way came to the same, by the answers of ``generators.lives.twins``."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from tests.fuzz.request import RawRequest
from tests.fuzz.wire import Answer

_WAITS = (429, 503, 504)
_OWN = ("id", "digest", "expires_at", "timing_ms", "request_id", "bytes")
"""Fields that differ between any two requests."""


def difference(answers: Sequence[tuple[RawRequest, Answer]], compared: Counter[str]) -> str:
    """Say where the answer to a request differs from that to its twin, "" where none does.

    What was held against each other is counted in ``compared``, by the kind of the answer.
    """
    pairs = zip(answers[::2], answers[1::2], strict=False)  # the last has none where the server left in between
    for (request, short), (_, general) in pairs:
        if any(one.status in _WAITS or b"timeout_ms passed" in one.body for one in (short, general)):
            return ""  # from here on the two have seen different things
        compared[_kind(short)] += 1
        if found := _between(short, general):
            return f"{found} for {request.body[:300]!r}{request.query!r}"
    return ""


def _between(short: Answer, general: Answer) -> str:
    if short.status != general.status:
        return f"{short.status} and {general.status}: {short.body[:300]!r} {general.body[:300]!r}"
    if _kind(short) != _kind(general):
        return f"{_kind(short)} and {_kind(general)}"
    one, other = (orjson.loads(_alike(_json(answer))) for answer in (short, general))
    return _unlike(one, other, "answer")


def _kind(answer: Answer) -> str:
    """JSON, Arrow, or what else it is; and how it is packed."""
    names = (answer.headers.get(name, b"").decode() for name in (b"content-type", b"content-encoding"))
    return " ".join(name for name in names if name)


def _json(answer: Answer) -> bytes:
    """What is said, whatever the format; of what is packed or of another format only its length."""
    kind = _kind(answer)
    if kind.endswith("json"):
        return answer.body
    if kind.endswith("arrow.stream"):
        with pa.ipc.open_stream(answer.body) as reader:
            table = reader.read_all()
        beside = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        return orjson.dumps({"rows": table.to_pylist(), "beside": beside})
    return b"[]"


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
