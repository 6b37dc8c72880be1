"""``POST /transcribe`` against real networks: as the library says, in every form; chunks say what the whole says."""

import base64
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from statecast import load
from tests.builders import babble, wav
from tests.service.protocols.transcribe.scenes import SOUND, Run, hear, part, post, said

WHOLE = part(0, len(SOUND))


def test_a_recording_is_written_down_as_the_library_does(run: Run, artifacts: Path) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        for name in ("words", "both-ways"):
            wanted = load(artifacts / f"{name}-1").transcribe(WHOLE)
            found = await hear(client, WHOLE, model=name)
            assert (found["text"], found["model"]["name"], found["session"]) == (wanted.text, name, None)
            assert found["text"] and found["id"].startswith("asr_")
            assert said(found) == [(one.text, one.start_s, one.end_s) for one in wanted.segments]
            for segment, one in zip(found["segments"], wanted.segments, strict=True):
                assert segment["confidence"] == pytest.approx(one.confidence, abs=1e-3)

    run(flow)


def test_json_with_base64_says_the_same(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        plain = await hear(client, WHOLE)
        body = {"model": "words", "audio": base64.b64encode(WHOLE).decode()}
        packed = await client.post("/transcribe", json=body)
        assert packed.status_code == 200, packed.text
        assert (packed.json()["text"], packed.json()["segments"]) == (plain["text"], plain["segments"])
        # What stands in the URL holds where the body says nothing; left unread, a session would stay closed unseen.
        named = await client.post("/transcribe?session=q&final=false&model=both-ways", json=body)
        assert named.status_code == 200 and named.json()["session"]["id"] == "q", named.text
        wrong = await client.post("/transcribe?sesion=q", json=body)
        assert wrong.status_code == 422 and "sesion" in wrong.json()["detail"]

    run(flow)


@pytest.mark.parametrize("size", [1000, 3333, 9000, 20000])
def test_chunks_of_a_session_say_what_the_whole_says(run: Run, size: int) -> None:
    """The law of streams: the last answer is that of the whole recording, and no word is lost at a border."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        whole = await hear(client, WHOLE)
        before: list[tuple[str, float, float]] = []
        for begin in range(0, len(SOUND), size):
            end = min(begin + size, len(SOUND))
            found = await hear(client, part(begin, end), session="m", final=end == len(SOUND))
            assert [text for text, _, _ in said(found)][: max(0, len(before) - 1)] == [
                text for text, _, _ in before[:-1]
            ]
            before = said(found)
            session = found["session"]
            assert (session["count"], session["applied"], session["opened"]) == (end, end - begin, begin == 0)
        assert said(found) == said(whole) and found["text"] == whole["text"]
        looked = (await client.get("/sessions/m")).json()
        assert (looked["kind"], looked["count"], looked["digest"]) == ("transcriber", len(SOUND), session["digest"])
        assert (await client.delete("/sessions/m")).status_code == 204

    run(flow)


def test_one_sample_silence_and_another_rate_of_what_is_heard(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        whole = await hear(client, part(0, 4001))
        for begin, end in ((0, 1), (1, 2), (2, 4000)):
            await hear(client, part(begin, end), session="m", final=False)
        last = await hear(client, part(4000, 4001), session="m")
        assert said(last) == said(whole) and last["session"]["count"] == 4001
        silence = await hear(client, wav(np.zeros(8000)))
        assert [warning["code"] for warning in silence["warnings"]] == ["silence"]
        clipped = await hear(client, wav(np.sign(babble(0.5))))
        assert [warning["code"] for warning in clipped["warnings"]] == ["clipping"]
        wide = await hear(client, wav(babble(1.0, 16000), 16000))
        assert wide["warnings"] == []

    run(flow)


def test_the_last_chunk_can_be_sent_again(run: Run) -> None:
    """A lost answer is asked for again; heard twice, its words would be written twice."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        await hear(client, part(0, 9000), session="m", final=False)
        once = await hear(client, part(9000, 20000), session="m", from_index=9000)
        twice = await hear(client, part(9000, 20000), session="m", from_index=9000)
        assert (twice["text"], said(twice)) == (once["text"], said(once))
        assert (twice["session"]["applied"], twice["session"]["duplicates"]) == (0, 11000)
        wrong = await post(client, part(8999, 19999), session="m", from_index=9000, model="words")
        assert (wrong.status_code, wrong.json()["code"]) == (409, "conflicting_observation")
        early = await post(client, part(0, 9000), session="m", from_index=0, model="words")
        assert (early.status_code, early.json()["code"]) == (409, "too_late")
        # An end does not end the session: what follows is heard as if there had been none.
        whole = await hear(client, WHOLE)
        assert said(await hear(client, part(20000, len(SOUND)), session="m")) == said(whole)

    run(flow)


def test_models_say_what_they_hear(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        listed = {one["name"]: one for one in (await client.get("/models")).json()["models"]}
        assert (listed["words"]["kind"], listed["words"]["streaming"]) == ("transcriber", "exact")
        assert (listed["words"]["symbols"], listed["words"]["sample_rates"]) == (["0", "1", "2"], [8000, 16000])
        assert (listed["both-ways"]["streaming"], listed["wide"]["sample_rates"]) == ("none", [16000])

    run(flow)
