"""Late and corrected observations take their place, and a new version reads what is kept: as if seen in order."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from tests.builders import tiny_artifact, tiny_family_artifact
from tests.service.serving.sessions.moving import OTHER
from tests.service.streaming.scenes import Count, alike, at, lane_of, nothing, post, series, serve

REPLAY = {"on_conflict": "replay"}
REPRIME = {"on_model_change": "reprime"}
KEPT = 40
"""Steps that a session of the tiny model keeps."""


async def ask(client: httpx.AsyncClient, one: dict[str, Any], **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await post(client, one, **fields))["forecasts"][0]
    return found


def points(session: str, steps: dict[int, float | None]) -> dict[str, Any]:
    return {"session": session, "timestamps": [at(step) for step in steps], "target": list(steps.values())}


async def same(client: httpx.AsyncClient, one: str, values: list[float | None]) -> None:
    """A session holds exactly what one does that saw these values in order; also after more of them."""
    await in_step(client, one, points(f"{one} in order", dict(enumerate(values))), len(values))


async def in_step(client: httpx.AsyncClient, one: str, ordered: dict[str, Any], last: int) -> None:
    whole = ordered["session"]
    await ask(client, ordered)
    for step in (last, last + 1):
        found = [await ask(client, series(name, 5, step, step + 1)) for name in (one, whole)]
        for forecast in found:
            for name in ("id", "surprise"):
                forecast["session"].pop(name)
        alike(found[0], found[1])


@pytest.mark.parametrize("streamed", [False, True])
def test_what_comes_late_or_is_corrected_takes_its_place(folder: Path, tmp_path: Path, streamed: bool) -> None:
    """And everything after it is read again, in one request with what is new; a retry of that is a duplicate."""
    url = f"sqlite:///{tmp_path}/s.db"

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        values: list[float | None] = list(series("s", 0, 0, 30)["target"])
        if streamed:
            count = Count(lane_of(app))
            await ask(client, series("s", 0, 0, 20))
            for step in range(20, 30):
                await ask(client, series("s", 0, step, step + 1))
            assert count.taken >= 8
        else:
            await ask(client, series("s", 0, 0, 30))
        was = (await client.get("/sessions/s")).json()
        put_right = points("s", {7: 61.0, 9: values[9], 28: None, 30: 55.0, 31: 54.0})
        assert (await post(client, put_right, status=409))["code"] == "conflicting_observation"
        assert (await client.get("/sessions/s")).json() == was
        answer = await ask(client, put_right, **REPLAY)
        values[7], values[28] = 61.0, None
        values += [55.0, 54.0]
        session = answer["session"]
        assert (session["count"], session["applied"], session["duplicates"]) == (32, 4, 1)
        assert [value is None for value in session["surprise"]] == [True, True, True, False, False]
        again = (await ask(client, put_right, **REPLAY))["session"]
        assert (again["applied"], again["duplicates"], again["digest"]) == (0, 5, session["digest"])
        scores = (await client.get("/sessions/s")).json()["scores"]
        assert scores["observations"] >= was["scores"]["observations"] + 2
        await same(client, "s", values)
        if streamed:
            lane_of(app).stop = nothing

    async def after(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await client.get("/sessions/s")).json()["count"] == 34

    serve(folder, scene, state_url=url, **OTHER)
    serve(folder, after, state_url=url, **OTHER)


def test_a_gap_is_filled_late(folder: Path) -> None:
    """What was passed as missing and comes after all is no error, and counts once."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        values = list(series("s", 1, 0, 26)["target"])
        await ask(client, series("s", 1, 0, 20))
        await ask(client, series("s", 1, 23, 26))
        late = points("s", {20: values[20], 21: values[21]})
        assert (await post(client, late, status=409))["code"] == "too_late"
        found = (await ask(client, late, **REPLAY))["session"]
        assert (found["applied"], found["duplicates"], found["count"]) == (2, 0, 25)
        seen = {step: value for step, value in enumerate(values) if step != 22}
        await in_step(client, "s", points("in order", seen), 26)

    serve(folder, scene, **OTHER)


