"""A model that is away for some starts: its sessions keep what was answered, show how far they are, and harm nobody."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.sessions.session_key import key_of
from service.streaming import journal
from tests.builders import tiny_artifact
from tests.service.streaming.scenes import lane_of, nothing, post, series, serve

DAY = 86_400


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder of models without the one that the sessions are of."""
    tiny_artifact(tmp_path / "others", name="other", seed=5, calendar=())
    return tmp_path / "others"


async def _stream(client: httpx.AsyncClient, name: str, until: int = 50) -> dict[str, Any]:
    await post(client, series(name, 0, 0, 40))
    for step in range(40, until):
        last = await post(client, series(name, 0, step, step + 1))
    found: dict[str, Any] = last["forecasts"][0]["session"]
    return found


def test_nothing_is_lost_however_often_a_start_does_without_it(folder: Path, others: Path, tmp_path: Path) -> None:
    """A crash, starts with another folder of models that crash or end in order, and the first model comes back."""
    url = f"sqlite:///{tmp_path}/s.db"
    told: dict[str, Any] = {}

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        told["mine"] = await _stream(client, "mine")
        lane_of(app).stop = nothing

    async def away(client: httpx.AsyncClient, app: FastAPI) -> None:
        shown = (await client.get("/sessions/mine")).json()
        assert {name: shown[name] for name in ("count", "last_timestamp", "digest")} == {
            name: told["mine"][name] for name in ("count", "last_timestamp", "digest")
        }
        await post(client, series("mine", 0, 50, 51), status=409)

    async def crash_away(client: httpx.AsyncClient, app: FastAPI) -> None:
        await away(client, app)
        await _stream(client, f"other{app.state.started}")
        lane_of(app).stop = nothing

    async def back(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await client.get("/sessions/mine")).json()["digest"] == told["mine"]["digest"]
        assert (await post(client, series("mine", 0, 50, 51)))["forecasts"][0]["session"]["count"] == 51

    serve(folder, crash, state_url=url)
    serve(others, away, state_url=url)
    for number in range(2):

        async def numbered(client: httpx.AsyncClient, app: FastAPI, number: int = number) -> None:
            app.state.started = number
            await crash_away(client, app)

        serve(others, numbered, state_url=url)
    serve(folder, back, state_url=url)


def test_the_journal_stays_short_beside_it(
    folder: Path, others: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entries kept the journal from being trimmed, and others from being put whole: it grew without end."""
    url = f"sqlite:///{tmp_path}/s.db"
    monkeypatch.setattr(journal, "LONGEST", 16)

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        for number in range(3):
            await _stream(client, f"mine{number}", 43)
        lane_of(app).stop = nothing

    async def away(client: httpx.AsyncClient, app: FastAPI) -> None:
        store, lengths = app.state.container.services.forecasts.store, []
        await post(client, series("other", 0, 0, 40))
        for step in range(40, 160):
            await post(client, series("other", 0, step, step + 1))
            lengths.append(sum(1 for _ in store.appended()))
        assert max(lengths) < 40, lengths
        assert (await client.delete("/sessions/mine2")).status_code == 204
        for step in range(160, 200):
            await post(client, series("other", 0, step, step + 1))
        assert sum(len(entry.keys) for entry in store.appended() if entry.values.shape[1] > 1) == 2
        lane_of(app).stop = nothing

    async def back(client: httpx.AsyncClient, app: FastAPI) -> None:
        for number in range(2):
            assert (await client.get(f"/sessions/mine{number}")).json()["count"] == 43
        assert (await client.get("/sessions/mine2")).status_code == 404

    serve(folder, crash, state_url=url)
    serve(others, away, state_url=url)
    serve(folder, back, state_url=url)


def test_its_life_goes_on_from_its_last_observation(folder: Path, others: Path, tmp_path: Path) -> None:
    """By its snapshot alone a session that was streamed for a month ended on the day after the crash."""
    url = f"sqlite:///{tmp_path}/s.db"

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        sessions = app.state.container.services.forecasts._sessions
        now = sessions.now()
        sessions.now = lambda: now - 29 * DAY
        await post(client, series("mine", 0, 0, 40))
        sessions.now = lambda: now
        await post(client, series("mine", 0, 40, 41))
        lane_of(app).stop = nothing

    async def away(client: httpx.AsyncClient, app: FastAPI) -> None:
        sessions = app.state.container.services.forecasts._sessions
        later = sessions.now() + 20 * DAY
        sessions.certain = lambda: later
        assert (await sessions.expire(100)).ended == 0
        assert (await client.get("/sessions/mine")).json()["count"] == 41

    serve(folder, crash, state_url=url)
    serve(others, away, state_url=url)
    serve(folder, away, state_url=url)


def test_one_damaged_session_keeps_no_other_from_being_served(folder: Path, tmp_path: Path) -> None:
    """The start ended with it: no session of anybody was served until somebody mended the file by hand."""
    url = f"sqlite:///{tmp_path}/s.db"

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        for name in ("good", "bad", "short"):
            await _stream(client, name)
        lane_of(app).stop = nothing
        writer = app.state.container.services.forecasts.store._writer
        writer.execute("DELETE FROM states WHERE key = ?", (key_of("", "bad"),))
        writer.execute("UPDATE states SET state = x'00' WHERE key = ?", (key_of("", "short"),))

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        for name in ("good", "bad", "short"):
            assert (await client.get(f"/sessions/{name}")).json()["count"] == 50
        await post(client, series("good", 0, 50, 51))
        await post(client, series("bad", 0, 50, 51), status=410)
        await post(client, series("new", 0, 0, 40))

    serve(folder, crash, state_url=url)
    serve(folder, go_on, state_url=url)
