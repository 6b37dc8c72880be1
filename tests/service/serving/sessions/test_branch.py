"""Branches, and sessions of every kind and owner that move."""

from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from tests.builders import tiny_family_artifact
from tests.service.serving.sessions.moving import OTHER, SECRET, export, restore
from tests.service.streaming.scenes import post, series, serve


def test_a_branch_goes_its_own_way(folder: Path) -> None:
    """What if: neither sees what the other reads; and no session is overwritten by a branch."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        async def branch(session: str, body: Any, status: int) -> dict[str, Any]:
            answer = await client.post(f"/sessions/{session}/branch", json=body)
            assert answer.status_code == status, answer.text
            found: dict[str, Any] = answer.json()
            return found

        for step in (0, 20, 21, 22):
            last = await post(client, series("s", 0, step, step + (1 if step else 20)))
        made = await branch("s", {"id": "what-if"}, 200)
        assert made["id"] == "what-if" and made["digest"] == last["forecasts"][0]["session"]["digest"]
        one = (await post(client, series("s", 0, 23, 24)))["forecasts"][0]
        other = (await post(client, {**series("what-if", 0, 23, 24), "target": [99.0]}))["forecasts"][0]
        assert one["mean"] != other["mean"]
        whole = (await post(client, series("whole", 0, 0, 24)))["forecasts"][0]
        assert whole["session"]["digest"] == one["session"]["digest"] != other["session"]["digest"]
        assert (await branch("s", {"id": "what-if"}, 409))["code"] == "session_exists"
        assert (await branch("s", {"id": "s"}, 409))["code"] == "session_exists"
        assert (await branch("nobody", {"id": "x"}, 404))["code"] == "unknown_session"
        for wrong in ({}, {"id": ""}, {"id": "a/b"}, {"id": 3}, {"id": "x", "ids": 1}):
            assert (await branch("s", wrong, 422))["code"] == "invalid_request"
        for body, kind, status in ((b"{", "application/json", 400), (b"{}", "text/csv", 415)):
            answer = await client.post("/sessions/s/branch", content=body, headers={"content-type": kind})
            assert answer.status_code == status

    serve(folder, scene, **OTHER)


def test_texts_and_seasons_move_too(folder: Path, tmp_path: Path) -> None:
    """A session is a session: that of a text goes on where it was, that of a family keeps its season."""
    tiny_family_artifact(tmp_path)

    async def texts(client: httpx.AsyncClient, app: FastAPI) -> None:
        body = {"model": "letters", "session": "t", "prompt": "the rain ", "max_tokens": 5, "temperature": 0}
        assert (await client.post("/generate", json=body)).status_code == 200
        await restore(client, await export(client, "t"), "u")
        answers = [
            (await client.post("/generate", json={**body, "session": name, "prompt": "in "})).json()["choices"]
            for name in ("t", "u")
        ]
        assert answers[0] == answers[1]

    async def seasons(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, series("s", 0, 0, 60, season=7))
        assert (await restore(client, await export(client), "t"))["season"] == 7
        one, other = [(await post(client, series(name, 0, 60, 61)))["forecasts"][0]["mean"] for name in ("s", "t")]
        assert one == other

    serve(folder, texts, **OTHER)
    serve(tmp_path, seasons, state_secret=SECRET)


def test_another_key_s_session_is_not_there(folder: Path, tmp_path: Path) -> None:
    """A state is everything that is known of a series; only its key may take it away."""
    keys = tmp_path / "keys"
    keys.write_text("mine:key-one\nyours:key-two\n")

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        client.headers["X-API-Key"] = "key-one"
        await post(client, series("s", 0, 0, 30))
        data = await export(client)
        client.headers["X-API-Key"] = "key-two"
        assert (await client.get("/sessions/s/state")).status_code == 404
        assert (await client.post("/sessions/s/branch", json={"id": "t"})).status_code == 404
        assert (await restore(client, data))["count"] == 30
        await post(client, series("s", 0, 30, 31))
        client.headers["X-API-Key"] = "key-one"
        assert (await client.get("/sessions/s")).json()["count"] == 30
        client.headers["X-API-Key"] = "wrong"
        assert (await client.get("/sessions/s/state")).status_code == 403

    serve(folder, scene, api_keys_file=keys, **OTHER)
