"""A server that stops while requests are open.

Without these, what outlasts the drain is answered 500, as if the server had a defect, with a traceback each in its log.
"""

import asyncio
import json

import pytest

from tests.service.http.echo import Echo
from tests.service.http.live_server import listening, play

SLOW = b"POST /echo HTTP/1.1\r\nHost: here\r\nPrefer: anything\r\nContent-Length: 2\r\n\r\na"


def test_slow_bodies_that_outlast_the_drain_are_503(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context, timeout_graceful_shutdown=1) as live:
            clients = [await live.client() for _ in range(60)]
            for client in clients:
                client.send(SLOW)
            await asyncio.sleep(0.2)
            live.stop()
            for client in clients:
                status, headers, body = await client.answer()
                assert (status, headers["connection"], headers["retry-after"]) == (503, "close", "2")
                assert json.loads(body)["code"] == "shutting_down"
                assert await client.closed()
            assert echo.answered(503) == 60

    play(scene)
    assert not [record for record in caplog.records if record.exc_info]


def test_a_slow_body_that_ends_within_the_drain_is_answered() -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(SLOW)
            await asyncio.sleep(0.05)
            live.stop()
            await asyncio.sleep(0.3)
            client.send(b"b")
            status, headers, body = await client.answer()
            assert (status, headers["connection"], body) == (200, "close", b"ab")

    play(scene)


def test_a_request_that_is_on_its_way_on_an_idle_connection_is_answered() -> None:
    """A proxy has sent it before it could know: cut off, it would be 502 in the middle of a rolling restart."""

    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            used, idle = [await live.client() for _ in range(2)]
            for client in (used, idle):
                client.send(SLOW + b"b")
                assert (await client.answer())[0] == 200
            live.stop()
            await asyncio.sleep(0.2)
            used.send(SLOW + b"c")
            status, headers, body = await used.answer()
            assert (status, headers["connection"], body) == (200, "close", b"ac")
            assert await used.closed() and await idle.closed()

    play(scene)
