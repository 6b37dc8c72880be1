"""A server that both ways of a request are asked on."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from service.app import create_app
from tests.service.http.live_server import Client, Live, listening, play, post
from tests.service.http_client import settings_of
from tests.service.streaming.scenes import alike

ID = b"X-Request-ID: mine"
GENERAL = b"Prefer: anything"
"""A header that has the app answer."""
MODELS = ("own", "calendar", "default")


class Both:
    """A warm server whose histories are counted, and two connections to it."""

    def __init__(self, app: Any, live: Live, clients: list[Client]) -> None:
        self.clients, self.connect, self.taken = clients, live.client, 0
        self.lane = app.state.container.services.histories
        self._accept = self.lane.accept
        self.lane.accept = self._counted

    def _counted(self, request: Any) -> bool:
        took: bool = self._accept(request)
        self.taken += took
        return took

    async def ask(self, body: bytes | dict[str, Any], *headers: bytes) -> tuple[int, Any]:
        """Status and answer of one way, by the headers."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        client = self.clients[GENERAL in headers]
        client.send(post(b"/forecast", data, ID, b"Content-Type: application/json", *headers))
        status, _, answer = await client.answer()
        return status, json.loads(answer)

    async def same(self, body: bytes | dict[str, Any]) -> tuple[int, Any]:
        """The answer, which both ways give."""
        short, general = await self.ask(body), await self.ask(body, GENERAL)
        assert short[0] == general[0], (short, general)
        alike(short[1], general[1])
        return short


def serve(folder: Path, scene: Callable[[Both], Awaitable[None]], **changes: Any) -> None:
    async def inside() -> None:
        app = create_app(settings_of(folder, **changes))
        async with (
            app.router.lifespan_context(app),
            listening(app, app.state.connections) as live,
        ):
            await app.state.warming
            await scene(Both(app, live, [await live.client(), await live.client()]))

    play(inside, 300)


def wave(steps: int, level: float = 50.0) -> list[float | None]:
    hours = np.arange(steps)
    found: list[float | None] = (level + 10 * np.sin(hours * np.pi / 12) + hours % 5).round(3).tolist()
    return found
