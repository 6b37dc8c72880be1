"""Direct requests whose client leaves, does not read, or stays silent, and a server that stops.

Without these, one client could fill the memory, and a stop would cut answers off or wait for ever.
"""

import asyncio

from tests.service.http.echo import Echo
from tests.service.http.live_server import listening, play, post


def test_a_client_that_leaves_is_noticed_and_not_counted() -> None:
    async def scene() -> None:
        echo = Echo()
        echo.hold = True
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(post(b"/echo", b"0"))
            request = await echo.held()
            client.leave()
            while not request.closed:
                await asyncio.sleep(0.005)
            echo.respond(request)
            assert echo.answered(200) == 0 and echo.usual == 0
            half = await live.client()
            half.send(post(b"/echo", b"whole")[:-1])
            await asyncio.sleep(0.02)
            half.leave()

    play(scene)


def test_a_client_that_does_not_read_is_not_answered_on_and_on() -> None:
    """Its answers would fill the server's memory."""

    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.writer.transport.set_write_buffer_limits(2**26)
            client.reader._transport.pause_reading()  # type: ignore[attr-defined]
            client.send(*[post(b"/echo", b"x" * 50_000)] * 400)
            await asyncio.sleep(0.5)
            assert echo.direct + echo.usual < 300
            client.reader._transport.resume_reading()  # type: ignore[attr-defined]
            for _ in range(400):
                assert len((await client.answer())[2]) == 50_000

    play(scene)


def test_stopping_waits_for_what_has_begun() -> None:
    async def scene() -> None:
        echo = Echo()
        echo.hold = True
        async with listening(echo.app, echo.context) as live:
            idle, client, late = [await live.client() for _ in range(3)]
            client.send(post(b"/echo", b"0"))
            request = await echo.held()
            late.send(post(b"/echo", b"11")[:-1])
            await asyncio.sleep(0.02)
            live.stop()
            assert await idle.closed()
            late.send(b"1")
            echo.respond(request)
            echo.respond(await echo.held())
            for one, body in ((client, b"0"), (late, b"11")):
                status, headers, answer = await one.answer()
                assert (status, headers["connection"], answer) == (200, "close", body)
                assert await one.closed()

    play(scene)


def test_what_outlasts_the_drain_fails_with_503() -> None:
    async def scene() -> None:
        echo = Echo()
        echo.hold = True
        async with listening(echo.app, echo.context, timeout_graceful_shutdown=1) as live:
            client, slow = await live.client(), await live.client()
            client.send(post(b"/echo", b"0"))
            request = await echo.held()
            slow.send(post(b"/echo", b"00")[:-1])
            await asyncio.sleep(0.02)
            live.stop()
            for one in (client, slow):
                status, headers, body = await one.answer()
                assert (status, headers["retry-after"]) == (503, "2") and b"shutting_down" in body
                assert await one.closed()
            assert request.closed
            echo.respond(request)

    play(scene)


def test_an_idle_connection_is_closed() -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context, timeout_keep_alive=1) as live:
            client = await live.client()
            client.send(post(b"/echo", b"0"))
            assert (await client.answer())[0] == 200
            await asyncio.sleep(0.5)
            client.send(post(b"/echo", b"0"))
            assert (await client.answer())[0] == 200
            assert not await client.closed(0.7)
            assert await client.closed()

    play(scene)
