"""``If-Match`` wherever a request names a session: what was meant for another state does nothing and is answered 412.

Without this two who write one session would overwrite each other, and never know.
"""

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.builders import (
    babble,
    tiny_artifact,
    tiny_classifier_artifact,
    tiny_generator_artifact,
    tiny_transcriber_artifact,
    wav,
)
from tests.service.http_client import runner

AUDIO = base64.b64encode(wav(babble(0.3))).decode()
REQUESTS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "text to classify": ("/classify", "inputs", {"model": "reviews"}, {"text": "good movie"}),
    "recording": ("/transcribe", "", {"model": "words", "audio": AUDIO, "final": False}, {}),
    "text to continue": ("/generate", "", {"model": "letters", "prompt": "ab", "max_tokens": 3}, {}),
    "series": ("/forecast", "series", {"model": "tiny"}, {"target": [1.0, 2.0]}),
    "paths": ("/generate", "series", {"model": "tiny", "num_samples": 2, "horizon": 2}, {"target": [3.0]}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    tiny_generator_artifact(folder)
    tiny_classifier_artifact(folder)
    tiny_transcriber_artifact(folder)
    return folder


def body_of(kind: str, session: str | None) -> dict[str, Any]:
    """A request about one session, or about none."""
    _, parts, beside, part = REQUESTS[kind]
    named = part if session is None else {**part, "session": session}
    return {**beside, parts: [named]} if parts else {**beside, **named}


@pytest.mark.parametrize("kind", REQUESTS)
def test_what_is_meant_for_another_state_does_nothing(folder: Path, kind: str) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        path = REQUESTS[kind][0]

        async def send(tag: str, session: str | None = "s") -> httpx.Response:
            return await client.post(path, json=body_of(kind, session), headers={"If-Match": tag})

        opening = "series" if kind == "paths" else kind
        opened = await client.post(REQUESTS[opening][0], json=body_of(opening, "s"))
        assert opened.status_code == 200, opened.text
        before = await client.get("/sessions/s")
        refused = await send('"sha256:00"')
        assert (refused.status_code, refused.json()["code"]) == (412, "state_moved_on"), refused.text
        assert (await client.get("/sessions/s")).json()["digest"] == before.json()["digest"]
        assert (await send("*", "new")).status_code == 412
        assert (await client.get("/sessions/new")).status_code == 404
        answer = await send(before.headers["etag"])
        assert answer.status_code == 200, answer.text
        after = (await client.get("/sessions/s")).json()["digest"]
        assert (after == before.json()["digest"]) == (kind == "paths")
        assert (await send("*", None)).status_code == 422

    runner(folder)(flow)
