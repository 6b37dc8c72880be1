"""An app in this process, with its lifespan, and a client that speaks HTTP to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from service.app import create_app
from service.settings import Settings


def settings_of(folder: Path, **changes: Any) -> Settings:
    """Settings that read nothing from outside ``folder``."""
    return Settings(**{"artifacts": folder, "state_url": "memory://", "device": "cpu", **changes})


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, FastAPI]]:
    """A client of a warm app; the app is stopped and drained afterwards."""
    app = create_app(settings)
    async with app.router.lifespan_context(app), http(app) as client:
        await app.state.warming
        yield client, app


def runner(folder: Path) -> Callable[..., None]:
    """Runs a flow against an app of its own that serves what a folder holds."""

    def run(flow: Callable[[httpx.AsyncClient, FastAPI], Awaitable[None]], **settings: Any) -> None:
        async def inside() -> None:
            async with serving(settings_of(folder, **settings)) as (client, app):
                await flow(client, app)

        asyncio.run(inside())

    return run


def http(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")
