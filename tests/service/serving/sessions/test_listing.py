"""``GET /sessions``: what a caller has, page by page, and nobody else's."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.service.serving.sessions.moving import OTHER
from tests.service.streaming.scenes import post, series, serve


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_every_session_comes_once_and_as_it_is(folder: Path, tmp_path: Path, kind: str) -> None:
    """Also those that were streamed since they were written, that moved, and in ids of any script."""
    names = sorted(["a", "a-1", "b%", "b_", "plant-1", "plant-2", "plant-\u00e9", "plant-\U0001f600", "z"])

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        for name in names:
            await post(client, series(name, 0, 0, 20))
            await post(client, series(name, 0, 20, 21))
        await client.post("/sessions/a/branch", json={"id": "branch"})
        body = {"model": "letters", "session": "text", "prompt": "rain", "max_tokens": 2}
        assert (await client.post("/generate", json=body)).status_code == 200
        every = sorted([*names, "branch", "text"])
        for limit in (1, 2, 3, 100):
            assert [one["id"] for one in await pages(client, limit=limit)] == every
        for one in await pages(client):
            assert one == (await client.get(f"/sessions/{one['id']}")).json()
        for prefix in ("plant-", "b_", "\U0001f600", "plant-\u00e9"):
            found = [one["id"] for one in await pages(client, limit=2, prefix=prefix)]
            assert found == [name for name in every if name.startswith(prefix)]
        assert [one["id"] for one in await pages(client, limit=1, model="letters")] == ["text"]
        digest = (await client.get("/sessions/a")).json()["model"]["digest"]
        for model in ("tiny", "tiny@1", digest, f"tiny@{digest}"):
            assert len(await pages(client, limit=4, model=model)) == len(every) - 1
        assert await pages(client, model="tiny@2") == []
        await client.delete("/sessions/a")
        assert (await pages(client))[0]["id"] == "a-1"
        for query in ("limit=0", "limit=1001", "limit=x", "cursor=%00", "cursor=abcde", f"prefix={'a' * 300}"):
            answer = await client.get(f"/sessions?{query}")
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

    url = "memory://" if kind == "memory" else f"sqlite:///{tmp_path}/s.db"
    serve(folder, scene, state_url=url, **OTHER)


def test_nobody_sees_another_s(folder: Path, tmp_path: Path) -> None:
    """A list of all ids would tell each customer who the others are."""
    keys = tmp_path / "keys"
    keys.write_text("mine:key-one\nyours:key-two\n")

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        for key, name in (("key-one", "mine"), ("key-two", "yours")):
            client.headers["X-API-Key"] = key
            await post(client, series(name, 0, 0, 20))
            assert [one["id"] for one in await pages(client)] == [name]
        del client.headers["X-API-Key"]
        assert (await client.get("/sessions")).status_code == 401

    serve(folder, scene, api_keys_file=keys, **OTHER)


async def pages(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = await client.get("/sessions", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["sessions"]) <= query.get("limit", 100)
        found += page["sessions"]
        if page["cursor"] is None:
            return found
        query["cursor"] = page["cursor"]
