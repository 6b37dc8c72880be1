"""A session that has read more than it keeps is put right too, from an earlier state that moves on with it."""

import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.sessions.session_key import key_of
from service.stores.interface import Record
from tests.service.serving.sessions.moving import OTHER, export, restore
from tests.service.serving.sessions.test_replay import KEPT, REPLAY, ask, in_step, points, same
from tests.service.streaming.scenes import VALUES, Count, lane_of, nothing, post, series, serve

SURE = KEPT - KEPT // 4
"""Steps that can be put right at any time."""


def record_of(app: FastAPI, session: str) -> Record:
    """What is known of a session, its anchor too."""
    kept: Any = app.state.container.services.forecasts.runtime
    key = key_of("", session)
    found = kept.residents.record(key) or kept.store.get(key)
    assert found is not None
    return found


@pytest.mark.parametrize("streamed", [False, True])
def test_a_long_session_is_put_right(folder: Path, tmp_path: Path, streamed: bool) -> None:
    """Whatever came since: one by one on the short way, in pieces, over a kill; as if seen in order."""
    url = f"sqlite:///{tmp_path}/s.db"
    values: list[float | None] = VALUES[0, :150].tolist()
    width = 1 if streamed else 7

    async def read(client: httpx.AsyncClient, begin: int, end: int) -> None:
        for step in range(begin, end, width):
            await ask(client, series("s", 0, step, min(step + width, end)))

    async def before(client: httpx.AsyncClient, app: FastAPI) -> None:
        count = Count(lane_of(app))
        await ask(client, series("s", 0, 0, 20), **REPLAY)
        await read(client, 20, 100)
        assert count.taken > 70 or not streamed
        for step in (100 - SURE, 99, 90):
            found = (await ask(client, points("s", {step: 61.0}), **REPLAY))["session"]
            assert (found["applied"], found["count"]) == (1, 100)
            values[step] = 61.0
        late = await post(client, points("s", {100 - KEPT - 1: 50.0}), status=409, **REPLAY)
        assert late["code"] == "too_late"
        await read(client, 100, 140)
        lane_of(app).stop = nothing

    async def after(client: httpx.AsyncClient, app: FastAPI) -> None:
        put_right = points("s", {140 - SURE: None, 138: 48.0, 140: values[140], 141: 50.0})
        await ask(client, put_right, **REPLAY)
        values[140 - SURE], values[138], values[141] = None, 48.0, 50.0
        await same(client, "s", values[:142])

    serve(folder, before, state_url=url, **OTHER)
    serve(folder, after, state_url=url, **OTHER)


def test_any_order_of_requests_holds_what_one_request_does(folder: Path) -> None:
    """Pieces of any length with corrections anywhere within reach; else one path of many would hold another state."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        draw, values = random.Random(3), VALUES[1].tolist()
        for session, opened in (("a", 3), ("b", KEPT), ("c", 2 * KEPT)):
            await ask(client, series(session, 1, 0, opened), **REPLAY)
            seen: dict[int, float | None] = dict(enumerate(values[:opened]))
            last = opened
            while last < 190:
                more = draw.choice([1, 1, 2, 9, KEPT // 4, KEPT, KEPT + 13])
                came: dict[int, float | None] = {step: values[step] for step in range(last, last + more)}
                if draw.random() < 0.6:
                    came |= {draw.randrange(max(0, last - SURE), last): draw.choice([None, 40.0, 60.5])}
                answer = await ask(client, points(session, dict(sorted(came.items()))), **REPLAY)
                seen |= came
                last += more
                assert answer["session"]["count"] == last
                record = record_of(app, session)
                assert record.anchor is not None
                assert min(SURE, last) <= record.last_index - record.anchor.last_index <= KEPT
            await in_step(client, session, points(f"{session} in order", seen), last)

    serve(folder, scene, **OTHER)


def test_a_session_keeps_an_earlier_state_from_the_first_request_on_that_wants_it(folder: Path) -> None:
    """Before, it costs nothing; afterwards what came since can be put right, and a copy or an import knows it too."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        await ask(client, series("s", 2, 0, KEPT + 20))
        plain = (await client.get("/sessions/s")).json()["bytes"]
        assert record_of(app, "s").anchor is None
        await ask(client, series("s", 2, KEPT + 20, KEPT + 21), **REPLAY)
        assert (await client.get("/sessions/s")).json()["bytes"] == 2 * plain
        await ask(client, series("s", 2, KEPT + 21, KEPT + 24))
        late = await post(client, points("s", {KEPT + 19: 50.0}), status=409, **REPLAY)
        assert late["code"] == "too_late"
        await client.post("/sessions/s/branch", json={"id": "copy"})
        await restore(client, await export(client, "s"), "moved")
        values = VALUES[2, : KEPT + 24].tolist()
        values[KEPT + 20] = 44.0
        for session in ("s", "copy", "moved"):
            await ask(client, points(session, {KEPT + 20: 44.0}), **REPLAY)
            await same(client, session, values)

    serve(folder, scene, **OTHER)


def test_values_that_were_filled_are_read_as_they_were(folder: Path) -> None:
    """Of gaps the earlier state reads on what the session read; where that is not known any more, it begins anew."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        fields = {"missing": "ffill", **REPLAY}
        for session, other in (("same", "ffill"), ("mixed", "mask")):
            await ask(client, series(session, 3, 0, 20), **fields)
            for step in range(20, 100, 5):
                await ask(client, series(session, 3, step + 2, step + 5), missing=other if step % 10 else "ffill")
            found = record_of(app, session).anchor
            assert found is not None and found.state
        ordered = points("in order", {step: VALUES[3, step] for step in range(100) if step < 20 or step % 5 > 1})
        await ask(client, ordered, missing="ffill")
        digests = [(await client.get(f"/sessions/{one}")).json()["digest"] for one in ("same", "mixed", "in order")]
        assert digests[0] == digests[2] != digests[1]
        one = (await ask(client, points("same", {97: 50.0}), **fields))["session"]["digest"]
        ordered["session"], ordered["target"] = "put right", [*ordered["target"][:-3], 50.0, *ordered["target"][-2:]]
        assert one == (await ask(client, ordered, missing="ffill"))["session"]["digest"]

    serve(folder, scene, **OTHER)
