"""A client that costs as little as possible: one connection that is kept alive, bytes in, bytes out.

A full HTTP client takes longer over a request than the server does over the forecast, and on two cores would be what
the benchmark measures.
"""

import asyncio
import json
from types import TracebackType
from typing import Any

from benchmarks.harness.server import Server


class Client:
    """One connection. Use as ``async with Client(server) as client``."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def __aenter__(self) -> "Client":
        self._reader, self._writer = await asyncio.open_connection(self._server.host, self._server.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send one request; returns the status and the body."""
        await self._send(method, path, body)
        header = await self._reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in header.split(b"\r\n")[1:] if b": " in line)
        return int(header[9:12]), await self._reader.readexactly(int(fields.get(b"content-length", b"0")))

    async def stream(self, path: str, body: bytes) -> bytes:
        """``POST`` as this connection's last request; returns all that comes until the server closes it, as it came."""
        await self._send("POST", path, body, b"Connection: close\r\n")
        return await self._reader.read()

    async def forecast(self, series: list[dict[str, Any]], **request: Any) -> dict[str, Any]:
        """``POST /forecast``; anything but 200 ends the benchmark."""
        status, body = await self.request("POST", "/forecast", json.dumps({"series": series, **request}).encode())
        if status != 200:
            raise SystemExit(f"expected 200, got {status}: {body[:500]!r}")
        answer: dict[str, Any] = json.loads(body)
        return answer

    async def _send(self, method: str, path: str, body: bytes, more: bytes = b"") -> None:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._server.host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
        )
        self._writer.write(head.encode() + more + b"\r\n" + body)
        await self._writer.drain()
