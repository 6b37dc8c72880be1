"""What was streamed is kept: by sessions without a place in memory, by a crash, by a full disk."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from service.engine import model_pool
from service.engine.steps import step_runner
from service.engine.steps.step_runner import step_slots
from service.protocols.forecast.streamed.json_reply import JsonReply
from service.streaming import journal
from tests.builders import tiny_family_artifact
from tests.service.streaming.scenes import Count, lane_of, nothing, post, series, serve


def test_sessions_that_lose_their_place_in_memory_lose_nothing(folder: Path, tmp_path: Path) -> None:
    """Four slots for eight sessions: each is pushed out over and over, with observations that no snapshot holds yet."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        count = Count(lane_of(app))
        for n in range(8):
            await post(client, series(f"s{n}", n, 0, 40))
        for step in range(40, 70, 3):
            for n in range(8):
                for ahead in range(3):
                    last = await post(client, series(f"s{n}", n, step + ahead, step + ahead + 1))
                    assert last["forecasts"][0]["session"]["count"] == step + ahead + 1
        assert count.taken > 100
        for n in range(8):
            whole = (await post(client, series(f"w{n}", n, 0, 70)))["forecasts"][0]
            again = (await post(client, {"target": [], "session": f"s{n}"}))["forecasts"][0]
            np.testing.assert_allclose(again["mean"], whole["mean"], atol=1e-3)

    serve(folder, scene, resident_sessions=4, state_url=f"sqlite:///{tmp_path}/s.db")


@pytest.mark.parametrize("crashes", [True, False])
def test_a_network_stays_until_the_store_has_what_its_cache_alone_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, crashes: bool
) -> None:
    """Room for one member of a family, and sessions of three that are put whole with one another's batches.

    A member that gave way between the choice of its session and the write was made anew, with an empty cache: the
    session's state in the store was that of nobody, or the batch failed.
    """
    folder, url = tmp_path / "artifacts", f"sqlite:///{tmp_path}/s.db"
    tiny_family_artifact(folder)
    seasons = {"day": 24, "short": 7, "long": 30}

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        for n, (name, season) in enumerate(seasons.items()):
            await post(client, series(name, n, 0, 60, season=season))
        count = Count(lane_of(app))
        for step in range(60, 80):
            for n, name in list(enumerate(seasons))[:: 1 if step % 2 else -1]:
                last = await post(client, series(name, n, step, step + 1))
                assert last["forecasts"][0]["session"]["count"] == step + 1
            # From here on all three are known to the journal alone.
            monkeypatch.setattr(model_pool, "MEMBERS", 1)
            monkeypatch.setattr(journal, "LEAST", 1.0)
        assert count.taken >= 6
        if crashes:
            lane_of(app).stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        for n, (name, season) in enumerate(seasons.items()):
            whole = (await post(client, series(f"w-{name}", n, 0, 80, season=season)))["forecasts"][0]
            again = (await post(client, {"target": [], "session": name}))["forecasts"][0]
            np.testing.assert_allclose(again["mean"], whole["mean"], atol=1e-3)

    serve(folder, crash, state_url=url)
    serve(folder, go_on, state_url=url)


def test_what_waits_for_the_store_is_not_written_over_what_came_after_it(folder: Path, tmp_path: Path) -> None:
    """A session lost its place and went on the general way; then its older snapshot was written over the newer one."""
    url = f"sqlite:///{tmp_path}/s.db"

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        residents = lane_of(app)._residents
        await post(client, series("a", 0, 0, 40))
        await post(client, series("a", 0, 40, 41))
        for n in range(1, 5):
            await post(client, series(f"other{n}", n, 0, 40))
        assert residents.unflushed
        await post(client, series("a", 0, 41, 44))
        await post(client, series("other4", 4, 40, 41))
        await post(client, series("a", 0, 44, 45))
        lane_of(app).stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await client.get("/sessions/a")).json()["count"] == 45

    serve(folder, crash, resident_sessions=4, state_url=url)
    serve(folder, go_on, state_url=url)


