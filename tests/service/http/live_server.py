"""A server on a socket of this process, and a client that writes and reads bytes."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
import uvloop
from starlette.types import ASGIApp

from service.http.connection_context import ConnectionContext
from service.http.direct import DirectProtocol


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))

    async def answer(self, method: bytes = b"POST") -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers, body."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)
        first, *lines = head.decode().split("\r\n")[:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        length = 0 if method == b"HEAD" else int(headers["content-length"])
        return int(first.split()[1]), headers, await asyncio.wait_for(self.reader.readexactly(length), 10)

    async def rest(self) -> bytes:
        """Everything until the server ends the connection."""
        return await asyncio.wait_for(self.reader.read(), 10)

    async def closed(self, seconds: float = 5) -> bool:
        """Whether the server ends the connection, and sends nothing before."""
        try:
            return await asyncio.wait_for(self.reader.read(1), seconds) == b""
        except TimeoutError:
            return False

    def leave(self) -> None:
        self.writer.transport.abort()

    def reset(self) -> None:
        """Leave as a process that is killed: no end of what it sends, which could still want an answer."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.leave()


class Live:
    """A running server and its clients."""

    def __init__(self, server: uvicorn.Server) -> None:
        self.server = server
        self.clients: list[Client] = []

    async def client(self) -> Client:
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.clients.append(Client(*await asyncio.open_connection("127.0.0.1", port)))
        return self.clients[-1]

    def http(self) -> httpx.AsyncClient:
        """A client that needs no bytes of its own."""
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60)

    def stop(self) -> None:
        self.server.should_exit = True


@asynccontextmanager
async def listening(app: ASGIApp, context: ConnectionContext, **options: object) -> AsyncIterator[Live]:
    """A server of ``app``; it is stopped afterwards, if the test has not done so."""
    config = uvicorn.Config(
        app, port=0, http=DirectProtocol.of(context), access_log=False, log_level="warning", server_header=False,
        **{"lifespan": "off", "timeout_graceful_shutdown": 5, **options},
    )  # fmt: skip
    live = Live(uvicorn.Server(config))
    serving = asyncio.create_task(live.server.serve())
    while not live.server.started:
        await asyncio.sleep(0.01)
    try:
        yield live
    finally:
        live.stop()
        for client in live.clients:
            client.leave()
        await serving


def play(scene: Callable[[], Coroutine[Any, Any, None]], seconds: float = 30) -> None:
    """Run a scene as the service runs."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scene(), seconds))


def post(path: bytes, body: bytes, *headers: bytes, version: bytes = b"1.1", method: bytes = b"POST") -> bytes:
    """A request as bytes."""
    lines = [method + b" " + path + b" HTTP/" + version, b"Host: here", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
