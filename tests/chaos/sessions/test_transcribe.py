"""``kill -9`` between the chunks of a recording: the session goes on, and says what the whole recording says."""

from pathlib import Path
from typing import Any

import httpx

from tests.builders import babble, tiny_transcriber_artifact, wav
from tests.chaos.server import Server

SOUND = babble(2.0)
CHUNK = 4000


def hear(server: Server, begin: int, end: int, **query: str) -> dict[str, Any]:
    kind = {"content-type": "audio/wav"}
    reply = httpx.post(
        f"{server.url}/transcribe", content=wav(SOUND[begin:end]), params=query, headers=kind, timeout=60
    )
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_a_recording_goes_on_after_a_kill(tmp_path: Path) -> None:
    """What was answered was in the store before; else a call of an hour would begin anew with every crash."""
    tiny_transcriber_artifact(tmp_path / "artifacts")
    server = Server(tmp_path, artifacts=str(tmp_path / "artifacts"), state_url=f"sqlite:///{tmp_path}/s.db")
    server.start()
    try:
        for begin in range(0, len(SOUND), CHUNK):
            final = "true" if begin + CHUNK >= len(SOUND) else "false"
            place = {"session": "m", "final": final, "from_index": str(begin)}
            once = hear(server, begin, begin + CHUNK, **place)
            server.kill()
            server.start()
            again = hear(server, begin, begin + CHUNK, open="false", **place)
            assert once["session"]["digest"] == again["session"]["digest"]
            assert (again["session"]["duplicates"], again["segments"]) == (CHUNK, once["segments"])
        whole = hear(server, 0, len(SOUND))
    finally:
        server.kill()
    assert [one["text"] for one in again["segments"]] == [one["text"] for one in whole["segments"]]
    assert again["text"] == whole["text"] != ""
