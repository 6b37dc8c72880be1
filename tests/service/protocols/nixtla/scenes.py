"""What nixtla's SDK sends, and an app that answers it."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson

from tests.service.http_client import serving, settings_of

SIZES = (60, 45)
Flow = Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]
Play = Callable[[Flow], None]


def values(seed: int = 0) -> list[list[float | None]]:
    """Two series by days with a week in them, one of which lacks its first value and one within."""
    draw = np.random.default_rng(seed)
    found = [(50 + 10 * np.sin(np.arange(size) * 2 * np.pi / 7) + draw.normal(size=size)).tolist() for size in SIZES]
    found[1][0] = found[1][20] = None
    return found


def flat(**further: Any) -> dict[str, Any]:
    """The two as the SDK sends them."""
    y = [value for series in values() for value in series]
    return {"y": y, "sizes": list(SIZES), "start_datetime": ["2026-01-01", "2026-02-01"], **further}


def native(**further: Any) -> list[dict[str, Any]]:
    """The two as this server's own clients send them."""
    starts = ("2026-01-01", "2026-02-01")
    return [
        {"start": start, "freq": "1d", "target": own, **further} for start, own in zip(starts, values(), strict=True)
    ]


@asynccontextmanager
async def served(models: Path, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that serves the models."""
    async with serving(settings_of(models, **{"default_model": "default", **settings})) as (client, _):
        yield client


async def ask(client: httpx.AsyncClient, path: str, status: int = 200, **body: Any) -> Any:
    """The answer to a body."""
    answer = await client.post(path, content=orjson.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    return answer.json()
