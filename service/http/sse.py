"""Server-sent events: several at once where they have come together, a comment in every silence, one way to fail."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import Any, TypeVar

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Send

from service.errors import DEFECT, Loading, ServiceError

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
"""What a stream ends with that is cancelled because the server has waited long enough for it."""
_HEARTBEAT = b": still here\n\n"
_log = logging.getLogger(__name__)
T = TypeVar("T")
Events = AsyncGenerator[Iterable[bytes], None]
"""Events as they come, those together that are sent together; none stand for a silence."""


class NumberedEvents:
    r"""Makes events whose ``id`` counts from 0.

    Examples
    --------
    >>> made = NumberedEvents()
    >>> made("start", {}), made("done", [1])
    (b'event: start\nid: 0\ndata: {}\n\n', b'event: done\nid: 1\ndata: [1]\n\n')
    """

    def __init__(self) -> None:
        self._number = -1

    def __call__(self, name: str, data: Any) -> bytes:
        """Make the next event."""
        self._number += 1
        return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), self._number, _dumped(data))


def data_only(data: Any) -> bytes:
    r"""Make an event without a name or an id.

    Parameters
    ----------
    data : Any
        What orjson can write.

    Returns
    -------
    bytes
        The event.

    Examples
    --------
    >>> data_only({"text": "a"})
    b'data: {"text":"a"}\n\n'
    """
    return b"data: %s\n\n" % _dumped(data)


def _dumped(data: Any) -> bytes:
    return orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY)


async def send_events(
    send: Send, events: Events, failure: Callable[[ServiceError], bytes], left: "asyncio.Future[None]"
) -> None:
    """Answer with events until they end, fail, or the client has left; their generator is closed in any case.

    Parameters
    ----------
    send : Send
        The connection.
    events : Events
        What it stops when it is closed is the work behind it.
    failure : callable
        Makes the last event of a stream that fails. The status is sent by then, and silence would look like an end.
    left : asyncio.Future
        Done once the client has left.
    """
    await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})

    async def put(part: Iterable[bytes]) -> None:
        await send({"type": "http.response.body", "body": b"".join(part) or _HEARTBEAT, "more_body": True})

    async with aclosing(events):
        try:
            async for part in events:
                if left.done():
                    return
                await put(part)
        except ServiceError as error:
            await put([failure(error)])
        except asyncio.CancelledError:
            await put([failure(STOPPED)])
            raise
        except Exception:
            _log.exception("a stream failed")
            await put([failure(ServiceError(DEFECT))])
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def client_left(receive: Receive) -> None:
    """Return once the client has left.

    Parameters
    ----------
    receive : Receive
        The connection, its body read to the end.
    """
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_left(work: "asyncio.Future[T]", left: "asyncio.Future[None]") -> T:
    """Wait for work; it is cancelled if the client leaves before it is done.

    Parameters
    ----------
    work : asyncio.Future
        What is waited for.
    left : asyncio.Future
        Done once the client has left.

    Returns
    -------
    object
        What the work came to; what it raises is raised here.

    Raises
    ------
    ClientDisconnect
        If the client left before.
    """
    try:
        await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not work.done():
            work.cancel()
    if not work.done() or work.cancelled():
        raise ClientDisconnect
    return work.result()


async def while_there(work: "asyncio.Future[T]", receive: Receive) -> T:
    """Wait for work as ``unless_left`` does, looking out for the client meanwhile.

    Parameters
    ----------
    work : asyncio.Future
        What is waited for.
    receive : Receive
        The connection, its body read to the end.

    Returns
    -------
    object
        What the work came to.
    """
    left = asyncio.ensure_future(client_left(receive))
    try:
        return await unless_left(work, left)
    finally:
        left.cancel()
