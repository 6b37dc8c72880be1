"""What a request costs before and after its handler, in Python calls: seconds differ by machine, these do not.

Without these, a layer more on the way of every request shows first in production.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from service.app import create_app
from service.http.connection_context import ConnectionContext
from service.http.direct import DirectProtocol
from tests.service.http.echo import Echo
from tests.service.http.live_server import post
from tests.service.http_client import settings_of


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.text = b""

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.text += data

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def close(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_closing(self) -> bool:
        return False


async def calls(app: ASGIApp, context: ConnectionContext, request: bytes) -> tuple[int, bytes]:
    """Calls of Python functions from a request's last byte to its answer's, and the answer; the second of two."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, proxy_headers=False)
    connection = DirectProtocol.of(context)(config, ServerState(), {}, asyncio.get_running_loop())
    wire, made = Wire(), 0
    connection.connection_made(wire)

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event == "call"

    async def exchange(profile: Callable[..., None] | None) -> None:
        wire.text = b""
        sys.setprofile(profile)
        connection.data_received(request)
        while not wire.text or connection._unanswered():
            await asyncio.sleep(0)
        sys.setprofile(None)

    await exchange(None)
    await exchange(count)
    connection.connection_lost(None)
    return made, wire.text


def test_a_direct_request() -> None:
    echo = Echo()
    made, answer = asyncio.run(calls(echo.app, echo.context, post(b"/echo", b"a")))
    assert answer.startswith(b"HTTP/1.1 200") and echo.direct == 2
    assert made <= 76


def test_a_request_of_a_plain_endpoint(tmp_path: Path) -> None:
    app = create_app(settings_of(tmp_path))
    made, answer = asyncio.run(calls(app, app.state.connections, post(b"/forecast", b"{}")))
    assert answer.startswith(b"HTTP/1.1 503")
    assert made <= 163
