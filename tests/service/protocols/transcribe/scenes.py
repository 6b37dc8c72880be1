"""What tests of ``POST /transcribe`` ask, and of whom."""

from collections.abc import Callable
from typing import Any

import httpx
import numpy as np

from service.protocols.transcribe import schemas
from tests.builders import babble, wav

Run = Callable[..., None]
SOUND = np.round(babble(2.5) * 32767) / 32768


async def post(client: httpx.AsyncClient, audio: bytes, **query: Any) -> httpx.Response:
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items()}
    return await client.post("/transcribe", content=audio, params=texts, headers={"content-type": "audio/wav"})


async def hear(client: httpx.AsyncClient, audio: bytes, **query: Any) -> dict[str, Any]:
    """An answer that is as it is described."""
    answer = await post(client, audio, **{"model": "words", **query})
    assert answer.status_code == 200, answer.text
    schemas.TranscribeReply.model_validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found


def part(begin: int, end: int, rate: int = 8000) -> bytes:
    """Samples of ``SOUND`` as a wav file."""
    return wav(SOUND[begin:end], rate)


def said(answer: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Words with their times."""
    return [(one["text"], one["start_s"], one["end_s"]) for one in answer["segments"]]
