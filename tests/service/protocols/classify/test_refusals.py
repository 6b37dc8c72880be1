"""What ``POST /classify`` refuses: each input its own error, each limit by its name, the sessions unharmed."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.service.protocols.classify.scenes import Run, post, values


def test_a_request_that_means_another_kind_of_model_says_where_to_go(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        forecast = await client.post("/forecast", json={"model": "mood", "series": [{"target": [1.0]}]})
        assert (forecast.status_code, forecast.json()["code"]) == (422, "wrong_kind")
        assert "POST /classify" in forecast.json()["detail"]
        classified = await post(client, {"text": "good"}, model="tiny")
        assert (classified.status_code, classified.json()["code"]) == (422, "wrong_kind")
        assert "POST /forecast" in classified.json()["detail"]
        listed = {one["name"]: one for one in (await client.get("/models")).json()["models"]}
        assert [listed[name]["kind"] for name in ("mood", "wrist", "tiny")] == [
            "classifier",
            "classifier",
            "forecaster",
        ]
        assert (listed["mood"]["labels"], listed["mood"]["streaming"]) == (["bad", "good"], "exact")
        assert (listed["both-ways"]["streaming"], listed["both-ways"]["state_bytes"]) == ("none", 0)
        assert (listed["wrist"]["channels"], listed["wrist"]["vocabulary"]) == (["x", "y"], None)
        assert (listed["mood"]["vocabulary"], listed["mood"]["vocabulary_size"]) == ("word", 14)

    run(flow)


@pytest.mark.parametrize(
    ("model", "given", "code", "word"),
    [
        ("mood", {"text": ""}, "empty_input", "text"),
        ("mood", {"text": " \n "}, "empty_input", "spaces"),
        ("mood", {}, "invalid_request", "got nothing"),
        ("mood", {"target": [1.0]}, "invalid_request", "reads texts"),
        ("mood", {"text": "good", "target": [1.0]}, "invalid_request", "text alone"),
        ("mood", {"text": 7}, "invalid_request", "inputs[0].text"),
        ("mood", {"text": "good", "sesion": "a"}, "invalid_request", "did you mean 'session'"),
        ("mood", {"text": "good", "session": "a/b"}, "invalid_request", "slash"),
        ("mood", {"text": "good", "from_index": 0}, "invalid_request", "session beside from_index"),
        ("mood", {"text": "good \ud800"}, "invalid_request", "surrogate"),
        ("mood", "good", "invalid_request", "an object with text or target"),
        ("wrist", {"text": "good"}, "invalid_request", "series of x, y"),
        ("wrist", {"target": [1.0]}, "invalid_request", "one list for each of x, y"),
        ("wrist", {"target": {"x": [1.0], "z": [1.0]}}, "invalid_request", "x, z"),
        ("wrist", {"target": {"x": [1.0], "y": [1.0, 2.0]}}, "invalid_request", "expected 1 values"),
        ("wrist", {"target": {"x": [], "y": []}}, "empty_input", "target"),
        ("wrist", {"target": {"x": [None], "y": [None]}}, "all_missing", "null everywhere"),
        ("wrist", {"target": {"x": ["a"], "y": [1.0]}}, "invalid_request", "number or null"),
        ("wrist", {"target": {"x": [1e39], "y": [1.0]}}, "invalid_request", "float32"),
    ],
)
def test_an_input_that_is_wrong_says_what_and_fails_alone(
    run: Run, model: str, given: Any, code: str, word: str
) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        def body(*inputs: Any) -> dict[str, Any]:
            text = json.dumps({"inputs": inputs, "model": model})
            return {"content": text, "headers": {"content-type": "application/json"}}

        alone = await client.post("/classify", **body(given))
        assert (alone.status_code, alone.json()["code"]) == (422, code), alone.text
        assert word in alone.json()["detail"], alone.text
        good = {"text": "good"} if model == "mood" else {"target": values(3)}
        beside = await client.post("/classify", **body(good, given, good))
        assert beside.status_code == 200
        first, failed, last = beside.json()["results"]
        assert first["probabilities"] == last["probabilities"] and not first["error"]
        assert (failed["label"], failed["error"]["code"]) == (None, code)

    run(flow)


def test_what_is_too_much_is_refused_by_its_limit(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        for given, setting in (
            ({"text": "good " * 300}, "STATECAST_MAX_PROMPT"),
            ({"text": "good " * 60}, "STATECAST_MAX_STEPS"),
        ):
            answer = await post(client, given, model="mood")
            assert answer.status_code == 413 and setting in answer.json()["detail"], answer.text
        many = await post(client, *[{"text": "good"}] * 5, model="mood")
        assert many.status_code == 413 and "STATECAST_MAX_SERIES" in many.json()["detail"]
        large = await client.post("/classify", content=b"[" + b" " * 2_000_000 + b"]")
        assert large.status_code == 413

    run(flow, max_prompt=1000, max_steps=50, max_series=4, max_body_bytes=1_000_000)


def test_more_than_may_wait_is_refused(run: Run) -> None:
    async def flow(client: httpx.AsyncClient, app: FastAPI) -> None:
        requests = [post(client, *[{"text": "film " * 100}] * 6, model="mood") for _ in range(10)]
        answers = await asyncio.gather(*requests)
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 429}
        assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 429)

    run(flow, queue_rows=8, batch_rows=8)