def test_a_session_at_work_elsewhere_is_not_put_meanwhile(folder: Path, tmp_path: Path) -> None:
    """Else a deleted session came back, written after its end by a batch that had been made before."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        lane = lane_of(app)
        residents, turns = lane._residents, lane._sessions.turns
        await post(client, series("a", 0, 0, 40))
        await post(client, series("a", 0, 40, 41))
        for n in range(1, 5):
            await post(client, series(f"other{n}", n, 0, 40))
        (key,) = residents.unflushed
        assert turns.try_enter(key)
        await post(client, series("other4", 4, 40, 41))
        assert key in residents.unflushed
        turns.leave(key)
        assert (await client.delete("/sessions/a")).status_code == 204
        await post(client, series("other4", 4, 41, 42))
        assert app.state.container.services.forecasts.store.get(key) is None

    serve(folder, scene, resident_sessions=4, state_url=f"sqlite:///{tmp_path}/s.db")


def test_a_start_after_a_crash_goes_on_where_the_answers_ended(folder: Path, tmp_path: Path) -> None:
    """Snapshots are rare: what came since lies in the journal, and a start reads it before it serves."""
    seen: dict[str, Any] = {}
    url = f"sqlite:///{tmp_path}/s.db"

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        for n in range(3):
            await post(client, series(f"s{n}", n, 0, 40))
        for step in range(40, 60):
            for n in range(3):
                seen[f"s{n}"] = await post(client, series(f"s{n}", n, step, step + 1))
        assert lane_of(app)._residents.dirty

        lane_of(app).stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        for n in range(3):
            details = (await client.get(f"/sessions/s{n}")).json()
            last = seen[f"s{n}"]["forecasts"][0]
            assert details["digest"] == last["session"]["digest"]
            assert details["count"] == 60
            assert details["scores"]["observations"] == 20
            again = await post(client, {"target": [], "session": f"s{n}"})
            np.testing.assert_allclose(again["forecasts"][0]["mean"], last["mean"], rtol=1e-6)

    serve(folder, crash, state_url=url)
    serve(folder, go_on, state_url=url)
    serve(folder, go_on, state_url=url)


def test_a_deleted_session_is_not_read_back_from_the_journal(folder: Path, tmp_path: Path) -> None:
    """An id that is used again must not get the observations of its earlier life."""
    url = f"sqlite:///{tmp_path}/s.db"

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, series("s", 0, 0, 40))
        for step in range(40, 50):
            await post(client, series("s", 0, step, step + 1))
        assert (await client.delete("/sessions/s")).status_code in (200, 204)
        await post(client, series("s", 1, 0, 45))

        lane_of(app).stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await client.get("/sessions/s")).json()["count"] == 45

    serve(folder, crash, state_url=url)
    serve(folder, go_on, state_url=url)


def test_a_batch_without_a_forecast_still_writes_what_was_due(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """Sessions that were to be put whole with it counted as put, and their observations left the journal unwritten."""
    url = f"sqlite:///{tmp_path}/s.db"

    def not_a_number(*arguments: Any) -> Any:
        found = step_slots(*arguments)
        return found._replace(finite=np.zeros_like(found.finite))

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        for name in ("a", "b"):
            await post(client, series(name, 0, 0, 40))
            for step in range(40, 45):
                await post(client, series(name, 0, step, step + 1))
        with monkeypatch.context() as patch:
            patch.setattr(step_runner, "step_slots", not_a_number)
            lane_of(app).journal._due = 2.0
            await post(client, series("a", 0, 45, 46), status=422)
        for step in range(45, 50):
            lane_of(app).journal._due = 1.0
            await post(client, series("a", 0, step, step + 1))
        lane_of(app).stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await client.get("/sessions/a")).json()["count"] == 50
        assert (await client.get("/sessions/b")).json()["count"] == 45

    serve(folder, crash, state_url=url)
    serve(folder, go_on, state_url=url)


def test_a_reply_that_cannot_be_written_harms_nobody_else(folder: Path, monkeypatch: Any) -> None:
    """The engine's thread ended with it: every later request of every client waited for its timeout."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, series("s", 0, 0, 40))

        def fails(*arguments: Any) -> bytes:
            raise TypeError("not JSON")

        with monkeypatch.context() as patch:
            patch.setattr(JsonReply, "encode", fails)
            await post(client, series("s", 0, 40, 41), status=500)
        found = await post(client, series("s", 0, 41, 42))
        assert found["forecasts"][0]["session"]["count"] == 42

    serve(folder, scene)
