"""Running metrics and surprises are the same on both ways; what an earlier release kept less of goes on streamed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.sessions.session_key import key_of
from service.stores.interface import Put
from service.stores.registry import open_store
from tests.builders import TINY
from tests.service.streaming.scenes import VALUES, Count, alike, lane_of, post, serve


async def scores_of(client: httpx.AsyncClient, session: str) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(f"/sessions/{session}")).json()["scores"]
    return found


def one(session: str, begin: int, end: int) -> dict[str, Any]:
    return {"session": session, "from_index": begin, "target": VALUES[0, begin:end].tolist()}


def test_a_streamed_session_is_scored_as_one_that_is_not(folder: Path) -> None:
    """MASE, WQL, coverage by level and the last surprises, which the answers had one by one."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        count, came = Count(lane_of(app)), []
        for session, level in (("streamed", {}), ("general", {"anomaly_level": 99})):
            await post(client, one(session, 0, 60))
            for step in range(60, 75):
                answer = await post(client, one(session, step, step + 1), **level)
                came += answer["forecasts"][0]["session"]["surprise"]
        assert 13 <= count.taken <= 15
        streamed, general = [await scores_of(client, session) for session in ("streamed", "general")]
        alike(streamed, general)
        assert streamed["observations"] == 15 and 0 < streamed["wql"] < 1
        shares = streamed["coverage_by_level"]
        assert list(shares) == ["0.1", "0.5", "0.9"] and shares["0.9"] >= shares["0.5"] >= shares["0.1"]
        assert streamed["surprise"] == pytest.approx(came[7:15]) and came[7:15] == pytest.approx(came[-8:], rel=1e-6)
        await post(client, {"session": "two", "target": {"a": VALUES[0, :60].tolist(), "b": VALUES[1, :60].tolist()}})
        await post(client, {"session": "two", "target": {"a": [50.0, None], "b": [50.0, 51.0]}})
        two = (await scores_of(client, "two"))["surprise"]
        assert [[value is None for value in two[name][-3:]] for name in "ab"] == [
            [True, False, True],
            [True, False, False],
        ]

    serve(folder, scene)


def test_a_young_series_surprises_on_no_way(folder: Path) -> None:
    """The second value of each session was flagged; on one way alone it would be missed by half of the clients."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        count, found = Count(lane_of(app)), dict[str, list[Any]]()
        wild = [50.0, 900.0, *VALUES[0, 2:14].tolist()]
        flat = [50.0] * 12 + [70.0, 50.0]
        for kind, values in (("wild", wild), ("flat", flat)):
            for session, level in ((f"{kind}-streamed", {}), (f"{kind}-general", {"anomaly_level": 90})):
                for step, value in enumerate(values):
                    answer = await post(client, {"session": session, "target": [value], "from_index": step}, **level)
                    own = answer["forecasts"][0]["session"]
                    found.setdefault(session, []).extend(own["surprise"] or [None])
                    if level and step:
                        assert (own["anomaly"] == [None]) == (own["surprise"] == [None])
            streamed, general = (found[f"{kind}-{way}"] for way in ("streamed", "general"))
            alike([streamed], [general])
            season = (await client.get(f"/sessions/{kind}-general")).json()["season"] or TINY["season"]
            young = len(values) - 1 if kind == "flat" else season + 1
            assert [value is None for value in streamed] == [True] * young + [False] * (len(values) - young)
        assert count.taken >= 20

    serve(folder, scene)


def test_a_session_of_an_earlier_release_is_streamed_and_gets_the_metrics_it_lacked(
    folder: Path, tmp_path: Path
) -> None:
    """An upgrade must not send every session the general way for good."""
    url = f"sqlite:///{tmp_path}/s.db"

    async def before(client: httpx.AsyncClient, app: FastAPI) -> None:
        await post(client, one("s", 0, 60))
        await post(client, one("s", 60, 61))

    async def after(client: httpx.AsyncClient, app: FastAPI) -> None:
        count = Count(lane_of(app))
        for step in range(61, 65):
            await post(client, one("s", step, step + 1))
        scores = await scores_of(client, "s")
        assert count.taken >= 3
        assert scores["observations"] == 5 and scores["wql"] > 0 and scores["coverage_by_level"]["0.5"] is not None
        assert [value is None for value in scores["surprise"]] == [True] * 4 + [False] * 4

    serve(folder, before, state_url=url)
    store = open_store(url)
    record, state = store.get(key_of("", "s")), store.state(key_of("", "s"))
    assert record is not None and state is not None
    kept = {name: record.scores[name] for name in ("mase", "coverage")}
    store.commit([Put(replace(record, scores=kept), state)])
    store.close()
    serve(folder, after, state_url=url)
