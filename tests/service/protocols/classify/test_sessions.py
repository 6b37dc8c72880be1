"""Sessions of ``POST /classify``: a stream in parts says what the whole says; what is sent again is not read twice."""

import asyncio
from collections.abc import Sequence

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from service.stores.interface import Moved, Put, Write
from tests.service.protocols.classify.scenes import Run, ask, post, probabilities, values


@pytest.mark.parametrize("chunks", [[60], [1] * 60, [7, 1, 30, 22]])
def test_a_stream_of_chunks_says_what_the_whole_says(run: Run, chunks: list[int]) -> None:
    """The law of sessions: however a stream is cut, each answer is that of all that was read so far."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        series, done = values(60), 0
        for chunk in chunks:
            part = {name: column[done : done + chunk] for name, column in series.items()}
            done += chunk
            (result,) = await ask(client, {"target": part, "session": "w"}, model="wrist")
            seen = {name: column[:done] for name, column in series.items()}
            (whole,) = await ask(client, {"target": seen}, model="wrist")
            np.testing.assert_allclose(probabilities(result), probabilities(whole), atol=1e-5)
            session = result["session"]
            assert (session["id"], session["count"], session["applied"]) == ("w", done, chunk)
            assert session["opened"] == (done == chunk) and session["expires_at"]
        looked = (await client.get("/sessions/w")).json()
        assert (looked["kind"], looked["count"], looked["digest"]) == ("classifier", 60, session["digest"])
        assert (looked["model"]["name"], looked["scores"]) == ("wrist", {}) and looked["bytes"] > 0
        assert (await client.delete("/sessions/w")).status_code == 204
        assert (await client.get("/sessions/w")).status_code == 404

    run(flow)


def test_words_that_stream_and_two_parts_in_one_request(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        parts = [{"text": text, "session": "t"} for text in ("it was", "not a", "good film")]
        found = await ask(client, *parts, model="mood")
        (whole,) = await ask(client, {"text": "it was not a good film"}, model="mood")
        assert [one["session"]["count"] for one in found] == [2, 4, 6]
        np.testing.assert_allclose(probabilities(found[2]), probabilities(whole), atol=1e-5)
        (again,) = await ask(client, {"text": "", "session": "t"}, model="mood")
        assert (probabilities(again), again["session"]["applied"]) == (probabilities(found[2]), 0)

    run(flow)


def test_what_was_sent_last_can_be_sent_again(run: Run) -> None:
    """A lost answer is asked for again; nothing is read twice, and what contradicts the session is refused."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        first, second = values(5, 1), values(4, 2)
        await ask(client, {"target": first, "session": "w"}, model="wrist")
        sent = {"target": second, "session": "w", "from_index": 5}
        (once,), (twice,) = await ask(client, sent, model="wrist"), await ask(client, sent, model="wrist")
        np.testing.assert_allclose(probabilities(once), probabilities(twice), atol=1e-6)
        assert once["session"]["digest"] == twice["session"]["digest"]
        assert (twice["session"]["count"], twice["session"]["applied"], twice["session"]["duplicates"]) == (9, 0, 4)
        for wrong, code in (
            ({"target": values(4, 3), "session": "w", "from_index": 5}, "conflicting_observation"),
            ({"target": first, "session": "w", "from_index": 0}, "too_late"),
            ({"target": first, "session": "w", "from_index": 11}, "session_conflict"),
            ({"target": first, "session": "w", "open": True}, "session_exists"),
        ):
            answer = await post(client, wrong, model="wrist")
            assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
        assert (await client.get("/sessions/w")).json()["digest"] == once["session"]["digest"]

    run(flow)


def test_a_session_is_of_one_kind_and_one_model(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        await ask(client, {"target": values(5), "session": "w"}, model="wrist")
        forecast = {"target": [1.0, 2.0, 3.0], "session": "w"}
        refused = await client.post("/forecast", json={"model": "tiny", "series": [forecast]})
        assert (refused.status_code, refused.json()["code"]) == (409, "session_mismatch")
        written = await client.post("/generate", json={"model": "letters", "prompt": "a", "session": "w"})
        assert (written.status_code, written.json()["code"]) == (409, "session_mismatch")
        other = await post(client, {"text": "good", "session": "w"}, model="mood")
        assert (other.status_code, other.json()["code"]) == (409, "model_changed")
        opened = await client.post("/forecast", json={"model": "tiny", "series": [{**forecast, "session": "f"}]})
        assert opened.status_code == 200
        back = await post(client, {"text": "good", "session": "f"}, model="mood")
        assert (back.status_code, back.json()["code"]) == (409, "session_mismatch")
        whole = await post(client, {"text": "good", "session": "b"}, model="both-ways")
        assert (whole.status_code, whole.json()["code"]) == (422, "not_streaming")

    run(flow)


def test_a_timeout_drops_the_work_and_changes_nothing(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        answer = await post(client, {"target": values(9), "session": "w"}, model="wrist", timeout_ms=10**9)
        assert answer.status_code == 422 and "timeout_ms" in answer.json()["detail"]
        for _ in range(20):  # some of them may be in time
            await post(client, {"target": values(9000), "session": "w", "from_index": 0}, model="wrist", timeout_ms=1)
            looked = await client.get("/sessions/w")
            assert looked.status_code == 404 or looked.json()["count"] == 9000

    run(flow)


def test_many_clients_of_one_session_are_served_one_after_the_other(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        parts = [values(3, seed) for seed in range(20)]
        found = await asyncio.gather(*(ask(client, {"target": p, "session": "w"}, model="wrist") for p in parts))
        counts = sorted(one["session"]["count"] for (one,) in found)
        assert counts == list(range(3, 63, 3))

    run(flow)


def test_a_stream_is_branched_and_moved_as_other_sessions_are(run: Run) -> None:
    """What goes on from a copy says what the original would have said."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        await ask(client, {"target": values(9), "session": "w"}, model="wrist")
        branched = await client.post("/sessions/w/branch", json={"id": "what-if"})
        assert branched.status_code in (200, 201), branched.text
        state = await client.get("/sessions/w/state")
        assert state.status_code == 200
        kind = {"content-type": state.headers["content-type"]}
        moved = await client.put("/sessions/elsewhere/state", content=state.content, headers=kind)
        assert moved.status_code in (200, 201), moved.text
        parts = [{"target": values(4, 1), "session": name, "open": False} for name in ("w", "what-if", "elsewhere")]
        one, *others = await ask(client, *parts, model="wrist")
        for other in others:
            np.testing.assert_allclose(probabilities(other), probabilities(one), atol=1e-6)
            assert other["session"]["count"] == 13

    run(flow)


def test_parts_keep_their_order_where_another_replica_was_faster(run: Run) -> None:
    """A part that is read anew keeps its turn; without it the next one would be read first, and both be wrong."""

    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        store = app.state.container.store()
        commit, refused = store.commit, []

        def commit_later(writes: Sequence[Write]) -> None:
            keys = [write.session for write in writes if isinstance(write, Put)]
            if keys and not refused:
                refused.extend(keys)
                raise Moved(keys)
            commit(writes)

        store.commit = commit_later
        parts = [{"target": values(steps, steps), "session": "w"} for steps in (2, 3, 5)]
        found = await ask(client, *parts, model="wrist")
        assert refused and [one["session"]["count"] for one in found] == [2, 5, 10]

    run(flow)
