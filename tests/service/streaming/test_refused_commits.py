"""Commits that fail: nothing is applied, nothing is tried without end, and what is answered later is what counts."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI

from service.stores.interface import StoreError
from tests.service.streaming.scenes import Count, lane_of, nothing, post, series, serve


def test_a_store_that_fails_is_not_tried_without_end(folder: Path, tmp_path: Path) -> None:
    """What waited for the store was written again and again, as fast as a full disk could refuse it."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        store = app.state.container.services.forecasts.store
        await post(client, series("a", 0, 0, 40))
        await post(client, series("a", 0, 40, 41))
        for n in range(1, 5):
            await post(client, series(f"other{n}", n, 0, 40))
        tried = 0

        def full(writes: Any) -> None:
            nonlocal tried
            tried += 1
            raise StoreError("the disk is full")

        commit, store.commit = store.commit, full
        await post(client, series("other4", 4, 40, 41), status=503)
        for _ in range(50):
            await client.get("/live")
        assert tried == 1
        store.commit = commit
        await post(client, series("other4", 4, 40, 41))
        assert not lane_of(app)._residents.unflushed

    serve(folder, scene, resident_sessions=4, state_url=f"sqlite:///{tmp_path}/s.db")


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


def test_a_refused_value_that_was_written_is_not_read_before_the_one_that_was_answered(
    folder: Path, tmp_path: Path
) -> None:
    """A commit may fail after it was kept: a disk that says so too late. The client then corrects the value."""
    url = f"sqlite:///{tmp_path}/s.db"
    told: dict[str, Any] = {}

    async def crash(client: httpx.AsyncClient, app: FastAPI) -> None:
        store = app.state.container.services.forecasts.store
        await post(client, series("s", 0, 0, 40))
        commit = store.commit

        def too_late(writes: Any) -> None:
            commit(writes)
            raise StoreError("cannot be synced")

        store.commit = too_late
        await post(client, series("s", 0, 40, 41), status=503)
        store.commit = commit
        await post(client, series("s", 1, 40, 41))
        told["last"] = (await post(client, series("s", 1, 41, 42)))["forecasts"][0]["session"]
        lane_of(app).stop = nothing

    async def go_on(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await client.get("/sessions/s")).json()["digest"] == told["last"]["digest"]

    serve(folder, crash, state_url=url)
    serve(folder, go_on, state_url=url)
