"""What a stream of observations leaves behind in memory: nothing that grows with its length."""

import tracemalloc
from pathlib import Path

import httpx
from fastapi import FastAPI

from service.resident.axis import SessionAxis
from tests.builders import tiny_family_artifact
from tests.service.streaming.scenes import Count, lane_of, post, series, serve

STEPS = 6_000


def test_a_long_stream_leaves_nothing_behind() -> None:
    """A megabyte a minute for an hour looks like a leak to whoever watches the service, and hides one."""
    axis, last = SessionAxis("1h", 0, "Europe/Berlin"), 500_000

    def step() -> None:
        nonlocal last
        last += 1
        assert axis.follows(last - 1, axis.text(last), "1h", None)

    for _ in range(1_100):
        step()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(STEPS):
        step()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 500_000, grown


def test_a_season_without_sessions_holds_no_memory(tmp_path: Path) -> None:
    """Each season that any session ever had kept a table of its own for good: many seasons filled the memory."""
    folder = tmp_path / "artifacts"
    tiny_family_artifact(folder)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        lane = lane_of(app)
        count, tables = Count(lane), lane._residents._tables
        for season in range(4, 10):
            for name in ("a", "b"):
                await post(client, series(name, season - 4, 0, 40, season=season))
                await post(client, series(name, season - 4, 40, 41))
            assert len(tables) == 1
            await client.delete("/sessions/a")
            await post(client, series("b", season - 4, 41, 42))
            await client.delete("/sessions/b")
            assert not tables
        assert count.taken == 18

    serve(folder, scene, state_url=f"sqlite:///{tmp_path}/s.db")
