"""A client that leaves in the middle frees what was taken for it, before the next step."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from tests.artifacts import tiny_generator_artifact
from tests.service.client import serving, settings_of


def test_it_frees_its_rows_and_changes_nothing(tmp_path: Path) -> None:
    tiny_generator_artifact(tmp_path)

    async def flow() -> None:
        async with serving(settings_of(tmp_path, max_tokens=20_000)) as (client, app):
            opening = {"prompt": "once", "max_tokens": 30, "session": "s"}
            assert (await client.post("/generate", json=opening)).status_code == 200
            before = (await client.get("/sessions/s")).json()
            desk = app.state.wiring.forecasting.desk
            rounds = desk.rounds[before["model"]["digest"]]
            for stream in (True, False):
                gone = asyncio.Event()
                if not stream:  # nothing tells that it has begun, but that it was taken on
                    rounds.submit = _then(rounds.submit, gone)
                body = {"prompt": "a", "max_tokens": 16_000, "session": "s", "stream": stream}
                await _leave(app, json.dumps(body).encode(), gone)
                assert (await client.get("/sessions/s")).json()["digest"] == before["digest"]
                assert desk.rooms[0].taken == 0
            told = (await client.get("/metrics")).text
            assert "statecast_generation_rows 0.0" in told
            drawn = next(line for line in told.splitlines() if line.startswith("statecast_tokens_total "))
            assert float(drawn.split()[1]) < 16_000

    asyncio.run(flow())


def _then(submit: Callable[..., None], event: asyncio.Event) -> Callable[..., None]:
    def wrapped(*arguments: Any) -> None:
        submit(*arguments)
        event.set()

    return wrapped


async def _leave(app: FastAPI, body: bytes, gone: asyncio.Event) -> None:
    """Ask, and leave once ``gone`` is set or a third piece of the answer has come."""
    sent: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]
    pieces = 0

    async def receive() -> Any:
        if sent:
            return sent.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal pieces
        pieces += message["type"] == "http.response.body"
        if pieces == 3:
            gone.set()

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/generate",
        "raw_path": b"/generate", "query_string": b"", "root_path": "", "scheme": "http", "server": ("test", 80),
        "client": ("test", 1), "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    await app(scope, receive, send)
