"""Observations that are streamed go a way of their own: it must say what the general way says."""

import asyncio
from pathlib import Path

import httpx
import numpy as np
from fastapi import FastAPI

from tests.service.streaming.scenes import Count, alike, lane_of, post, series, serve


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
