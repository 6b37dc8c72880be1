"""One new observation of each of some sessions, as JSON or as an Arrow table, in the ways of many clients."""

import json
import re
from random import Random
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson
import pyarrow as pa

from tests.fuzz.generators.documents import damaged
from tests.fuzz.request import RawRequest
from tests.tables import arrow_bytes

ARROW, JSON = b"application/vnd.apache.arrow.stream", b"application/json"
Row = dict[str, Any]
_WEST = re.compile(r"-(\d\d):(\d\d)$")
"""A zone west of Greenwich."""


def json_of(draw: Random, rows: list[Row], beside: dict[str, Any]) -> RawRequest:
    """Write rows as JSON, close together or with spaces."""
    document = {"series": rows, **beside}
    try:
        body = orjson.dumps(document)
    except TypeError:
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if draw.random() < 0.1:
        body = json.dumps(document, indent=draw.choice((None, 1))).encode()
    if draw.random() < 0.03:
        body = body.replace(b'"session"', b'"session":"x","session"', 1)
    if draw.random() < 0.03:
        body = damaged(draw, body)
    return RawRequest("POST", "/forecast", headers=((b"content-type", JSON),), body=body)


def arrow_of(draw: Random, rows: list[Row], beside: dict[str, Any]) -> RawRequest:
    """Write rows as a table, and what stands beside them as a query."""
    columns: dict[str, pa.Array] = {"session": _texts(draw, [str(row.get("session")) for row in rows])}
    columns["target"] = _numbers(draw, [row.get("target") for row in rows])
    if len(rows) > 1 or draw.random() < 0.7:
        ids = [row.get("item_id", f"i{number}") for number, row in enumerate(rows)]
        columns["item_id"] = _texts(draw, [one if isinstance(one, str) else str(one) for one in ids])
    stamps = [row.get("start") or (row.get("timestamps") or [None])[0] for row in rows]
    if any(isinstance(stamp, str) for stamp in stamps):
        columns["timestamp"] = _times(draw, [stamp if isinstance(stamp, str) else None for stamp in stamps])
    names = draw.sample(list(columns), len(columns))
    table = pa.table({name: columns[name] for name in names})
    body = arrow_bytes(table, draw.choice((None, None, "lz4", "zstd")), draw.choice((1, 7, 1000)))
    freq = next((row["freq"] for row in rows if isinstance(row.get("freq"), str)), None)
    given = beside | ({"freq": freq} if freq else {})
    query = "&".join(f"{name}={_parameter(value)}" for name, value in given.items())
    if draw.random() < 0.03:
        body = damaged(draw, body)
    headers = ((b"content-type", ARROW),)
    return RawRequest("POST", "/forecast", query.encode("latin-1", "replace"), headers, body)


def _parameter(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return quote(text.encode("utf-8", "surrogatepass"))


def _texts(draw: Random, texts: list[str]) -> pa.Array:
    plain = pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.string())
    kind = draw.random()
    if kind < 0.7:
        return plain
    if kind < 0.8:
        return plain.dictionary_encode()
    return plain.cast(draw.choice((pa.large_string(), pa.string_view(), pa.binary())))


def _numbers(draw: Random, targets: list[Any]) -> pa.Array:
    values = [one[0] if isinstance(one, list) and one and isinstance(one[0], (int, float)) else None for one in targets]
    numbers = pa.array([None if value is None else _double(value) for value in values], pa.float64())
    if draw.random() < 0.7:
        return numbers
    kind = draw.choice(
        (pa.float32(), pa.int64(), pa.uint8(), pa.float16(), pa.string(), pa.decimal128(38, 4), pa.bool_())
    )
    try:
        return numbers.cast(kind, safe=False)
    except pa.ArrowException:
        return numbers


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _times(draw: Random, stamps: list[str | None]) -> pa.Array:
    try:
        if any("+" in (stamp or "") for stamp in stamps):
            return pa.array(stamps, pa.string())
        plain = [None if stamp is None else _instant(stamp) for stamp in stamps]
        times = pa.array(plain, pa.timestamp("s", draw.choice((None, "UTC", "+00:00", "Europe/Berlin"))))
        return times if draw.random() < 0.7 else times.cast(draw.choice((pa.timestamp("ns"), pa.date32(), pa.int64())))
    except (ValueError, pa.ArrowException, OverflowError):
        return pa.array(stamps, pa.string())


def _instant(stamp: str) -> np.datetime64:
    """Read a time, whose zone numpy would read with a warning."""
    west = _WEST.search(stamp)
    if west is None:
        return np.datetime64(stamp.rstrip(" Zz"), "s")
    return np.datetime64(stamp[: west.start()], "s") + np.timedelta64(60 * int(west[1]) + int(west[2]), "m")
