"""Requests as bytes, ready to be sent: what a benchmark writes costs next to nothing while it measures."""

import json
import socket
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import count

import numpy as np
import pyarrow as pa

HISTORY = 336
"""Values that open a session, and values of a request that has none."""
HORIZON = 24
LEVELS = (0.1, 0.5, 0.9)
ARROW = "application/vnd.apache.arrow.stream"
_BEGIN = datetime(2026, 1, 1)
_WEEK = 168


@cache
def _values() -> list[str]:
    """A week of values, all of one width, so that a body's length never changes."""
    hours = np.arange(_WEEK)
    noise = np.random.default_rng(0).normal(0, 1, _WEEK)
    return [f"{50 + 20 * np.sin(hour / 24 * 2 * np.pi) + n:.3f}" for hour, n in zip(hours, noise, strict=True)]


@lru_cache(100_000)
def _time(step: int) -> str:
    return (_BEGIN + timedelta(hours=step)).strftime("%Y-%m-%dT%H:%M:%SZ")


def value(series: int, step: int) -> str:
    """Value of a series at a step, as JSON."""
    return _values()[(step + 7 * series) % _WEEK]


def post(path: str, body: str | bytes, kind: str = "application/json") -> bytes:
    """A whole request."""
    data = body.encode() if isinstance(body, str) else body
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def _body(series: Sequence[str], fields: str = "") -> str:
    levels = json.dumps(LEVELS)
    return f'{{"series":[{",".join(series)}],"horizon":{HORIZON},"quantile_levels":{levels}{fields}}}'


def _series(number: int, first: int, steps: int, session: str | None) -> str:
    values = ",".join(value(number, step) for step in range(first, first + steps))
    named = f',"session":"{session}"' if session else ""
    return f'{{"target":[{values}],"freq":"1h","start":"{_time(first)}"{named}}}'


def opening(sessions: Sequence[str], steps: int = HISTORY) -> bytes:
    """The body that opens sessions with a history each."""
    return _body([_series(number, 0, steps, name) for number, name in enumerate(sessions)]).encode()


def one_more(session: str, number: int, first: int = HISTORY, fields: str = "") -> Iterator[bytes]:
    """One observation of one session after the other, at consecutive times.

    ``fields`` are further ones of the body, such as ``,"timeout_ms":500``.
    """
    template = post("/forecast", _body([_series(number, first, 1, session)], fields))
    at, known = template.index(_time(first).encode()), template.index(b'"target":[') + len(b'"target":[')
    width = len(value(number, first))
    before, between, after = template[:known], template[known + width : at], template[at + len(_time(first)) :]
    for step in count(first):
        yield b"".join((before, value(number, step).encode(), between, _time(step).encode(), after))


def one_more_of_each(sessions: Sequence[str], first: int) -> Iterator[bytes]:
    """One observation of every session in one request, after the other."""
    bodies = [
        _body([_series(number, phase, 1, name) for number, name in enumerate(sessions)]).encode()
        for phase in range(first, first + _WEEK)
    ]
    for step in count(first):
        turn = (step - first) % _WEEK
        stamp = _time(first + turn).encode()
        yield post("/forecast", bodies[turn].replace(stamp, _time(step).encode()))


def one_more_of_each_in_arrow(sessions: Sequence[str], first: int) -> Iterator[bytes]:
    """The same as an Arrow stream, which asks for one."""
    names = pa.array(list(sessions))
    path = f"/forecast?horizon={HORIZON}&freq=1h&quantile_levels={','.join(map(str, LEVELS))}"
    for step in count(first):
        target = pa.array([float(value(number, step)) for number in range(len(sessions))], pa.float32())
        time = pa.array([_BEGIN + timedelta(hours=step)] * len(sessions), pa.timestamp("s", "UTC"))
        table = pa.table({"item_id": names, "session": names, "timestamp": time, "target": target})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        yield post(path, sink.getvalue().to_pybytes(), ARROW)


def whole_history(number: int, fields: str = "") -> Iterator[bytes]:
    """One series of ``HISTORY`` values without a session, again and again."""
    request = post("/forecast", _body([_series(number, 0, HISTORY, None)], fields))
    while True:
        yield request


def plain_history(number: int, path: str, batched: bool = False) -> Iterator[bytes]:
    """The same values as a peer takes them: nothing but the target, or a list of one target."""
    values = f"[{','.join(value(number, step) for step in range(HISTORY))}]"
    request = post(path, f'{{"target":{f"[{values}]" if batched else values}}}')
    while True:
        yield request


def send_once(port: int, request: bytes) -> None:
    """Send one request and read the answer; ``OSError`` unless it is 200."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        sock.sendall(request)
        begin = sock.recv(65536)
    if begin[9:12] != b"200":
        raise OSError(f"expected 200, got {begin[:200]!r}")
