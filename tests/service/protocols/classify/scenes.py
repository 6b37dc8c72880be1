"""What tests of ``POST /classify`` ask, and of whom."""

from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import orjson

from service.protocols.classify import schemas

Run = Callable[..., None]
CHANNELS = ("x", "y")


async def post(client: httpx.AsyncClient, *inputs: Any, **fields: Any) -> httpx.Response:
    body = orjson.dumps({"inputs": inputs, **fields})
    return await client.post("/classify", content=body, headers={"content-type": "application/json"})


async def ask(client: httpx.AsyncClient, *inputs: Any, **fields: Any) -> list[dict[str, Any]]:
    """One result per input, of an answer that is as it is described."""
    answer = await post(client, *inputs, **fields)
    assert answer.status_code == 200, answer.text
    schemas.ClassifyReply.model_validate(answer.json())
    results: list[dict[str, Any]] = answer.json()["results"]
    assert len(results) == len(inputs)
    return results


def values(steps: int, seed: int = 0) -> dict[str, list[float]]:
    """A series of two channels."""
    draw = np.random.default_rng(seed).normal(size=(2, steps)).round(4)
    return dict(zip(CHANNELS, draw.tolist(), strict=True))


def probabilities(result: dict[str, Any]) -> list[float]:
    return list(result["probabilities"].values())
