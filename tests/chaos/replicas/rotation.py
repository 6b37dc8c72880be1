"""Requests to whichever replica is next, as a proxy without memory spreads them."""

from itertools import count
from typing import Any

import httpx

from tests.chaos.server import Server


class Rotation:
    """Stands where clients expect one connection to one server."""

    def __init__(self, servers: list[Server]) -> None:
        self._servers, self._next = servers, count()
        self._http = httpx.AsyncClient(timeout=60, limits=httpx.Limits(keepalive_expiry=2))

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self._http.get(self._url(path), **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        return await self._http.post(self._url(path), **options)

    async def close(self) -> None:
        await self._http.aclose()

    def _url(self, path: str) -> str:
        up = [server for server in self._servers if server.process is not None and server.url]
        if not up:
            raise httpx.ConnectError("no replica is up")
        return up[next(self._next) % len(up)].url + path
