"""A request under a key that was applied and not answered: sent again, its sessions know that they have read it."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.sessions.session_key import key_of
from service.stores.interface import Answer, StoreError
from service.stores.registry import stores
from tests.builders import tiny_artifact, tiny_classifier_artifact, tiny_generator_artifact
from tests.service.requests import play
from tests.service.stores.conformance import url_of


async def send(client: httpx.AsyncClient, body: dict[str, Any], key: str, path: str, **headers: str) -> httpx.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key, **headers})


@pytest.mark.parametrize("name", stores.names())
def test_what_was_applied_and_not_answered_is_not_applied_again(tmp_path: Path, name: str) -> None:
    """A crash between the session's commit and that of the answer: without an index the values would count twice."""
    tiny_artifact(tmp_path / "artifacts", calendar=())
    tiny_classifier_artifact(tmp_path / "artifacts", inputs="values", symbols=(), labels=("a", "b"))

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        store = app.state.container.store()
        commit, failing = store.commit, list[str]()

        def cut_off(writes: list[Any]) -> None:
            if failing and isinstance(writes[0], Answer):
                raise StoreError(failing.pop())
            commit(writes)

        async def twice(path: str, body: dict[str, Any], key: str, **headers: str) -> list[dict[str, Any]]:
            failing.append("the replica was killed")
            assert (await send(client, body, key, path, **headers)).status_code == 503
            answer = await send(client, body, key, path, **headers)
            assert answer.status_code == 200, answer.text
            return [one["session"] for one in answer.json()["forecasts" if path == "/forecast" else "results"]]

        store.commit = cut_off
        parts = ([1.0, 2.0, 3.0], [4.0], [5.0, 6.0])
        for path, parts_of in (("/forecast", "series"), ("/classify", "inputs")):
            session, count, digest = path[1:], 0, ""
            for number, target in enumerate(parts):
                body = {"model": "tiny" if path == "/forecast" else "reviews"}
                body[parts_of] = [{"target": target, "session": session} | ({} if number else {"open": True})]
                headers = {"If-Match": f'"{digest}"'} if number else {}
                (told,) = await twice(path, body, f"{path}-{number}", **headers)
                count, digest = count + len(target), told["digest"]
                assert (told["count"], told["applied"], told["duplicates"]) == (count, 0, len(target))
        # One session twice in a request, and another that was deleted since.
        series = [{"target": [7.0], "session": "forecast"}, {"target": [7.0, 7.0], "session": "forecast"}]
        first, second = await twice("/forecast", {"model": "tiny", "series": series}, "pair")
        assert (first["duplicates"], second["duplicates"], second["count"]) == (1, 2, 9)
        failing.append("the replica was killed")
        body = {"model": "tiny", "series": [{"target": [8.0], "session": "forecast"}]}
        assert (await send(client, body, "deleted", "/forecast")).status_code == 503
        await client.delete("/sessions/forecast")
        assert (await send(client, body, "deleted", "/forecast")).json()["forecasts"][0]["session"]["applied"] == 1

    play(tmp_path / "artifacts", scene, state_url=url_of(name, tmp_path / "store"))


@pytest.mark.parametrize("name", stores.names())
def test_a_text_that_was_written_and_not_answered_comes_again(tmp_path: Path, name: str) -> None:
    """Written anew it would go on from the text that nobody got, and the session would hold both."""
    tiny_generator_artifact(tmp_path / "artifacts")

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        store = app.state.container.store()
        commit, failing = store.commit, list[str]()

        def cut_off(writes: list[Any]) -> None:
            if failing and isinstance(writes[0], Answer):
                raise StoreError(failing.pop())
            commit(writes)

        store.commit = cut_off
        body = {"model": "letters", "prompt": "ab", "max_tokens": 5, "session": "chat"}
        whole = (await client.post("/generate", json=body | {"session": "whole", "seed": 3})).json()["choices"]
        for key, more in (("first", {"seed": 3}), ("second", {})):
            failing.append("the replica was killed")
            assert (await send(client, body | more, key, "/generate")).status_code == 503
            before = (await client.get("/sessions/chat")).json()
            # Nothing was kept that it would have to be the same as.
            streamed = await send(client, body | {"stream": True}, key, "/generate")
            assert (await client.get("/sessions/chat")).json()["digest"] == before["digest"]
            done = json.loads(streamed.text.split("data: ")[-1])
            if key == "first":
                assert done["choices"] == whole and done["usage"]["completion_tokens"] == 5 and done["seed"] == 3
            else:
                assert done["choices"] != whole
        # Under another key it goes on.
        await send(client, body, "other", "/generate")
        assert (await client.get("/sessions/chat")).json()["count"] > before["count"]

    play(tmp_path / "artifacts", scene, state_url=url_of(name, tmp_path / "store"))


def test_an_answer_of_which_a_part_may_fare_better_is_not_kept(tmp_path: Path) -> None:
    """Kept, it would say for a day that the store had failed, and the client's values would never be read."""
    tiny_artifact(tmp_path, calendar=())

    async def scene(client: httpx.AsyncClient, app: FastAPI) -> None:
        store = app.state.container.store()
        get, failing = store.get, [True]

        def broken(key: str) -> Any:
            if failing and key == key_of("", "b"):
                raise StoreError("it is away")
            return get(key)

        store.get = broken
        body = {"series": [{"target": [1.0, 2.0], "session": name} for name in "ab"]}
        first, second = (await send(client, body, "one", "/forecast")).json()["forecasts"]
        assert first["session"]["applied"] == 2 and second["error"]["code"] == "store_failed"
        failing.clear()
        first, second = (await send(client, body, "one", "/forecast")).json()["forecasts"]
        assert (first["session"]["duplicates"], second["session"]["applied"]) == (2, 2)

    play(tmp_path, scene)
