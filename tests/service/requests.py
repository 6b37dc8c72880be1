"""What tests of the default model ask, and of whom."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
from fastapi import FastAPI

from service.protocols.forecast import schemas
from tests.service.http_client import runner

Flow = Callable[[httpx.AsyncClient, FastAPI], Awaitable[None]]


def wave(length: int, season: int = 24) -> list[float]:
    steps = np.arange(length)
    return [round(float(v), 4) for v in 50 + 5 * np.sin(2 * np.pi * steps / season) + 0.5 * np.sin(steps / 2.7)]


def play(artifacts: Path, flow: Flow, **settings: Any) -> None:
    """Run a flow against an app of its own."""
    runner(artifacts)(flow, **{"default_timeout_ms": 300_000, **settings})


async def post(client: httpx.AsyncClient, *series: dict[str, Any], **fields: Any) -> httpx.Response:
    body = orjson.dumps({"series": series, **fields})
    return await client.post("/forecast", content=body, headers={"content-type": "application/json"})


async def ask(client: httpx.AsyncClient, *series: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    answer = await post(client, *series, **fields)
    assert answer.status_code == 200, answer.text
    schemas.ForecastReply.model_validate(answer.json())
    forecasts: list[dict[str, Any]] = answer.json()["forecasts"]
    return forecasts


def check_table(forecast: dict[str, Any]) -> None:
    """Finite and ordered, whatever came."""
    table = np.array(list(forecast["quantiles"].values()))
    assert np.isfinite(table).all() and np.isfinite(forecast["mean"]).all()
    assert (np.diff(table, axis=0) >= 0).all()
