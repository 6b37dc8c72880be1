"""Requests that bring work are read some at a time: whoever asks for something cheap is answered in between."""

import asyncio
import time

from service.http.direct_request import DirectRequest
from tests.service.http.echo import Echo
from tests.service.http.live_server import listening, play, post

MANY = 100


class Busy(Echo):
    """Each direct request takes two milliseconds of the loop."""

    def accept(self, request: DirectRequest) -> bool:
        until = time.monotonic() + 0.002
        while time.monotonic() < until:
            pass
        self.delays.append(request.delayed)
        return super().accept(request)

    def __init__(self) -> None:
        super().__init__()
        self.delays: list[float] = []


def test_something_cheap_need_not_wait_for_all_that_came_before() -> None:
    """Else ``/live`` fails under load, and whoever watches it ends a server that is only busy."""

    async def scene() -> None:
        echo = Busy()
        async with listening(echo.app, echo.context) as live:
            clients = [await live.client() for _ in range(MANY)]
            watcher = await live.client()
            for client in clients:
                client.send(post(b"/echo", b"a"))
            watcher.send(b"GET /live HTTP/1.1\r\nHost: here\r\n\r\n")
            await watcher.answer()
            assert len(echo.delays) < MANY / 2
            for client in clients:
                assert (await client.answer())[2] == b"a"
            assert min(echo.delays) < max(echo.delays) / 2, "the first waited as long as the last"

    play(scene)


def test_pieces_and_pipelined_requests_keep_their_order() -> None:
    """What is kept is read before what comes after it, whatever the pieces are."""

    async def scene() -> None:
        echo = Busy()
        async with listening(echo.app, echo.context) as live:
            client = await live.client()
            whole = b"".join(post(b"/echo", b"%02d" % number) for number in range(20))
            for begin in range(0, len(whole), 37):
                client.send(whole[begin : begin + 37])
                await asyncio.sleep(0)
            for number in range(20):
                assert (await client.answer())[2] == b"%02d" % number

    play(scene)


def test_a_client_that_leaves_or_sends_no_more_is_not_mistaken() -> None:
    """What is kept for a client that has gone is not read; what came before the server stops is answered."""

    async def scene() -> None:
        echo = Busy()
        async with listening(echo.app, echo.context) as live:
            *stay, leave, last = [await live.client() for _ in range(22)]
            for client in (*stay[:10], leave, *stay[10:]):  # in the middle, since they are read from both ends
                client.send(post(b"/echo", b"a"))
            leave.reset()
            for client in stay:
                assert (await client.answer())[2] == b"a"
            last.send(post(b"/echo", b"b"))
            await asyncio.sleep(0.01)
            live.stop()
            assert (await last.answer())[2] == b"b"
            assert len(echo.delays) == len(stay) + 1

    play(scene)
