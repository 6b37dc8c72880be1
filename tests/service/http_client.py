"""An app in this process, with its lifespan, and a client that speaks HTTP to it."""

from collections.abc import AsyncIterator
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


def http(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")
