"""A transcriber that streams and one that reads both ways, other models beside them, and an app that serves them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.builders import tiny_artifact, tiny_classifier_artifact, tiny_transcriber_artifact
from tests.service.http_client import serving, settings_of

Flow = Callable[[httpx.AsyncClient, FastAPI], Awaitable[None]]


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_transcriber_artifact(folder, "words")
    tiny_transcriber_artifact(folder, "both-ways", bidirectional=True)
    tiny_transcriber_artifact(folder, "wide", sample_rate=16000)
    tiny_classifier_artifact(folder, "reviews")
    tiny_artifact(folder)
    return folder


@pytest.fixture
def run(artifacts: Path) -> Callable[..., None]:
    """Runs a flow against an app of its own."""

    def start(flow: Flow, **settings: Any) -> None:
        async def inside() -> None:
            async with serving(settings_of(artifacts, **settings)) as (client, app):
                await flow(client, app)

        asyncio.run(inside())

    return start
