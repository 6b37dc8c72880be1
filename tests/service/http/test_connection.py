"""What a client may send, how slowly, and how it is refused.

Without these, one client holds a connection, or memory, for as long as it likes, and reads plain text without a request
id where everything else is answered in one shape.
"""

import asyncio
import json
from contextlib import suppress

import pytest

from tests.service.http.echo import Echo
from tests.service.http.live_server import listening, play, post

START = b"POST /echo HTTP/1.1\r\nHost: here\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def problem(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    status, headers, body = answer
    found = json.loads(body)
    assert headers["content-type"] == "application/problem+json" and headers["connection"] == "close"
    assert found["status"] == status and found["request_id"] == headers["x-request-id"]
    return status, found["code"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"CONNECT host:443 HTTP/1.1\r\n\r\n", START + b"a b: 1\r\n\r\n", START + b"a: \x00\r\n\r\n",
        START + b"Content-Length: many\r\n\r\n", START + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
        START + CHUNKED + b"zz\r\na\r\n", START + CHUNKED + b"1\r\nab\r\n", START + b"Content-Length: 1\r\n" + CHUNKED,
    ],
)  # fmt: skip
def test_what_is_no_http_is_a_problem(request_bytes: bytes) -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(request_bytes)
            assert problem(await client.answer()) == (400, "bad_request")
            assert await client.closed()
            assert echo.usual + echo.direct == 0

    play(scene)


def test_it_has_the_clients_own_id() -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(START + b"X-Request-ID: mine\r\nA: 1\r\na b: 1\r\n\r\n")
            assert (await client.answer())[1]["x-request-id"] == "mine"
            assert echo.answered(400) == 1

    play(scene)


def test_a_head_that_is_too_large_is_refused() -> None:
    """However it comes: at once, in pieces, as one name that never ends, or behind a body in chunks."""

    async def scene() -> None:
        echo = Echo(max_header_bytes=8192)
        async with listening(echo.app, echo.context) as live:
            for text, size in (
                (START + b"a: 1\r\n" * 3000 + b"\r\n", 400_000), (START + b"a: 1\r\n" * 3000 + b"\r\n", 3000),
                (START + b"a" * 500_000, 20_000), (b"POST /" + b"a" * 500_000, 20_000),
                (START + CHUNKED + b"1\r\na\r\n0\r\n" + b"a" * 500_000, 20_000), (b"\r\n" * 300_000, 20_000),
            ):  # fmt: skip
                client = await live.client()
                for begin in range(0, len(text), size):
                    client.send(text[begin : begin + size])
                    await asyncio.sleep(0.005)
                assert problem(await client.answer()) == (431, "headers_too_large")
                assert await client.closed()
            client = await live.client()
            client.send(*[post(b"/echo", b"x" * 3000, b"A: " + b"a" * 7000)] * 20)
            for _ in range(20):
                assert (await client.answer())[0] == 200

    play(scene)


def test_what_comes_behind_chunks_is_no_header() -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(START, CHUNKED, b"1\r\na\r\n0\r\nX-API-Key: one\r\n\r\n", post(b"/echo", b"b"))
            assert [(await client.answer())[2] for _ in range(2)] == [b"a", b"b"]

    play(scene)


@pytest.mark.parametrize("direct", [b"", b"Prefer: anything\r\n"], ids=["direct", "usual"])
def test_slow_heads_and_bodies_end(direct: bytes) -> None:
    async def scene() -> None:
        echo = Echo(header_timeout_s=0.5, body_timeout_s=0.5)
        async with listening(echo.app, echo.context) as live:
            began = asyncio.get_running_loop().time()
            silent, head, body, drip, stalled = [await live.client() for _ in range(5)]
            stalled.send(START, direct, b"Content-Length: 90000\r\n\r\n", b"a" * 80_000)
            head.send(START)
            body.send(START, direct, b"Content-Length: 2\r\n\r\na")
            drip.send(START, direct, b"Content-Length: 99\r\n\r\n")

            async def trickle() -> None:
                while True:
                    drip.send(b"a")
                    await asyncio.sleep(0.1)

            trickling = asyncio.create_task(trickle())
            for one in (head, body, drip, stalled):
                assert problem(await one.answer()) == (408, "request_timeout")
                assert await one.closed()
            trickling.cancel()
            assert await silent.closed()
            assert asyncio.get_running_loop().time() - began < 3
            assert echo.direct + echo.usual == 0

    play(scene)


