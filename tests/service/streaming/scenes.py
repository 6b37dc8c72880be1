"""Sessions that are streamed, and who streams them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from tests.service.http_client import serving, settings_of

START = datetime(2026, 1, 1, tzinfo=UTC)
VALUES = np.random.default_rng(0).normal(size=(8, 260)).round(3) + 50 + 10 * np.sin(np.arange(260) * np.pi / 12)


def at(step: int) -> str:
    return (START + timedelta(hours=step)).strftime("%Y-%m-%dT%H:%M:%SZ")


def series(session: str, number: int, begin: int, end: int, **fields: Any) -> dict[str, Any]:
    target = VALUES[number, begin:end].tolist()
    return {"start": at(begin), "freq": "1h", "target": target, "session": session, **fields}


def serve(folder: Path, scene: Callable[[httpx.AsyncClient, FastAPI], Awaitable[None]], **settings: Any) -> None:
    async def inside() -> None:
        async with serving(settings_of(folder, compiled="off", **settings)) as (client, app):
            await scene(client, app)

    asyncio.run(inside())


def lane_of(app: FastAPI) -> Any:
    return app.state.container.services.lane


async def post(
    client: httpx.AsyncClient, *of: dict[str, Any], status: int = 200, horizon: int = 4, **fields: Any
) -> dict[str, Any]:
    answer = await client.post("/forecast", json={"series": of, "horizon": horizon, **fields})
    assert answer.status_code == status, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


async def nothing(until: float) -> None:
    """In place of the lane's end: a process that is killed puts nothing."""


class Count:
    """Counts what the lane takes."""

    def __init__(self, lane: Any) -> None:
        self.taken, self._accept = 0, lane.accept
        lane.accept = self._counted

    def _counted(self, *arguments: Any) -> bool:
        took: bool = self._accept(*arguments)
        self.taken += took
        return took


def alike(one: Any, other: Any) -> None:
    """The same answer, but for names and times of day."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one.keys() - {"id", "expires_at", "created_at", "request_id", "timing_ms"}:
            alike(one[name], other[name])
    elif isinstance(one, list) and any(isinstance(value, float) for value in one):
        mine, yours = (np.array(values, dtype=np.float64) for values in (one, other))  # null becomes NaN
        np.testing.assert_allclose(mine, yours, rtol=1e-6, atol=1e-6)
    elif isinstance(one, list):
        for mine, yours in zip(one, other, strict=True):
            alike(mine, yours)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-6)
    else:
        assert one == other
