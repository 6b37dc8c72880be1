"""Server-sent events: whole ones only, several at once where they have come together, a comment in every silence."""

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson
from starlette.types import Receive, Send

from service.errors import Loading

HEARTBEAT_S = 15.0
"""Seconds of silence after which a comment keeps proxies from closing the connection."""
GATHER_S = 0.02
"""Seconds between two sendings to one client, too short to be seen. A sending costs as much as several tokens' network:
at half of this, sixty-four streams together write a seventh less."""
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
STOPPED = Loading("the service stopped before this was done; send the request again", code="shutting_down")
"""What a stream is told that is cancelled because the server has waited long enough for it."""
_BEAT = b": still here\n\n"


def event(name: str, number: int, data: Any) -> bytes:
    """One event; ``number`` is its ``id``."""
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), number, _dumped(data))


def data_only(data: Any) -> bytes:
    """One chunk of the OpenAI shape."""
    return b"data: %s\n\n" % _dumped(data)


def _dumped(data: Any) -> bytes:
    return orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY)


class Events:
    """The body of one answer that is sent piece by piece."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def open(self) -> None:
        """Send the headers."""
        await self._send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})

    async def put(self, events: Iterable[bytes]) -> None:
        """Send events, or a heartbeat if there are none."""
        body = b"".join(events) or _BEAT
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def close(self) -> None:
        """End the body."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


async def left(receive: Receive) -> None:
    """End when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_left(work: "asyncio.Future[Any]", watch: "asyncio.Future[None]") -> bool:
    """Wait for work; false, and the work cancelled, if the client leaves before it is done."""
    try:
        await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not work.done():
            work.cancel()
    return work.done() and not work.cancelled()