def test_what_is_not_kept_cannot_be_replayed(folder: Path) -> None:
    """Before the tail, or of a session that read more than it keeps: refused, and nothing has changed."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        await ask(client, series("s", 2, 5, 20))
        await ask(client, series("long", 2, 0, KEPT + 5))
        for one in (points("s", {4: 50.0}), points("long", {2: 50.0}), points("long", {KEPT: 50.0})):
            was = (await client.get(f"/sessions/{one['session']}")).json()
            assert (await post(client, one, status=409, **REPLAY))["code"] == "too_late"
            assert (await client.get(f"/sessions/{one['session']}")).json() == was
        plain = await ask(client, series("long", 2, KEPT, KEPT + 8), **REPLAY)
        assert (plain["session"]["applied"], plain["session"]["duplicates"]) == (3, 5)
        none = points("s", {5: None, **{step: None for step in range(6, 20)}})
        assert (await post(client, none, status=422, **REPLAY))["code"] == "all_missing"
        for name in ("on_conflict", "on_model_change"):
            answer = await client.post("/forecast", json={"series": [{"target": [1.0]}], name: "always"})
            assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, [name])

    serve(folder, scene, **OTHER)


def test_several_variables_are_put_right_together(folder: Path) -> None:
    """Also without times, by their index."""

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        a, b = (series("", number, 0, 30)["target"] for number in (0, 1))
        await ask(client, {"session": "s", "target": {"a": a, "b": b}})
        right = {"session": "s", "from_index": 10, "target": {"a": [a[10]], "b": [70.0]}}
        found = (await ask(client, right, **REPLAY))["session"]
        assert (found["applied"], found["count"]) == (1, 30)
        b[10] = 70.0
        whole = await ask(client, {"session": "t", "target": {"a": a, "b": b}})
        assert whole["session"]["digest"] == found["digest"]

    serve(folder, scene, **OTHER)


def test_a_new_version_reads_what_a_session_keeps(tmp_path: Path) -> None:
    """As a session does that begins with the kept tail; what came before still is a duplicate."""
    tiny_artifact(tmp_path, "tiny", "1")
    tiny_artifact(tmp_path, "other", "1", seed=3)

    async def before(client: httpx.AsyncClient, app: FastAPI) -> None:
        for name in ("s", "asked", "full"):
            await ask(client, series(name, 0, 0, 60))
            for step in range(60, 70):
                await ask(client, series(name, 0, step, step + 1))

    async def after(client: httpx.AsyncClient, app: FastAPI) -> None:
        was = (await client.get("/sessions/s")).json()
        assert (await post(client, series("s", 0, 70, 71), status=409))["code"] == "model_changed"
        assert (await post(client, series("s", 0, 70, 71), status=409, model="other", **REPRIME))["code"] == (
            "model_changed"
        )
        assert (await client.get("/sessions/s")).json() == was
        found = await ask(client, series("s", 0, 68, 72), **REPRIME)
        session = found["session"]
        assert (session["count"], session["applied"], session["duplicates"]) == (72, 2, 2)
        assert [warning["code"] for warning in found["warnings"]][:1] == ["reprimed"]
        kept = await ask(client, series("tail", 0, 70 - KEPT, 72))
        assert kept["session"]["digest"] == session["digest"]
        np.testing.assert_allclose(found["mean"], kept["mean"], rtol=1e-5)
        now = (await client.get("/sessions/s")).json()
        assert now["model"]["version"] == "2" and now["scores"]["observations"] == was["scores"]["observations"] + 2
        for step in range(72, 76):
            one, other = [await ask(client, series(name, 0, step, step + 1), **REPRIME) for name in ("s", "tail")]
            np.testing.assert_allclose(one["mean"], other["mean"], rtol=1e-5)
        again = (await ask(client, series("s", 0, 0, 76)))["session"]
        assert (again["applied"], again["duplicates"]) == (0, 76)
        full = (await ask(client, series("full", 0, 0, 71), **REPRIME))["session"]
        assert (full["applied"], full["duplicates"], full["count"]) == (1, 70, 71)
        asked = await ask(client, {"session": "asked", "target": []}, **REPRIME)
        assert asked["session"]["applied"] == 0 and asked["start"] == at(70)

    url = f"sqlite:///{tmp_path}/s.db"
    serve(tmp_path, before, default_model="tiny", state_url=url)
    tiny_artifact(tmp_path, "tiny", "2", seed=5)
    serve(tmp_path, after, default_model="tiny", state_url=url)


def test_a_family_keeps_the_season(tmp_path: Path) -> None:
    """A session of a week stays one of a week, whichever version reads it, and puts right what comes late."""
    tiny_family_artifact(tmp_path)

    async def before(client: httpx.AsyncClient, app: FastAPI) -> None:
        await ask(client, series("s", 0, 0, 50, season=7))
        found = await ask(client, points("s", {44: 50.0}), **REPLAY)
        values = series("s", 0, 0, 50)["target"]
        values[44] = 50.0
        whole = await ask(client, series("t", 0, 0, 50, season=7) | {"target": values})
        assert whole["session"]["digest"] == found["session"]["digest"]

    async def after(client: httpx.AsyncClient, app: FastAPI) -> None:
        await ask(client, series("s", 0, 50, 51), **REPRIME)
        now = (await client.get("/sessions/s")).json()
        assert (now["season"], now["model"]["version"], now["count"]) == (7, "2", 51)

    url = f"sqlite:///{tmp_path}/s.db"
    serve(tmp_path, before, state_url=url)
    tiny_family_artifact(tmp_path, version="2", seed=5)
    serve(tmp_path, after, state_url=url)
