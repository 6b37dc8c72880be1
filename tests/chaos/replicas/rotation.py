"""Requests to whichever replica is next, as a proxy without memory spreads them."""

from itertools import count
from types import TracebackType
from typing import Any, Self

import httpx

from tests.chaos.server import Server


class Rotation:
    """Stands where clients expect one connection to one server. As of nginx, what one refuses goes to the next."""

    def __init__(self, servers: list[Server], limits: httpx.Limits) -> None:
        self._servers, self._next = servers, count()
        self._http = httpx.AsyncClient(timeout=60, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self._request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        return await self._request("POST", path, **options)

    async def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        for _ in self._servers[1:]:
            try:
                return await self._http.request(method, self._url(path), **options)
            except httpx.ConnectError:
                continue
        return await self._http.request(method, self._url(path), **options)

    def _url(self, path: str) -> str:
        up = [server for server in self._servers if server.process is not None and server.url]
        if not up:
            raise httpx.ConnectError("no replica is up")
        return up[next(self._next) % len(up)].url + path
