"""Sessions of a store, opened over HTTP, and the commands that move them."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from service.savepoints import command
from service.settings import Settings
from tests.service.http_client import serving, settings_of
from tests.service.streaming.scenes import lane_of, nothing, post, series

SECRET = "a secret of all servers"


def store_at(models: Path, url: str, **changes: Any) -> Settings:
    plain = {"state_url": url, "default_model": "tiny", "state_secret": SECRET, "compiled": "off"}
    return settings_of(models, **(plain | changes))


def export(settings: Settings, path: Path, *options: str) -> int:
    return command.run(["export", "--out", str(path), *options], settings)


def restore(settings: Settings, path: Path) -> int:
    return command.run(["import", str(path)], settings)


async def open_some(client: httpx.AsyncClient) -> None:
    """Series of one and two variables, without times, streamed ones, and a text."""
    await post(client, series("plain", 0, 0, 60), series("short", 1, 0, 5))
    both = {"a": series("", 2, 0, 50)["target"], "b": series("", 3, 0, 50)["target"]}
    await post(client, {"session": "two", "target": both}, {"session": "bare", "target": both["a"]})
    for step in range(60, 70):
        await post(client, series("plain", 0, step, step + 1))
    body = {"model": "letters", "session": "text", "prompt": "the rain ", "max_tokens": 5, "temperature": 0}
    assert (await client.post("/generate", json=body)).status_code == 200


def digests(settings: Settings, crash: bool = False, fill: bool = False) -> dict[str, Any]:
    """What ``GET /sessions`` says of each session, by its id; where ``fill``, after some were opened."""
    found: dict[str, Any] = {}

    async def scene() -> None:
        async with serving(settings) as (client, app):
            if fill:
                await open_some(client)
            for one in (await client.get("/sessions?limit=1000")).json()["sessions"]:
                found[one["id"]] = one
            if crash:
                killed(app)

    asyncio.run(scene())
    return found


def killed(app: FastAPI) -> None:
    """Let it end as a process does that is killed: what was streamed is in the journal alone."""
    lane_of(app).stop = nothing


def goes_on(settings: Settings) -> dict[str, Any]:
    """What every kind of session answers next."""
    found: dict[str, Any] = {}

    async def scene() -> None:
        async with serving(settings) as (client, _):
            for name, number, begin in (("plain", 0, 70), ("short", 1, 5)):
                one = (await post(client, series(name, number, begin, begin + 3)))["forecasts"][0]
                found[name] = one["session"]["digest"], one["mean"]
            one = (await post(client, {"session": "two", "target": {"a": [50.0], "b": [49.0]}}))["forecasts"][0]
            found["two"] = one["session"]["digest"], one["mean"]
            body = {"model": "letters", "session": "text", "prompt": "in ", "max_tokens": 5, "temperature": 0}
            found["text"] = (await client.post("/generate", json=body)).json()["choices"]

    asyncio.run(scene())
    return found
