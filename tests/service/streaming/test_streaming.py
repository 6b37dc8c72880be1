"""Observations that are streamed go a way of their own: it must say what the general way says, and lose nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from service.stores.interface import StoreError
from tests.builders import tiny_artifact, tiny_family_artifact
from tests.service.http_client import serving, settings_of

START = datetime(2026, 1, 1, tzinfo=UTC)
VALUES = np.random.default_rng(0).normal(size=(8, 260)).round(3) + 50 + 10 * np.sin(np.arange(260) * np.pi / 12)


def at(step: int) -> str:
    return (START + timedelta(hours=step)).strftime("%Y-%m-%dT%H:%M:%SZ")


def series(session: str, number: int, begin: int, end: int, **fields: Any) -> dict[str, Any]:
    target = VALUES[number, begin:end].tolist()
    return {"start": at(begin), "freq": "1h", "target": target, "session": session, **fields}


def serve(folder: Path, scene: Callable[[httpx.AsyncClient, FastAPI], Awaitable[None]], **settings: Any) -> None:
    async def inside() -> None:
        async with serving(settings_of(folder, compiled="off", **settings)) as (client, app):
            await scene(client, app)

    asyncio.run(inside())


def lane_of(app: FastAPI) -> Any:
    return app.state.container.services.lane


async def post(
    client: httpx.AsyncClient, *of: dict[str, Any], status: int = 200, horizon: int = 4, **fields: Any
) -> dict[str, Any]:
    answer = await client.post("/forecast", json={"series": of, "horizon": horizon, **fields})
    assert answer.status_code == status, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


class Count:
    """Counts what the lane takes."""

    def __init__(self, lane: Any) -> None:
        self.taken, self._accept = 0, lane.accept
        lane.accept = self._counted

    def _counted(self, *arguments: Any) -> bool:
        took: bool = self._accept(*arguments)
        self.taken += took
        return took


def alike(one: Any, other: Any) -> None:
    """The same answer, but for names and times of day."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one.keys() - {"id", "expires_at", "created_at", "request_id", "timing_ms"}:
            alike(one[name], other[name])
    elif isinstance(one, list) and one and isinstance(one[0], float):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
    elif isinstance(one, list):
        for mine, yours in zip(one, other, strict=True):
            alike(mine, yours)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-6)
    else:
        assert one == other


@pytest.fixture(scope="module", params=["own season", "family", "calendar"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifacts")
    if request.param == "family":
        tiny_family_artifact(path)
    elif request.param == "calendar":
        tiny_artifact(path, calendar=("day", "week"))
    else:
        tiny_artifact(path, calendar=())
    return path


def test_both_ways_say_the_same(folder: Path) -> None:
    """Which way a request goes is the server's business: a client must not see it in any field of the answer."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        lane, count = lane_of(app), Count(lane_of(app))
        for session in ("streamed", "general"):
            await post(client, series(session, 0, 0, 30))
        for step in range(30, 80):
            answers = []
            for session, takes in (("streamed", True), ("general", False)):
                lane._takes = takes
                levels = [0.1, 0.5, 0.9] if step % 3 else [0.25, 0.5]
                horizon = 3 + step % 2
                one = series(session, 0, step, step + 1, item_id="a")
                answers.append(await post(client, one, horizon=horizon, quantile_levels=levels))
            alike(*answers)
        alike((await client.get("/sessions/streamed")).json(), (await client.get("/sessions/general")).json())
        assert count.taken == 50

    serve(folder, scene)


def test_a_session_that_changes_its_way_says_what_one_request_says(folder: Path) -> None:
    """Pieces, retries and single values mixed: the forecast after them is that of the whole history."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        count = Count(lane_of(app))
        await post(client, series("s", 1, 0, 40))
        step, draw = 40, np.random.default_rng(1)
        while step < 120:
            end = min(step + int(draw.choice([1, 1, 1, 2, 5])), 120)
            again = step - 1 if draw.random() < 0.2 else step
            found = await post(client, series("s", 1, again, end))
            assert found["forecasts"][0]["session"]["applied"] == end - step
            assert found["forecasts"][0]["session"]["count"] == end
            if draw.random() < 0.2:
                found = await post(client, {"target": [], "session": "s"})
            step = end
        assert count.taken > 20
        whole = await post(client, series("whole", 1, 0, 120))
        for level, values in whole["forecasts"][0]["quantiles"].items():
            np.testing.assert_allclose(found["forecasts"][0]["quantiles"][level], values, atol=1e-3)

    serve(folder, scene)


def test_many_sessions_in_one_request_and_many_requests_at_once(folder: Path) -> None:
    """Rows are computed together, whoever sent them: each gets its own forecast, the same as alone."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        names = range(8)
        for n in names:
            await post(client, series(f"b{n}", n, 0, 40), series(f"c{n}", n, 0, 40), series(f"alone{n}", n, 0, 40))
        count = Count(lane_of(app))
        for step in range(40, 60):
            bulk = post(client, *(series(f"b{n}", n, step, step + 1) for n in names))
            singles = [post(client, series(f"c{n}", n, step, step + 1)) for n in names]
            whole, *others = await asyncio.gather(bulk, *singles)
            for n in names:
                alone = await post(client, series(f"alone{n}", n, step, step + 1))
                alike(whole["forecasts"][n], alone["forecasts"][0])
                alike(others[n]["forecasts"][0], alone["forecasts"][0])
        assert count.taken == 20 * 17

    serve(folder, scene)


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

        async def nothing(until: float) -> None:
            """A process that is killed puts nothing."""

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


def test_a_commit_that_fails_changes_nothing(folder: Path, tmp_path: Path) -> None:
    """A full disk: the observation is refused with 503, and the same request is applied once the disk has room."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        store = app.state.container.services.forecasts.store
        await post(client, series("s", 0, 0, 40))
        await post(client, series("s", 0, 40, 41))
        commit = store.commit

        def full(writes: Any) -> None:
            raise StoreError("the disk is full")

        store.commit = full
        count = Count(lane_of(app))
        await post(client, series("s", 0, 41, 42), status=503)
        assert count.taken == 1
        store.commit = commit
        found = await post(client, series("s", 0, 41, 42))
        assert found["forecasts"][0]["session"]["count"] == 42
        whole = await post(client, series("whole", 0, 0, 42))
        np.testing.assert_allclose(found["forecasts"][0]["mean"], whole["forecasts"][0]["mean"], atol=1e-3)

    serve(folder, scene, state_url=f"sqlite:///{tmp_path}/s.db")


def test_a_deleted_session_is_not_read_back_from_the_journal(folder: Path, tmp_path: Path) -> None:
    """An id that is used again must not get the observations of its earlier life."""
    url = f"sqlite:///{tmp_path}/s.db"

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, series("s", 0, 0, 40))
        for step in range(40, 50):
            await post(client, series("s", 0, step, step + 1))
        assert (await client.delete("/sessions/s")).status_code in (200, 204)
        await post(client, series("s", 1, 0, 45))

        async def nothing(until: float) -> None:
            pass

        lane_of(app).stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await client.get("/sessions/s")).json()["count"] == 45

    serve(folder, crash, state_url=url)
    serve(folder, go_on, state_url=url)
