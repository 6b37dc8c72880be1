"""What is read without the parser, to refuse it or to take it on: only what every parser reads in the same way."""

import asyncio

import pytest

from service.http.direct import paced
from service.http.direct.plain_post import plain_post
from tests.service.http.echo import Echo
from tests.service.http.live_server import listening, play, post

HEAD = b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 3\r\n\r\n{}",
        HEAD + b"Content-Length: 1\r\n\r\n{}",
        HEAD + b"Content-Length: +2\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}",
        HEAD + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}",
        HEAD + b"Content-Length : 2\r\n\r\n{}",
        HEAD + b"Content-Length: 2\nTransfer-Encoding: chunked\r\n\r\n{}",
        HEAD + b" folded: 1\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"X-Request-Id: mine\r\nContent-Length: 2\r\n\r\n{}",
        HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 2\r\n\r\n{}",
        HEAD.replace(b"/echo ", b"/echo  ") + b"Content-Length: 2\r\n\r\n{}",
        HEAD.replace(b"here", b"h\xc3\xa9re") + b"Content-Length: 2\r\n\r\n{}",
        HEAD.replace(b"here", b"he\x00re") + b"Content-Length: 2\r\n\r\n{}",
        HEAD.replace(b"here", b"h" * 1024) + b"Content-Length: 2\r\n\r\n{}",
        HEAD + b"Content-Length: 0\r\n\r\n",
        HEAD + b"Content-Length: 2\r\n",
        HEAD,
        b"",
    ],
)
def test_what_is_not_plain_is_for_the_parser(data: bytes) -> None:
    """Two readers that see different requests in the same bytes are how requests are smuggled past a proxy."""
    assert plain_post(data) is None


def test_a_plain_one_is_read_whole() -> None:
    """Path, query and body are those that the parser would find."""
    data = HEAD.replace(b"/echo", b"/echo?a=1") + b"Connection: keep-alive\r\nContent-Length: 4\r\n\r\n\r\n\r\n"
    found = plain_post(data)
    assert found is not None and found.body == b"\r\n\r\n"
    assert found.head[:3] == (b"/echo", b"a=1", 4) and found.head.header(b"host") == b"here"


def test_a_refusal_without_parsing_is_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client must be able to go on, on the same connection, and must find out what was wrong and when to come."""
    monkeypatch.setattr(paced, "WAITED_S", -1.0)

    async def scene() -> None:
        echo = Echo()
        kind = b"Content-Type: application/json"
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            answers = []
            for body in (b'"too much"', b"{}", b'"too much"', b'"too much"', b"[]"):
                client.send(post(b"/echo", body, kind))
                answers.append(await client.answer())
            assert [status for status, _, _ in answers] == [429, 200, 429, 429, 200]
            _, headers, text = answers[0]
            assert b'"code":"queue_full"' in text and headers["x-request-id"].encode() in text
            assert headers["content-type"] == "application/problem+json"
            assert echo.answered(429) == 3 and echo.direct == 2
            assert echo.metrics.registry.get_sample_value("statecast_rejected_total", {"reason": "queue_full"}) == 3
            # What is written once for all has each one's own id.
            refused = {headers["x-request-id"]: text for status, headers, text in answers if status == 429}
            assert len(refused) == 3 and all(identity.encode() in text for identity, text in refused.items())
            # In two pieces it is not whole at first, and goes the usual way.
            whole = post(b"/echo", b'"too much"', kind)
            client.send(whole[:-3])
            await asyncio.sleep(0.02)
            client.send(whole[-3:])
            assert (await client.answer())[0] == 200
            # Only JSON is refused unread.
            client.send(post(b"/echo", b'"too much"', b"Content-Type: text/plain"))
            assert (await client.answer())[0] == 200
            # Two at once are not plain.
            client.send(whole + whole)
            assert [(await client.answer())[0] for _ in range(2)] == [200, 200]

    play(scene)