def test_a_body_that_keeps_coming_has_its_time() -> None:
    async def scene() -> None:
        echo = Echo(body_timeout_s=0.3, header_timeout_s=0.3)
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(START, b"Content-Length: 60000\r\n\r\n")
            for _ in range(10):
                client.send(b"a" * 6000)
                await asyncio.sleep(0.12)
            assert (await client.answer())[0] == 200

    play(scene)


def test_a_refusal_waits_for_earlier_answers() -> None:
    async def scene() -> None:
        echo = Echo(body_timeout_s=0.3, header_timeout_s=0.3)
        echo.hold = True
        async with listening(echo.app, echo.context) as live:
            for usual in ([], [post(b"/echo", b"1")]):
                client = await live.client()
                client.send(post(b"/echo", b"0"), *usual, b"nonsense\r\n\r\n")
                request = await echo.held()
                assert not await client.closed(1)
                echo.respond(request)
                for body in (b"0", b"1")[: 1 + len(usual)]:
                    assert (await client.answer())[2] == body
                assert problem(await client.answer()) == (400, "bad_request")
                assert await client.closed()

    play(scene)


def test_a_slow_request_behind_one_at_work_is_given_time() -> None:
    async def scene() -> None:
        echo = Echo(body_timeout_s=0.3, header_timeout_s=0.3)
        echo.hold = True
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(post(b"/echo", b"0"), START)
            request = await echo.held()
            await asyncio.sleep(1)
            echo.respond(request)
            assert (await client.answer())[2] == b"0"
            assert problem(await client.answer()) == (408, "request_timeout")

    play(scene)


def test_an_answer_that_does_not_wait_for_its_body_ends_the_reading() -> None:
    """A declared body of many gigabytes is refused at once, and not read for ever."""

    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(START, b"Content-Length: 99999999999\r\n\r\n")
            assert (await client.answer())[0] == 413

            async def flood() -> None:
                while not client.writer.is_closing():
                    client.send(b"a" * 1000)
                    await asyncio.sleep(0.01)

            flooding = asyncio.create_task(flood())
            with suppress(ConnectionResetError):
                while await client.reader.read(1000):
                    pass
            flooding.cancel()

    play(scene)


def test_a_client_that_ends_with_its_request_reads_an_answer_that_came_early() -> None:
    """The rest of its body met a closed socket, and what came back of that threw the answer away."""

    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(START, b"Connection: close\r\nContent-Length: 99999999999\r\n\r\n")
            for _ in range(20):
                client.send(b"a" * 1000)
                await asyncio.sleep(0.005)
            status, headers, _ = await client.answer()
            assert (status, headers["connection"]) == (413, "close")
            assert await client.closed()

    play(scene)


def test_bodies_of_all_clients_have_a_total_and_give_it_back() -> None:
    async def scene() -> None:
        echo = Echo(max_held_bytes=2**20, max_body_bytes=2**26)
        async with listening(echo.app, echo.context) as live:
            holders = [await live.client() for _ in range(3)]
            for one in holders:
                one.send(START, b"Content-Length: 500000\r\n\r\n", b"a" * 300_000)
            while echo.context.held_bytes < 900_000:
                await asyncio.sleep(0.01)
            client = await live.client()
            client.send(post(b"/echo", b"x" * 400_000))
            assert problem(await client.answer()) == (429, "queue_full")
            small = await live.client()
            small.send(post(b"/echo", b"small"))
            assert (await small.answer())[2] == b"small"
            for one in holders[:2]:
                one.leave()
            while echo.context.held_bytes > 300_000:
                await asyncio.sleep(0.01)
            holders[2].send(b"a" * 200_000)
            assert (await holders[2].answer())[0] == 200
            client = await live.client()
            client.send(post(b"/echo", b"x" * 400_000))
            assert (await client.answer())[0] == 200
            assert echo.context.held_bytes == 0

    play(scene)


def test_connections_have_a_limit() -> None:
    async def scene() -> None:
        echo = Echo(max_connections=2)
        async with listening(echo.app, echo.context) as live:
            first, _, third = [await live.client() for _ in range(3)]
            assert problem(await third.answer()) == (429, "queue_full")
            first.leave()
            third.leave()
            await asyncio.sleep(0.05)
            again = await live.client()
            again.send(post(b"/echo", b"a"))
            assert (await again.answer())[0] == 200

    play(scene)
