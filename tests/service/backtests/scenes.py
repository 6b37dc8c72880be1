"""A served family and what is sent to it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests.builders import tiny_artifact, tiny_family_artifact
from tests.service.http_client import serving, settings_of

START = "2026-01-01T00:00:00Z"


@asynccontextmanager
async def served(folder: Path, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A family named default and a forecaster named tiny, served."""
    if not (folder / "default-1").exists():
        tiny_family_artifact(folder)
        tiny_artifact(folder)
    async with serving(settings_of(folder, **settings)) as (client, _):
        yield client


def values_of(steps: int, seed: int = 0, missing: float = 0.05) -> list[float | None]:
    """A season of 24, noise, and some holes."""
    draw = np.random.default_rng(seed)
    values = 50 + 10 * np.sin(np.arange(steps) * np.pi / 12) + draw.normal(size=steps)
    holes = draw.random(steps) < missing
    return [
        None if hole and place else float(value) for place, (value, hole) in enumerate(zip(values, holes, strict=True))
    ]


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """The answer to a body that is right."""
    answer = await client.post(path, content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def close(found: Any, wanted: Any) -> None:
    """Equal as the law of sessions has it: 1e-4 relative."""
    np.testing.assert_allclose(np.array(found, float), np.array(wanted, float), rtol=1e-4, atol=1e-6)
