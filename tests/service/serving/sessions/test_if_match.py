"""``If-Match``: two who write one session each see what the other did."""

from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from tests.service.serving.sessions.moving import OTHER
from tests.service.streaming.scenes import post, series, serve


def test_if_match_lets_only_who_knows_the_state_change_it(folder: Path) -> None:
    """Two who write one session each see the other's write: 412, and nothing has happened."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        async def send(body: dict[str, Any], tag: str, query: str = "") -> httpx.Response:
            return await client.post(f"/forecast{query}", json=body, headers={"If-Match": tag})

        opened = await post(client, series("s", 0, 0, 30))
        first = opened["forecasts"][0]["session"]["digest"]
        one = {"series": [series("s", 0, 30, 31)]}
        answer = await send(one, f'"sha256:00", "{first}"')
        assert answer.status_code == 200 and answer.json()["forecasts"][0]["session"]["count"] == 31
        moved = await send({"series": [series("s", 0, 31, 32)]}, f'"{first}"')
        assert (moved.status_code, moved.json()["code"]) == (412, "state_moved_on")
        tag = (await client.get("/sessions/s")).headers["etag"]
        assert tag.strip('"') == answer.json()["forecasts"][0]["session"]["digest"] in moved.json()["detail"]
        weak = await send({"series": [series("s", 0, 31, 32)]}, f"W/{tag}")
        assert weak.status_code == 412
        for body in (
            {"series": [series("s", 0, 31, 32), series("t", 0, 0, 9)]},
            {"series": [{"target": [1.0, 2.0]}]},
        ):
            assert (await send(body, "*")).status_code == 422
        assert (await send(one, " ")).status_code == 422
        assert (await send({"series": [series("new", 0, 0, 9)]}, "*")).status_code == 412
        assert (await client.get("/sessions/new")).status_code == 404
        assert (await send({"series": [series("s", 0, 31, 32)]}, tag)).status_code == 200
        assert (await client.delete("/sessions/s", headers={"If-Match": tag})).status_code == 412
        tag = (await client.get("/sessions/s")).headers["etag"]
        assert (await client.delete("/sessions/s", headers={"If-Match": tag})).status_code == 204
        assert (await client.get("/sessions/s")).status_code == 404
        assert (await client.delete("/sessions/s", headers={"If-Match": tag})).status_code == 404

    serve(folder, scene, **OTHER)
