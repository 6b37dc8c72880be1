"""What ends a stream before its time: the client leaves, the server stops, the disk is full."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from service.stores.interface import StoreError
from tests.builders import tiny_generator_artifact
from tests.service.http_client import serving, settings_of


def test_it_frees_its_rows_and_changes_nothing(tmp_path: Path) -> None:
    tiny_generator_artifact(tmp_path)

    async def flow() -> None:
        async with serving(settings_of(tmp_path, max_tokens=20_000)) as (client, app):
            opening = {"prompt": "once", "max_tokens": 30, "session": "s"}
            assert (await client.post("/generate", json=opening)).status_code == 200
            before = (await client.get("/sessions/s")).json()
            runtime = app.state.container.services.forecasts.runtime
            scheduler = runtime.text_schedulers[before["model"]["digest"]]
            for stream in (True, False):
                gone = asyncio.Event()
                if not stream:  # nothing tells that it has begun, but that it was taken on
                    scheduler.submit = _then(scheduler.submit, gone)
                body = {"prompt": "a", "max_tokens": 16_000, "session": "s", "stream": stream}
                await _leave(app, json.dumps(body).encode(), gone)
                assert (await client.get("/sessions/s")).json()["digest"] == before["digest"]
                assert runtime.limiters[0].taken == 0
            told = (await client.get("/metrics")).text
            assert "statecast_generation_rows 0.0" in told
            drawn = next(line for line in told.splitlines() if line.startswith("statecast_tokens_total "))
            assert float(drawn.split()[1]) < 16_000

    asyncio.run(flow())


def test_a_server_that_stops_says_so(tmp_path: Path) -> None:
    tiny_generator_artifact(tmp_path)

    async def flow() -> None:
        async with serving(settings_of(tmp_path, max_tokens=20_000)) as (_, app):
            body = json.dumps({"prompt": "a", "max_tokens": 16_000, "stream": True}).encode()
            begun, sent = asyncio.Event(), []
            asked = asyncio.create_task(_leave(app, body, asyncio.Event(), begun, sent))
            await begun.wait()
            asked.cancel()
            await asked
            assert b"event: error" in sent[-1]["body"] and b"shutting_down" in sent[-1]["body"]
            room = app.state.container.services.forecasts.runtime.limiters[0]
            await asyncio.to_thread(room.close, 10)
            assert room.taken == 0

    asyncio.run(flow())


def test_a_failure_after_the_first_byte_is_an_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_generator_artifact(tmp_path)

    async def flow() -> None:
        async with serving(settings_of(tmp_path)) as (client, app):

            def full(writes: object) -> None:
                raise StoreError("disk full")

            monkeypatch.setattr(app.state.container.services.forecasts.store, "commit", full)
            body = {"prompt": "a", "max_tokens": 5, "stream": True, "session": "s"}
            answer = await client.post("/generate", json=body)
            assert answer.status_code == 200 and "event: done" not in answer.text
            assert "event: error" in answer.text and "store_failed" in answer.text
            assert (await client.post("/generate", json={**body, "stream": False})).status_code == 503
            assert (await client.get("/sessions/s")).status_code == 404

    asyncio.run(flow())


def _then(submit: Callable[..., None], event: asyncio.Event) -> Callable[..., None]:
    def wrapped(*arguments: Any) -> None:
        submit(*arguments)
        event.set()

    return wrapped


async def _leave(
    app: FastAPI, body: bytes, gone: asyncio.Event, third: asyncio.Event | None = None, said: list[Any] | None = None
) -> None:
    """Ask, and leave once ``gone`` is set, which (or else ``third``) happens with the answer's third piece."""
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
        if said is not None:
            said.append(message)
        if pieces == 3:
            (third or gone).set()

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/generate",
        "raw_path": b"/generate", "query_string": b"", "root_path": "", "scheme": "http", "server": ("test", 80),
        "client": ("test", 1), "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    await app(scope, receive, send)
