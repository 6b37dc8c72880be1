"""Direct requests: answered on the connection, and a client cannot tell.

Without these, the fast way would answer in another order, with other headers or under another name.
"""

import asyncio
import re
from pathlib import Path

import pytest

from service.app import create_app
from service.http.auth import ApiKeys
from service.protocols.forecast.protocol import ForecastProtocol
from tests.service.http.echo import LIMIT, Echo
from tests.service.http.live_server import listening, play, post
from tests.service.http_client import settings_of

ID = b"X-Request-ID: mine"
USUAL = b"Prefer: anything"


@pytest.mark.parametrize("body", [b"a", b"wrong", b"defect", b"x" * 70_000], ids=["small", "wrong", "defect", "large"])
@pytest.mark.parametrize("closing", [(), (b"Connection: close",)], ids=["open", "close"])
def test_both_ways_answer_the_same_bytes(body: bytes, closing: tuple[bytes, ...]) -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            answers = []
            for extra in ((), (USUAL,)):
                client = await live.client()
                client.send(post(b"/echo", body, ID, b"Content-Type: text/plain", *closing, *extra))
                answers.append(await client.answer())
                answers[-1][1].pop("date")
                if closing:
                    assert await client.closed()
                else:
                    client.send(post(b"/echo", b"again", ID))
                    assert (await client.answer())[2] == b"again"
            assert answers[0] == answers[1] and list(answers[0][1]) == list(answers[1][1])
            assert answers[0][1]["x-request-id"] == "mine"
            assert (echo.direct, echo.usual) == ((1, 1) if closing else (3, 1))
            assert echo.answered(200) == (2 if len(answers[0][2]) == len(body) else 0) + (0 if closing else 2)

    play(scene)


NOT_PLAIN = [
    post(b"/echo", b"a", method=b"PUT"), post(b"/echo", b"a", version=b"1.0"), post(b"/%65cho", b"a"),
    post(b"http://here/echo", b"a"), post(b"/echo#part", b"a"), post(b"/echo?a=1#part", b"a"), post(b"/echo", b""),
    post(b"/echo", b"a", b"Content-Type: text/plain", b"Content-Type: text/csv"),
    post(b"/echo", b"a", b"Expect: 100-continue"), post(b"/echo", b"a", b'If-Match: "sha256:1"'),
    post(b"/echo", b"a", b"Idempotency-Key: 1"), post(b"/echo", b"x" * (LIMIT + 1)),
    b"POST /echo HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: here\r\n\r\n",
    post(b"/echo", b"a", b"Connection: upgrade", b"Upgrade: h2c"), post(b"/other", b"a"),
]  # fmt: skip


def test_what_is_not_plain_goes_the_usual_way() -> None:
    """The same request to a server without direct endpoints answers the same."""

    async def scene() -> None:
        echo, plain = Echo(), Echo()
        plain.context.endpoints.clear()
        async with listening(echo.app, echo.context) as live, listening(plain.app, plain.context) as without:
            for request in NOT_PLAIN:
                answers = []
                for one in (live, without):
                    client = await one.client()
                    client.send(request.replace(b"\r\n\r\n", b"\r\n" + ID + b"\r\nConnection: close\r\n\r\n", 1))
                    answers.append(re.sub(rb"date: [^\r]*", b"", await client.rest()))
                assert answers[0] == answers[1] and answers[0].startswith(b"HTTP/1.1 "), request
                assert (echo.direct, echo.usual) == (0, plain.usual), request

    play(scene)


def test_a_body_in_pieces_is_whole() -> None:
    async def scene() -> None:
        echo, body = Echo(), bytes(range(256)) * 20
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            text = post(b"/echo?model=a", body, ID)
            for begin in range(0, len(text), 700):
                client.send(text[begin : begin + 700])
                await asyncio.sleep(0.002)
            assert (await client.answer())[2] == body
            assert echo.direct == 1

    play(scene)


def test_pipelined_requests_are_answered_in_their_order() -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            echo.hold = True
            client.send(*(post(b"/echo", b"%d" % n, *([USUAL] if n == 2 else [])) for n in range(5)))
            first = await echo.held()
            await asyncio.sleep(0.05)
            assert echo.usual == 0 and not echo.waiting
            echo.respond(first)
            assert [(await client.answer())[2] for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
            client.send(post(b"/echo", b"5"))
            echo.respond(await echo.held())
            assert (await client.answer())[2] == b"5"
            assert (echo.direct, echo.usual) == (2, 4)

    play(scene)


def test_one_behind_a_usual_request_waits_for_it() -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            client.send(post(b"/echo", b"0", USUAL), post(b"/echo", b"1"), post(b"/echo", b"2"))
            assert [(await client.answer())[2] for _ in range(3)] == [b"0", b"1", b"2"]

    play(scene)


def test_an_endpoint_can_decline_at_once_and_later() -> None:
    async def scene() -> None:
        echo = Echo()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            echo.accepts = False
            client.send(post(b"/echo", b"0"))
            assert (await client.answer())[2] == b"0"
            echo.accepts = echo.hold = True
            client.send(post(b"/echo", b"1"), post(b"/echo", b"2"))
            request = await echo.held()
            request.decline()
            assert [(await client.answer())[2] for _ in range(2)] == [b"1", b"2"]
            request.respond(200, b"", b"too late")
            client.send(post(b"/echo", b"3", USUAL))
            assert (await client.answer())[2] == b"3"
            assert echo.usual == 4

    play(scene)


def test_keys_are_checked(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("alice:one\n")

    async def scene() -> None:
        echo = Echo(ApiKeys.read(tmp_path / "keys"))
        async with listening(echo.app, echo.context) as live:
            for header, status, body in (
                (b"X-API-Key: one", 200, b"0alice"), (b"Authorization: Bearer one", 200, b"0alice"),
                (b"X-API-Key: two", 403, b"wrong_api_key"), (b"X-Other: 1", 401, b"no_api_key"),
            ):  # fmt: skip
                client = await live.client()
                client.send(post(b"/echo", b"0", header))
                answer = await client.answer()
                assert answer[0] == status and body in answer[2]
            assert (echo.direct, echo.usual) == (2, 0)

    play(scene)


def test_a_protocol_registers_by_one_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    echo = Echo()
    monkeypatch.setattr(ForecastProtocol, "direct", lambda self: {"/forecast": echo})
    table = create_app(settings_of(tmp_path)).state.connections
    endpoint, path = table.endpoints[b"/forecast"]
    assert endpoint is echo and path.template == "/forecast"
