"""``Idempotency-Key``: who did not get the answer sends again, and gets the same one; whatever lies between them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.errors import Expired
from service.protocols import idempotency
from service.stores.interface import Answer, StoreError
from service.stores.memory import MemoryStore
from service.stores.registry import stores
from tests.builders import tiny_artifact, tiny_generator_artifact
from tests.service.requests import play
from tests.service.stores.conformance import url_of


def body_of(*target: float, session: str | None = "s", begin: int = 0, **more: Any) -> dict[str, Any]:
    return {"series": [{"target": target, "session": session, "from_index": begin}]} | more


async def send(
    client: httpx.AsyncClient, body: dict[str, Any], key: str, path: str = "/forecast", **headers: str
) -> httpx.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key, **headers})


@pytest.mark.parametrize("name", stores.names())
def test_the_same_answer_by_every_store_also_after_a_restart(tmp_path: Path, name: str) -> None:
    """A client that was cut off must not be told that its observations are duplicates of somebody's."""
    tiny_artifact(tmp_path)
    url, answers = url_of(name, tmp_path / "store"), []

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        for _ in range(2):
            answers.append(await send(client, body_of(1.0, 2.0, 3.0), "one"))
        plain = await client.post("/forecast", json=body_of(1.0, 2.0, 3.0))
        assert plain.json()["forecasts"][0]["session"]["duplicates"] == 3

    play(tmp_path, scene, state_url=url)
    if name != "memory":
        play(tmp_path, scene, state_url=url)
    first = answers[0]
    assert first.status_code == 200 and first.json()["forecasts"][0]["session"]["applied"] == 3
    assert "idempotent-replayed" not in first.headers
    for again in answers[1:]:
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["content-type"] == first.headers["content-type"]


def test_another_request_under_the_key_is_refused(tmp_path: Path) -> None:
    """Answered with the first one's answer, its observations would be lost in silence."""
    tiny_artifact(tmp_path)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await send(client, body_of(1.0, 2.0), "one")).status_code == 200
        for other in (body_of(1.0, 9.0), body_of(1.0, 2.0, horizon=2)):
            refused = await send(client, other, "one")
            assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
        for path in ("/generate", "/forecast?horizon=2"):
            refused = await send(client, body_of(1.0, 2.0), "one", path)
            assert refused.json()["code"] == "idempotency_key_reused"
        for key in ("", "x" * 256):
            refused = await send(client, body_of(1.0), key)
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid_idempotency_key")
        assert (await client.get("/sessions/s")).json()["count"] == 2

    play(tmp_path, scene)


def test_a_key_belongs_to_its_owner(tmp_path: Path) -> None:
    """Another's answer would show what they forecast."""
    tiny_artifact(tmp_path / "artifacts")
    (tmp_path / "keys").write_text("a:first\nb:second\n")

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        for key, values in (("first", (1.0, 2.0)), ("second", (3.0, 4.0, 5.0))):
            answer = await send(client, body_of(*values), "one", authorization=f"Bearer {key}")
            assert answer.json()["forecasts"][0]["session"]["count"] == len(values)
        assert (await send(client, body_of(1.0, 2.0), "one")).status_code == 401

    play(tmp_path / "artifacts", scene, api_keys_file=tmp_path / "keys")


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    """What is mended must not fail for another day."""
    tiny_artifact(tmp_path)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        assert (await send(client, body_of(), "one")).status_code == 404
        await client.post("/forecast", json=body_of(1.0, 2.0))
        assert (await send(client, body_of(), "one")).status_code == 200

    play(tmp_path, scene)


def test_two_at_once_are_one(tmp_path: Path) -> None:
    """A client that is impatient sends again while the first one is at work."""
    tiny_artifact(tmp_path)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        found = await asyncio.gather(*(send(client, body_of(1.0, 2.0, 3.0), "one") for _ in range(8)))
        assert len({answer.content for answer in found}) == 1
        assert found[0].json()["forecasts"][0]["session"]["applied"] == 3

    play(tmp_path, scene)


