"""What ``POST /transcribe`` refuses: sound that it does not read, chunks that do not fit, sessions unharmed."""

import struct
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from tests.builders import babble, wav
from tests.service.protocols.transcribe.scenes import Run, hear, part, post

GOOD = part(0, 8000)


def with_width(bits: int) -> bytes:
    return GOOD[:34] + struct.pack("<H", bits) + GOOD[36:]


@pytest.mark.parametrize(
    ("audio", "word"),
    [
        (b"", "RIFF"),
        (b"RIFF", "RIFF"),
        (b"ID3" + bytes(100), "RIFF"),
        (GOOD[:30], "cut off"),
        (GOOD[:-7], "cut off"),
        (wav(babble(0.5), 44100), "8000 or 16000"),
        (wav(babble(0.5), channels=2), "mono"),
        (with_width(24), "16 bits"),
        (with_width(8), "16 bits"),
        (wav([]), "without samples"),
    ],
)
def test_sound_that_is_not_read_says_what_and_leaves_the_session(run: Run, audio: bytes, word: str) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        await hear(client, GOOD, session="m", final=False)
        before = (await client.get("/sessions/m")).json()
        answer = await post(client, audio, model="words")
        assert answer.status_code == 422, answer.text
        assert word in answer.json()["detail"] and answer.json()["errors"][0]["loc"] == ["audio"]
        if word != "without samples":
            assert (await post(client, audio, model="words", session="m")).status_code == 422
        after = (await client.get("/sessions/m")).json()
        assert (after["digest"], after["count"]) == (before["digest"], before["count"])

    run(flow)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"final": "false"}, 422, "invalid_request"),
        ({"final": "perhaps", "session": "m"}, 422, "invalid_request"),
        ({"from_index": "0"}, 422, "invalid_request"),
        ({"sesion": "m"}, 422, "invalid_request"),
        ({"session": "a/b"}, 422, "invalid_request"),
        ({"session": "new", "open": "false"}, 404, "unknown_session"),
        ({"session": "new", "from_index": "5"}, 404, "unknown_session"),
        ({"session": "new", "model": "both-ways"}, 422, "not_streaming"),
        ({"model": "nobody"}, 404, "unknown_model"),
        ({"model": "tiny"}, 422, "wrong_kind"),
        ({"model": "wide"}, 422, "invalid_audio"),
        ({"timeout_ms": "999999999"}, 422, "invalid_request"),
    ],
)
def test_parameters_that_do_not_fit(run: Run, query: dict[str, Any], status: int, code: str) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        answer = await post(client, GOOD, **{"model": "words", **query})
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text

    run(flow)


def test_a_session_keeps_its_rate_its_model_and_its_kind(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        await hear(client, GOOD, session="m", final=False)
        other = await post(client, wav(babble(0.5, 16000), 16000), model="words", session="m")
        assert (other.status_code, other.json()["code"]) == (409, "session_conflict") and "8000" in other.text
        text = {"model": "reviews", "inputs": [{"text": "good", "session": "m"}]}
        classified = await client.post("/classify", json=text)
        assert (classified.status_code, classified.json()["code"]) == (409, "session_mismatch")
        forecast = {"model": "tiny", "series": [{"target": [1.0, 2.0], "session": "m"}]}
        series = await client.post("/forecast", json=forecast)
        assert (series.status_code, series.json()["code"]) == (409, "session_mismatch")
        assert (await client.get("/sessions/m")).json()["count"] == 8000

    run(flow)


def test_bodies_that_are_no_recording(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        broken = await client.post("/transcribe", json={"model": "words", "audio": "not base64!"})
        assert broken.status_code == 422 and "base64" in broken.json()["detail"]
        empty = await client.post("/transcribe", json={"model": "words"})
        assert (empty.status_code, empty.json()["errors"][0]["loc"]) == (422, ["audio"])
        table = await client.post("/transcribe", content=b"a,b", headers={"content-type": "text/csv"})
        assert table.status_code == 415 and "audio/wav" in table.json()["detail"]
        other = await client.post("/transcribe", content=GOOD, headers={"content-type": "audio/mpeg"})
        assert other.status_code == 415 and "audio/wav" in other.json()["detail"]
        nested = await client.post("/transcribe", json={"model": "words", "audio": [0] * 4000})
        assert nested.status_code == 413 and "values" in nested.json()["detail"]
        elsewhere = await client.post("/generate", content=GOOD, headers={"content-type": "audio/wav"})
        assert elsewhere.status_code == 415

    run(flow, max_values=1000)


def test_a_recording_that_is_too_long_names_the_limit(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        answer = await post(client, wav(np.zeros(8001 * 2)), model="words")
        assert answer.status_code == 413 and "STATECAST_MAX_RECORDING_S" in answer.json()["detail"]

    run(flow, max_recording_s=2)
