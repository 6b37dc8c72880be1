"""Whether a request opens a session or advances one: as it says, and never unseen."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.builders import tiny_artifact
from tests.service.requests import ask, play, post, wave

START, NEXT = "2026-01-01T00:00:00Z", "2026-01-02T16:00:00Z"


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts")
    tiny_artifact(folder)
    return folder


def test_a_mistyped_id_is_refused_where_the_request_says_that_the_session_exists(artifacts: Path) -> None:
    """Else one wrong letter opens a second session and answers a flat forecast with 200, while the first grows old."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        (first,) = await ask(client, {"session": "plant-7", "start": START, "freq": "1h", "target": wave(40)})
        assert first["session"]["opened"] is True and not _opening(first)
        news = {"start": NEXT, "freq": "1h", "target": [51.0]}
        refused = await post(client, {"session": "plant-1", "open": False, **news})
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_session")
        assert "plant-1" in refused.json()["detail"]
        assert (await client.get("/sessions/plant-1")).status_code == 404
        (advanced,) = await ask(client, {"session": "plant-7", "open": False, **news})
        assert (advanced["session"]["count"], advanced["session"]["opened"]) == (41, False)
        again = await post(client, {"session": "plant-7", "open": True, **news})
        assert (again.status_code, again.json()["code"]) == (409, "session_exists")
        assert (await client.get("/sessions/plant-7")).json()["count"] == 41

    play(artifacts, flow)


def test_a_session_opened_with_one_value_is_named_in_a_warning(artifacts: Path) -> None:
    """Without it a client that leaves open out never learns that its values go to a session of their own."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        (lone,) = await ask(client, {"session": "plant-l", "start": START, "freq": "1h", "target": [51.0, None]})
        assert lone["session"]["opened"] is True and "'plant-l'" in _opening(lone)
        (second,) = await ask(client, {"session": "plant-l", "target": [52.0]})
        assert not _opening(second)
        (plain,) = await ask(client, {"target": [51.0]})
        assert not _opening(plain)

    play(artifacts, flow)


def test_open_reaches_tables_and_needs_a_session(artifacts: Path) -> None:
    """A table cannot say it beside each series; and where no session is named there is nothing to open."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        table = b"timestamp,target\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,2\n"
        csv = {"content-type": "text/csv", "accept": "application/json"}
        unknown = await client.post("/forecast?session=a&open=false", content=table, headers=csv)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_session")
        opened = await client.post("/forecast?session=a&open=true", content=table, headers=csv)
        assert opened.json()["forecasts"][0]["session"]["opened"] is True
        twice = await client.post("/forecast?session=a&open=true", content=table, headers=csv)
        assert (twice.status_code, twice.json()["code"]) == (409, "session_exists")
        nameless = await post(client, {"target": [1.0], "open": True})
        assert nameless.status_code == 422 and nameless.json()["errors"][0]["loc"] == ["series", 0, "open"]
        json = {"content-type": "application/json"}
        body = b'{"series": [{"session": "b", "target": [1.0]}]}'
        filled = await client.post("/forecast?open=false", content=body, headers=json)
        assert (filled.status_code, filled.json()["code"]) == (404, "unknown_session")

    play(artifacts, flow)


def _opening(forecast: dict[str, object]) -> str:
    warnings: list[dict[str, str]] = forecast["warnings"]  # type: ignore[assignment]
    return "".join(one["detail"] for one in warnings if one["code"] == "opened_with_one_value")