def test_the_answer_is_kept_for_a_client_that_left(tmp_path: Path) -> None:
    """It left because it waited too long, and will send again: its observation would count twice."""
    tiny_artifact(tmp_path)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        await client.post("/forecast", json=body_of(1.0, 2.0, 3.0))
        for key, body in (("one", body_of(4.0)), ("two", body_of(4.0, 5.0)), ("three", body_of(6.0))):
            del body["series"][0]["from_index"]
            left = json.dumps(body).encode()
            messages = [{"type": "http.request", "body": left}, {"type": "http.disconnect"}]
            scope = client.build_request("POST", "/forecast", json=body, headers={"Idempotency-Key": key})

            async def receive(messages: list[dict[str, Any]] = messages) -> dict[str, Any]:
                return messages.pop(0)

            async def send_nothing(_: Any) -> None:
                return None

            await app(
                {
                    "type": "http", "method": "POST", "path": "/forecast", "query_string": b"", "scheme": "http",
                    "headers": [(name.lower(), value) for name, value in scope.headers.raw], "http_version": "1.1",
                },
                receive, send_nothing,
            )  # fmt: skip
            again = await client.post("/forecast", content=left, headers=dict(scope.headers))
            assert again.headers.get("idempotent-replayed") == "true", again.text
        assert (await client.get("/sessions/s")).json()["count"] == 7

    play(tmp_path, scene)


def test_nobody_waits_for_ever_for_an_earlier_request(tmp_path: Path) -> None:
    """Each that waits holds its body; a client that sends again and again would fill the memory with them."""

    async def scene() -> None:
        working, done = asyncio.Event(), asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            working.set()
            await done.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"first"})

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"{}"}

        store = MemoryStore()
        answers = idempotency.KeptAnswers(lambda: store, 100, 0.05)
        scope = {"headers": [], "state": {"owner": ""}, "path": "/forecast"}
        first = asyncio.create_task(answers.serve(app, b"one", scope, receive, send))
        await working.wait()
        with pytest.raises(Expired, match="still at work"):
            await answers.serve(app, b"one", scope, receive, send)
        done.set()
        await first
        await answers.serve(app, b"one", scope, receive, send)
        assert [one["body"] for one in sent if one["type"] == "http.response.body"] == [b"first"] * 2

    asyncio.run(scene())


def test_what_is_drawn_at_random_comes_again(tmp_path: Path) -> None:
    """Without a seed each try draws other paths and another text; a stream comes again whole."""
    tiny_artifact(tmp_path)
    tiny_generator_artifact(tmp_path)
    text = {"model": "letters", "prompt": "a", "max_tokens": 8}

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        paths = {"model": "tiny", "series": [{"target": [1.0, 2.0, 3.0]}], "num_samples": 5, "horizon": 3}
        for number, body in enumerate((paths, text, text | {"stream": True})):
            first, again = [await send(client, body, str(number), "/generate") for _ in range(2)]
            assert first.status_code == 200, first.text
            assert first.content == again.content and again.headers["idempotent-replayed"] == "true"

    play(tmp_path, scene)


def test_a_long_answer_is_given_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "LONGEST_ANSWER", 100)
    tiny_artifact(tmp_path)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        for _ in range(2):
            answer = await send(client, body_of(1.0, 2.0), "one")
            assert answer.status_code == 200 and "idempotent-replayed" not in answer.headers

    play(tmp_path, scene)


def test_what_could_not_be_kept_is_not_answered(tmp_path: Path) -> None:
    """Sent again, it would be answered otherwise; the answer of another replica that was faster is given."""
    tiny_artifact(tmp_path)

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        store = app.state.container.store()
        commit, failing = store.commit, [True]

        def broken(writes: list[Any]) -> None:
            if failing and isinstance(writes[0], Answer):
                raise StoreError("the disk is full")
            commit(writes)

        store.commit = broken
        refused = await send(client, body_of(1.0, 2.0), "one")
        assert (refused.status_code, refused.json()["code"]) == (503, "store_failed")
        failing.clear()
        again = await send(client, body_of(1.0, 2.0), "one")
        assert again.json()["forecasts"][0]["session"]["duplicates"] == 2

        def slower(writes: list[Any]) -> None:
            for write in writes[:1]:
                if isinstance(write, Answer):
                    head = write.content.partition(b"\n")[0]
                    theirs = json.dumps(json.loads(head) | {"headers": []}).encode() + b"\ntheirs"
                    commit([Answer(write.key, theirs, write.at, write.until)])
            commit(writes)

        store.commit = slower
        assert (await send(client, body_of(1.0, 2.0), "two")).content == b"theirs"

    play(tmp_path, scene)
