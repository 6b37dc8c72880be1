"""Sessions in their whole life: opened with a history, then observation after observation by the short way, and ended.

The short way takes what is plainly one new observation of each of some sessions; here are those, and all that is nearly
one.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.fuzz.generators.documents import written
from tests.fuzz.generators.observations import JSON, Row, arrow_of, json_of
from tests.fuzz.generators.values import FREQS, NUMBERS, TEXTS, TIMES, anything
from tests.fuzz.request import Conversation, RawRequest

_BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
_STEPS = {
    "1h": timedelta(hours=1),
    "15min": timedelta(minutes=15),
    "1d": timedelta(days=1),
    "W-SUN": timedelta(weeks=1),
}


@dataclass
class Life:
    """What a client knows of its sessions."""

    names: list[str]
    freq: str | None
    """None where observations have no times."""
    read: dict[str, int] = field(default_factory=dict)

    def time(self, index: int) -> str:
        begin = _BEGIN - timedelta(days=1) if self.freq == "W-SUN" else _BEGIN
        return (begin + index * _STEPS[self.freq or "1h"]).strftime("%Y-%m-%dT%H:%M:%SZ")


def life(draw: Random, name: str) -> Conversation:
    """Some sessions, from their first request to their last."""
    lived = Life([f"{name}-{n}" for n in range(draw.choice((1, 1, 2, 5, 30)))], draw.choice((None, None, *_STEPS)))
    model = draw.choice((None, None, None, "tiny", "default"))
    arrow = draw.random() < 0.35
    requests = [_opening(draw, lived, model)]
    for _ in range(draw.choice((2, 4, 8, 12))):
        requests += _step(draw, lived, model, arrow=arrow)
    requests += [RawRequest("DELETE", f"/sessions/{one}") for one in lived.names[:3]]
    return tuple(requests)


def twins(draw: Random, name: str) -> Conversation:
    """The same life twice: every second request is that of the other sessions, and goes the general way.

    ``Prefer`` is a header that the short way leaves to the app. Both must come to the same, see ``tests.fuzz.same``.
    """
    others = re.compile(rb'"session": ?"(?!%sa-)' % name.encode())  # which both would change
    lived = [
        one
        for one in life(draw, f"{name}a")
        if one.path == "/forecast" and name.encode() in one.body and not others.search(one.body)
    ]
    both: list[RawRequest] = []
    for one in lived:
        other = one.body.replace(f"{name}a-".encode(), f"{name}b-".encode())
        headers = tuple(pair for pair in one.headers if pair[0] != b"idempotency-key")  # of one of both only
        both += [
            replace(one, headers=headers),
            replace(one, body=other, headers=(*headers, (b"prefer", b"handling=strict"))),
        ]
    return tuple(both)


def _opening(draw: Random, lived: Life, model: str | None) -> RawRequest:
    length = draw.choice((1, 3, 40, 40, 40))
    series = []
    for number, name in enumerate(lived.names):
        one: dict[str, Any] = {
            "session": name,
            "target": [round(50 + (number + n) % 7 * 1.5, 2) for n in range(length)],
        }
        if lived.freq is not None:
            one |= {"start": lived.time(0), "freq": lived.freq}
        if draw.random() < 0.2:
            one["item_id"] = draw.choice((name, *TEXTS[2:8]))
        series.append(one)
        lived.read[name] = length
    body: dict[str, Any] = {"series": series} | ({"model": model} if model else {})
    return RawRequest("POST", "/forecast", headers=((b"content-type", JSON),), body=json.dumps(body).encode())


def _step(draw: Random, lived: Life, model: str | None, *, arrow: bool) -> list[RawRequest]:
    kind = draw.random()
    if kind < 0.05:
        return [_other(draw, draw.choice(lived.names))]
    names = lived.names if draw.random() < 0.7 else draw.sample(lived.names, draw.randrange(1, len(lived.names) + 1))
    rows = [_row(draw, lived, name) for name in names]
    beside: dict[str, Any] = {"model": model} if model else {}
    for name, make in _BESIDE.items():
        if draw.random() < 0.08:
            beside[name] = make(draw)
    if draw.random() < 0.25:
        draw.choice(_WRONG)(draw, rows)
    else:
        for row in rows:
            lived.read[row["session"]] += 1
    request = (arrow_of if arrow else _json)(draw, rows, beside)
    headers = [(name, draw.choice(values)) for name, values in _HEADERS.items() if draw.random() < 0.06]
    request = replace(request, headers=(*request.headers, *headers))
    return [request, request] if draw.random() < 0.08 else [request]


def _json(draw: Random, rows: list[Row], beside: dict[str, Any]) -> RawRequest:
    request = json_of(draw, rows, beside)
    if draw.random() < 0.06:
        request = replace(request, body=written(draw, {"series": rows, **beside}))
    return request


def _row(draw: Random, lived: Life, name: str) -> Row:
    index = lived.read[name]
    row: Row = {"session": name, "target": [round(50 + draw.gauss(0, 3), 2)]}
    said = draw.random()
    if lived.freq is None:
        return row | ({"from_index": index} if said < 0.3 else {})
    if said < 0.6:
        row["start"] = lived.time(index)
    elif said < 0.75:
        row["timestamps"] = [lived.time(index)]
    if said < 0.3:
        row["freq"] = lived.freq
    return row


def _other(draw: Random, name: str) -> RawRequest:
    kind = draw.randrange(6)
    if kind == 0:
        return RawRequest("DELETE", f"/sessions/{name}")
    if kind == 1:
        return RawRequest(draw.choice(("GET", "HEAD", "PUT")), f"/sessions/{name}")
    if kind == 2:
        return RawRequest("GET", "/sessions", draw.choice((b"prefix=l", b"limit=1", b"limit=-1", b"cursor=x", b"x=1")))
    series = [{"session": name, "target": [] if kind == 3 else [50.5]}]
    body: dict[str, Any] = {"series": series}
    path = "/forecast" if kind == 3 else "/generate"
    if kind > 3:
        body |= {
            "num_samples": draw.choice((1, 20, 200)),
            "horizon": draw.choice((1, 3, 12)),
            "stream": draw.random() < 0.3,
        }
    return RawRequest("POST", path, headers=((b"content-type", JSON),), body=json.dumps(body).encode())


_BESIDE: dict[str, Callable[[Random], Any]] = {
    "horizon": lambda draw: draw.choice((1, 2, 3, 5, 12, 48, 1000, 0, -1, 2**63, 1.0, True, "3")),
    "quantile_levels": lambda draw: draw.choice(
        (
            [0.1, 0.5, 0.9],
            [0.5],
            [0.25, 0.75],
            [0.9, 0.1],
            [0.5, 0.5],
            [],
            [0.99],
            [1],
            [0.1 + n / 100 for n in range(70)],
        )
    ),
    "timeout_ms": lambda draw: draw.choice((1, 2, 1000, 600_000, 600_001, 0, 2**70, 1.5)),
    "model": lambda draw: draw.choice(("tiny", "default", "letters", *TEXTS)),
}


def _value(draw: Random, rows: list[Row]) -> None:
    wrong = (
        None,
        "50",
        True,
        [1],
        {},
        10**400,
        3e38,
        3.0e38 + 1e30,
        -3.4e38,
        3.5e38,
        1e39,
        -0.0,
        1e-45,
        5e-324,
        *NUMBERS,
    )
    draw.choice(rows)["target"] = [draw.choice(wrong)]


def _target(draw: Random, rows: list[Row]) -> None:
    draw.choice(rows)["target"] = draw.choice(([], [1, 2], [1, None], 5, "x", {"a": [1]}, [[1]], None))


def _session(draw: Random, rows: list[Row]) -> None:
    draw.choice(rows)["session"] = draw.choice((*TEXTS, rows[0]["session"], "nobody", 7, None, "a" * 256, "a" * 257))


def _index(draw: Random, rows: list[Row]) -> None:
    row = draw.choice(rows)
    row["from_index"] = draw.choice((0, 1, -1, 41, 2**53, 2**53 - 1, 2**63 - 1, 2**63, 1.0, 40.5, True, "1", None))


def _time(draw: Random, rows: list[Row]) -> None:
    row = draw.choice(rows)
    shifted = row.get("start", "2026-01-06T16:00:00Z").replace(
        "Z", draw.choice(("+00:00", "z", "", "+01:00", ".000Z", " "))
    )
    row["start"] = draw.choice((shifted, *TIMES))


def _stamps(draw: Random, rows: list[Row]) -> None:
    draw.choice(rows)["timestamps"] = draw.choice(([draw.choice(TIMES)], [], [None], "2026-01-01", [1, 2], {}))


def _field(draw: Random, rows: list[Row]) -> None:
    row = draw.choice(rows)
    name = draw.choice(
        ("freq", "item_id", "open", "season", "past_covariates", "static_covariates", "bounds", "x", "\ud800")
    )
    row[name] = draw.choice((*FREQS, *TEXTS, True, False, None, 24, {"wind": [1.0]})) if name != "x" else anything(draw)


def _gap(draw: Random, rows: list[Row]) -> None:
    row = draw.choice(rows)
    row["from_index"] = row.get("from_index", 40) + draw.choice((1, 5, 400, 10**6, 10**12))


def _again(draw: Random, rows: list[Row]) -> None:
    rows += [dict(row) for row in draw.sample(rows, 1)]


_WRONG = (_value, _value, _target, _session, _index, _time, _stamps, _field, _gap, _again)
_HEADERS: dict[bytes, tuple[bytes, ...]] = {
    b"accept": (b"*/*", b"application/json", b"text/csv", b"application/vnd.apache.arrow.stream", b"x"),
    b"accept-encoding": (b"gzip", b"zstd", b"gzip, zstd", b"br", b"*", b"gzip;q=0"),
    b"content-type": (b"application/json; charset=utf-8", b"application/json", b"text/plain"),
    b"authorization": (b"Bearer x", b"\xff"),
    b"x-request-id": (b"a", b"\xff", b"x" * 500, b"caf\xc3\xa9"),
    b"idempotency-key": (b"k",),
    b"if-match": (b'"sha256:0"',),
    b"expect": (b"100-continue", b"x"),
    b"connection": (b"close", b"keep-alive", b"upgrade"),
    b"upgrade": (b"websocket", b"h2c"),
}
